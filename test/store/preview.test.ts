/* What a dry run looks up: the same as a run would find, without a trace. */
import { expect, it } from 'vitest';
import type { Answer } from '../../src/core/model.ts';
import { previewRun } from '../../src/service/dry-run.ts';
import { reportSheet } from '../../src/service/report.ts';
import type { NewRun } from '../../src/service/start.ts';
import { askContacts } from '../../src/service/contact-rows.ts';
import { startRun } from '../../src/service/start.ts';
import type { Sheet } from '../../src/outputs/sheet.ts';
import { countRepeatable, dearestBills, historyOf, spentSoFar } from '../../src/store/bills.ts';
import type { Database } from '../../src/store/database.ts';
import { askedElsewhere } from '../../src/store/known.ts';
import { countOutcomes, reportRows } from '../../src/store/outcomes.ts';
import { discardRun, findRun } from '../../src/store/runs.ts';
import type { PlacedTarget } from '../../src/store/targets.ts';
import { describeOnBoth, setMoment, testRuntime } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, launch, meet, move, NOW, person, settleJob, startedRun, startedTarget, taker } from '../support/runs.ts';

const CLAIM = { kind: 'claimed', at: NOW } as const;

/** A list as `run` reads it. */
function listOf(domains: string[], { excluded = new Set(), ...more }: Partial<NewRun> & { excluded?: ReadonlySet<string> } = {}): NewRun {
  const columns = { names: ['domain'], domain: 0 };
  async function* rows() {
    for (const [index, domain] of domains.entries()) yield await Promise.resolve({ line: index + 2, cells: [domain] });
  }
  const question = { api_host: 'api.waterfall.example', title_filter: 'founder OR ceo', limit: 10, include_phones: false, include_unverified: false };
  const output = { contacts: '-', report: null, style: { delimiter: ',', bom: false } };
  return {
    key: 'key of list', input_name: 'companies.csv', list: { columns, rows: rows(), linesRead: () => domains.length }, options: { question, reading: {}, rows: null, output },
    maxAgeMs: 30 * DAY_MS, fresh: false, ask: (row) => askContacts({ columns, options: question, excluded, onAdvice: () => undefined, onOrRead: () => undefined }, row), ...more,
  };
}

/** Questions in every state in which an earlier run may have left them. */
async function everythingKnown(database: Database): Promise<string[]> {
  await answeredRun(database, 'answered', 'answered.example', answerOf([person('p1')]));
  await answeredRun(database, 'old', 'old.example', answerOf([person('p2')]), NOW - 31 * DAY_MS);
  await launch(database, await startedTarget(database, 'open', 'open.example'), 'job-open');
  await move(database, await launch(database, await startedTarget(database, 'slow', 'slow.example'), 'job-slow'), { kind: 'gave_up', reason: 'slow' });
  for (const n of [1, 2, 3]) {
    const target = await launch(database, await startedTarget(database, `failed-${n}`, 'failed.example', { maxAgeDays: null }), `job-failed-${n}`);
    await move(database, target, { kind: 'job_ended', reason: 'the job ended FAILED' });
  }
  await move(database, await startedTarget(database, 'doubt', 'doubt.example'), CLAIM, { kind: 'in_doubt' }, { kind: 'held', reason: 'held' });
  return ['answered', 'old', 'open', 'slow', 'failed', 'doubt', 'new'].map((name) => `${name}.example`);
}

describeOnBoth('a preview', (open) => {
  const runtime = testRuntime();
  const preview = (made: NewRun, writeReport?: (report: Sheet) => Promise<void>) => previewRun(made, { runtime, database: open(), rowsNamed: 2, given: { all: undefined, of: {} }, writeReport });
  const tableOf = async ({ columns, pages }: Sheet) => {
    const rows: unknown[] = [];
    for await (const page of pages) rows.push(...page);
    return { columns, rows };
  };
  const counted = (counts: { outcome: string; rows: number }[]) => Object.fromEntries(counts.map(({ outcome, rows }) => [outcome, rows]));

  it.each([
    ['as it is, and reports it', {}],
    ['with --fresh', { fresh: true }],
    ['with a --max-age that takes the old answer too', { maxAgeMs: 60 * DAY_MS }],
    ['with a --max-age of 0', { maxAgeMs: 0 }],
    ['with companies that are left out', { excluded: new Set(['answered.example', 'new.example']) }],
  ])('counts what the run then begins with, %s', async (_what, more) => {
    runtime.clock.set(NOW + 1);
    await setMoment(open(), NOW + 1);
    const domains = [...(await everythingKnown(open())), 'new.example', 'no domain', ''];
    let reported: unknown;
    const seen = await preview(listOf(domains, more), async (sheet) => void (reported = await tableOf(sheet)));
    const run = await startRun(open(), listOf(domains, more), taker());
    expect(counted(seen.counts)).toEqual(counted(await countOutcomes(open(), run.id)));
    const invalid = await reportRows(open(), { run_id: run.id, after: -1, limit: 2, outcomes: ['invalid'] });
    expect(seen.invalidRows).toEqual(invalid.map(({ row, reason }) => ({ row, reason })));
    expect(reported).toEqual(await tableOf(reportSheet(open(), run)));
  });

  it('writes nothing', async () => {
    await preview(listOf(['new.example']));
    expect(await open().query('select from waterfall.runs')).toEqual([]);
  });

  it('of a run that is unfinished is that of going on with it', async () => {
    const made = listOf(['harbour-1.example', 'harbour-2.example']);
    const run = await startRun(open(), made, taker());
    expect(await preview(listOf(['harbour-1.example', 'harbour-2.example']))).toMatchObject({ continues: { run: { id: run.id } }, counts: [{ outcome: 'not_launched', rows: 2 }] });
    expect((await preview(listOf(['harbour-1.example'], { fresh: true }))).continues).toBeUndefined();
  });

  it('counts the questions that other runs are asking, and names these', async () => {
    await launch(open(), await startedTarget(open(), 'asks', 'open.example'), 'job-open');
    await move(open(), await startedTarget(open(), 'launches', 'launching.example'), CLAIM);
    await answeredRun(open(), 'done', 'answered.example', answerOf([person('p1')]));
    const run = await startRun(open(), listOf(['open.example', 'launching.example', 'answered.example', 'new.example']), taker());
    const elsewhere = await askedElsewhere(open(), run.id);
    expect({ ...elsewhere, runs: elsewhere.runs.toSorted() }).toEqual({ questions: 2, runs: ['asks', 'launches'] });
    expect(await askedElsewhere(open(), 'asks')).toEqual({ questions: 0, runs: [] });
  });

  it('counts launches in doubt that are to be repeated', async () => {
    const targets = await startedRun(open(), 'run', ['harbour-1.example', 'harbour-2.example', 'harbour-3.example', 'harbour-4.example']);
    const [first, second, third] = targets;
    if (first !== undefined) await move(open(), first, CLAIM, { kind: 'in_doubt' });
    if (second !== undefined) await move(open(), second, CLAIM);
    if (third !== undefined) await launch(open(), third, 'job-3');
    expect(await countRepeatable(open(), 'run')).toBe(2);
  });
});

describeOnBoth('earlier bills', (open) => {
  const API = 'api.waterfall.example';
  const answered = (id: string, usage: Answer['usage'], persons = 2) =>
    answeredRun(open(), id, `${id}.example`, { persons: Array.from({ length: persons }, (_, n) => person(`${id}-${n}`)), usage });

  it('are unknown where there are none', async () => {
    expect(await dearestBills(open(), API)).toEqual({ person_usd: null, phone_usd: null });
  });

  it('give the dearest person and the dearest phone', async () => {
    await answered('one', { total_usd: 0.1, persons_usd: 0.1, persons_count: 2 });
    await answered('two', { total_usd: 0.62, persons_usd: 0.12, persons_count: 2, phones_usd: 0.5, phones_count: 2 });
    await answered('three', { total_usd: 0.3, persons_usd: 0.05, persons_count: 1, phones_usd: 0.25, phones_count: 1 });
    expect(await dearestBills(open(), API)).toEqual({ person_usd: 0.06, phone_usd: 0.25 });
  });

  it('are understood where only the total is said', async () => {
    await answered('one', { total_usd: 0.1 }, 4);
    expect(await dearestBills(open(), API)).toEqual({ person_usd: 0.025, phone_usd: null });
  });

  it('say nothing where nothing was billed, or nothing is said', async () => {
    await answered('one', { total_usd: 0, persons_usd: 0, persons_count: 0 }, 0);
    await answered('two', null);
    await answered('three', { total_usd: null, phones_count: 0 });
    expect(await dearestBills(open(), API)).toEqual({ person_usd: null, phone_usd: null });
  });

  it('of another API are of no use', async () => {
    await answered('one', { total_usd: 0.1 });
    expect(await dearestBills(open(), 'sandbox')).toEqual({ person_usd: null, phone_usd: null });
  });
});

describeOnBoth('what is expected', (open) => {
  const question = { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false };
  const answered = (id: string, persons: number, usage: Answer['usage']) =>
    answeredRun(open(), id, `${id}.example`, { persons: Array.from({ length: persons }, (_, n) => person(`${id}-${n}`)), usage });

  it('goes by the companies that were answered with the same options, and by what their contacts cost', async () => {
    await answered('one', 3, { total_usd: 0.3 });
    await answered('two', 1, { total_usd: 0.5 });
    await answered('none', 0, { total_usd: 0 });
    await answered('unbilled', 2, null);
    expect(await historyOf(open(), question)).toEqual({ companies: 4, with_contacts: 3, contacts: 6, usd_a_contact: 0.2 });
    expect(await historyOf(open(), { ...question, limit: 2 })).toMatchObject({ companies: 4, contacts: 5 });
  });

  it.each([
    ['another API', { api_host: 'sandbox' }],
    ['a larger limit', { limit: 11 }],
    ['phone numbers', { include_phones: true }],
    ['unverified addresses', { include_unverified: true }],
  ])('is nothing for questions with %s', async (_what, other) => {
    await answered('one', 3, { total_usd: 0.3 });
    expect(await historyOf(open(), { ...question, ...other })).toEqual({ companies: 0, with_contacts: 0, contacts: 0, usd_a_contact: null });
  });
});

describeOnBoth('what a run has spent so far', (open) => {
  const nothing = { spent_usd: 0, doubted: 0, unresolved: 0, unpriced: 0, unpriced_contacts: 0, open: [] };

  it('is nothing before it launched, and nothing of what others launched', async () => {
    await answeredRun(open(), 'other', 'a.example', answerOf([person('p1')]));
    await startedRun(open(), 'run', ['a.example', 'b.example']);
    expect(await spentSoFar(open(), 'run')).toEqual(nothing);
  });

  it('counts every launch as what became of it', async () => {
    const targets = await startedRun(open(), 'run', ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `${name}.example`));
    const [billed, unbilled, lost, slow, failed, doubt, following] = targets as [PlacedTarget, PlacedTarget, PlacedTarget, PlacedTarget, PlacedTarget, PlacedTarget, PlacedTarget];
    await launch(open(), billed, 'job-billed');
    await settleJob(open(), { job_id: 'job-billed', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW });
    await launch(open(), unbilled, 'job-unbilled');
    await settleJob(open(), { job_id: 'job-unbilled', answer: { persons: [person('p2'), person('p3')] }, answered_at: NOW, at: NOW });
    await move(open(), await launch(open(), lost, 'job-lost'), { kind: 'job_unknown', reason: 'lost' });
    await launch(open(), slow, 'job-slow');
    await move(open(), await launch(open(), failed, 'job-failed'), { kind: 'job_ended', reason: 'FAILED' });
    await move(open(), doubt, CLAIM, { kind: 'in_doubt' }, CLAIM, { kind: 'in_doubt' });
    const doubted = await move(open(), following, CLAIM, { kind: 'in_doubt' });
    await launch(open(), await startedTarget(open(), 'another', 'g.example'), 'of another run');
    await meet(open(), doubted, 'of another run');
    expect(await spentSoFar(open(), 'run')).toEqual({ spent_usd: 0.25, doubted: 3, unresolved: 1, unpriced: 1, unpriced_contacts: 2, open: [slow.id] });
  });
});

describeOnBoth('a run that shall not begin', (open) => {
  it('leaves nothing behind, and the others as they are', async () => {
    await answeredRun(open(), 'earlier', 'known.example', answerOf([person('p1')]));
    await startedRun(open(), 'run', ['known.example', 'new.example', '']);
    await discardRun(open(), 'run');
    expect(await findRun(open(), 'run')).toBeUndefined();
    expect(await open().query<{ run_id: string }>('select run_id from waterfall.targets union select run_id from waterfall.input_rows')).toEqual([{ run_id: 'earlier' }]);
  });
});
