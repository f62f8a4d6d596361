/* docs/input.md and docs/outcomes.md list what the program knows, no more and no less, and their examples are true. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { companyDomain } from '../../src/core/domain.ts';
import { UsageError } from '../../src/core/errors.ts';
import { LEFT_OVER, OUTCOMES, UNANSWERED } from '../../src/core/model.ts';
import { parseTitleFilter, printTitleFilter } from '../../src/kinds/contacts/title-filter.ts';
import { KNOWN_NAMES } from '../../src/lists/columns.ts';
import { examineList } from '../../src/lists/format.ts';
import { pageText, quotedIn, tableIn } from '../support/document-tables.ts';

const input = pageText('input');
const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-input-'));
const listPath = join(folder, 'list.csv');
await writeFile(listPath, 'domain\nacme.example\n');
afterAll(() => rm(folder, { recursive: true, force: true }));

const known = (what: string) => quotedIn(tableIn(input, 'What', 'Known').find(([name]) => name === what)?.[1]);

/** The names that the program itself gives when it is told one that it does not know. */
async function namesOffered(options: { encoding?: string; delimiter?: string }): Promise<string[]> {
  const error: unknown = await examineList(listPath, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof UsageError)) throw new Error('the name was taken');
  return (error.problems[0]?.fix ?? '').replace(/^use (one of )?/, '').split(options.delimiter === undefined ? /, | or / : ' ');
}

describe('docs/input.md', () => {
  it.each(Object.entries(KNOWN_NAMES))('has every name of the column %s, in its order', (column, names) => {
    const [, listed] = tableIn(input, 'Column', 'Names').find(([name]) => name === column) ?? [];
    expect(quotedIn(listed)).toEqual(names);
  });

  it('has no column besides', () => {
    expect(tableIn(input, 'Column', 'Names').map(([name]) => name)).toEqual(Object.keys(KNOWN_NAMES));
  });

  it('has each encoding and no other', async () => {
    expect(known('encoding')).toEqual(await namesOffered({ encoding: 'unheard-of' }));
  });

  it('has each delimiter and no other', async () => {
    const named = await Promise.all(known('delimiter').map(async (delimiter) => (await examineList(listPath, { delimiter })).delimiter));
    expect(named.map((delimiter) => (delimiter === '\t' ? 'tab' : delimiter))).toEqual(await namesOffered({ delimiter: 'unheard-of' }));
  });

  it.each(['utf8', 'latin1', 'ansi'])('is right that %s is an encoding too', async (encoding) => {
    expect(input).toContain(`\`${encoding}\``);
    await expect(examineList(listPath, { encoding })).resolves.toMatchObject({ delimiter: ',' });
  });

  it.each(tableIn(input, 'Cell', 'Understood as'))('is right that %s is %s', (cell = '', domain = '') => {
    expect(companyDomain(cell)).toMatchObject({ domain });
  });

  it.each(tableIn(input, 'Cell', 'Reason'))('is right that %s is invalid', (cell = '', reason = '') => {
    expect(companyDomain(cell)).toEqual({ reason });
  });

  it.each(tableIn(input, 'Filter', 'Read as'))('is right how %s is read', (filter = '', expression = '') => {
    const parsed = parseTitleFilter(filter);
    expect(parsed.ok && printTitleFilter(parsed.expression)).toBe(expression);
  });

  it.each(tableIn(input, 'Filter', 'Mistake'))('is right what is wrong with %s', (filter = '', message = '') => {
    expect(parseTitleFilter(filter)).toMatchObject({ ok: false, mistake: { message } });
  });
});

describe('docs/outcomes.md', () => {
  const table = tableIn(pageText('outcomes'), 'Outcome', 'Exit');

  it('has each outcome, in the order of the reports, and no other', () => {
    expect(table.map(([outcome]) => outcome)).toEqual(OUTCOMES);
  });

  it('has the exit code that each leads to', () => {
    const exit = (outcome: (typeof OUTCOMES)[number]) => (UNANSWERED.includes(outcome) ? '3' : LEFT_OVER.includes(outcome) ? '4' : '0');
    expect(table.map(([, code]) => code)).toEqual(OUTCOMES.map(exit));
  });

  it('says of each what it means, whether it cost, and what comes next', () => {
    expect(table.filter((cells) => cells.length !== 5 || cells.includes(''))).toEqual([]);
  });
});
