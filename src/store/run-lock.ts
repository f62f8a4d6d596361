/* The advisory lock by which processes keep off each other's runs: its key, who has it, and how it is taken. */
import { BusyError } from '../core/errors.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Connections, Session } from './connections.ts';
import type { Lock, Queryable } from './database.ts';

/** Somebody who was killed has freed it by now: its session is idle (2 ms measured). */
const PATIENCE_MS = 3_000;
const RETRY_MS = 250;

/** The key of the lock on a name, as an SQL expression; `name` is an expression too. */
function lockKey(name: string): string {
  return `hashtextextended('waterfall-contacts ' || ${name}, 0)`;
}

/** A session that has the lock on a name. What this user may not know of it is null. */
export type LockHolder = {
  name: string;
  pid: number;
  /** When the session began. */
  since: Date | null;
  application: string | null;
};

const HOLDERS = `
  select name, lock.pid, session.backend_start as since, session.application_name as application
  from unnest($1::text[]) as name
  join pg_locks as lock on lock.locktype = 'advisory' and lock.objsubid = 1 and lock.granted
    and lock.database = (select oid from pg_database where datname = current_database())
    and (lock.classid::bigint << 32 | lock.objid::bigint) = ${lockKey('name')}
  left join pg_stat_activity as session on session.pid = lock.pid`;

/**
 * Which of these names are locked. Only looks (pg_locks shows a key of 64 bits as two halves): it takes nothing and makes
 * nobody wait. The embedded database has no such locks; whoever has it open is alone.
 */
export async function lockHolders(database: Queryable, names: readonly string[]): Promise<LockHolder[]> {
  return database.query<LockHolder>(HOLDERS, [names]);
}

/** The process of a session of ours, by the name that it has told the server (connections.ts). */
export function processOf(application: string | null | undefined): string | undefined {
  const [, pid, host] = /waterfall-contacts (\d+)@(\S+)/.exec(application ?? '') ?? [];
  return pid === undefined ? undefined : `pid ${pid} on ${host}`;
}

/**
 * Takes the lock on a name, on a connection of its own, which stays idle: PostgreSQL frees it 2 ms after a `kill -9` of its
 * owner when the session is idle, but only after the query when it is busy (measured).
 * @throws {BusyError} that names the process that has it.
 */
export async function takeLock({ connect, place }: Connections, name: string, clock: Clock): Promise<Lock> {
  let held: Session | undefined;
  /** Sessions of ours that were lost. Until the server has noticed, they hold the lock. */
  const lost = new Set<number>();
  // Many lanes may find the lock lost at the same moment: one of them takes it for all.
  let taking: Promise<void> | undefined;

  async function take(): Promise<void> {
    const session = await connect();
    try {
      for (const startedAt = clock.now(); ; await clock.sleep(RETRY_MS)) {
        const { rows } = await session.ask({ text: `select pg_try_advisory_lock(${lockKey('$1')}) as taken`, values: [name] });
        if ((rows[0] as { taken: boolean }).taken) break;
        const holders = await session.ask({ text: HOLDERS, values: [[name]] });
        const [holder] = holders.rows as LockHolder[];
        if (holder !== undefined && lost.has(holder.pid)) await session.ask({ text: 'select pg_terminate_backend($1)', values: [holder.pid] });
        else if (clock.now() - startedAt >= PATIENCE_MS) {
          const process = processOf(holder?.application);
          throw new BusyError(`another process${process === undefined ? '' : ` (${process})`} works on this run (on ${place})`);
        }
      }
    } catch (error) {
      session.release();
      throw error;
    }
    held = session;
    session.onLost(() => {
      lost.add(session.pid);
      held = undefined;
      session.release();
    });
  }

  const ensure = () => {
    if (held !== undefined) return Promise.resolve();
    taking ??= take().finally(() => (taking = undefined));
    return taking;
  };
  await ensure();
  return {
    ensure,
    release() {
      // A session that ends frees it at once; one that went back to the pool would keep it.
      held?.end();
      held = undefined;
      return Promise.resolve();
    },
  };
}
