/* What became of the rows of a run, for the outputs, the summary and the exit code. */
import { expect, it } from 'vitest';
import { mainSheet } from '../../src/service/export.ts';
import type { Run } from '../../src/service/options.ts';
import type { Database } from '../../src/store/database.ts';
import { answeredRows, countOutcomes, countPaid, emailRows, firstOpenPosition, reportRows } from '../../src/store/outcomes.ts';
import type { PlacedTarget } from '../../src/store/targets.ts';
import type { TargetEvent } from '../../src/core/progress.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, launch, move, NOW, person, rowFor, settleJob, startedRun, startedTarget, domainOf } from '../support/runs.ts';

const CLAIM: TargetEvent = { kind: 'claimed', at: NOW };
const launched = (job_id: string): TargetEvent[] => [CLAIM, { kind: 'launched', job_id, at: NOW }];

/** How the first row of a domain ends, or how far it is; in the order of the list. */
const WAYS: Record<string, TargetEvent[]> = {
  'found.example': launched('job-found'),
  'no-contacts.example': launched('job-no-contacts'),
  'cached.example': [],
  'rejected.example': [CLAIM, { kind: 'rejected', reason: 'VALIDATION_TITLE_FILTER' }],
  'job-failed.example': [...launched('job-failed'), { kind: 'job_ended', reason: 'the job ended FAILED' }],
  'job-lost.example': [...launched('job-lost'), { kind: 'job_unknown', reason: 'the API no longer knows the job' }],
  'timed-out.example': [...launched('job-slow'), { kind: 'gave_up', reason: 'still RUNNING after 10m' }],
  'in-doubt.example': [CLAIM, { kind: 'in_doubt' }, { kind: 'held', reason: 'the launch was never answered' }],
  'pending.example': [],
  'launching.example': [CLAIM],
  'launched.example': launched('job-running'),
  'following.example': [],
  'doubted.example': [CLAIM, { kind: 'in_doubt' }],
};

/** A run with a row of every outcome, an invalid one, and duplicates of a found and of a pending row at its end. */
async function everyOutcome(database: Database): Promise<void> {
  await answeredRun(database, 'earlier', 'cached.example', answerOf([person('p9')]));
  await launch(database, await startedTarget(database, 'other', 'following.example'), 'job-of-other');
  const domains = [...Object.keys(WAYS), '', 'found.example', 'pending.example'];
  const targets = await startedTargets(database, domains);
  for (const target of targets) await move(database, target, ...(WAYS[domainOf(target)] ?? []));
  await settleJob(database, { job_id: 'job-found', answer: answerOf([person('p1'), person('p2')]), answered_at: NOW, at: NOW });
  await settleJob(database, { job_id: 'job-no-contacts', answer: {}, answered_at: NOW, at: NOW });
}

async function startedTargets(database: Database, domains: string[]): Promise<PlacedTarget[]> {
  return startedRun(database, 'run-1', [], { rows: domains.map((domain, position) => ({ ...rowFor(domain, position), cells: [domain, 'x'] })) });
}

describeOnBoth('a run with every outcome', (open) => {
  const report = (more: { after?: number; limit?: number; outcomes?: ('found' | 'duplicate')[] } = {}) =>
    reportRows(open(), { run_id: 'run-1', after: -1, limit: 100, ...more });

  it('counts each row once, and contacts, cost and launches at the first row of a question', async () => {
    await everyOutcome(open());
    const counts = await countOutcomes(open(), 'run-1');
    expect(Object.fromEntries(counts.map(({ outcome, ...count }) => [outcome, count]))).toEqual({
      found: { rows: 1, contacts: 2, cost_usd: '0.5', launches: 1 },
      no_contacts: { rows: 1, contacts: 0, cost_usd: null, launches: 1 },
      cached: { rows: 1, contacts: 1, cost_usd: '0', launches: 0 },
      rejected: { rows: 1, contacts: 0, cost_usd: null, launches: 0 },
      job_failed: { rows: 1, contacts: 0, cost_usd: null, launches: 1 },
      job_lost: { rows: 1, contacts: 0, cost_usd: null, launches: 1 },
      timed_out: { rows: 1, contacts: 0, cost_usd: null, launches: 1 },
      in_doubt: { rows: 1, contacts: 0, cost_usd: null, launches: 1 },
      not_launched: { rows: 1, contacts: 0, cost_usd: null, launches: 0 },
      waiting: { rows: 4, contacts: 0, cost_usd: null, launches: 3 },
      invalid: { rows: 1, contacts: 0, cost_usd: null, launches: 0 },
      duplicate: { rows: 2, contacts: 0, cost_usd: null, launches: 0 },
    });
  });

  it('reports each row with its outcome, reason, job and cost, in input order', async () => {
    await everyOutcome(open());
    const rows = (await report()).map((row) => [row.row, row.domain, row.outcome, row.reason, row.contacts, row.cost_usd, row.job_id, row.launches]);
    expect(rows).toEqual([
      [2, 'found.example', 'found', null, 2, '0.5', 'job-found', 1],
      [3, 'no-contacts.example', 'no_contacts', 'the API knows no such company', 0, null, 'job-no-contacts', 1],
      [4, 'cached.example', 'cached', null, 1, '0', 'job of earlier', 0],
      [5, 'rejected.example', 'rejected', 'VALIDATION_TITLE_FILTER', 0, null, null, 0],
      [6, 'job-failed.example', 'job_failed', 'the job ended FAILED', 0, null, 'job-failed', 1],
      [7, 'job-lost.example', 'job_lost', 'the API no longer knows the job', 0, null, 'job-lost', 1],
      [8, 'timed-out.example', 'timed_out', 'still RUNNING after 10m', 0, null, 'job-slow', 1],
      [9, 'in-doubt.example', 'in_doubt', 'the launch was never answered', 0, null, null, 1],
      [10, 'pending.example', 'not_launched', null, 0, null, null, 0],
      [11, 'launching.example', 'waiting', null, 0, null, null, 1],
      [12, 'launched.example', 'waiting', null, 0, null, 'job-running', 1],
      [13, 'following.example', 'waiting', null, 0, null, 'job-of-other', 0],
      [14, 'doubted.example', 'waiting', null, 0, null, null, 1],
      [15, null, 'invalid', expect.any(String), 0, null, null, 0],
      [16, 'found.example', 'duplicate', null, 0, '0', 'job-found', 0],
      [17, 'pending.example', 'duplicate', null, 0, '0', null, 0],
    ]);
  });

  it('says whose answer each row has, and who was asked in vain', async () => {
    await everyOutcome(open());
    const rows = (await report()).map(({ outcome, provider, asked_in_vain }) => [outcome, provider, asked_in_vain]);
    expect(rows.filter(([, provider, asked_in_vain]) => provider !== null || asked_in_vain !== null)).toEqual([
      ['found', 'waterfall', null],
      ['no_contacts', 'waterfall', null],
      ['cached', 'waterfall', null],
      ['rejected', null, 'waterfall'],
      ['job_failed', null, 'waterfall'],
      ['job_lost', null, 'waterfall'],
    ]);
  });

  it.each([
    { said: ['catch_all', 'unknown'], provider: 'waterfall', vain: 'second', verdict: 'catch_all' },
    { said: ['unknown', 'deliverable'], provider: 'second', vain: 'waterfall', verdict: 'deliverable' },
    { said: ['unknown', 'unknown'], provider: 'second', vain: 'waterfall', verdict: 'unknown' },
    { said: ['catch_all', 'deliverable'], provider: 'second', vain: 'waterfall', verdict: 'deliverable' },
  ])('takes of the verdicts $said that of $provider, for a duplicate too', async ({ said, provider, vain, verdict }) => {
    const target = await answeredRun(open(), 'run-1', 'acme.example', {});
    const database = open();
    await database.query(
      `insert into waterfall.answers (provider, api_host, question_hash, answer, saved_at, answered_at)
       select 'second', 'api.second.example', question_hash, answer, saved_at, answered_at from waterfall.answers`,
    );
    await database.query(`insert into waterfall.target_answers (target_id, place, answer_id) select $1, 1, id from waterfall.answers where provider = 'second'`, [target.id]);
    for (const [place, name] of ['waterfall', 'second'].entries()) {
      await database.query(`update waterfall.answers set verdict = $1, answer = jsonb_build_object('verdict', $1::text) where provider = $2`, [said[place], name]);
    }
    await database.query(
      `insert into waterfall.input_rows (run_id, position, line, domain, title_filter, cells, outcome, target_id)
       select run_id, 1, 3, domain, title_filter, array['again'], 'duplicate', target_id from waterfall.input_rows`,
    );
    expect(await report()).toMatchObject([{ provider, asked_in_vain: vain }, { outcome: 'duplicate', provider: null, asked_in_vain: null }]);
    const line = { email: 'acme.example', provider, checked_at: new Date(NOW), answer: { verdict } };
    const emails = (more: { after?: number; before?: number } = {}) => emailRows(database, { run_id: 'run-1', after: -1, limit: 10, ...more });
    expect(await emails()).toMatchObject([{ ...line, position: 0, row: 2, cells: ['acme.example'] }, { ...line, position: 1, row: 3, cells: ['again'] }]);
    expect((await emails({ before: 1 })).map(({ position }) => position)).toEqual([0]);
    expect((await emails({ after: 0 })).map(({ position }) => position)).toEqual([1]);

    const run = { id: 'run-1', input_columns: ['Email'], options: { kind: 'emails', output: { contacts: '-', report: null, policy: 'normal', shape: { columns: ['email', 'verdict', 'good', 'policy', 'checked_at', 'input_email'] } } } } as unknown as Run;
    const good = verdict !== 'unknown';
    for (const picking of [{}, { follow: { settled: () => Promise.resolve(false) } }]) {
      const sheet = mainSheet(database, run, picking);
      expect(sheet.name).toBe('emails');
      const lines = [];
      for await (const page of sheet.pages) lines.push(...page);
      const said = ['acme.example', verdict, good, 'normal', new Date(NOW).toISOString()];
      expect(lines).toEqual([[...said, 'acme.example'], [...said, 'again']]);
    }
  });

  it.each([
    { answer: {}, reason: 'the API knows no such company' },
    { answer: { company: null, persons: [] }, reason: 'the API knows no such company' },
    { answer: { company: { id: null, domain: null } }, reason: 'the API knows no such company' },
    { answer: { company: { id: 'c1', domain: 'empty.example' }, persons: null }, reason: 'the title filter matches nobody whom the API knows there' },
    { answer: { company: { id: 'c1' }, persons: [], usage: { total_usd: 0 } }, reason: 'the title filter matches nobody whom the API knows there' },
    { answer: { company: { id: 'c1' }, persons: [], usage: { total_usd: 0.25 } }, reason: null },
  ])('says why an answer has no contacts, also to a later run: $answer', async ({ answer, reason }) => {
    await answeredRun(open(), 'first', 'empty.example', answer);
    await startedRun(open(), 'second', ['empty.example'], { maxAgeDays: 30 });
    const of = async (run_id: string) => (await reportRows(open(), { run_id, after: -1, limit: 1 })).map((row) => [row.outcome, row.reason]);
    expect([await of('first'), await of('second')]).toEqual([[['no_contacts', reason]], [['cached', reason]]]);
  });

  it('says of a duplicate which line asked first, and how that one ended', async () => {
    await everyOutcome(open());
    expect(await report({ outcomes: ['duplicate'] })).toMatchObject([
      { row: 16, first_row: 2, first_outcome: 'found' },
      { row: 17, first_row: 10, first_outcome: 'not_launched' },
    ]);
    expect((await report({ outcomes: ['found'] })).map(({ first_row, first_outcome, cells }) => [first_row, first_outcome, cells])).toEqual([
      [null, null, ['found.example', 'x']],
    ]);
  });

  it('reports page by page', async () => {
    await everyOutcome(open());
    expect((await report({ after: 13, limit: 2 })).map(({ position }) => position)).toEqual([14, 15]);
    expect(await report({ after: 15 })).toEqual([]);
  });

  it('has one row for each question to deliver, with the answer where there is one', async () => {
    await everyOutcome(open());
    const rows = await answeredRows(open(), { run_id: 'run-1', after: -1, limit: 100 });
    expect(rows.map(({ domain }) => domain)).toEqual(Object.keys(WAYS));
    expect(rows.map(({ answer }) => answer?.persons?.map(({ id }) => id))).toEqual([['p1', 'p2'], undefined, ['p9'], ...Array<undefined>(10).fill(undefined)]);
    expect(rows.slice(0, 3).map(({ outcome }) => outcome)).toEqual(['found', 'no_contacts', 'cached']);
    expect(rows.slice(0, 3).map(({ job_id, answered_at }) => ({ job_id, answered_at }))).toEqual([
      { job_id: 'job-found', answered_at: new Date(NOW) },
      { job_id: 'job-no-contacts', answered_at: new Date(NOW) },
      { job_id: 'job of earlier', answered_at: new Date(NOW) },
    ]);
    expect(rows[3]).toMatchObject({ position: 3, row: 5, cells: ['rejected.example', 'x'], answered_at: null, answer: null });
  });

  it('delivers page by page, up to a row that is not settled', async () => {
    await everyOutcome(open());
    const page = (after: number, limit: number, before?: number | null) => answeredRows(open(), { run_id: 'run-1', after, limit, ...(before !== undefined && { before }) });
    expect((await page(0, 2)).map(({ position }) => position)).toEqual([1, 2]);
    expect((await page(5, 100, await firstOpenPosition(open(), 'run-1', 5))).map(({ position }) => position)).toEqual([6, 7]);
  });

  it('gives pages of a bounded length, and of long rows one at a time', async () => {
    await startedRun(open(), 'run-1', Array.from({ length: 6 }, (_, n) => `company-${n}.example`));
    await open().query(`update waterfall.input_rows set cells = array[repeat('x', 2200000)] where position in (2, 4)`);
    const positions = async (page: (after: number) => Promise<{ position: number }[]>) => {
      const pages: number[][] = [];
      for (let after = -1; ; after = pages.at(-1)?.at(-1) ?? after) {
        const found = (await page(after)).map(({ position }) => position);
        if (found.length === 0) return pages;
        pages.push(found);
      }
    };
    const pages = [[0, 1, 2], [3, 4], [5]];
    expect(await positions((after) => report({ after }))).toEqual(pages);
    expect(await positions((after) => answeredRows(open(), { run_id: 'run-1', after, limit: 100 }))).toEqual(pages);
  });

  it('knows the first row that is open', async () => {
    await everyOutcome(open());
    expect(await firstOpenPosition(open(), 'run-1', -1)).toBe(8);
    expect(await firstOpenPosition(open(), 'earlier', -1)).toBeNull();
  });

  it('counts answers of unknown cost, and launches that were repeated', async () => {
    await everyOutcome(open());
    expect(await countPaid(open(), 'run-1')).toEqual({ unknown_cost: 1, paid_contacts: 2, repeated: 0 });
    const [target] = await open().query<PlacedTarget>(`select id, state, launches, doubts, call_id from waterfall.targets where state = 'pending' and doubts = 1`);
    if (target === undefined) throw new Error('nothing in doubt');
    await move(open(), target, ...launched('job-again'));
    expect(await countPaid(open(), 'run-1')).toEqual({ unknown_cost: 1, paid_contacts: 2, repeated: 1 });
  });

  it('counts the repeat of a launch that an earlier run left in doubt', async () => {
    const earlier = await startedTarget(open(), 'run-1', 'doubtful.example');
    await move(open(), earlier, CLAIM, { kind: 'in_doubt' });
    const later = await startedTarget(open(), 'run-2', 'doubtful.example');
    await move(open(), later, ...launched('job-2'));
    expect(await countPaid(open(), 'run-1')).toEqual({ unknown_cost: 0, paid_contacts: 0, repeated: 0 });
    expect(await countPaid(open(), 'run-2')).toEqual({ unknown_cost: 0, paid_contacts: 0, repeated: 1 });
  });

  it('has nothing to count or report where there is no run', async () => {
    expect(await countOutcomes(open(), 'of-nobody')).toEqual([]);
    expect(await countPaid(open(), 'of-nobody')).toEqual({ unknown_cost: 0, paid_contacts: 0, repeated: 0 });
    expect(await reportRows(open(), { run_id: 'of-nobody', after: -1, limit: 1 })).toEqual([]);
    expect(await firstOpenPosition(open(), 'of-nobody', -1)).toBeNull();
  });
});
