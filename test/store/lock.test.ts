/* The lock on a run, which other processes on the same server respect: each session here is what a process has. */
import { expect, it, onTestFinished } from 'vitest';
import { BusyError } from '../../src/core/errors.ts';
import type { Lock } from '../../src/store/database.ts';
import { openDriver } from '../../src/store/open.ts';
import { describeOnPostgres, testRuntime, whileTimePasses } from '../support/databases.ts';

describeOnPostgres('the lock on a name', (open, address) => {
  /** A process: it may take locks, and its time passes while it waits. */
  async function process() {
    const runtime = testRuntime();
    const driver = await openDriver({ databaseUrl: address(), home: '' }, runtime);
    onTestFinished(() => driver.close());
    return {
      runtime,
      lock: async (name: string): Promise<Lock> => {
        const lock = await whileTimePasses(runtime.clock, driver.lock(name));
        onTestFinished(() => lock.release());
        return { ...lock, ensure: () => whileTimePasses(runtime.clock, lock.ensure()) };
      },
    };
  }
  const LOCKS = `from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`;
  const holders = async () => (await open().query<{ pid: number }>(`select pid ${LOCKS}`)).map(({ pid }) => pid);
  /** Ends the session that holds the lock, and returns when it has gone. */
  async function cutHolder(): Promise<void> {
    await open().query(`select pg_terminate_backend(pid, 10000) ${LOCKS}`);
  }

  it('is refused to a second process, which is told who has it, after three seconds', async () => {
    const [first, second] = [await process(), await process()];
    await first.lock('run-1');
    const startedAt = second.runtime.clock.now();
    await expect(second.lock('run-1')).rejects.toBeInstanceOf(BusyError);
    expect(second.runtime.clock.now() - startedAt).toBeGreaterThanOrEqual(3_000);
    await expect(second.lock('run-1')).rejects.toThrow(/^another process \(pid \d+ on \S+\) works on this run \(on [^/]+\/test_\w+\)$/);
  });

  it('is refused to a second holder in the same process too', async () => {
    const only = await process();
    await only.lock('run-1');
    await expect(only.lock('run-1')).rejects.toBeInstanceOf(BusyError);
  });

  it('leaves other names free', async () => {
    await (await process()).lock('run-1');
    await (await process()).lock('run-2');
    expect(await holders()).toHaveLength(2);
  });

  it('is free when it was released', async () => {
    const lock = await (await process()).lock('run-1');
    await lock.release();
    await (await process()).lock('run-1');
    expect(await holders()).toHaveLength(1);
  });

  it('goes to a process that waits for it as soon as it is free', async () => {
    const lock = await (await process()).lock('run-1');
    const second = await process();
    const waiting = second.lock('run-1');
    while (second.runtime.clock.sleepers() === 0) await new Promise((resolve) => setImmediate(resolve));
    await lock.release();
    await waiting;
    expect(await holders()).toHaveLength(1);
  });

  it('is free when the session of its holder was cut', async () => {
    await (await process()).lock('run-1');
    await cutHolder();
    await (await process()).lock('run-1');
    expect(await holders()).toHaveLength(1);
  });

  it('is taken again by its holder after a lost connection', async () => {
    const lock = await (await process()).lock('run-1');
    await cutHolder();
    expect(await holders()).toEqual([]);
    while ((await holders()).length === 0) await lock.ensure(); // the client learns of the cut a moment later
    await expect((await process()).lock('run-1')).rejects.toBeInstanceOf(BusyError);
  });

  it('is lost to whoever took it meanwhile', async () => {
    const lock = await (await process()).lock('run-1');
    await cutHolder();
    await (await process()).lock('run-1');
    const ensured = async () => {
      for (;;) await lock.ensure();
    };
    await expect(ensured()).rejects.toBeInstanceOf(BusyError);
  });

  it('is kept by ensuring it, with no other session', async () => {
    const lock = await (await process()).lock('run-1');
    const before = await holders();
    await lock.ensure();
    expect(await holders()).toEqual(before);
  });
});
