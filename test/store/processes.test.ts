/* Who is alive, and who works on a run: decided by the clock of the database, whatever the clocks of its clients say. */
import { expect, it, onTestFinished } from 'vitest';
import { BusyError } from '../../src/core/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { showRun } from '../../src/store/import.ts';
import { forgetProcesses, joinProcesses, whenEnded } from '../../src/store/processes.ts';
import { createRun, discardDeadImports, ownershipOf, takeRun } from '../../src/store/run-owner.ts';
import { findRun, findUnfinishedRun, latestRuns, runsLike } from '../../src/store/runs.ts';
import { describeOnBoth, setMoment, testRuntime, whileTimePasses } from '../support/databases.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { bringToLife, NOW, startedRun, taker } from '../support/runs.ts';

const HERE = { pid: 77, host: 'here', machine: 'a machine' };
const OTHER = '00000000-0000-4000-8000-000000000002';
const MADE = { id: 'new', key: 'key of run-1', input_name: 'x', input_columns: [], options: {} };

/** A process that works, whose time is moved by hand. */
async function join(database: Database, offMs = 0) {
  const runtime = testRuntime();
  runtime.clock.set(NOW + offMs);
  const process = await joinProcesses(database, HERE, runtime);
  onTestFinished(() => process.leave());
  return { ...process, clock: runtime.clock, taker: { ...taker(runtime), process_id: process.id } };
}

async function aliveUntil(database: Database): Promise<number[]> {
  const rows = await database.query<{ alive_until: Date }>('select alive_until from waterfall.processes order by started_at');
  return rows.map(({ alive_until }) => alive_until.getTime() - NOW);
}

describeOnBoth('a process', (open) => {
  it('is alive for 20 seconds, says so every five, and leaves', async () => {
    const { clock, leave } = await join(open());
    expect(await aliveUntil(open())).toEqual([20_000]);
    await setMoment(open(), NOW + 5_100);
    await clock.advance(5_000);
    await expect.poll(() => aliveUntil(open())).toEqual([25_100]);
    await leave();
    expect(await aliveUntil(open())).toEqual([]);
  });

  it('is alive by the clock of the database, however wrong its own is', async () => {
    for (const offMs of [-70_000, 120_000]) await join(open(), offMs);
    expect(await aliveUntil(open())).toEqual([20_000, 20_000]);
  });

  it('that died a day ago is known no more once another joins', async () => {
    await bringToLife(open(), OTHER);
    await setMoment(open(), NOW + 20_000 + 86_400_000 + 1);
    await join(open());
    expect(await open().query('select pid from waterfall.processes')).toEqual([{ pid: HERE.pid }]);
  });

  it('that has been forgotten is there again when it says so', async () => {
    const { clock, ensureAlive } = await join(open());
    await forgetProcesses(open());
    clock.set(NOW + 12_000);
    await ensureAlive();
    expect(await aliveUntil(open())).toEqual([20_000]);
  });

  it('relies on what it has said for ten seconds, begins no request after fifteen, and notices that it was silent', async () => {
    const { clock, ensureAlive, isAlive, gaps } = await join(open());
    clock.set(NOW + 9_000);
    await setMoment(open(), NOW + 9_000);
    await ensureAlive();
    expect([await aliveUntil(open()), isAlive(), gaps()]).toEqual([[20_000], true, 0]);
    clock.set(NOW + 15_000);
    expect(isAlive()).toBe(false);
    clock.set(NOW + 30_000);
    await setMoment(open(), NOW + 30_000);
    await ensureAlive();
    expect([await aliveUntil(open()), isAlive(), gaps()]).toEqual([[50_000], true, 1]);
  });
});

describeOnBoth('waiting for the end of a process', (open) => {
  it('ends at once when it has left, or is dead', async () => {
    const { self, runtime, signal } = taker();
    await whenEnded(open(), OTHER, { self, runtime, signal });
    await bringToLife(open(), OTHER);
    await setMoment(open(), NOW + 20_000);
    await whenEnded(open(), OTHER, { self, runtime, signal });
  });

  it('ends when it has said nothing for as long as one counts as alive', async () => {
    const runtime = testRuntime();
    await bringToLife(open(), OTHER);
    let hasEnded = false;
    const waiting = whenEnded(open(), OTHER, taker(runtime)).then(() => (hasEnded = true));
    for (let seconds = 1; seconds < 20; seconds += 1) {
      await setMoment(open(), NOW + seconds * 1_000);
      await whileTimePasses(runtime.clock, open().query('select 1'));
    }
    expect(hasEnded).toBe(false);
    await setMoment(open(), NOW + 20_000);
    await whileTimePasses(runtime.clock, waiting);
  });

  it('is refused as soon as it says that it is alive, in words', async () => {
    const runtime = testRuntime();
    await bringToLife(open(), OTHER);
    const waiting = whenEnded(open(), OTHER, taker(runtime));
    const refused = expect(waiting).rejects.toThrow(new BusyError(`another process (pid 4321 on elsewhere) works on this run (on ${open().place})`));
    while (runtime.clock.sleepers() === 0) await new Promise((resolve) => setImmediate(resolve));
    await open().query(`update waterfall.processes set alive_until = alive_until + interval '5 s'`);
    await whileTimePasses(runtime.clock, refused);
  });

  it('ends at once for one of the same machine that runs no more', async () => {
    await bringToLife(open(), OTHER);
    const given = taker();
    await whenEnded(open(), OTHER, { ...given, self: { ...given.self, hasEnded: ({ pid, host }) => pid === 4321 && host === 'elsewhere' } });
    expect(await aliveUntil(open())).toEqual([]);
  });

  it('ends by a signal, with its reason', async () => {
    await bringToLife(open(), OTHER);
    const reason = new Error('enough');
    await expect(whenEnded(open(), OTHER, { ...taker(), signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describeOnBoth('a run', (open) => {
  /** Lets another process that is alive work on run-1; it says so whenever it is looked at. */
  async function atWork(): Promise<void> {
    await startedRun(open(), 'run-1', ['acme.example']);
    await open().query('update waterfall.runs set process_id = $1', [OTHER]);
    await bringToLife(open(), OTHER);
  }
  /** The other one goes on to say that it is alive while somebody waits for it. */
  async function refusal(work: Promise<unknown>, clock: VirtualClock): Promise<void> {
    let isOver = false;
    const refused = expect(work).rejects.toBeInstanceOf(BusyError).finally(() => (isOver = true));
    while (!isOver) {
      await open().query(`update waterfall.processes set alive_until = alive_until + interval '1 s' where id = $1`, [OTHER]);
      await clock.advance(250);
    }
    await refused;
  }
  const states = async () => Object.fromEntries((await open().query<{ id: string; state: string }>('select id, state from waterfall.runs')).map(({ id, state }) => [id, state]));

  it('of a living process is refused to a second one, by its id and by its key', async () => {
    await atWork();
    const { taker: second, clock } = await join(open());
    await refusal(takeRun(open(), 'run-1', second), clock);
    await refusal(createRun(open(), MADE, second), clock);
    expect(await states()).toEqual({ 'run-1': 'running' });
  });

  it('of a dead process is taken, and a new one by the same key leaves it stopped', async () => {
    await atWork();
    await setMoment(open(), NOW + 20_000);
    const { taker: second, id } = await join(open());
    expect(await takeRun(open(), 'run-1', second)).toMatchObject({ id: 'run-1', finished_at: null });
    expect(await open().query('select process_id from waterfall.runs')).toEqual([{ process_id: id }]);
    const third = await join(open());
    await open().query('delete from waterfall.processes where id = $1', [id]);
    await createRun(open(), MADE, third.taker);
    expect(await states()).toEqual({ 'run-1': 'stopped', new: 'importing' });
  });

  it('that was finished meanwhile is handed out as it is', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    await open().query(`update waterfall.runs set state = 'done', finished_at = created_at`);
    expect(await takeRun(open(), 'run-1', (await join(open())).taker)).toMatchObject({ finished_at: new Date(NOW) });
    expect(await states()).toEqual({ 'run-1': 'done' });
  });

  it('is seen by nobody until its list is saved', async () => {
    const { taker: only } = await join(open());
    await createRun(open(), MADE, only);
    const seen = async () => [
      ...[await findRun(open()), await findRun(open(), 'new'), await findUnfinishedRun(open(), MADE.key)].map((run) => run?.id),
      ...[await latestRuns(open(), 9), await runsLike(open(), 'n', 9)].map(({ length }) => length),
    ];
    expect(await seen()).toEqual([undefined, undefined, undefined, 0, 0]);
    await showRun(open(), 'new');
    expect(await seen()).toEqual(['new', 'new', 'new', 1, 1]);
  });

  it('whose list a dead process was saving is removed, and one of a living process is left alone', async () => {
    const [dead, living] = [await join(open()), await join(open())];
    await createRun(open(), MADE, dead.taker);
    await createRun(open(), { ...MADE, id: 'other', key: 'another key' }, living.taker);
    await open().query('delete from waterfall.processes where id = $1', [dead.id]);
    await discardDeadImports(open());
    expect(await states()).toEqual({ other: 'importing' });
    await createRun(open(), MADE, living.taker);
    expect(await states()).toEqual({ other: 'importing', new: 'importing' });
  });

  it('is taken although a dead process was saving a list by the same key, which is removed', async () => {
    const [dead, second] = [await join(open()), await join(open())];
    await startedRun(open(), 'run-1', ['acme.example']);
    await open().query(`update waterfall.runs set state = 'stopped'`);
    await createRun(open(), MADE, dead.taker);
    await open().query('delete from waterfall.processes where id = $1', [dead.id]);
    expect(await takeRun(open(), 'run-1', second.taker)).toMatchObject({ id: 'run-1' });
    expect(await states()).toEqual({ 'run-1': 'running' });
  });

  it('whose list was removed meanwhile is not shown', async () => {
    const only = await join(open());
    await createRun(open(), MADE, only.taker);
    await open().query('delete from waterfall.runs');
    await expect(showRun(open(), 'new')).rejects.toBeInstanceOf(BusyError);
  });

  it('is lost by whoever was silent for long, when another has taken it, and only then', async () => {
    await startedRun(open(), 'run-1', ['acme.example']);
    const first = await join(open());
    await takeRun(open(), 'run-1', first.taker);
    const ownership = ownershipOf(open(), 'run-1', first);
    const sleep = async (until: number) => {
      await setMoment(open(), until);
      first.clock.set(until);
    };
    await sleep(NOW + 60_000);
    expect(ownership.isSure()).toBe(false);
    await ownership.ensure();
    expect(ownership.isSure()).toBe(true);
    await sleep(NOW + 120_000);
    await takeRun(open(), 'run-1', (await join(open())).taker);
    await expect(ownership.ensure()).rejects.toThrow(/^another process works on this run now \(on .+\)$/);
    await expect(ownership.ensure()).rejects.toBeInstanceOf(BusyError);
  });
});
