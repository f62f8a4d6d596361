import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caret } from '../../src/core/caret.ts';
import {
  canonicalFilter,
  readOr,
  matchesTitle,
  parseTitleFilter,
  printTitleFilter,
  termsOf,
  type FilterMistake,
  type TitleExpression,
} from '../../src/kinds/contacts/title-filter.ts';

function parsed(text: string): TitleExpression {
  const result = parseTitleFilter(text);
  if (!result.ok) throw new Error(`${result.mistake.code} at ${result.mistake.column}`);
  return result.expression;
}

function mistakeIn(text: string): FilterMistake {
  const result = parseTitleFilter(text);
  if (result.ok) throw new Error(`"${text}" was accepted`);
  return result.mistake;
}

function hintsOn(text: string): string[] {
  const result = parseTitleFilter(text);
  return result.ok ? result.hints.map((hint) => `${hint.column}: ${hint.message}`) : [];
}

const word = fc.constantFrom('sales', 'head', 'of', 'co-founder', 'AND2', 'Ingénieur', 'R&D', '営業', 'c++');
const anyExpression = fc.letrec<{ node: TitleExpression; term: TitleExpression }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    tie('term'),
    fc.record({ kind: fc.constant('not' as const), operand: tie('node') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      operands: fc.array(tie('node'), { minLength: 2, maxLength: 4 }),
    }),
  ),
  term: fc.record({
    kind: fc.constant('term' as const),
    text: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' ')),
  }),
})).node;

describe('parseTitleFilter accepts', () => {
  it.each([
    ['CEO', 'CEO'],
    ['project   manager', 'project manager'],
    ['a\u00a0b\n c', 'a b c'],
    ['a OR b OR c', '(a OR b OR c)'],
    ['a OR b AND c OR d', '(a OR (b AND c) OR d)'],
    ['(a OR b) AND c', '((a OR b) AND c)'],
    ['(a AND b) AND c', '(a AND b AND c)'],
    ['(((a)))', 'a'],
    ['(a)OR(b c)', '(a OR b c)'],
    ['NOT a AND b', '(NOT a AND b)'],
    ['NOT (a OR b)', 'NOT (a OR b)'],
    ['(NOT a)', 'NOT a'],
    ['NOT NOT a', 'NOT NOT a'],
    ['a AND NOT (NOT b OR c)', '(a AND NOT (NOT b OR c))'],
    ['( (a OR b) AND (c OR d) ) AND NOT ( e f OR g h)', '((a OR b) AND (c OR d) AND NOT (e f OR g h))'],
    ['ORACLE ANDROID NOTARY', 'ORACLE ANDROID NOTARY'],
    ['constructor OR toString', '(constructor OR toString)'],
  ])('%j as %j', (text, printed) => {
    expect(printTitleFilter(parsed(text))).toBe(printed);
  });

  it('what it prints, and prints it again as it was', () => {
    fc.assert(fc.property(anyExpression, (expression) => {
      const printed = printTitleFilter(expression);
      expect(printTitleFilter(parsed(`${printed} `))).toBe(printed);
    }));
  });

  it.each([
    ['(founder  OR ceo)', 'founder OR (ceo)'],
    ['a OR (b OR c)', 'a OR b OR c'],
    ['(a AND b) OR c', '((a AND b) OR (c))'],
    ['((ceo))', 'ceo'],
  ])('%j and %j as one question', (one, other) => {
    expect(canonicalFilter(one)).toBe(canonicalFilter(other));
  });

  it.each([
    ['a OR b AND c', 'a OR (b AND c)'],
    ['ceo', 'CEO'],
    ['a AND NOT b', 'a AND b'],
    ['a OR b', 'b OR a'],
  ])('%j and %j as two, since the API may', (one, other) => {
    expect(canonicalFilter(one)).not.toBe(canonicalFilter(other));
  });

  it.each([
    ['Founder or CEO', 'Founder OR CEO', true],
    ['(a) or (b)', '(a) OR (b)', true],
    ['a or NOT b', 'a OR NOT b', true],
    ['a or b or c', 'a OR b OR c', true],
    ['or ceo', 'or ceo', false],
    ['ceo or', 'ceo or', false],
    ['a OR or b', 'a OR or b', false],
    ['a or or b', 'a or or b', false],
    ['Founder Or CEO', 'Founder Or CEO', false],
    ['Research and Development', 'Research and Development', false],
    ['motor orchestra', 'motor orchestra', false],
  ])('the or of %j: %j', (text, read, isRead) => {
    expect(readOr(text)).toEqual({ text: read, isRead });
  });

  it('exactly 10,000 characters, counted in code points', () => {
    expect(parseTitleFilter('😀'.repeat(10_000)).ok).toBe(true);
    expect(parseTitleFilter('😀'.repeat(10_001)).ok).toBe(false);
  });

  it.each([
    ['brackets', `${'('.repeat(4999)}ab${')'.repeat(4999)}`],
    ['NOTs', `${'NOT '.repeat(2499)}ab`],
    ['NOTs in brackets', `${'(NOT '.repeat(1666)}ab${')'.repeat(1666)}`],
    ['groups', `${'(a OR '.repeat(1428)}ab${')'.repeat(1428)}`],
  ])('as many nested %s as fit, in every function', (_what, text) => {
    const expression = parsed(text);
    expect(parsed(printTitleFilter(expression))).toBeTypeOf('object');
    expect(termsOf(expression).at(-1)?.text).toBe('ab');
    expect(matchesTitle(expression, 'ab')).toBe(!text.includes('NOT') || text.split('NOT').length % 2 === 1);
  });
});

describe('parseTitleFilter refuses', () => {
  it.each([
    ['', '', 1],
    ['  ', '', 1],
    [' x ', '', 1],
    ['x'.repeat(10_001), '', 1],
    ['a AND (b', '_MISSING_RIGHT_PARENTHESIS', 7],
    ['((a OR b) AND c', '_MISSING_RIGHT_PARENTHESIS', 1],
    ['a AND (', '_EXTRA_LEFT_PARENTHESIS', 7],
    ['sales (manager)', '_EXTRA_LEFT_PARENTHESIS', 7],
    ['(a) (b)', '_EXTRA_LEFT_PARENTHESIS', 5],
    ['a OR b)', '_EXTRA_RIGHT_PARENTHESIS', 7],
    [')', '', 1],
    ['))', '_EXTRA_RIGHT_PARENTHESIS', 1],
    ['(a) sales manager', '_EXTRA_STRING', 5],
    ['a NOT b', '_EXTRA_STRING', 3],
    ['(a OR b) NOT c', '_EXTRA_STRING', 10],
    ['a AND', '_MISSING_STRING', 3],
    ['a AND OR b', '_MISSING_STRING', 3],
    ['(a OR ) AND b', '_MISSING_STRING', 4],
    ['a AND NOT', '_MISSING_STRING', 7],
    ['NOT AND a', '_MISSING_STRING', 1],
    ['AND a', '_MISSING_STRING_OR_NOT_OR_LEFT_PARENTHESIS', 1],
    ['a AND (OR b)', '_MISSING_STRING_OR_NOT_OR_LEFT_PARENTHESIS', 8],
    ['a AND ()', '_MISSING_STRING_OR_NOT_OR_LEFT_PARENTHESIS', 8],
    ['😀 é\tAND', '_MISSING_STRING', 5],
    ['('.repeat(5000), '_EXTRA_LEFT_PARENTHESIS', 5000],
  ])('%.40j with the suffix "%s" at column %i', (text, suffix, column) => {
    expect(mistakeIn(text)).toMatchObject({ code: `VALIDATION_BAD_TITLE_FILTER${suffix}`, column });
  });

  it('never by throwing', () => {
    const piece = fc.oneof(fc.constantFrom('(', ')', ' ', 'AND', 'OR', 'NOT', 'a'), fc.string({ unit: 'binary' }));
    fc.assert(fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join(' ');
      const result = parseTitleFilter(text);
      const column = result.ok ? 1 : result.mistake.column;
      expect(column).toBeLessThanOrEqual([...text].length + 1);
      expect(caret(text, column).split('\n')).toHaveLength(2);
    }));
  });
});

describe('parseTitleFilter hints at', () => {
  it.each([
    ['lower-case operators', 'sales and marketing OR not x', /^7: "and" .* write AND/],
    ['AND and OR without brackets, at the second kind', 'a AND b OR c', /^9: AND and OR/],
    ['the same inside brackets', '(a OR b AND c)', /^9: AND and OR/],
    ['quotation marks', 'CEO OR "head of sales"', /^8: quotation/],
    ['wildcards', 'eng*', /^4: .*wildcards/],
    ['commas', 'CEO, CTO', /^4: .*write OR/],
  ])('%s', (_what, text, hint) => {
    expect(hintsOn(text)).toEqual([expect.stringMatching(hint)]);
  });

  it.each(['(a AND b) OR c', 'a OR b OR c', 'chargé d\'affaires', 'ANDROID developer', 'Oregon', 'a AND NOT b'])(
    'nothing in %j',
    (text) => {
      expect(hintsOn(text)).toEqual([]);
    },
  );
});

describe('matchesTitle', () => {
  it.each([
    ['sales', 'VP Sales', true],
    ['sales', 'Salesforce Admin', false],
    ['head of sales', 'Regional HEAD  of Sales, EMEA', true],
    ['head sales', 'Head of Sales', false],
    ['sales head', 'Head Sales', false],
    ['co-founder', 'Co Founder & CEO', true],
    ['c++ developer', 'Senior C++ Developer', true],
    ['c developer', 'C++ Developer', false],
    ['ingénieur', 'INGE\u0301NIEUR logiciel', true],
    ['& OR -', 'R & D - lead', false],
    ['(CEO OR founder) AND NOT assistant', 'Founder', true],
    ['(CEO OR founder) AND NOT assistant', 'Assistant to the CEO', false],
    ['a OR b AND c', 'a', true],
    ['NOT NOT a', 'a', true],
  ])('%j on %j: %s', (filter, title, matches) => {
    expect(matchesTitle(parsed(filter), title)).toBe(matches);
  });
});

describe('termsOf', () => {
  it('lists terms from left to right with the parity of the NOTs above them', () => {
    expect(termsOf(parsed('a b AND NOT (c OR NOT d) OR NOT e'))).toEqual([
      { text: 'a b', negated: false },
      { text: 'c', negated: true },
      { text: 'd', negated: false },
      { text: 'e', negated: true },
    ]);
  });
});

describe('caret', () => {
  it.each([
    ['points under the place', 'a AND (b', 7, 'a AND (b\n      ^'],
    ['shows line breaks and tabs as spaces', 'a\r\nb\tc', 6, 'a  b c\n     ^'],
    ['points one past the end', 'ab', 3, 'ab\n  ^'],
    ['counts code points, and two columns for wide ones', '😀営é(', 4, '😀営é(\n     ^'],
    ['gives combining marks no column', 'e\u0301(', 3, 'e\u0301(\n ^'],
  ])('%s', (_what, text, column, lines) => {
    expect(caret(text, column)).toBe(lines);
  });

  it('cuts a long text on both sides and still points at the same character', () => {
    const [shown = '', pointer = ''] = caret(`${'a'.repeat(500)}X${'b'.repeat(500)}`, 501).split('\n');
    expect(shown).toMatch(/^…a+Xb+…$/);
    expect(shown).toHaveLength(76);
    expect(shown[pointer.indexOf('^')]).toBe('X');
  });
});
