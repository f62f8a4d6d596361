/* The driver for a PostgreSQL server. */
import type pg from 'pg';
import type { QueryConfig, QueryResult } from 'pg';
import { UsageError } from '../core/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { adviceOn } from './advice.ts';
import { createConnections } from './connections.ts';
import type { Connection, Connections } from './connections.ts';
import type { Driver, Table } from './database.ts';
import { sqlState } from './sqlstate.ts';

const OLDEST_VERSION = 140_000;

/**
 * Connects to the server of `databaseUrl` (the form `postgres://user:password@host/database?sslmode=...`).
 * @throws {UsageError} when it cannot be reached or used; the password is not in the message.
 */
export async function connectPostgres(databaseUrl: string, runtime: Runtime): Promise<Driver> {
  const connections = createConnections(databaseUrl, runtime);
  await refuseUnusable(connections);

  async function within<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const connection = await connections.connect();
    try {
      return await work(connection);
    } finally {
      connection.release();
    }
  }

  return {
    place: connections.place,
    embedded: false,
    query: async <Row>(sql: string, parameters: readonly unknown[] = [], first?: string) => (await within((connection) => alone(connection, statementOf(sql, parameters), first))).rows as Row[],
    script: async (sql) => void (await within((connection) => alone(connection, sql))),
    transaction: (work, isolation) =>
      within(async (connection) => {
        const begun = connection.begin(isolation);
        begun.catch(() => undefined); // what follows fails with it
        try {
          const result = await work({
            query: async <Row>(sql: string, parameters: readonly unknown[] = [], first?: string) => (await inOrder(connection, statementOf(sql, parameters), first)).rows as Row[],
            script: async (sql) => void (await connection.ask(sql)),
            table: (sql) => tableOf(connection, sql),
          });
          await begun;
          await connection.ask('commit');
          return result;
        } catch (error) {
          await connection.ask('rollback').catch(() => undefined); // lost with its connection
          // Why it was not begun says more than what came of that.
          throw await begun.then(() => error, (failure: unknown) => failure);
        }
      }),
    close: () => connections.close(),
  };
}

/** A statement without a name: behind a pooler the next session would not know it. */
function statementOf(sql: string, parameters: readonly unknown[]): QueryConfig {
  return { text: sql, values: [...parameters] };
}

/** One statement in a transaction of its own. All messages are on their way before the first is answered. */
async function alone(connection: Connection, statement: string | QueryConfig, first?: string): Promise<QueryResult> {
  const [begun, asked, committed] = await Promise.allSettled([connection.begin(), inOrder(connection, statement, first), connection.ask('commit')]);
  if (begun.status === 'rejected') throw begun.reason as Error;
  if (asked.status === 'rejected') throw asked.reason as Error;
  if (committed.status === 'rejected') throw committed.reason as Error;
  return asked.value;
}

/** One statement, and before it another. */
async function inOrder(connection: Connection, statement: string | QueryConfig, first?: string): Promise<QueryResult> {
  const before = first === undefined ? undefined : connection.ask(first);
  // Both are sent before either is answered; when the first fails, so does the transaction, and the second with it.
  const [begun, asked] = await Promise.allSettled([before, connection.ask(statement)]);
  if (begun.status === 'rejected') throw begun.reason as Error;
  if (asked.status === 'rejected') throw asked.reason as Error;
  return asked.value;
}

async function tableOf(connection: Connection, sql: string): Promise<Table> {
  const asWritten: pg.CustomTypesConfig = { getTypeParser: () => (text: unknown) => text };
  const asked: pg.QueryArrayConfig = { text: sql, rowMode: 'array', types: asWritten };
  const { fields, rows } = await connection.ask(asked);
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
