/*
 * Applies the files of sql/ in order, once each, under a lock: ten processes may start at once on an empty database.
 * Forward only. An applied file that was edited, and a database that is newer than this program, are refused.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { UsageError } from '../core/errors.ts';
import type { Driver, Queryable } from './database.ts';
import { refuseWorkingRuns } from './forming.ts';
import { sqlState } from './sqlstate.ts';

const SQL_FOLDER = new URL('../../sql/', import.meta.url);
/** Any constant will do, as long as all versions of the program share it. */
const MIGRATION_LOCK = 20_261_122;

const CREATE_TABLE = `
create schema if not exists waterfall;
create table if not exists waterfall.schema_migrations (
  version integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now()
);`;

type Migration = { version: number; name: string; checksum: string; sql: string };

/** What the schema of a database is, seen from this program. */
export type SchemaState = { applied: number; known: number; created: boolean };

/** The migrations of this program, in order. */
async function migrations(): Promise<Migration[]> {
  const names = (await readdir(SQL_FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, SQL_FOLDER), 'utf8');
      return { version: Number.parseInt(name, 10), name, checksum: createHash('sha256').update(sql).digest('hex'), sql };
    }),
  );
}

/**
 * Brings the schema up to date; does nothing, and needs no right to, when it is.
 * @throws {UsageError} for a newer database, an edited migration, or a missing right.
 */
export async function migrate(driver: Driver): Promise<SchemaState> {
  const known = await migrations();
  const before = await appliedMigrations(driver);
  refuseForeign(before, known);
  if (before.length < known.length) {
    try {
      await driver.transaction(async (transaction) => {
        await transaction.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
        await transaction.script(CREATE_TABLE);
        // Read again: another process may have been faster.
        const applied = await appliedMigrations(transaction);
        refuseForeign(applied, known);
        if (applied.length > 0) await refuseWorkingRuns(transaction);
        for (const migration of known.slice(applied.length)) {
          await transaction.script(migration.sql);
          await transaction.query('insert into waterfall.schema_migrations (version, name, checksum) values ($1, $2, $3)', [
            migration.version,
            migration.name,
            migration.checksum,
          ]);
        }
      });
    } catch (error) {
      if (sqlState(error) !== '42501') throw error;
      throw mayNotCreate(driver, error);
    }
  }
  return { applied: known.length - before.length, known: known.length, created: before.length === 0 };
}

/** Finds out whether `migrate` may do its work, without doing it. @throws {UsageError} when this user may not. */
export async function refuseMigration(driver: Driver): Promise<void> {
  const [right] = await driver.query<{ may: boolean }>(
    `select case when to_regnamespace('waterfall') is null then has_database_privilege(current_database(), 'create')
       else has_schema_privilege('waterfall', 'create') end as may`,
  );
  if (right?.may !== true) throw mayNotCreate(driver);
}

function mayNotCreate({ place }: Driver, cause?: unknown): UsageError {
  return new UsageError(
    {
      what: `this user may not create the schema "waterfall" in the database (${place})`,
      fix: 'let its owner run: waterfall-contacts migrate --print | psql "$DATABASE_URL"',
    },
    { cause },
  );
}

/**
 * How many migrations the database has, and how many this program knows. Changes nothing.
 * @throws {UsageError} for a newer database or an edited migration.
 */
export async function schemaState(driver: Driver): Promise<{ present: number; known: number }> {
  const known = await migrations();
  const applied = await appliedMigrations(driver);
  refuseForeign(applied, known);
  return { present: applied.length, known: known.length };
}

/** The DDL as one script, for people who apply it themselves. It also notes what it applied. */
export async function printMigrations(): Promise<string> {
  const parts = (await migrations()).map(
    ({ version, name, checksum, sql }) =>
      `-- ${name}\n${sql}\ninsert into waterfall.schema_migrations (version, name, checksum) values (${version}, '${name}', '${checksum}');\n`,
  );
  return `begin;\n${CREATE_TABLE}\n\n${parts.join('\n')}\ncommit;\n`;
}

type Applied = { version: number; name: string; checksum: string };

async function appliedMigrations(database: Queryable): Promise<Applied[]> {
  try {
    const [table] = await database.query<{ present: boolean }>(
      "select to_regclass('waterfall.schema_migrations') is not null as present",
    );
    if (!table?.present) return [];
    return await database.query<Applied>('select version, name, checksum from waterfall.schema_migrations order by version');
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new UsageError(
      {
        what: 'this user may not use the schema "waterfall" of the database',
        fix: 'let its owner grant "usage" on the schema, and "select, insert, update, delete" on its tables',
      },
      { cause: error },
    );
  }
}

function refuseForeign(applied: Applied[], known: Migration[]): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.version > (known.at(-1)?.version ?? 0)) {
    throw new UsageError({
      what: `the database has schema version ${newest.version}, and this program knows ${known.at(-1)?.version ?? 0}`,
      fix: 'install a newer waterfall-contacts',
    });
  }
  for (const [index, migration] of applied.entries()) {
    if (known[index]?.checksum !== migration.checksum) {
      throw new UsageError({
        what: `migration ${migration.name} of the database differs from the one in this program`,
        fix: 'use the version of waterfall-contacts that made the database, or another database (waterfall-contacts check names this one)',
      });
    }
  }
}
