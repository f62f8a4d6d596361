/* The small lists in test/lists/cases that once went wrong, and what each of them gives. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFiles } from '../../src/cli/option-files.ts';
import { questionOf, type QuestionOptions } from '../../src/kinds/contacts/question.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList } from '../../src/lists/read.ts';
import { guardFormula } from '../../src/outputs/formula-guard.ts';

const CASES = join(import.meta.dirname, '../lists/cases');
const OPTIONS: QuestionOptions = { api_host: 'api.example', title_filter: 'vp sales', limit: 10, include_phones: false, include_unverified: false };

/** Line and domain of a row that asks, or line and why it does not; `questions`: how many different ones; `filter`: the one of all. */
type Expected = { rows: (readonly [line: number, domain: string] | readonly [line: number, reason: RegExp])[]; questions: number; filter?: string; name?: string; skipped?: RegExp };

const NO_HYPHEN = /has a dash that is no hyphen; my-shop\.example\?$/;
const EXPECTED: Record<string, Expected> = {
  '01-cut-off-addresses': { rows: [[2, /is cut off/], [3, /is cut off/], [4, /is cut off/]], questions: 0 },
  '02-typed-comma': { rows: [[2, /is not a domain; www\.acme\.com\?$/], [3, /the ending is missing$/], [4, /is not a domain; www\.gamma\.com\?$/]], questions: 0 },
  '03-symbols-behind-and-before': { rows: [2, 3, 4, 5, 6, 7, 8].map((line) => [line, 'acme.com'] as const), questions: 1, filter: 'ceo' },
  '04-dashes-that-are-no-hyphens': { rows: [[2, 'my-shop.example'], [3, NO_HYPHEN], [4, NO_HYPHEN], [5, NO_HYPHEN]], questions: 1, filter: 'ceo' },
  '06-google-maps-website': {
    rows: [
      [2, 'acme.example'], [3, 'beta.example'], [4, /a page at Google/], [5, /a page at Google/], [6, /a page of a site builder/], [7, /a page of a site builder/],
      [8, /a page of an archive/], [9, /a page of a site builder/], [10, /a help desk page/], [11, /a shop at a market/],
    ],
    questions: 2, filter: 'ceo',
  },
  // All but the last row have the filter of the command line.
  '07-nothing-words-in-hints-and-filter': { rows: [[2, 'acme.example'], [3, 'beta.example'], [4, 'gamma.example'], [5, 'delta.example'], [6, 'epsilon.example'], [7, 'zeta.example']], questions: 6 },
  '08-invisible-in-filter': { rows: [[2, 'northpier-robotics.example'], [3, 'northpier-robotics.example'], [4, 'northpier-robotics.example']], questions: 1, filter: 'founder OR ceo' },
  '09-one': { rows: [[2, 'northpier-robotics.example']], questions: 1, filter: 'founder OR ceo' },
  '10-many-dotted-phones': { rows: [[2, 'beta.example']], questions: 1, filter: 'ceo' },
  // Its second column is called a title, and none of ours.
  '12-semicolons-header-with-commas': { rows: [[2, 'acme.example'], [3, 'beta.example'], [4, 'gamma.example']], questions: 3, filter: 'vp sales' },
  '14-signed-numbers': { rows: [[2, 'acme.example'], [3, 'beta.example'], [4, 'gamma.example']], questions: 3, filter: 'ceo' },
  '15-quotes-that-swallow-rows': { rows: [[2, 'acme.example'], [6, 'epsilon.example']], questions: 2, filter: 'ceo' },
  '16-persona-list': { rows: [[2, 'northpier-robotics.example'], [3, 'acme.example'], [4, 'beta.example']], questions: 3, filter: 'vp sales' },
  // What it asks as a run takes it is in own-outputs.test.ts: the same as the list before.
  '16-report-of-persona-run': { rows: [[2, 'northpier-robotics.example'], [3, 'acme.example'], [4, 'beta.example']], questions: 3 },
  '18-composed-and-decomposed-hints': { rows: [2, 3, 4, 5, 6].map((line) => [line, 'acme.example'] as const), questions: 1, filter: 'Geschäftsführer', name: 'Müller' },
  '19-url-of-the-record': { rows: [[2, 'acme.example'], [3, 'beta.example'], [4, 'gamma.example']], questions: 3, filter: 'ceo' },
  '28-powershell-type-line': { rows: [[3, 'acme.example']], questions: 1, filter: 'ceo', skipped: /^the header is in line 2; .* #TYPE/ },
};

async function read(name: string) {
  const path = join(CASES, name);
  const { columns, rows, skipped } = await openList(path, await examineList(path));
  const cell = (cells: readonly string[], place: number | undefined) => (place === undefined ? '' : (cells[place] ?? ''));
  const asked = [];
  for await (const row of rows) {
    const cells = row.cells;
    const question = questionOf(
      { domain: cell(cells, columns.domain), title_filter: cell(cells, columns.filter), company_name: cell(cells, columns.company_name), linkedin: cell(cells, columns.linkedin) },
      OPTIONS,
    );
    asked.push({ row, question });
  }
  return { asked, skipped };
}

describe('the list', async () => {
  const names = (await readdir(CASES)).filter((name) => name.endsWith('.csv'));

  it.each(names)('%s gives what it should', async (name) => {
    const expected = EXPECTED[name.slice(0, -'.csv'.length)];
    if (expected === undefined) throw new Error(`nothing says what becomes of ${name}`);
    const { asked, skipped } = await read(name);
    const questions = asked.flatMap(({ question }) => question.question ?? []);
    expect(asked.map(({ row, question }) => [row.line, question.domain ?? ('reason' in question ? question.reason : '')])).toEqual(
      expected.rows.map(([line, what]) => [line, typeof what === 'string' ? what : (expect.stringMatching(what) as string)]),
    );
    expect(new Set(asked.flatMap(({ question }) => ('question_hash' in question ? question.question_hash : []))).size).toBe(expected.questions);
    if (expected.filter !== undefined) expect(new Set(questions.map(({ title_filter }) => title_filter))).toEqual(new Set([expected.filter]));
    if (expected.name !== undefined) expect(new Set(questions.map(({ company_name }) => company_name))).toEqual(new Set([expected.name]));
    if (expected.skipped === undefined) expect(skipped).toBeUndefined();
    else expect(skipped).toMatch(expected.skipped);
  });

  it('of words for nothing asks with the filter of the command line, and without hints', async () => {
    const { asked } = await read('07-nothing-words-in-hints-and-filter.csv');
    expect(asked.map(({ question }) => question.question?.title_filter)).toEqual([...Array<string>(5).fill('vp sales'), 'ceo']);
    for (const { question } of asked) expect([question.question?.company_name, question.question?.linkedin]).toEqual([undefined, undefined]);
  });

  it('of signed numbers is written with an apostrophe before words alone', async () => {
    const { asked } = await read('14-signed-numbers.csv');
    const guarded = asked.flatMap(({ row }) => row.cells).filter((cell) => guardFormula(cell) !== cell);
    expect(guarded).toEqual(['- call back', '-n/a']);
  });

  it('of quotes that swallow rows is warned about, with the lines', async () => {
    const { asked } = await read('15-quotes-that-swallow-rows.csv');
    expect(asked.map(({ row }) => row.oddity)).toEqual(['a cell reaches to line 5 and holds lines that look like rows: check the quotation marks in both', undefined]);
  });

  it.each([
    ['cr', ['Someone Else', 'Åsa Saint-Exupère']],
    ['utf16', ['Åsa Saint-Exupère']],
    ['windows1252', ['Åsa Saint-Exupère']],
  ])('of names to exclude in 09-names-%s.txt is read whole', async (name, excluded) => {
    const { options, problems } = await withFiles({ excludeName: [`@${join(CASES, `09-names-${name}.txt`)}`] });
    expect(problems).toEqual([]);
    expect(options.excludeName).toEqual(excluded);
  });
});
