/*
 * Boolean title expressions such as `(CEO OR founder) AND NOT (assistant OR intern)`: parse, check, point at the mistake.
 * Only what is certainly wrong is refused here. What the API does not document is at most hinted at: it judges the rest.
 * No function recurses, so that no input, however deeply nested, overflows the stack.
 */

/** A parsed title filter. `text` is a run of words with one space between them; `operands` holds two or more. */
export type TitleExpression =
  | { kind: 'term'; text: string }
  | { kind: 'not'; operand: TitleExpression }
  | { kind: 'and' | 'or'; operands: TitleExpression[] };

/** Why a filter cannot be sent: the API's own code for it, plain words, and a 1-based column in code points. */
export type FilterMistake = { code: string; message: string; column: number };

/** Something in a filter that may not mean what its writer thinks. `column` is 1-based, in code points. */
export type FilterHint = { message: string; column: number };

/** What `parseTitleFilter` returns: an expression with its hints, or the first mistake. */
export type ParsedTitleFilter =
  | {
      ok: true;
      expression: TitleExpression;
      hints: FilterHint[];
      /** AND and OR stand side by side without brackets. */
      isAmbiguous: boolean;
    }
  | { ok: false; mistake: FilterMistake };

type Token = { kind: 'open' | 'close' | 'and' | 'or' | 'not' | 'term'; text: string; at: number };

/** One pair of brackets, or the whole filter. `ands` are the operands since the last OR, `nots` the NOTs before the next one. */
type Group = { open: Token | undefined; ors: TitleExpression[]; ands: TitleExpression[]; nots: number; joins?: string };

const CODE = 'VALIDATION_BAD_TITLE_FILTER';
/** Limits of `title_filter` in the API, in characters. */
const SHORTEST = 2;
const LONGEST = 10_000;
const OPERATORS: Record<string, Token['kind']> = { '(': 'open', ')': 'close', AND: 'and', OR: 'or', NOT: 'not' };

/** Signs of a misunderstanding. Each is pointed out once, at its first place. */
const SUSPICIONS: readonly { sign: RegExp; message: (found: string) => string }[] = [
  {
    sign: /(?<![^\s()])(?!AND|OR|NOT)(?:[Aa][Nn][Dd]|[Oo][Rr]|[Nn][Oo][Tt])(?![^\s()])/,
    message: (found) => `"${found}" is read as a word of the title; write ${found.toUpperCase()} if it is meant as an operator`,
  },
  {
    sign: /["“”„«»]|(?<![^\s()])['‘]|['’](?![^\s()])/,
    message: () => 'quotation marks are not needed: words side by side are one term; the API documents no quotes',
  },
  { sign: /[*?%]/, message: (found) => `the API documents no wildcards; "${found}" is sent as it stands` },
  { sign: /[,;|]/, message: (found) => `"${found}" does not separate terms; write OR between them` },
];

/**
 * Parses the text of a title filter. AND binds tighter than OR; NOT binds to the term or bracket that follows it.
 * The API accepts 2 to 10,000 characters and upper-case operators; its precedence is undocumented, so that AND and OR
 * side by side without brackets give a hint. Never throws.
 */
export function parseTitleFilter(text: string): ParsedTitleFilter {
  const fail = (suffix: string, at: number, message: string): ParsedTitleFilter => ({
    ok: false,
    mistake: { code: CODE + suffix, message, column: columnAt(text, at) },
  });
  const length = [...text.trim()].length;
  if (length === 0) return fail('', 0, 'the title filter is empty');
  if (length < SHORTEST) return fail('', 0, `the title filter is too short: the API wants at least ${SHORTEST} characters`);
  if (length > LONGEST) {
    return fail('', 0, `the title filter has ${length} characters; the API takes at most ${LONGEST}`);
  }

  const outer: Group[] = [];
  let group: Group = { open: undefined, ors: [], ands: [], nots: 0 };
  let mixed: Token | undefined;
  let previous: Token | undefined;
  for (const token of tokenise(text)) {
    const complete = previous?.kind === 'term' || previous?.kind === 'close';
    if (token.kind === 'close' && group.open === undefined) {
      return fail('_EXTRA_RIGHT_PARENTHESIS', token.at, 'this bracket closes nothing; remove it, or open one before it');
    }
    if (complete) {
      if (token.kind === 'open') {
        return fail('_EXTRA_LEFT_PARENTHESIS', token.at, 'put AND, OR or AND NOT in front of this bracket');
      }
      if (token.kind === 'term') return fail('_EXTRA_STRING', token.at, 'put AND or OR between this term and the bracket before it');
      if (token.kind === 'not') return fail('_EXTRA_STRING', token.at, 'write AND NOT instead of NOT');
    } else if (token.kind === 'and' || token.kind === 'or' || token.kind === 'close') {
      if (previous === undefined || previous.kind === 'open') {
        const message = token.kind === 'close' ? 'these brackets are empty' : `there is nothing in front of ${token.text}`;
        return fail('_MISSING_STRING_OR_NOT_OR_LEFT_PARENTHESIS', token.at, message);
      }
      return fail('_MISSING_STRING', previous.at, `nothing to apply ${previous.text} to: a term or a bracket must follow it`);
    }

    if (token.kind === 'open') {
      outer.push(group);
      group = { open: token, ors: [], ands: [], nots: 0 };
    } else if (token.kind === 'close') {
      const inner = finish(group);
      group = outer.pop() ?? group;
      addOperand(group, inner);
    } else if (token.kind === 'term') {
      addOperand(group, { kind: 'term', text: token.text });
    } else if (token.kind === 'not') {
      group.nots += 1;
    } else {
      group.joins ??= token.kind;
      if (group.joins !== token.kind) mixed ??= token;
      if (token.kind === 'or') endAnd(group);
    }
    previous = token;
  }

  if (previous?.kind === 'open') return fail('_EXTRA_LEFT_PARENTHESIS', previous.at, 'this bracket opens and nothing follows it');
  if (previous && previous.kind !== 'term' && previous.kind !== 'close') {
    return fail('_MISSING_STRING', previous.at, `nothing to apply ${previous.text} to: a term or a bracket must follow it`);
  }
  if (group.open) return fail('_MISSING_RIGHT_PARENTHESIS', group.open.at, 'this bracket is never closed');

  const hints: FilterHint[] = [];
  if (mixed) {
    const message = 'AND and OR without brackets: read as "AND first", but the API documents no order; write (a AND b) OR c';
    hints.push({ message, column: columnAt(text, mixed.at) });
  }
  for (const { sign, message } of SUSPICIONS) {
    const found = sign.exec(text);
    if (found) hints.push({ message: message(found[0]), column: columnAt(text, found.index) });
  }
  return { ok: true, expression: finish(group), hints: hints.sort((a, b) => a.column - b.column), isAmbiguous: mixed !== undefined };
}

/**
 * Reads `or` in lower case between words as the operator that people mean by it: `Founder or CEO`. `and` and `not` stay words of
 * a title (`Research and Development`). Columns stay the same.
 */
export function readOr(text: string): { text: string; isRead: boolean } {
  const words = [...text.matchAll(/[()]|[^\s()]+/g)];
  const isOperand = (word: string | undefined) => word !== undefined && word !== 'or' && !Object.hasOwn(OPERATORS, word);
  let read = '';
  let taken = 0;
  for (const [place, { 0: word, index }] of words.entries()) {
    const [before, next] = [words[place - 1]?.[0], words[place + 1]?.[0]];
    if (word !== 'or' || !(isOperand(before) || before === ')') || !(isOperand(next) || next === '(' || next === 'NOT')) continue;
    read += `${text.slice(taken, index)}OR`;
    taken = index + word.length;
  }
  return { text: read + text.slice(taken), isRead: taken > 0 };
}

/**
 * What a filter comes to, for telling whether two are one question: blanks, needless brackets and their nesting do not count. Where
 * AND and OR stand side by side without brackets, the API's order is not known, and the text itself is kept.
 */
export function canonicalFilter(text: string): string {
  const parsed = parseTitleFilter(text);
  return parsed.ok && !parsed.isAmbiguous ? printTitleFilter(parsed.expression) : text.replace(/\s+/g, ' ').trim();
}

/**
 * Whether a job title satisfies the expression: any case, whole words, the words of a term side by side in their order.
 * This is how the built-in sandbox matches; how the API does is not documented.
 */
export function matchesTitle(expression: TitleExpression, title: string): boolean {
  const words = ` ${wordsOf(title)} `;
  return fold<boolean>(
    expression,
    (text) => wordsOf(text) !== '' && words.includes(` ${wordsOf(text)} `),
    (kind, parts) => (kind === 'not' ? !parts[0] : kind === 'and' ? parts.every(Boolean) : parts.some(Boolean)),
  );
}

/** The expression as text, with brackets around every AND and OR but where they join more of the same: `(a OR b OR c)`. */
export function printTitleFilter(expression: TitleExpression): string {
  const shown = ({ parts, kind }: { kind: string; parts: string[] }) => (parts.length === 1 ? parts.join('') : `(${parts.join(` ${kind.toUpperCase()} `)})`);
  return shown(
    fold<{ kind: string; parts: string[] }>(
      expression,
      (text) => ({ kind: 'term', parts: [text] }),
      (kind, parts) => {
        if (kind === 'not') return { kind, parts: [`NOT ${parts.map(shown).join('')}`] };
        return { kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [shown(part)])) };
      },
    ),
  );
}

/** Every term from left to right, and whether it stands under an odd number of NOTs. */
export function termsOf(expression: TitleExpression): { text: string; negated: boolean }[] {
  const terms: { text: string; negated: boolean }[] = [];
  const stack = [{ node: expression, negated: false }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    const { node, negated } = top;
    if (node.kind === 'term') terms.push({ text: node.text, negated });
    else if (node.kind === 'not') stack.push({ node: node.operand, negated: !negated });
    else for (const operand of node.operands.toReversed()) stack.push({ node: operand, negated });
  }
  return terms;
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/[()]|[^\s()]+/g)) {
    const kind = Object.hasOwn(OPERATORS, match[0]) ? OPERATORS[match[0]] : undefined;
    const last = tokens.at(-1);
    if (kind === undefined && last?.kind === 'term') last.text += ` ${match[0]}`;
    else tokens.push({ kind: kind ?? 'term', text: match[0], at: match.index });
  }
  return tokens;
}

function addOperand(group: Group, operand: TitleExpression): void {
  let wrapped = operand;
  for (; group.nots > 0; group.nots -= 1) wrapped = { kind: 'not', operand: wrapped };
  group.ands.push(wrapped);
}

function endAnd(group: Group): void {
  group.ors.push(join('and', group.ands));
  group.ands = [];
}

function finish(group: Group): TitleExpression {
  endAnd(group);
  return join('or', group.ors);
}

function join(kind: 'and' | 'or', operands: TitleExpression[]): TitleExpression {
  const [only] = operands;
  return only && operands.length === 1 ? only : { kind, operands };
}

/** Works an expression out from its terms upwards, with a stack of its own. */
function fold<T>(
  root: TitleExpression,
  ofTerm: (text: string) => T,
  ofParts: (kind: 'not' | 'and' | 'or', parts: T[]) => T,
): T {
  const outer: { node: TitleExpression; parts: T[] }[] = [];
  let top: { node: TitleExpression; parts: T[] } = { node: root, parts: [] };
  for (;;) {
    const next = operandsOf(top.node)[top.parts.length];
    if (next) {
      outer.push(top);
      top = { node: next, parts: [] };
      continue;
    }
    const value = top.node.kind === 'term' ? ofTerm(top.node.text) : ofParts(top.node.kind, top.parts);
    const parent = outer.pop();
    if (!parent) return value;
    parent.parts.push(value);
    top = parent;
  }
}

function operandsOf(node: TitleExpression): TitleExpression[] {
  if (node.kind === 'term') return [];
  return node.kind === 'not' ? [node.operand] : node.operands;
}

/** Letters and digits in one case, one space between words; `+` and `#` stay, for C++ and C#. */
function wordsOf(text: string): string {
  return (text.normalize('NFKC').toLowerCase().match(/[\p{L}\p{M}\p{N}+#]+/gu) ?? []).join(' ');
}

function columnAt(text: string, index: number): number {
  return [...text.slice(0, index)].length + 1;
}
