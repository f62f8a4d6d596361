/* A database as version 0.1.0 left it (test/fixtures/databases/0.1.0.json has its rows, made by that version's own functions). */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Queryable } from '../../src/store/database.ts';

/** How many migrations that version had. */
const OLDEST = 6;
const sql = new URL('../../sql/', import.meta.url);
/** The rows of its tables. */
export const tables = JSON.parse(await readFile(new URL('../fixtures/databases/0.1.0.json', import.meta.url), 'utf8')) as Record<string, unknown[]>;

/** Makes an empty database one of version 0.1.0, with these rows. */
export async function fillAsBefore(driver: Queryable): Promise<void> {
  await driver.script(`create schema waterfall;
    create table waterfall.schema_migrations (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());`);
  for (const name of (await readdir(sql)).sort().slice(0, OLDEST)) {
    const text = await readFile(new URL(name, sql), 'utf8');
    await driver.script(text);
    await driver.query('insert into waterfall.schema_migrations (version, name, checksum) values ($1, $2, $3)', [
      Number.parseInt(name, 10), name, createHash('sha256').update(text).digest('hex'),
    ]);
  }
  for (const [table, rows] of Object.entries(tables)) {
    await driver.query(`insert into waterfall.${table} overriding system value select * from json_populate_recordset(null::waterfall.${table}, $1)`, [JSON.stringify(rows)]);
  }
  await driver.query(`select setval(pg_get_serial_sequence('waterfall.targets', 'id'), 1000)`);
}
