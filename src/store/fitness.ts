/* Whether a server is set up so that a run can work on it: found out before anything is sent. The embedded one always is. */
import { UsageError } from '../core/errors.ts';
import { PRIMARY } from './advice.ts';
import type { Driver } from './database.ts';

/** @throws {UsageError} for a database in which nothing can be written, or not everything. */
export async function refuseUnfit({ query, place, embedded }: Driver): Promise<void> {
  if (embedded) return;
  // Our sessions are set otherwise; what it was set to is what they would be reset to.
  const [is] = await query<{ encoding: string; is_standby: boolean; only_reads: boolean }>(
    `select current_setting('server_encoding') as encoding, pg_is_in_recovery() as is_standby,
       (select reset_val = 'on' from pg_settings where name = 'default_transaction_read_only') as only_reads`,
  );
  if (is === undefined) return;
  if (is.encoding !== 'UTF8') {
    throw new UsageError({
      what: `the database (${place}) keeps text as ${is.encoding}, in which not every name can be written`,
      fix: "make one for UTF-8 and name it in DATABASE_URL: create database <name> encoding 'UTF8' template template0",
    });
  }
  if (is.is_standby) throw new UsageError({ what: `the database (${place}) is a standby: it only reads`, fix: PRIMARY.fix });
  if (is.only_reads) {
    throw new UsageError({
      what: `the database (${place}) is set to only read (default_transaction_read_only)`,
      fix: 'set it to off for this user, this database or the server (some hosts turn it on when the disk is full), or use another DATABASE_URL',
    });
  }
}

/** @throws {UsageError} when the schema is there, and row-level security keeps this user from some of its rows. */
export async function refuseHiddenRows({ query, embedded }: Driver): Promise<void> {
  if (embedded) return;
  const hidden = await query<{ name: string }>(
    `select relname::text as name from pg_class
     where relnamespace = to_regnamespace('waterfall') and relkind = 'r' and row_security_active(oid) order by 1`,
  );
  if (hidden.length === 0) return;
  throw new UsageError({
    what: `row-level security keeps this user from rows of the schema "waterfall" (${hidden.map(({ name }) => name).join(', ')})`,
    fix: 'let its owner run for each of them: alter table waterfall.<table> no force row level security, disable row level security',
  });
}
