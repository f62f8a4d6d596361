/* Transient failures are repeated, for as long as the patience lasts, and nothing else is. */
import { describe, expect, it } from 'vitest';
import { BusyError, DatabaseError } from '../../src/core/errors.ts';
import { patient, type Driver } from '../../src/store/database.ts';
import { ConnectionError } from '../../src/store/sqlstate.ts';
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
  ['a statement that was cancelled', failure('57014')],
  ['a primary that has become a standby', failure('25006')],
  ['a cached plan that fits no more', failure('0A000', 'cached plan must not change result type')],
  ['a password that is being changed', new ConnectionError(failure('28P01'))],
  ['a database that is being made anew', new ConnectionError(failure('3D000'))],
  ['a name that is not found for a moment', new ConnectionError(failure('ENOTFOUND'))],
  ['a socket that is gone while the server restarts', new ConnectionError(failure('ENOENT'))],
  ['a pooler that is full', new ConnectionError(failure('XX000', 'MaxClientsInSessionMode: max clients reached'))],
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
    close: () => attempt('close', undefined),
  };
  return driver;
}

function* forever(error: Error): Generator<Error> {
  for (;;) yield error;
}

describe('a patient database', () => {
  function start(errors: Iterable<Error>, options: { patienceMs?: number; signal?: AbortSignal } = {}) {
    const said: string[] = [];
    const say = (level: string) => (message: string) => void said.push(`${level}: ${message}`);
    const { clock, random, log } = testRuntime();
    const runtime = { clock, random, log: { ...log, info: say('info'), warn: say('warn') } };
    const calls: string[] = [];
    const database = patient(failingDriver(errors, calls), { runtime, patienceMs: options.patienceMs ?? 60_000, signal: options.signal });
    return { clock, calls, said, database };
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

  it.each(['42501', '55000', '42P01', '3F000'])('says at once, in words, that the database refuses the work (%s)', async (code) => {
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
      fix: 'go on when it is back; nothing that was saved is lost',
      cause: gone,
    });
  });

  it('gives up once for all: what is called later is tried once', async () => {
    const { calls, clock, database } = start(forever(failure('57P01')), { patienceMs: 10_000 });
    const result = database.query('select 1').catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(await result).toBeInstanceOf(DatabaseError);
    calls.length = 0;
    await expect(database.query('select 2')).rejects.toBeInstanceOf(DatabaseError);
    await expect(database.transaction(() => Promise.resolve())).rejects.toBeInstanceOf(DatabaseError);
    expect([calls, clock.sleepers()]).toEqual([['select 2', 'begin'], 0]);
  });

  it.each<[what: string, code: string, fix: RegExp]>([
    ['a password that was changed', '28P01', /^correct DATABASE_URL$/],
    ['a database that was dropped', '3D000', /^create it, or correct the name/],
    ['too many connections', '53300', /max_connections/],
    ['a full disk', '53100', /^make room/],
    ['a standby', '25006', /^give DATABASE_URL the address of the primary/],
    ['cancelled statements', '57014', /who cancels/],
    ['a host whose name is gone', 'ENOTFOUND', /^go on when it is back/],
  ])('says at the end of its patience what to do about %s', async (_what, code, fix) => {
    const { clock, database } = start(forever(new ConnectionError(failure(code))), { patienceMs: 10_000 });
    const result = database.query('select 1').catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(await result).toMatchObject({ name: 'DatabaseError', fix: expect.stringMatching(fix) as string });
  });

  it('is told to be away within ten seconds, once, and to be back', async () => {
    const { clock, calls, database, said } = start(Array.from({ length: 14 }, () => failure('57P03')));
    const both = Promise.all([database.query('select 1'), database.query('select 2')]);
    await clock.advance(10_000);
    expect([said, database.isAway()]).toEqual([['warn: the database does not answer, still trying'], true]);
    await clock.advance(20_000);
    await both;
    expect([said.slice(1), database.isAway(), calls.length]).toEqual([['info: the database answers again: going on'], false, 16]);
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

  it('keeps nobody waiting who was still asking when it was closed', async () => {
    const { calls, clock, database } = start(forever(failure('57P03')));
    const asked = database.query('select 1').catch((error: unknown) => error);
    await clock.advance(0);
    await database.close().catch(() => undefined);
    expect(await asked).toEqual(new Error('the database was closed'));
    await expect(database.query('select 2')).rejects.toBeInstanceOf(DatabaseError);
    expect(calls).toEqual(['select 1', 'close', 'select 2']);
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

  it('does not repeat closing', async () => {
    const error = failure('57P01');
    const { calls, database } = start([error]);
    await expect(database.close()).rejects.toBe(error);
    expect(calls).toHaveLength(1);
  });

  it('does not repeat a transaction that can be done only once, and says in words what happened', async () => {
    const error = failure('57P01');
    const { calls, database } = start([error]);
    await expect(database.transactionOnce(() => Promise.resolve())).rejects.toMatchObject({ name: 'DatabaseError', cause: error });
    expect(calls).toHaveLength(1);
  });
});
