/* Jobs that end badly, late or never, and jobs that another run has launched (contract, section 5). */
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { launch, move, rowFor, startedRun, startedTarget } from '../support/runs.ts';
import { apiError, domains, fail, lost, MINUTE, openLaboratory, SECOND, type Request, type Script } from './invocation.ts';

const { clock, database, invoke, rows: rowsNow } = openLaboratory();

const RUNNING = { status: 'RUNNING' } as const;
const HARBOUR = 'harbour-1.example';
const unknownJob = () => fail(apiError(404, 'NOT_FOUND_JOB_NOT_FOUND'));

/** A run whose one job was launched an hour ago, by an invocation that has ended. */
async function launchedAnHourAgo(id: string): Promise<void> {
  await launch(database(), await startedTarget(database(), id, HARBOUR), `job of ${HARBOUR}`, clock.now() - 60 * MINUTE);
}

describe('a job', () => {
  it('is never asked for by two calls at once, however slow the replies', async () => {
    const script: Script = { find: ({ nth }) => (nth < 4 ? RUNNING : undefined), findMs: 20 * SECOND };
    const { mostFinding, result } = await invoke('run', script, { domains: domains(15) });
    expect(mostFinding).toBe(1);
    expect(result.exit).toBe(0);
  });

  it('that exists is asked for before anything is launched, wherever it stands in the list', async () => {
    const [, second] = await startedRun(database(), 'run', domains(2));
    if (second !== undefined) await launch(database(), second, 'job of harbour-2.example', clock.now());
    const { requests } = await invoke('run', {}, { concurrency: 1 });
    expect(requests.map(({ kind, domain }) => `${kind} ${domain}`)).toEqual(['find harbour-2.example', 'launch harbour-1.example', 'find harbour-1.example']);
  });

  it('that the API does not know for two minutes and five asks is lost', async () => {
    const { rows, result, requests } = await invoke('run', { find: unknownJob }, { domains: [HARBOUR] });
    expect(rows).toMatchObject([{ state: 'job_lost', launches: 1, reason: 'the API no longer knows this job' }]);
    const finds = requests.filter(({ kind }) => kind === 'find');
    expect(finds.length).toBeGreaterThanOrEqual(5);
    expect((finds.at(-1)?.at ?? 0) - (finds[0]?.at ?? 0)).toBeGreaterThanOrEqual(2 * MINUTE);
    expect(result.exit).toBe(3);
  });

  it.each([
    ['yet', ({ nth }: Request) => (nth < 2 ? unknownJob() : undefined)],
    ['at one of its replicas, which lags', ({ nth }: Request) => (nth < 2 ? RUNNING : nth === 2 ? unknownJob() : undefined)],
  ])('that the API does not know %s is not lost', async (_where, find) => {
    const { rows, requests } = await invoke('run', { find }, { domains: [HARBOUR] });
    expect(rows).toMatchObject([{ state: 'found', launches: 1 }]);
    expect(requests.filter(({ kind }) => kind === 'launch')).toHaveLength(1);
  });

  it('that was lost three times is not launched again, as one that failed three times', async () => {
    for (const run of ['one', 'two', 'three']) await invoke(run, { launch: () => `job of ${run}`, find: unknownJob }, { domains: [HARBOUR] });
    const { rows, requests } = await invoke('four', {}, { domains: [HARBOUR] });
    expect(requests).toEqual([]);
    expect(rows).toMatchObject([{ state: 'job_failed', reason: expect.stringContaining('not launched again: 3 jobs') as string }]);
  });

  it('is asked for again when a page that is not the API’s own answers for it', async () => {
    const page = () => fail(new ApiError({ status: 403, category: 'HTTP', code: 'HTTP_403', message: 'no', enveloped: false }));
    const { rows } = await invoke('run', { find: ({ nth }) => (nth < 2 ? page() : undefined) }, { domains: [HARBOUR] });
    expect(rows).toMatchObject([{ state: 'found', launches: 1 }]);
  });

  it('that the API refuses to tell of times out with that as its reason, and a later run asks for it first', async () => {
    const refuse = { find: () => fail(apiError(400, 'VALIDATION_BAD_JOB_ID')) };
    const { rows } = await invoke('run', refuse, { domains: [HARBOUR] });
    expect(rows).toMatchObject([{ state: 'timed_out', reason: 'the API refuses to say: VALIDATION_BAD_JOB_ID: no' }]);
    expect((await invoke('later', {}, { domains: [HARBOUR] })).requests.map(({ kind }) => kind)).toEqual(['find']);
  });

  it('that is lost does not end its row’s neighbours', async () => {
    const script = { find: ({ domain }: Request) => (domain === HARBOUR ? unknownJob() : undefined) };
    const { rows } = await invoke('run', script, { domains: domains(4) });
    expect(rows.map(({ state }) => state)).toEqual(['job_lost', 'found', 'found', 'found']);
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'] as const)('that ended %s fails its row, and is not launched again by this run', async (status) => {
    const { rows, requests } = await invoke('run', { find: () => ({ status }) }, { domains: [HARBOUR] });
    expect(rows).toMatchObject([{ state: 'job_failed', reason: `the job ended ${status}` }]);
    expect(requests.filter(({ kind }) => kind === 'launch')).toHaveLength(1);
  });
});

describe('a job of another run to a smaller limit', () => {
  const smaller = async (limit: number) => {
    const row = rowFor(HARBOUR, 0);
    if (row.question === undefined) throw new Error('no question');
    const [target] = await startedRun(database(), 'smaller', [], { rows: [{ ...row, question: { ...row.question, limit } }], at: clock.now() });
    if (target !== undefined) await launch(database(), target, `job of ${HARBOUR}`, clock.now());
  };

  it.each([
    ['that was not filled is an answer', 2, ['find']],
    ['that was filled is waited for, and then the question is asked by itself', 1, ['find', 'launch', 'find']],
  ])('%s', async (_what, limit, asked) => {
    await smaller(limit);
    const { rows, requests, result } = await invoke('run', {}, { domains: [HARBOUR] });
    expect([requests.map(({ kind }) => kind), rows.map(({ state }) => state), result.exit]).toEqual([asked, ['found'], 0]);
  });
});

describe('--job-timeout', () => {
  it('gives a job up only when it is older than that, and keeps its id', async () => {
    const { rows, result } = await invoke('run', { find: () => RUNNING }, { domains: [HARBOUR], jobTimeoutMs: 3 * MINUTE });
    expect(rows).toMatchObject([{ state: 'timed_out', job_id: `job of ${HARBOUR}`, reason: expect.stringContaining('still RUNNING') as string }]);
    expect(result.duration_ms).toBeGreaterThanOrEqual(3 * MINUTE);
    expect(result.exit).toBe(3);
  });

  it('does not end an old job before it was asked for', async () => {
    await launchedAnHourAgo('run');
    expect((await invoke('run', {})).rows).toMatchObject([{ state: 'found', launches: 1 }]);
  });

  it('ends an old job at the first RUNNING', async () => {
    await launchedAnHourAgo('run');
    const { rows, requests } = await invoke('run', { find: () => RUNNING });
    expect(rows).toMatchObject([{ state: 'timed_out', job_id: `job of ${HARBOUR}` }]);
    expect(requests).toHaveLength(1);
  });

  it('does not end an old job of which only errors were heard', async () => {
    await launchedAnHourAgo('run');
    const { rows } = await invoke('run', { find: ({ at }) => (at < 4 * MINUTE ? fail(lost()) : undefined) });
    expect(rows).toMatchObject([{ state: 'found' }]);
  });

  it('that ended a job lets the next run ask for it, and launch nothing', async () => {
    await invoke('run', { find: () => RUNNING }, { domains: [HARBOUR], jobTimeoutMs: MINUTE });
    const { rows, requests } = await invoke('later', {}, { domains: [HARBOUR] });
    expect(requests.map(({ kind }) => kind)).toEqual(['find']);
    expect(rows).toMatchObject([{ state: 'found', launches: 0 }]);
  });
});

describe('a question that another run has launched', () => {
  it('is not launched again: its job is asked for, and both runs take the answer', async () => {
    await launchedAnHourAgo('first');
    const { rows, requests } = await invoke('second', {}, { domains: [HARBOUR], fresh: true });
    expect(requests.map(({ kind }) => kind)).toEqual(['find']);
    expect(rows).toMatchObject([{ state: 'found', launches: 0 }]);
    expect(await rowsNow('first')).toMatchObject([{ state: 'found', launches: 1 }]);
  });

  it.each([
    { what: 'FAILED', find: () => ({ status: 'FAILED' }) as const, ended: 'job_failed' },
    { what: 'is lost', find: unknownJob, ended: 'job_lost' },
  ])('and whose job $what ends for that run, and is launched by this one', async ({ find, ended }) => {
    await launchedAnHourAgo('first');
    const script: Script = { launch: () => 'job of our own', find: (request) => (request.domain === HARBOUR ? find() : undefined) };
    const { rows } = await invoke('second', script, { domains: [HARBOUR], fresh: true });
    expect(rows).toMatchObject([{ state: 'found', launches: 1, job_id: 'job of our own' }]);
    expect(await rowsNow('first')).toMatchObject([{ state: ended }]);
  });

  it('and that died before the reply is in doubt: ours is its one repeat', async () => {
    await move(database(), await startedTarget(database(), 'first', HARBOUR), { kind: 'claimed', at: clock.now() - MINUTE });
    const script: Script = { launch: () => fail(lost()) };
    const { rows, requests } = await invoke('second', script, { domains: [HARBOUR], fresh: true });
    expect(requests).toHaveLength(1);
    expect(rows).toMatchObject([{ state: 'in_doubt', doubts: 2, reason: expect.stringContaining('not launched a third time') as string }]);
  });

  it('and that died before the reply is left alone under --in-doubt hold', async () => {
    await move(database(), await startedTarget(database(), 'first', HARBOUR), { kind: 'claimed', at: clock.now() - MINUTE });
    const { rows, requests } = await invoke('second', {}, { domains: [HARBOUR], fresh: true, inDoubt: 'hold' });
    expect(requests).toEqual([]);
    expect(rows).toMatchObject([{ state: 'in_doubt', launches: 0 }]);
  });
});
