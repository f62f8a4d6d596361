/* What a row asks, and which rows ask the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, questionOf } from '../../src/kinds/contacts/question.ts';
import type { QuestionOptions, RowText } from '../../src/kinds/contacts/question.ts';

const options: QuestionOptions = { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false };
const row = (fields: Partial<RowText> = {}): RowText => ({ domain: 'acme.example', title_filter: '', company_name: '', linkedin: '', ...fields });
const personas = [
  { name: 'leaders', filter: 'CEO OR founder' },
  { name: 'technology', filter: 'CTO' },
];

function asked(text: Partial<RowText>, more: Partial<QuestionOptions> = {}) {
  const result = questionOf(row(text), { ...options, ...more });
  if (result.question === undefined) throw new Error(result.reason);
  return result;
}

function refused(text: Partial<RowText>, more: Partial<QuestionOptions> = {}) {
  const result = questionOf(row(text), { ...options, ...more });
  if (result.question !== undefined) throw new Error('it was asked');
  return result;
}

describe('the title filter of a question', () => {
  it.each([
    ['its own', 'CTO', { title_filter: 'CEO' }, { title_filter: 'CTO' }, 'CTO'],
    ['its own, also before personas', 'CTO', { personas }, { title_filter: 'CTO' }, 'CTO'],
    ['the one for all rows', '', { title_filter: 'CEO' }, { title_filter: 'CEO' }, 'CEO'],
    ['the one for all rows, when its cell is blank', ' \t', { title_filter: 'CEO' }, { title_filter: 'CEO' }, 'CEO'],
    ['the personas in their order', '', { personas }, { title_filters: personas }, 'leaders=CEO OR founder; technology=CTO'],
  ])('is %s', (_what, cell, more, sent, shown) => {
    const { question, title_filter } = asked({ title_filter: cell }, more);
    expect({ title_filter: question.title_filter, title_filters: question.title_filters }).toEqual({ title_filter: undefined, title_filters: undefined, ...sent });
    expect(title_filter).toBe(shown);
  });

  it('is on one line with single spaces', () => {
    expect(asked({ title_filter: ' CEO\n OR   CTO ' }).question.title_filter).toBe('CEO OR CTO');
  });
});

describe('a row that cannot be asked', () => {
  it('says that it has no title filter, and which domain was understood', () => {
    expect(refused({ domain: 'https://www.Acme.example/' })).toEqual({
      domain: 'acme.example',
      title_filter: '',
      reason: 'has no title filter: fill the cell, or give one for all with --title-filter',
    });
  });

  it('points at the mistake in its filter, under the code of the API', () => {
    const { reason, title_filter } = refused({ title_filter: '(CEO OR  CTO' }, { title_filter: 'CEO' });
    expect(reason).toMatch(/^title filter, character 1: .* \(VALIDATION_BAD_TITLE_FILTER\w+\)\n\(CEO OR CTO\n\^$/);
    expect(title_filter).toBe('(CEO OR CTO');
  });

  it('says what is wrong with its domain, before anything else', () => {
    expect(refused({ domain: 'n/a', title_filter: '(' })).toMatchObject({ domain: null, reason: 'the domain is empty' });
  });
});

describe('one question', () => {
  const hashOf = (row: Parameters<typeof asked>[0], more: Parameters<typeof asked>[1] = {}) => asked(row, more).question_hash;
  const plain = hashOf({ title_filter: 'Chargé OR CEO' });

  it.each([
    ['another spelling of the name', { title_filter: 'Chargé OR CEO', company_name: 'ACME' }, {}],
    ['a LinkedIn page', { title_filter: 'Chargé OR CEO', linkedin: 'https://linkedin.com/company/acme' }, {}],
    ['a larger limit', { title_filter: 'Chargé OR CEO' }, { limit: 50 }],
    ['a decomposed letter', { title_filter: 'Charge\u0301 OR CEO' }, {}],
    ['invisible characters', { title_filter: 'Char\u200Bgé OR\u00A0CEO\uFEFF' }, {}],
    ['full-width letters', { title_filter: 'Chargé OR ＣＥＯ' }, {}],
    ['or in lower case', { title_filter: 'Chargé or CEO' }, {}],
    ['needless brackets and blanks', { title_filter: '((Chargé)  OR (CEO))' }, {}],
    ['the filter for all rows', { title_filter: '#N/A' }, { title_filter: 'Chargé OR CEO' }],
  ])('is asked with %s', (_what, row, more) => {
    expect(hashOf(row, more)).toBe(plain);
  });

  it.each([
    ['other filter', { title_filter: 'CEO' }, {}],
    ['other place', { title_filter: 'Chargé OR CEO' }, { countries: ['France'] }],
    ['filter sent as it is', { title_filter: 'Chargé or CEO' }, { filter_as_is: true as const }],
  ])('is not asked with an%s', (_what, row, more) => {
    expect(hashOf(row, more)).not.toBe(plain);
  });

  it('comes from the report of a run with personas', () => {
    const personas = [{ name: 'leaders', filter: 'CEO or  founder' }, { name: 'technology', filter: 'CTO' }];
    const { question_hash, title_filter } = asked({}, { personas });
    expect(title_filter).toBe('leaders=CEO OR founder; technology=CTO');
    expect(hashOf({ title_filter }, { personas })).toBe(question_hash);
  });

  it.each(['#N/A', 'NULL', '\\N', 'nan', 'n/a', '-', '#REF!', '#VALUE!', ' N/A\u200B'])('takes %j in filter and hints for nothing', (word) => {
    const { question, question_hash } = asked({ title_filter: word, company_name: word, linkedin: word }, { title_filter: 'Chargé OR CEO' });
    expect([question, question_hash]).toEqual([asked({ title_filter: 'Chargé OR CEO' }).question, plain]);
  });

  it('sends no hint that is a word for nothing, nor any with --no-hints', () => {
    expect(asked({ title_filter: 'CEO', company_name: 'N/A', linkedin: '-' }).question).not.toHaveProperty('company_name');
    expect(asked({ title_filter: 'CEO', company_name: 'Acme' }, { no_hints: true }).question).not.toHaveProperty('company_name');
  });
});

describe('the rest of a question', () => {
  it('leaves out what is not given', () => {
    expect(asked({ title_filter: 'CEO' }).question).toEqual({
      api_host: 'api.waterfall.example',
      domain: 'acme.example',
      title_filter: 'CEO',
      limit: 10,
      include_phones: false,
      verified_only: true,
    });
  });

  it('has the hints of the row, on one line and no longer than the API takes', () => {
    const { question } = asked({ title_filter: 'CEO', company_name: ' Acme\n Ltd ', linkedin: 'x'.repeat(501) });
    expect(question.company_name).toBe('Acme Ltd');
    expect(question.linkedin).toHaveLength(500);
  });

  it('has the options under the names of the API, its sets sorted and without repeats', () => {
    const { question } = asked({ title_filter: 'CEO' }, {
      limit: 25,
      include_phones: true,
      include_unverified: true,
      location: 'Lisbon',
      countries: ['Portugal', ' Austria ', 'Portugal', ''],
      excluded_names: ['Zoe  Quill', 'Adam Reed'],
    });
    expect(question).toMatchObject({
      limit: 25,
      include_phones: true,
      verified_only: false,
      location_name: 'Lisbon',
      location_countries: ['Austria', 'Portugal'],
      excluded_names: ['Adam Reed', 'Zoe Quill'],
    });
  });
});

describe('questions have the same hash', () => {
  const word = fc.constantFrom('Portugal', 'Austria', 'New Zealand', 'Chile');
  const space = fc.constantFrom(' ', '  ', '\t', '\n', '\u00a0 ');
  const spaced = (text: string) =>
    fc.array(space, { minLength: 3, maxLength: 3 }).map(([before = '', within = ' ', after = '']) => before + text.replaceAll(' ', within) + after);
  const domain = fc.constantFrom('acme.example', 'ACME.example', ' www.Acme.EXAMPLE ', 'https://acme.example/about', 'jane@acme.example', 'acme.example.');

  it('however domain, filter, hints and options are spaced, ordered and repeated', () => {
    const plain = asked(
      { title_filter: 'CEO OR founder', company_name: 'Acme Works' },
      { location: 'Porto District', countries: ['Austria', 'New Zealand'], excluded_names: ['Adam Reed'] },
    );
    const variant = fc.record({
      domain,
      title_filter: spaced('CEO OR founder'),
      company_name: spaced('Acme Works'),
      location: spaced('Porto District'),
      countries: fc.tuple(spaced('Austria'), spaced('New Zealand'), fc.boolean()).map(([a, b, turned]) => (turned ? [b, a, b] : [a, b])),
      excluded_names: fc.array(spaced('Adam Reed'), { minLength: 1, maxLength: 3 }),
    });
    fc.assert(
      fc.property(variant, ({ location, countries, excluded_names, ...text }) => {
        const other = asked(text, { location, countries, excluded_names });
        expect(other.question).toEqual(plain.question);
        expect(other.question_hash).toBe(plain.question_hash);
      }),
    );
  });

  it('whether the filter is in the row or given for all, and however personas are spaced', () => {
    const own = asked({ title_filter: 'CEO OR CTO' });
    expect(asked({}, { title_filter: ' CEO  OR CTO' }).question_hash).toBe(own.question_hash);
    const untidy = personas.map(({ name, filter }) => ({ name: ` ${name}`, filter: filter.replaceAll(' ', '  ') }));
    expect(asked({}, { personas: untidy }).question_hash).toBe(asked({}, { personas }).question_hash);
  });

  /** What a field of a question may be. */
  const fields = {
    domain: fc.constantFrom('acme.example', 'borealis.example'),
    title_filter: fc.constantFrom('CEO', 'ceo', 'CTO'),
    include_phones: fc.boolean(),
    include_unverified: fc.boolean(),
    api_host: fc.constantFrom('api.waterfall.example', 'sandbox'),
    countries: fc.uniqueArray(word, { maxLength: 2 }),
    excluded_names: fc.uniqueArray(word, { maxLength: 2 }),
  };
  /** What goes with a question and is no part of it. */
  const aside = { company_name: fc.constantFrom('', 'Acme'), linkedin: fc.constantFrom('', 'Acme'), limit: fc.constantFrom(10, 11) };
  const question = fc.record(fields);
  type Fields = typeof question extends fc.Arbitrary<infer Value> ? Value : never;

  it.each(Object.keys(fields) as (keyof Fields)[])('only when they are equal in %s, whatever hints and limit are', (field) => {
    const asides = fc.record(aside);
    const ask = ({ domain: host, title_filter, ...more }: Fields, { limit, ...hints }: { company_name: string; linkedin: string; limit: number }) =>
      asked({ domain: host, title_filter, ...hints }, { ...more, limit });
    const setsOf = (value: Fields) => ({ ...value, countries: [...value.countries].sort(), excluded_names: [...value.excluded_names].sort() });
    fc.assert(
      fc.property(question, question, asides, asides, (one, another, with1, with2) => {
        const other = { ...one, [field]: another[field] };
        expect(ask(one, with1).question_hash === ask(other, with2).question_hash).toBe(JSON.stringify(setsOf(one)) === JSON.stringify(setsOf(other)));
      }),
      { numRuns: 300 },
    );
  });

  it('not when personas are tried in another order', () => {
    expect(asked({}, { personas: [...personas].reverse() }).question_hash).not.toBe(asked({}, { personas }).question_hash);
  });
});

describe('hashOf', () => {
  it('does not depend on the order of members, at any depth', () => {
    const reversed = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(reversed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
    };
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(hashOf(reversed(value))).toBe(hashOf(value));
    }));
  });

  it('depends on the order of a list, and tells null from absent', () => {
    expect(hashOf(['a', 'b'])).not.toBe(hashOf(['b', 'a']));
    expect(hashOf({ a: null })).not.toBe(hashOf({}));
    expect(hashOf({ a: undefined })).toBe(hashOf({}));
  });

  it('is a SHA-256 in hexadecimal, the same tomorrow: it is kept in databases', () => {
    expect(hashOf({ b: [1, 'é'], a: null })).toBe('f8f17faab95c024891d173fa43442b0e52007736a1f36715ac721ab22deeefc5');
  });
});

describe('advice', () => {
  const adviceOf = (title_filter: string) => {
    const asked = questionOf({ domain: 'acme.example', title_filter, company_name: '', linkedin: '' }, { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false });
    return asked.question === undefined ? asked.reason : asked.advice;
  };

  it("names the place of a lower-case operator in a row's own filter, which is asked all the same", () => {
    expect(adviceOf('ceo and cfo')).toMatch(/^title filter, character 5: .*AND/);
  });

  it('is not given for a filter that is plain', () => {
    expect(adviceOf('ceo AND cfo')).toBeUndefined();
  });
});
