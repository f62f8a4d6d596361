/* The advisory lock by which processes keep off each other's runs: its key, and who has it. */
import type { Queryable } from './database.ts';

/** The key of the lock on a name, as an SQL expression; `name` is an expression too. */
export function lockKey(name: string): string {
  return `hashtextextended('waterfall-contacts ' || ${name}, 0)`;
}

/** A session that has the lock on a name. */
export type LockHolder = {
  name: string;
  /** When the session began; null where this user may not know. */
  since: Date | null;
};

/**
 * Which of these names are locked. Only looks (pg_locks shows a key of 64 bits as two halves): it takes nothing and makes
 * nobody wait. The embedded database has no such locks; whoever has it open is alone.
 */
export async function lockHolders(database: Queryable, names: readonly string[]): Promise<LockHolder[]> {
  return database.query<LockHolder>(
    `select name, session.backend_start as since
     from unnest($1::text[]) as name
     join pg_locks as lock on lock.locktype = 'advisory' and lock.objsubid = 1 and lock.granted
       and lock.database = (select oid from pg_database where datname = current_database())
       and (lock.classid::bigint << 32 | lock.objid::bigint) = ${lockKey('name')}
     left join pg_stat_activity as session on session.pid = lock.pid`,
    [names],
  );
}
