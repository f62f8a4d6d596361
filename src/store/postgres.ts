/* The driver for a PostgreSQL server: a small pool, and one idle connection of its own for each lock. */
import pg from 'pg';
import type { PoolClient } from 'pg';
import { BusyError, UsageError } from '../core/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { PATIENCE_MS, unanswered } from './database.ts';
import type { Driver, Lock, Queryable, Table, Transaction } from './database.ts';
import { refusePooler } from './pooler.ts';
import { lockKey } from './run-lock.ts';
import { isTransient, sqlState } from './sqlstate.ts';

const OLDEST_VERSION = 140_000;
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 10_000;
/** A session that was busy when its process was killed keeps its locks for some seconds (7.8 s measured with an 8 s query). */
const LOCK_PATIENCE_MS = 10_000;
const LOCK_RETRY_MS = 250;
/** What pg says (pg 8: lib/connection.js); it gives no code. */
const NO_TLS = 'The server does not support SSL connections';

// bigint as number: our ids and counts stay far below 2^53.
const BIGINT: number = pg.types.builtins.INT8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => ((oid as number) === BIGINT ? Number : (pg.types.getTypeParser(oid, format) as unknown)),
};

/**
 * Connects to the server of `databaseUrl` (the form `postgres://user:password@host/database?sslmode=...`).
 * @throws {UsageError} when it cannot be reached or used; the password is not in the message.
 */
export async function connectPostgres(databaseUrl: string, runtime: Runtime): Promise<Driver> {
  const place = placeOf(databaseUrl);
  const nameOf = createNames();
  const settings = {
    connectionString: strictTls(databaseUrl),
    application_name: 'waterfall-contacts',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types,
  };
  const pool = new pg.Pool({ ...settings, max: POOL_SIZE });
  // An idle connection that dies is replaced by the pool; without a listener the process would end.
  pool.on('error', (error) => {
    runtime.log.debug('database connection lost', { sqlstate: sqlState(error) });
  });
  await refuseUnusable(pool, place);

  async function transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const client = await pool.connect();
    // The pool listens only while a connection is idle.
    let lost: Error | undefined;
    const onError = (error: Error) => (lost = error);
    client.on('error', onError);
    try {
      await client.query('begin');
      const result = await work({ ...queryable(client, nameOf), table: (sql) => tableOf(client, sql) });
      await client.query('commit');
      return result;
    } catch (error) {
      if (lost === undefined) await client.query('rollback').catch((failure: Error) => (lost = failure));
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(lost);
    }
  }

  return {
    place,
    embedded: false,
    ...queryable(pool, nameOf),
    transaction,
    lock: (name) => takeLock({ settings, place, name, runtime }),
    close: () => pool.end(),
  };
}

/**
 * To pg, `prefer`, `require` and `verify-ca` are `verify-full`, as safe as can be; but it warns on stderr that its next
 * version will trust anybody, as libpq does. So the word is replaced by what it means here, in that version too.
 */
function strictTls(databaseUrl: string): string {
  if (databaseUrl.includes('uselibpqcompat=true')) return databaseUrl;
  return databaseUrl.replace(/(?<=[?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, 'verify-full');
}

/** Names statements, so that each connection parses one only once. PostgreSQL cuts names at 63 characters: a number will do. */
function createNames(): (sql: string) => string {
  const names = new Map<string, string>();
  return (sql) => {
    const name = names.get(sql) ?? `s${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}

function queryable(client: pg.Pool | PoolClient, nameOf: (sql: string) => string): Queryable {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      const result = await client.query({ name: nameOf(sql), text: sql, values: [...parameters] });
      return result.rows as Row[];
    },
    async script(sql) {
      await client.query(sql);
    },
  };
}

async function tableOf(client: PoolClient, sql: string): Promise<Table> {
  const asWritten: pg.CustomTypesConfig = { getTypeParser: () => (text: unknown) => text };
  const { fields, rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asWritten });
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows };
}

async function refuseUnusable(pool: pg.Pool, place: string): Promise<void> {
  try {
    const { rows } = await pool.query<{ version: number }>("select current_setting('server_version_num')::int as version");
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST_VERSION) {
      throw new UsageError({
        what: `the database (${place}) is PostgreSQL ${Math.floor(version / 10_000)}`,
        fix: `version ${OLDEST_VERSION / 10_000} or newer is needed`,
      });
    }
    await refusePooler(pool, place);
  } catch (error) {
    await pool.end();
    if (error instanceof UsageError) throw error;
    throw new UsageError(unreachable(error, place), { cause: error });
  }
}

function unreachable(error: unknown, place: string) {
  const code = sqlState(error);
  const what = `the database (${place}) cannot be used`;
  switch (code) {
    case '28000':
      return notLetIn(what, error);
    case '28P01':
      return { what: `${what}: wrong user or password`, fix: 'correct DATABASE_URL' };
    case '3D000':
      return { what: `${what}: it does not exist`, fix: 'create it, or correct the name in DATABASE_URL' };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { what: `${what}: no such host`, fix: 'correct the host in DATABASE_URL' };
    case 'ECONNREFUSED':
      return { what: `${what}: connection refused`, fix: 'start the server, or correct host and port in DATABASE_URL; without DATABASE_URL the embedded database is used' };
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        what: `${what}: nobody we trust has signed its certificate`,
        fix: 'name the certificate of its authority in DATABASE_URL (sslrootcert=<file>), or do without with sslmode=no-verify',
      };
    default:
      if (error instanceof Error && error.message === NO_TLS) {
        return { what: `${what}: it does not speak TLS`, fix: 'turn on TLS at the server, or write sslmode=disable in DATABASE_URL' };
      }
      return {
        what: `${what}: ${error instanceof Error && error.message !== '' ? error.message : (code ?? 'unknown reason')}`,
        fix: 'check DATABASE_URL',
      };
  }
}

/** Its own words are the only clue to what the server has against us; whether TLS would help, they do not say. */
function notLetIn(what: string, error: unknown) {
  const message = error instanceof Error ? error.message : '';
  if (message.includes('pg_hba.conf')) {
    const how = message.includes('no encryption') ? ' without TLS' : '';
    return { what: `${what}: its pg_hba.conf lets nobody in so from here${how}`, fix: 'write sslmode=require in DATABASE_URL if it wants TLS, else have an entry added there' };
  }
  return { what: `${what}: wrong user or password`, fix: 'correct DATABASE_URL' };
}

/** Host, port and database of a connection string, for people. */
export function placeOf(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    const database = decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username);
    const host = url.hostname || (url.searchParams.get('host') ?? 'localhost');
    return `${host}${url.port === '' ? '' : `:${url.port}`}/${database}`;
  } catch {
    throw new UsageError({
      what: 'DATABASE_URL is not a connection string',
      fix: 'write postgres://user:password@host:5432/database',
    });
  }
}

/**
 * An advisory lock on a connection of its own, which stays idle: PostgreSQL frees it 2 ms after a `kill -9` of its
 * owner when the session is idle, but only after the query when it is busy (measured).
 */
async function takeLock(lock: { settings: pg.ClientConfig; place: string; name: string; runtime: Runtime }): Promise<Lock> {
  const { runtime, name } = lock;
  let connection: pg.Client | undefined;
  // Many lanes may find the lock lost at the same moment: one of them takes it for all.
  let taking: Promise<void> | undefined;

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client(lock.settings);
    const onLost = () => {
      if (connection === client) connection = undefined;
    };
    client.on('error', onLost);
    client.on('end', onLost);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async function take(): Promise<void> {
    const startedAt = runtime.clock.now();
    let waiting: pg.Client | undefined;
    try {
      for (;;) {
        const waitedMs = () => runtime.clock.now() - startedAt;
        try {
          waiting ??= await connect();
          const { rows } = await waiting.query<{ taken: boolean }>(
            `select pg_try_advisory_lock(${lockKey('$1')}) as taken`,
            [name],
          );
          if (rows[0]?.taken) {
            [connection, waiting] = [waiting, undefined];
            return;
          }
          if (waitedMs() >= LOCK_PATIENCE_MS) throw new BusyError(`another process works on this run (on ${lock.place})`);
        } catch (error) {
          if (!isTransient(error)) throw error;
          await waiting?.end().catch(() => undefined);
          waiting = undefined;
          if (waitedMs() >= PATIENCE_MS) throw unanswered(lock.place, error);
        }
        await runtime.clock.sleep(LOCK_RETRY_MS);
      }
    } finally {
      await waiting?.end().catch(() => undefined);
    }
  }

  const ensure = () => {
    if (connection !== undefined) return Promise.resolve();
    taking ??= take().finally(() => (taking = undefined));
    return taking;
  };
  await ensure();
  return {
    ensure,
    async release() {
      await connection?.end();
    },
  };
}
