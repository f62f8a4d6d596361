/* The driver for a PostgreSQL server. */
import type pg from 'pg';
import { UsageError } from '../core/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { adviceOn } from './advice.ts';
import { createConnections } from './connections.ts';
import type { Connections, Session } from './connections.ts';
import type { Driver, Queryable, Table } from './database.ts';
import { refusePooler } from './pooler.ts';
import { sqlState } from './sqlstate.ts';

const OLDEST_VERSION = 140_000;
/** Also behind a default that only reads, and behind a stricter one, under which the second statement of a claim would not see the first. */
const BEGIN = 'begin isolation level read committed read write';

/**
 * Connects to the server of `databaseUrl` (the form `postgres://user:password@host/database?sslmode=...`).
 * @throws {UsageError} when it cannot be reached or used; the password is not in the message.
 */
export async function connectPostgres(databaseUrl: string, runtime: Runtime): Promise<Driver> {
  const connections = createConnections(databaseUrl, runtime);
  const nameOf = createNames();
  await refuseUnusable(connections);

  async function within<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    const session = await connections.connect();
    try {
      return await work(session);
    } finally {
      session.release();
    }
  }

  return {
    place: connections.place,
    embedded: false,
    query: (sql, parameters) => within((session) => queryable(session, nameOf).query(sql, parameters)),
    script: (sql) => within((session) => queryable(session, nameOf).script(sql)),
    transaction: (work) =>
      within(async (session) => {
        try {
          await session.ask(BEGIN);
          const result = await work({ ...queryable(session, nameOf), table: (sql) => tableOf(session, sql) });
          await session.ask('commit');
          return result;
        } catch (error) {
          await session.ask('rollback').catch(() => undefined); // lost with its connection
          throw error;
        }
      }),
    close: () => connections.close(),
  };
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

function queryable(session: Session, nameOf: (sql: string) => string): Queryable {
  return {
    async query<Row>(sql: string, parameters: readonly unknown[] = []) {
      const result = await session.ask({ name: nameOf(sql), text: sql, values: [...parameters] });
      return result.rows as Row[];
    },
    async script(sql) {
      await session.ask(sql);
    },
  };
}

async function tableOf(session: Session, sql: string): Promise<Table> {
  const asWritten: pg.CustomTypesConfig = { getTypeParser: () => (text: unknown) => text };
  const asked: pg.QueryArrayConfig = { text: sql, rowMode: 'array', types: asWritten };
  const { fields, rows } = await session.ask(asked);
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows: rows as (string | null)[][] };
}

async function refuseUnusable(connections: Connections): Promise<void> {
  const { place } = connections;
  try {
    const first = await connections.connect();
    try {
      if (first.version < OLDEST_VERSION) {
        throw new UsageError({
          what: `the database (${place}) is PostgreSQL ${Math.floor(first.version / 10_000)}`,
          fix: `version ${OLDEST_VERSION / 10_000} or newer is needed`,
        });
      }
      await refusePooler(connections, first);
      connections.setUpSessions();
    } finally {
      first.release();
    }
  } catch (error) {
    await connections.close();
    if (error instanceof UsageError) throw error;
    const { why, fix } = { fix: 'check DATABASE_URL', ...adviceOn(error) };
    const reason = why ?? (error instanceof Error && error.message !== '' ? error.message : (sqlState(error) ?? 'unknown reason'));
    throw new UsageError({ what: `the database (${place}) cannot be used: ${reason}`, fix }, { cause: error });
  }
}
