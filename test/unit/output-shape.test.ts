/* What the outputs look like: what is said, what is kept of an earlier command, what is usual, and what cannot be. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import type { OutputOptions, OutputShape } from '../../src/service/options.ts';
import { changeOutput } from '../../src/service/output-choice.ts';
import { contactsStyle, readShape, refuseMisshapen, reportStyle } from '../../src/service/output-shape.ts';

const output = (contacts: string, shape?: OutputShape, report = '/x/r.csv'): OutputOptions & { report: string } => ({
  contacts,
  report,
  style: { delimiter: ';', bom: true },
  ...(shape && { shape }),
});
const messageOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return '';
};

describe('the style of the contacts', () => {
  it.each([
    ['a file as the input is', '/x/people.csv', {}, { format: 'csv', delimiter: ';', bom: true, formulaGuard: true }],
    ['a file without a known name as the input is', '/x/people', {}, { format: 'csv', delimiter: ';', bom: true }],
    ['stdout for programs', '-', {}, { format: 'csv', delimiter: ',', bom: false }],
    ['a .tsv with tabs', '/x/people.tsv', {}, { format: 'tsv', delimiter: '\t', bom: true }],
    ['a .TSV with tabs, whatever the delimiter of csv is', '/x/people.TSV', { delimiter: '|' }, { format: 'tsv', delimiter: '\t' }],
    ['a .jsonl as JSON', '/x/people.jsonl', {}, { format: 'jsonl' }],
    ['a .xlsx as a workbook', '/x/people.Xlsx', {}, { format: 'xlsx' }],
    ['any name as --format says', '/x/people.csv', { format: 'jsonl' }, { format: 'jsonl' }],
    ['stdout as --format says', '-', { format: 'tsv' }, { format: 'tsv', delimiter: '\t', bom: false }],
    ['a file as the options say', '/x/people.csv', { delimiter: '|', bom: false, formulaGuard: false }, { delimiter: '|', bom: false, formulaGuard: false }],
    ['stdout as the options say', '-', { delimiter: '|', bom: true }, { delimiter: '|', bom: true }],
  ] as const)('is, for %s', (_what, contacts, shape, expected) => {
    expect(contactsStyle(output(contacts, shape))).toMatchObject(expected);
  });

  it('of a run that was made before there were formats is as it was', () => {
    expect(contactsStyle(output('/x/people.csv'))).toEqual({ format: 'csv', delimiter: ';', bom: true, formulaGuard: true });
  });
});

describe('the style of the report', () => {
  it.each([
    ['/x/r.csv', 'csv'],
    ['/x/r.jsonl', 'jsonl'],
    ['/x/r.xlsx', 'xlsx'],
    ['/x/r', 'csv'],
  ])('of %s is %s, whatever --format says of the contacts', (report, format) => {
    expect(reportStyle(output('-', { format: 'tsv' }, report)).format).toBe(format);
  });
});

describe('readShape', () => {
  it('keeps what was said, and nothing else', () => {
    expect(readShape({})).toEqual({});
    expect(readShape({ format: 'csv', columns: 'row,domain', outputDelimiter: 'tab', bom: false, formulaGuard: false })).toEqual({
      format: 'csv', columns: ['row', 'domain'], delimiter: '\t', bom: false, formulaGuard: false,
    });
  });

  it('refuses a delimiter that is none', () => {
    expect(messageOf(() => readShape({ outputDelimiter: 'x' }))).toBe('--output-delimiter "x" is not known: use one of , ; tab |');
  });
});

describe('changeOutput', () => {
  const before = output('/x/people.csv', { format: 'jsonl', columns: ['row'], delimiter: '|' });

  const change = (now: Parameters<typeof changeOutput>[1]) => changeOutput(before, now, { input_name: 'companies.csv', rows: 5 });

  it('changes nothing when nothing is said', () => {
    expect(change({ shape: {} })).toEqual(before);
  });

  it('puts what is said now in the place of what was said', () => {
    expect(change({ report: 'r.jsonl', shape: { columns: 'all', bom: false } })).toEqual({
      ...before, report: resolve('r.jsonl'), shape: { format: 'jsonl', columns: 'all', delimiter: '|', bom: false },
    });
  });

  it.each([
    ['new.csv', {}, 'csv'],
    ['new.xlsx', {}, 'xlsx'],
    ['-', {}, 'jsonl'],
    ['new', {}, 'jsonl'],
    ['new.csv', { format: 'tsv' }, 'tsv'],
  ] as const)('with -o %s and %j writes %s', (name, shape, format) => {
    const changed = change({ output: name, shape });
    expect([changed.contacts, contactsStyle(changed).format]).toEqual([name === '-' ? '-' : resolve(name), format]);
  });
});

describe('a report', () => {
  const moved = (before: string, report: string | null, now: string) => changeOutput({ ...output(before), report }, { output: now, shape: {} }, { input_name: 'l.csv', rows: null }).report;

  it('goes with the contacts that it was named after, and with no others', () => {
    expect(moved('/x/l.contacts.csv', '/x/l.report.csv', '/y/moved.csv')).toBe('/y/moved.report.csv');
    expect(moved('/x/l.contacts.csv', '/x/why.csv', '/y/moved.csv')).toBe('/x/why.csv');
    expect(moved('/x/l.contacts.csv', '/x/l.report.csv', '-')).toBeNull();
    expect(moved('-', null, '/y/moved.csv')).toBeNull();
  });
});

describe('a folder', () => {
  it('gets the files under the names that the list gives them', () => {
    const changed = changeOutput(output('-'), { output: 'test', report: 'src/', shape: { format: 'xlsx' } }, { input_name: 'companies.csv', rows: null });
    expect([changed.contacts, changed.report]).toEqual([resolve('test/companies.contacts.xlsx'), resolve('src/companies.report.csv')]);
  });
});

describe('refuseMisshapen', () => {
  const refusal = (options: OutputOptions, now: OutputShape = {}, context: Partial<Parameters<typeof refuseMisshapen>[2]> = {}) =>
    messageOf(() => refuseMisshapen({ ...options, shape: { ...options.shape, ...now } }, now, { input_columns: ['note'], isTerminal: false, ...context }));

  it.each(['csv', 'tsv', 'jsonl', 'xlsx', 'txt', 'out'])('accepts a file that ends in .%s', (extension) => {
    expect(refusal(output(`/x/people.${extension}`))).toBe('');
  });

  it.each([
    ['xls', 'xlsx'],
    ['json', 'jsonl'],
    ['ods', 'xlsx'],
    ['Parquet', 'csv'],
    ['gz', 'csv'],
    ['tsv.gz', 'tsv'],
  ])('refuses a file that ends in .%s', (extension, near) => {
    const message = `/x/people.${extension} cannot be written in the format of its name: use .csv .tsv .jsonl .xlsx, for instance /x/people.${near}`;
    expect(refusal(output(`/x/people.${extension}`))).toBe(message);
    expect(refusal(output('-', {}, `/x/people.${extension}`))).toBe(message);
    expect(refusal(output(`/x/people.${extension}`, { format: 'csv' }))).toBe('');
  });

  it('refuses a workbook on a terminal, and on nothing else', () => {
    expect(refusal(output('-', { format: 'xlsx' }), {}, { isTerminal: true })).toBe(
      'a workbook cannot be shown on a terminal: name a file with -o, or choose another --format',
    );
    expect(refusal(output('-', { format: 'xlsx' }))).toBe('');
    expect(refusal(output('/x/people.xlsx'), {}, { isTerminal: true })).toBe('');
  });

  it.each(['tsv', 'jsonl', 'xlsx'])('refuses a delimiter for contacts in %s, whatever the report is', (extension) => {
    const message = `--output-delimiter is for csv, and the output is ${extension}: leave it out, or choose --format csv`;
    expect(refusal(output(`/x/people.${extension}`), { delimiter: ';' })).toBe(message);
    expect(refusal(output(`/x/people.${extension}`), { delimiter: ';', format: 'csv' })).toBe('');
  });

  it.each(['jsonl', 'xlsx'])('refuses a byte order mark for contacts in %s', (extension) => {
    expect(refusal(output(`/x/people.${extension}`), { bom: true })).toBe(`--bom is for csv and tsv, and the output is ${extension}: leave it out`);
  });

  it('accepts a delimiter and a byte order mark that an earlier command said', () => {
    expect(refusal(output('/x/people.jsonl', { delimiter: ';', bom: true }))).toBe('');
  });

  it('refuses a column that there is not', () => {
    expect(refusal(output('-', { columns: ['notes'] }))).toBe('there is no column "notes" (--columns): did you mean "note"?');
    expect(refusal(output('-', { columns: ['note', 'experiences'] }))).toBe('');
  });

  it('refuses more columns than a sheet can hold, and only of a workbook', () => {
    const input_columns = Array.from({ length: 16_380 }, (_, n) => `c${n}`);
    expect(refusal(output('/x/people.xlsx'), {}, { input_columns })).toBe('xlsx holds at most 16384 columns, and there are 16411: write .csv');
    expect(refusal(output('/x/people.csv'), {}, { input_columns })).toBe('');
  });
});
