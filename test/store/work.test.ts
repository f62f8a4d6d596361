/* What a run has taken so far, as the process that works on it saves it. */
import { expect, it } from 'vitest';
import { endWork, findRun, saveWork } from '../../src/store/runs.ts';
import { describeOnBoth } from '../support/databases.ts';
import { NOW, PROCESS, startedRun } from '../support/runs.ts';

const ended = (stop_reason: string | null) =>
  stop_reason === null
    ? { process_id: PROCESS, state: 'done' as const, finished_at: new Date(NOW), stop_reason }
    : { process_id: PROCESS, state: 'stopped' as const, finished_at: null, stop_reason };

describeOnBoth('the work of a run', (open) => {
  const run = async () => {
    const { requests, worked_ms, finished_at, stop_reason } = (await findRun(open(), 'run-1')) ?? {};
    return { requests, worked_ms, finished_at, stop_reason };
  };

  it('is what was saved last, however often', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    for (let times = 0; times < 2; times += 1) await saveWork(open(), 'run-1', { requests: 7, worked_ms: 1234.6 });
    expect(await run()).toEqual({ requests: 7, worked_ms: 1235, finished_at: null, stop_reason: null });
    for (let times = 0; times < 2; times += 1) await endWork(open(), 'run-1', { requests: 9, worked_ms: 2000, ...ended('stopped by SIGTERM') });
    expect(await run()).toEqual({ requests: 9, worked_ms: 2000, finished_at: null, stop_reason: 'stopped by SIGTERM' });
  });

  it('is never taken back by a process that is late', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    await saveWork(open(), 'run-1', { requests: 7, worked_ms: 1000 });
    await saveWork(open(), 'run-1', { requests: 5, worked_ms: 900 });
    expect(await run()).toMatchObject({ requests: 7, worked_ms: 1000 });
    await endWork(open(), 'run-1', { requests: 5, worked_ms: 900, ...ended(null) });
    expect(await run()).toMatchObject({ requests: 7, worked_ms: 1000, finished_at: new Date(NOW) });
  });

  it('has no reason to have stopped once it goes on, and does not go on when it is finished', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    await endWork(open(), 'run-1', { requests: 1, worked_ms: 1, ...ended('stopped by SIGTERM') });
    await saveWork(open(), 'run-1', { requests: 2, worked_ms: 2 });
    expect(await run()).toMatchObject({ requests: 2, stop_reason: null });
    await endWork(open(), 'run-1', { requests: 3, worked_ms: 3, ...ended(null) });
    await saveWork(open(), 'run-1', { requests: 4, worked_ms: 4 });
    expect(await run()).toMatchObject({ requests: 3, worked_ms: 3 });
  });

  it('is not ended by a process that has lost the run to another', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    await endWork(open(), 'run-1', { requests: 1, worked_ms: 1, ...ended(null), process_id: '00000000-0000-4000-8000-000000000002' });
    expect(await run()).toMatchObject({ requests: 0, finished_at: null });
  });
});
