/*
 * Connections to a PostgreSQL server. Nothing depends on a session, which a pooler may give to somebody else after each transaction, and
 * which the server, the database, the user or another client may have set to anything: each transaction sets what our statements rely
 * on. A statement without an answer is looked after, so that a server that has frozen is found out in seconds.
 */
import { hostname } from 'node:os';
import pg from 'pg';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { readDatabaseUrl } from '../core/database-url.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Isolation } from './database.ts';
import { endpointsOf } from './endpoints.ts';
import { ConnectionError, endsConnection, sqlState } from './sqlstate.ts';

/** So many transactions at once. */
const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 9_000;
/** A statement that takes so long is looked after; the server has `PROBE_TIMEOUT_MS`, twice, to say that it is at work. */
const LOOK_AFTER_MS = 3_000;
const PROBE_TIMEOUT_MS = 2_500;
const CLOSE_MS = 1_000;

/** What our statements rely on, or what would end them. */
const SETTINGS = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  search_path: 'pg_catalog',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  // A transaction whose client is gone without a word frees its locks.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '4',
};
const ABOUT = "select pg_backend_pid() as pid, current_setting('server_version_num')::integer as version, pg_is_in_recovery() as is_standby";
/**
 * One text, and so one message. Also behind a default that only reads, and behind a stricter isolation, under which the second statement
 * of a claim would not see the first. The session is another one each time, so it says which.
 */
const begin = (isolation: Isolation) => `begin isolation level ${isolation} read write not deferrable; ${SET}`;
const SET = `${Object.entries(SETTINGS).map(([name, value]) => `set local ${name} = '${value}'`).join('; ')}; select pg_catalog.pg_backend_pid() as pid`;
/** Servers since this version have one more limit. */
const LIMITS_TRANSACTIONS = 170_000;
const WITHOUT_LIMIT = "set local transaction_timeout = '0'";

/** Of a session, told by itself. */
type About = { pid: number; version: number; is_standby: boolean };

/** A connection that is ours until it is released. What is asked is sent at once; answers come in its order. */
export type Connection = Pick<About, 'version'> & {
  /** Begins a transaction in which our statements mean what they say. */
  begin(isolation?: Isolation): Promise<void>;
  ask(query: string | QueryConfig): Promise<QueryResult>;
  release(): void;
};

/** The connections of one process. */
export type Connections = {
  place: string;
  /** @throws {ConnectionError} when none can be made. */
  connect: () => Promise<Connection>;
  close(): Promise<void>;
};

// bigint as number: our ids and counts stay far below 2^53.
const BIGINT: number = pg.types.builtins.INT8;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => ((oid as number) === BIGINT ? Number : (pg.types.getTypeParser(oid, format) as unknown)),
};

/** The name under which the server knows this process; for people who look at its sessions. */
export const APPLICATION = `waterfall-contacts ${process.pid}@${hostname()}`.slice(0, 63);

/**
 * pg leaves the socket of a login that failed open, and the server waits for its end: up to a minute, in which nobody can make a
 * database there (pg 8: pg-pool, newClient).
 */
class LoginClient extends pg.Client {
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | void {
    if (callback === undefined) return super.connect();
    super.connect((error: Error | null) => {
      if (error) destroy(this);
      callback(error as Error);
    });
  }
}

/** Makes connections, which are opened when they are needed. @throws {UsageError} when the connection string cannot be read. */
export function createConnections(databaseUrl: string, { clock, log }: Runtime): Connections {
  const address = readDatabaseUrl(databaseUrl);
  const endpoints = endpointsOf(address);
  const { application_name, options, connect_timeout, sslnegotiation } = address.settings;
  const settings = {
    user: address.user,
    password: address.password,
    database: address.database,
    application_name: application_name ?? APPLICATION,
    ...(options !== undefined && { options }),
    ...(sslnegotiation === 'direct' && { sslnegotiation: 'direct' as const }),
    connectionTimeoutMillis: Number(connect_timeout) * 1000 || CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Begin, statement and commit are one round trip.
    pipeline: true,
    types,
  };
  let turn = 0;
  const pool = new pg.Pool({ ...settings, ...endpoints[turn], max: POOL_SIZE, Client: LoginClient });
  const clients = new Set<PoolClient>();
  const known = new WeakMap<object, About>();
  pool.on('connect', (client) => clients.add(client));
  pool.on('remove', (client) => clients.delete(client));
  // An idle connection that dies is replaced by the pool; without a listener the process would end.
  pool.on('error', (error) => {
    log.debug('database connection lost', { sqlstate: sqlState(error) });
  });

  /** Asks, and looks after the answer for as long as it takes. */
  async function ask(client: PoolClient, query: string | QueryConfig): Promise<QueryResult> {
    const answered = new AbortController();
    const asked = client.query(query);
    void lookAfter(client, answered.signal);
    try {
      return await asked;
    } finally {
      answered.abort();
    }
  }

  /** Ends a connection from which no answer will come: the server is gone without a word, or has answered and it was lost. */
  async function lookAfter(client: PoolClient, answered: AbortSignal): Promise<void> {
    for (let idle = 0; idle < 2; ) {
      const isSlow = await clock.sleep(LOOK_AFTER_MS, answered).then(() => true, () => false);
      if (!isSlow) return;
      const state = await stateOf(known.get(client)?.pid);
      if (answered.aborted) return;
      if (state === 'unanswered') break;
      idle = state === 'at work' ? 0 : idle + 1;
    }
    log.debug('database connection given up', { sqlstate: 'ETIMEDOUT' });
    destroy(client);
  }

  /** What the server, asked anew, says of a session. */
  async function stateOf(pid: number | undefined): Promise<'at work' | 'idle' | 'unanswered'> {
    const probe = new pg.Client({ ...settings, ...endpoints[turn], connectionTimeoutMillis: PROBE_TIMEOUT_MS, query_timeout: PROBE_TIMEOUT_MS });
    probe.on('error', () => undefined);
    try {
      await probe.connect();
      const { rows } = await probe.query(`select from pg_catalog.pg_stat_activity where pid = $1 and coalesce(state, '') not like 'idle%'`, [pid]);
      void probe.end();
      return rows.length > 0 ? 'at work' : 'idle';
    } catch (error) {
      destroy(probe);
      // A server that has no connection left for the question is there.
      return /^(53|XX)/.test(sqlState(error) ?? '') ? 'at work' : 'unanswered';
    }
  }

  async function open(): Promise<Connection> {
    const client = await pool.connect();
    let isUseless = false;
    // The pool listens only while a connection is idle.
    const onError = () => (isUseless = true);
    client.on('error', onError);
    const guarded = async (query: string | QueryConfig) => {
      try {
        return await ask(client, query);
      } catch (error) {
        isUseless ||= endsConnection(error);
        throw error;
      }
    };
    const release = () => {
      client.removeListener('error', onError);
      client.release(isUseless);
    };
    try {
      const about = known.get(client) ?? ((await guarded(ABOUT)).rows[0] as About);
      known.set(client, about);
      if (!isWanted(about)) {
        throw Object.assign(new Error(`this server is ${about.is_standby ? 'a standby' : 'the primary'}`), { code: '25006' });
      }
      return {
        version: about.version,
        async begin(isolation = 'read committed') {
          const results = (await guarded(about.version < LIMITS_TRANSACTIONS ? begin(isolation) : `${begin(isolation)}; ${WITHOUT_LIMIT}`)) as unknown as QueryResult[];
          const [row] = results.flatMap(({ rows }) => rows as { pid: number }[]);
          if (row !== undefined) about.pid = row.pid;
        },
        ask: guarded,
        release,
      };
    } catch (error) {
      isUseless = true;
      release();
      throw error;
    }
  }

  function isWanted({ is_standby }: About): boolean {
    if (address.wanted === 'read-write' || address.wanted === 'primary') return !is_standby;
    return is_standby || !(address.wanted === 'read-only' || address.wanted === 'standby');
  }

  return {
    place: address.place,
    async connect() {
      let failure: unknown;
      for (const tried of endpoints.map((_endpoint, index) => (turn + index) % endpoints.length)) {
        try {
          return await open();
        } catch (error) {
          // What the last one says, unless it is only that there is no TLS.
          if (failure === undefined || !String(error).includes('SSL')) failure = error;
          if (turn === tried) turn = (turn + 1) % endpoints.length;
          Object.assign(pool.options, { host: undefined, port: undefined, ssl: undefined }, endpoints[turn]);
        }
      }
      // So few are to be had; the others are waited for.
      if (sqlState(failure)?.startsWith('53') && pool.totalCount > 1) pool.options.max = pool.totalCount;
      throw new ConnectionError(failure);
    },
    async close() {
      const closed = new AbortController();
      await Promise.race([pool.end(), clock.sleep(CLOSE_MS, closed.signal).catch(() => undefined)]);
      closed.abort();
      // Whoever does not even hang up.
      for (const client of clients) destroy(client);
    },
  };
}

/** Cuts a connection, whoever is at its other end. */
function destroy(client: pg.ClientBase): void {
  (client as pg.Client).connection.stream.destroy();
}
