/*
 * Copies everything that is known from one database into another that has nothing yet: all in one transaction there, as of one moment
 * here. Tables, their order and their sequences are read from the catalogue, so that what later versions add is copied too. Rows travel
 * as JSON that PostgreSQL writes and reads itself: nothing is rounded, cut or converted on the way.
 */
import { BusyError, UsageError } from '../core/errors.ts';
import type { Database, Queryable } from './database.ts';
import { anyRunAtWork } from './run-owner.ts';

/** Answers may be large: so many rows at a time. */
const BATCH = 50;

/** How many rows each table had. */
export type Copied = Record<string, number>;

/** `identity`: the column whose values a sequence gives. */
type Table = { name: string; columns: string[]; parents: string[]; identity: string | null };

// What migrations were applied, the target knows of itself.
const TABLES = `
  select relname as name,
    array(select attname::text from pg_attribute where attrelid = relation.oid and attnum > 0 and not attisdropped order by attnum) as columns,
    array(select parent.relname::text from pg_constraint join pg_class as parent on parent.oid = confrelid
      where conrelid = relation.oid and contype = 'f') as parents,
    (select attname from pg_attribute where attrelid = relation.oid and attidentity <> '') as identity
  from pg_class as relation
  where relnamespace = 'waterfall'::regnamespace and relkind = 'r' and relname not in ('schema_migrations', 'processes')
  order by relname`;

/**
 * Copies all of it; `onRows` is told after each batch how many rows of a table are there.
 * @throws {UsageError} when the target has rows already; {BusyError} when a process works on a run of the source.
 */
export async function copyAll(source: Database, target: Database, onRows: (table: string, rows: number) => void): Promise<Copied> {
  return source.transactionOnce(async (from) => {
    await from.script('set transaction read only');
    await refuseWorking(from);
    const tables = inOrder(await from.query<Table>(TABLES));
    return target.transactionOnce(async (to) => {
      // Nobody begins a run, and nobody else copies, until all is there.
      await to.script(`lock table ${tables.map(({ name }) => `waterfall.${name}`).join(', ')} in share row exclusive mode`);
      await refuseUnfit(to, target.place, tables);
      const copied: Copied = {};
      for (const table of tables) copied[table.name] = await copyTable(from, to, table, (rows) => onRows(table.name, rows));
      return copied;
    });
  }, 'repeatable read');
}

async function copyTable(from: Queryable, to: Queryable, { name, columns, identity }: Table, onRows: (rows: number) => void): Promise<number> {
  const list = columns.join(', ');
  await from.query(`declare copied no scroll cursor for select to_json(each)::text as row from waterfall.${name} as each`);
  let rows = 0;
  for (;;) {
    const batch = await from.query<{ row: string }>(`fetch ${BATCH} from copied`);
    if (batch.length === 0) break;
    await to.query(`insert into waterfall.${name} (${list}) overriding system value select ${list} from json_populate_recordset(null::waterfall.${name}, $1::json)`, [
      `[${batch.map(({ row }) => row).join(',')}]`,
    ]);
    rows += batch.length;
    onRows(rows);
  }
  await from.script('close copied');
  if (identity !== null && rows > 0) {
    await to.query(`select setval(pg_get_serial_sequence('waterfall.${name}', '${identity}'), (select max(${identity}) from waterfall.${name}))`);
  }
  return rows;
}

/** Each table after those that its rows refer to. */
function inOrder(tables: readonly Table[]): Table[] {
  const sorted: Table[] = [];
  const names = () => sorted.map(({ name }) => name);
  while (sorted.length < tables.length) {
    const next = tables.find(({ name, parents }) => !names().includes(name) && parents.every((parent) => names().includes(parent)));
    if (next === undefined) throw new Error('tables refer to each other in a circle');
    sorted.push(next);
  }
  return sorted;
}

/** What a process launches after the copy was made would be launched by the copy too. */
async function refuseWorking(from: Queryable): Promise<void> {
  const run_id = await anyRunAtWork(from);
  if (run_id !== undefined) throw new BusyError(`another process works on run ${run_id}: stop it with Ctrl-C, or wait for its end`);
}

async function refuseUnfit(to: Queryable, place: string, tables: readonly Table[]): Promise<void> {
  const checks = tables.map(({ name }) => `exists (select from waterfall.${name})`).join(' or ');
  const [state] = await to.query<{ filled: boolean }>(`select ${checks} as filled`);
  if (state?.filled === true) {
    throw new UsageError({ what: `the database to copy to (${place}) is not empty: nothing was copied`, fix: 'copy into a new one: two histories cannot be made one' });
  }
  const sequences = tables.filter(({ identity }) => identity !== null).map(({ name, identity }) => `has_sequence_privilege(pg_get_serial_sequence('waterfall.${name}', '${identity}'), 'update')`);
  const [right] = await to.query<{ may: boolean }>(`select ${['true', ...sequences].join(' and ')} as may`);
  if (right?.may !== true) throw new UsageError({ what: `this user may not say which numbers new rows get in the database (${place})`, fix: 'copy as the owner of the schema "waterfall"' });
}
