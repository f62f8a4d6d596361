/*
 * The processes that work on this database, as they see each other: each says every few seconds that it is alive, by the clock of the
 * database, and is taken for dead when it has not done so for a while. Nothing of it belongs to a session.
 */
import { setMaxListeners } from 'node:events';
import { BusyError } from '../core/errors.ts';
import type { ProcessName, Runtime, ThisProcess } from '../runtime/runtime.ts';
import type { Database, Queryable } from './database.ts';

/** A process counts as alive for so long after it has said so. */
const ALIVE_MS = 20_000;
const SAY_EVERY_MS = 5_000;
/** What this process knows of itself is relied on for so long; it leaves time for a request and for the save of its intent. */
const RELY_MS = 10_000;
const LOOK_EVERY_MS = 250;

/** This process, among those that work on a database. */
export type LiveProcess = {
  id: string;
  /** The time of the database, in epoch milliseconds, as it was when this process last spoke. */
  now: () => number;
  /** Makes sure that it counts as alive for the next seconds. */
  ensureAlive: () => Promise<void>;
  /** Whether all others count it as alive at this moment, and for long enough to begin a request. */
  isAlive: () => boolean;
  /** How often it had not said so for so long that others may have taken what it had. */
  gaps: () => number;
  /** Ends in order: from now on it is not waited for. */
  leave: () => Promise<void>;
};

/** Joins those who work on a database, and says from now on that it is alive. */
export async function joinProcesses(database: Database, self: ProcessName, { clock, log }: Pick<Runtime, 'clock' | 'log'>): Promise<LiveProcess> {
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal);
  let saidAt = clock.now();
  const [made] = await database.query<{ id: string; alive_until: Date }>(
    // Nobody waits any more for what died a day ago.
    `with long_dead as (delete from waterfall.processes where alive_until < waterfall.moment() - interval '1 day')
     insert into waterfall.processes (pid, host, machine, alive_until)
     values ($1, $2, $3, waterfall.moment() + $4 * interval '1 millisecond') returning id, alive_until`,
    [self.pid, self.host, self.machine, ALIVE_MS],
  );
  if (made === undefined) throw new Error('a process has no row');
  const { id } = made;
  /** By how much the clock of the database is ahead of ours, which may be set to anything. */
  const ahead = (said: { alive_until: Date }, askedAt: number) => said.alive_until.getTime() - ALIVE_MS - (askedAt + clock.now()) / 2;
  let aheadMs = ahead(made, saidAt);
  let gaps = 0;
  let saying: Promise<void> | undefined;

  /** Many may want it said at once: one statement does for all. */
  const say = () => {
    saying ??= (async () => {
      const startedAt = clock.now();
      const [said] = await database.query<{ alive_until: Date }>(
        `insert into waterfall.processes (id, pid, host, machine, alive_until)
         values ($1, $2, $3, $4, waterfall.moment() + $5 * interval '1 millisecond')
         on conflict (id) do update set alive_until = excluded.alive_until returning alive_until`,
        [id, self.pid, self.host, self.machine, ALIVE_MS],
      );
      // Of an answer that took long it is not known when the database gave it.
      if (said !== undefined && clock.now() - startedAt < SAY_EVERY_MS) aheadMs = ahead(said, startedAt);
      if (clock.now() - saidAt >= ALIVE_MS) gaps += 1;
      saidAt = startedAt;
    })().finally(() => (saying = undefined));
    return saying;
  };

  async function sayNowAndThen(): Promise<void> {
    while (await clock.sleep(SAY_EVERY_MS, leaving.signal).then(() => true, () => false)) {
      await say().catch((error: unknown) => void log.debug('it cannot be said that this process is alive', { error: String(error) }));
    }
  }
  const ended = sayNowAndThen();

  return {
    id,
    now: () => clock.now() + aheadMs,
    async ensureAlive() {
      if (clock.now() - saidAt >= RELY_MS) await say();
    },
    isAlive: () => clock.now() - saidAt < ALIVE_MS - SAY_EVERY_MS,
    gaps: () => gaps,
    async leave() {
      leaving.abort();
      // Where the database does not answer, its patience is not asked for a word that is not needed.
      if (database.isAway()) return;
      await ended;
      await database.query('delete from waterfall.processes where id = $1', [id]).catch((error: unknown) => void log.debug('a process cannot leave', { error: String(error) }));
    },
  };
}

/** Forgets all processes: for whoever is alone on the database. */
export async function forgetProcesses(database: Queryable): Promise<void> {
  await database.query('delete from waterfall.processes');
}

/** Who waits for another process, and how. */
export type Waiting = { self: ThisProcess; runtime: Runtime; signal: AbortSignal };

type Seen = ProcessName & { said: string; is_alive: boolean };

/**
 * Waits until a process has surely ended: at most as long as one counts as alive that says nothing any more.
 * @throws {BusyError} as soon as it says that it is alive.
 */
export async function whenEnded(database: Queryable & { place: string }, process_id: string, { self, runtime: { clock, log }, signal }: Waiting): Promise<void> {
  let before: string | undefined;
  const startedAt = clock.now();
  let isTold = false;
  for (;;) {
    const [seen] = await database.query<Seen>(
      `select pid, host, machine, alive_until::text as said, alive_until > waterfall.moment() as is_alive from waterfall.processes where id = $1`,
      [process_id],
    );
    if (seen === undefined || !seen.is_alive) return;
    if (self.hasEnded(seen)) {
      await database.query('delete from waterfall.processes where id = $1 and alive_until::text = $2', [process_id, seen.said]);
      return;
    }
    if (before !== undefined && seen.said !== before) throw new BusyError(`another process (${processWords(seen)}) works on this run (on ${database.place})`);
    before = seen.said;
    if (!isTold && clock.now() - startedAt > SAY_EVERY_MS) {
      isTold = true;
      log.info('waiting for an earlier process that has not said that it ended', { process: processWords(seen), seconds: Math.round(ALIVE_MS / 1000) });
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** A process, in words. */
function processWords({ pid, host }: Pick<ProcessName, 'pid' | 'host'>): string {
  return `pid ${pid} on ${host}`;
}

/** The time of the database. */
export async function momentOf(database: Queryable): Promise<Date> {
  const [row] = await database.query<{ moment: Date }>('select waterfall.moment() as moment');
  if (row === undefined) throw new Error('the database has no time');
  return row.moment;
}
