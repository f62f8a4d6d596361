/* Transient failures are repeated, for as long as the patience lasts, and nothing else is. */
import { describe, expect, it } from 'vitest';
import { BusyError, DatabaseError } from '../../src/core/errors.ts';
import { patient, type Driver, type Lock } from '../../src/store/database.ts';
import { testRuntime } from '../support/databases.ts';

const failure = (code: string, message = 'told by the server') => Object.assign(new Error(message), { code });

const TRANSIENT: readonly (readonly [what: string, error: Error])[] = [
  ['a deadlock', failure('40P01')],
  ['a serialization failure', failure('40001')],
  ['a server that shuts down', failure('57P01')],
  ['a server that starts', failure('57P03')],
  ['too many connections', failure('53300')],
  ['a full disk', failure('53100')],
  ['a connection exception', failure('08006')],
  ['a refused connection', failure('ECONNREFUSED')],
  ['a refused connection to each address of a name', new AggregateError([failure('ECONNREFUSED')], '')],
  ['a reset connection', failure('ECONNRESET')],
  ['a connection that ended', new Error('Connection terminated unexpectedly')],
  ['a connection that was not made in time', new Error('timeout exceeded when trying to connect')],
];

/** A driver whose calls fail with the errors given, one each, and then succeed; an endless one always fails. */
function failingDriver(errors: Iterable<Error>, calls: string[] = []): Driver {
  const left = errors[Symbol.iterator]();
  function attempt<Result>(call: string, result: Result): Promise<Result> {
    calls.push(call);
    const next = left.next();
    return next.done ? Promise.resolve(result) : Promise.reject(next.value);
  }
  const driver: Driver = {
    place: 'db.example:5432/contacts',
    embedded: false,
    query: <Row>(sql: string) => attempt<Row[]>(sql, []),
    script: (sql) => attempt(sql, undefined),
    transaction: async (work) => {
      await attempt('begin', undefined);
      return work({ ...driver, table: () => attempt('table', { columns: [], rows: [] }) });
    },
    lock: () => attempt<Lock>('lock', { ensure: () => Promise.resolve(), release: () => Promise.resolve() }),
    close: () => attempt('close', undefined),
  };
  return driver;
}

function* forever(error: Error): Generator<Error> {
  for (;;) yield error;
}

describe('a patient database', () => {
  function start(errors: Iterable<Error>, options: { patienceMs?: number; signal?: AbortSignal } = {}) {
    const runtime = testRuntime();
    const calls: string[] = [];
    const database = patient(failingDriver(errors, calls), { runtime, patienceMs: options.patienceMs ?? 60_000, signal: options.signal });
    return { clock: runtime.clock, calls, database };
  }

  it.each(TRANSIENT)('repeats after %s', async (_what, error) => {
    const { clock, calls, database } = start([error, error]);
    const rows = database.query('select 1');
    await clock.advance(60_000);
    expect(await rows).toEqual([]);
    expect(calls).toEqual(['select 1', 'select 1', 'select 1']);
  });

  it.each([
    ['a broken rule', failure('23505')],
    ['wrong SQL', failure('42601')],
    ['a bug', new TypeError('undefined is not a function')],
    ['a busy run', new BusyError('another process works on this run')],
  ])('throws %s at once, as it is', async (_what, error) => {
    const { clock, calls, database } = start([error]);
    await expect(database.query('select 1')).rejects.toBe(error);
    expect([calls.length, clock.sleepers()]).toEqual([1, 0]);
  });

  it.each(['42501', '25006', '28P01', '3D000', '55000', '58030'])('says at once, in words, that the database refuses the work (%s)', async (code) => {
    const error = failure(code);
    const { clock, calls, database } = start([error]);
    await expect(database.query('select 1')).rejects.toMatchObject({ name: 'DatabaseError', cause: error, message: expect.stringContaining('refuses') as string });
    expect([calls.length, clock.sleepers()]).toEqual([1, 0]);
  });

  it('waits 100 ms at first, then twice as long each time, and never more than 5 s', async () => {
    const { clock, calls, database } = start(forever(failure('57P03')));
    void database.query('select 1').catch(() => undefined);
    const startedAt = clock.now();
    const times: number[] = [];
    for (let seen = 0; clock.now() - startedAt < 25_000; await clock.advance(100)) {
      if (calls.length > seen) times.push(clock.now() - startedAt);
      seen = calls.length;
    }
    expect(times).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300, 21_300]);
  });

  it('gives up with the words of the driver, the place and the code', async () => {
    const gone = failure('57P01', 'terminating connection');
    const { clock, database } = start(forever(gone), { patienceMs: 10_000 });
    const result = database.query('select 1').catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(await result).toBeInstanceOf(DatabaseError);
    expect(await result).toMatchObject({
      message: 'the database (db.example:5432/contacts) does not answer: terminating connection (57P01)',
      cause: gone,
    });
  });

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController();
    const { calls, clock, database } = start(forever(failure('57P03')), { signal: stop.signal });
    const result = database.query('select 1').catch((error: unknown) => error);
    await clock.advance(0);
    stop.abort(new Error('the second signal'));
    expect(await result).toEqual(new Error('the second signal'));
    expect(calls).toHaveLength(1);
  });

  it('does not repeat after it was told to stop', async () => {
    const { calls, database } = start(forever(failure('57P03')), { signal: AbortSignal.abort() });
    await expect(database.query('select 1')).rejects.toBeInstanceOf(DatabaseError);
    expect(calls).toHaveLength(1);
  });

  it('repeats scripts and whole transactions', async () => {
    const { clock, calls, database } = start([failure('40P01'), failure('40001')]);
    const script = database.script('create table t ()');
    await clock.advance(1_000);
    await script;
    expect(calls).toEqual(['create table t ()', 'create table t ()', 'create table t ()']);

    const again = start([failure('40P01')]);
    const work = again.database.transaction((transaction) => transaction.query('select 1'));
    await again.clock.advance(1_000);
    await work;
    expect(again.calls).toEqual(['begin', 'begin', 'select 1']);
  });

  it.each([
    ['taking a lock', (database: ReturnType<typeof start>['database']) => database.lock('run-1')],
    ['closing', (database: ReturnType<typeof start>['database']) => database.close()],
  ])('does not repeat %s', async (_what, call) => {
    const error = failure('57P01');
    const { calls, database } = start([error]);
    await expect(call(database)).rejects.toBe(error);
    expect(calls).toHaveLength(1);
  });

  it('does not repeat a transaction that can be done only once, and says in words what happened', async () => {
    const error = failure('57P01');
    const { calls, database } = start([error]);
    await expect(database.transactionOnce(() => Promise.resolve())).rejects.toMatchObject({ name: 'DatabaseError', cause: error });
    expect(calls).toHaveLength(1);
  });
});
