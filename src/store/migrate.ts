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
const RELATIONS_NAMED = 5;

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
        const missing = known.slice(applied.length);
        // One that was faster may work on a run by now, and is of this version.
        if (missing.length > 0 && applied.length > 0) await refuseWorkingRuns(transaction, driver);
        for (const migration of missing) {
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
      throw mayNotMigrate(driver, { present: before.length, known: known.length }, error);
    }
  }
  return { applied: known.length - before.length, known: known.length, created: before.length === 0 };
}

/** Finds out whether `migrate` may do its work, without doing it. @throws {UsageError} when this user may not. */
export async function refuseMigration(driver: Driver, state: { present: number; known: number }): Promise<void> {
  const [right] = await driver.query<{ may: boolean }>(
    state.present === 0
      ? `select has_database_privilege(current_database(), 'create') as may`
      : `select has_schema_privilege('waterfall', 'create') and bool_and(pg_has_role(relowner, 'usage')) as may
         from pg_class where relnamespace = to_regnamespace('waterfall')`,
  );
  if (right?.may !== true) throw mayNotMigrate(driver, state);
}

function mayNotMigrate({ place }: Driver, { present, known }: { present: number; known: number }, cause?: unknown): UsageError {
  const what = present === 0 ? 'create the schema "waterfall"' : `bring the schema "waterfall" from version ${present} to ${known}`;
  return new UsageError(
    {
      what: `this user may not ${what} in the database (${place})`,
      fix: 'let its owner run: waterfall-contacts migrate --print | psql "$DATABASE_URL" (it applies what is missing)',
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

/** The DDL as one script, for people who apply it themselves: all or nothing. It notes what it applies, and leaves out what is there. */
export async function printMigrations(): Promise<string> {
  const parts = (await migrations()).map(
    ({ version, name, checksum, sql }) => `-- ${name}
do $migration_${version}$
begin
if not exists (select from waterfall.schema_migrations where version = ${version}) then
execute $sql_${version}$
${sql}
$sql_${version}$;
insert into waterfall.schema_migrations (version, name, checksum) values (${version}, '${name}', '${checksum}');
end if;
end
$migration_${version}$;
`,
  );
  return `begin;\nselect pg_advisory_xact_lock(${MIGRATION_LOCK});\n${CREATE_TABLE}\n\n${parts.join('\n')}\ncommit;\n`;
}

/** What a role needs that owns nothing and works with the schema: all but to change it. As a script, of which each statement may be repeated. */
export function printGrants(role: string): string {
  const name = `"${role.replaceAll('"', '""')}"`;
  const rights = { tables: 'select, insert, update, delete', sequences: 'usage, select', functions: 'execute' };
  const each = Object.entries(rights);
  return [
    'begin;',
    `grant usage on schema waterfall to ${name};`,
    ...each.map(([what, right]) => `grant ${right} on all ${what} in schema waterfall to ${name};`),
    '-- What later versions add, by whoever applies this.',
    ...each.map(([what, right]) => `alter default privileges in schema waterfall grant ${right} on ${what} to ${name};`),
    'commit;',
    '',
  ].join('\n');
}

type Applied = { version: number; name: string; checksum: string };

async function appliedMigrations(database: Queryable): Promise<Applied[]> {
  try {
    // Others have a table of this name too, with other columns.
    const [schema] = await database.query<{ is_ours: boolean; relations: string[] }>(
      `select (select count(*) = 4 from pg_attribute
           where attrelid = to_regclass('waterfall.schema_migrations') and attname in ('version', 'name', 'checksum', 'applied_at')) as is_ours,
         array(select relname::text from pg_class
           where relnamespace = to_regnamespace('waterfall') and relkind in ('r', 'p', 'v', 'm', 'f') order by 1) as relations`,
    );
    if (schema?.is_ours) return await database.query<Applied>('select version, name, checksum from waterfall.schema_migrations order by version');
    if (schema === undefined || schema.relations.length === 0) return [];
    const more = schema.relations.length > RELATIONS_NAMED ? ', ...' : '';
    throw new UsageError({
      what: `the schema "waterfall" of the database belongs to another program: it has ${schema.relations.slice(0, RELATIONS_NAMED).join(', ')}${more}`,
      fix: 'make a database of its own (create database <name>), and name it in DATABASE_URL',
    });
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
