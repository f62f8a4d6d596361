/*
 * The one interface over PostgreSQL (pg) and the embedded PostgreSQL (PGlite). All SQL above it runs on both.
 * What is transient (a lost connection, a deadlock, a restart of the server) is repeated here, for as long as the
 * patience lasts, and nowhere else: every statement of the store is written so that repeating it does no harm.
 */
import type { Runtime } from '../runtime/runtime.ts';
import { DatabaseError } from '../core/errors.ts';
import { isRefusal, isTransient, sqlState } from './sqlstate.ts';

/** What a statement gives, whatever its columns are: each with its name and the number of its type, and values as PostgreSQL writes them. */
export type Table = { columns: { name: string; type: number }[]; rows: (string | null)[][] };

/** Something that runs statements: the database itself, or one transaction in it. */
export type Queryable = {
  /** Runs one statement; returns its rows. Values go in as parameters only. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs a script of several statements without parameters. */
  script(sql: string): Promise<void>;
};

/** One transaction. */
export type Transaction = Queryable & {
  /** Runs one statement whose columns nobody here knows. */
  table(sql: string): Promise<Table>;
};

/** A lock that other processes on the same database respect, until it is released or this process ends. */
export type Lock = {
  /** Makes sure that the lock is (again) ours, after a lost connection too. Throws BusyError when another has it. */
  ensure(): Promise<void>;
  release(): Promise<void>;
};

/** What a driver provides: one attempt at everything, no repeating. */
export type Driver = Queryable & {
  /** Host and database, or the folder: for people. Never a password. */
  place: string;
  embedded: boolean;
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Takes the lock on `name`. Throws BusyError when another process has it. */
  lock(name: string): Promise<Lock>;
  close(): Promise<void>;
};

/** The database as the rest of the program sees it. */
export type Database = Driver & {
  /** A transaction whose work cannot be done twice (it consumes a stream): never repeated. */
  transactionOnce<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
};

/** How long a call waits for a database that has gone away, before the run stops with exit 4. */
export const PATIENCE_MS = 120_000;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/**
 * Adds patience to a driver: transient failures are repeated, with growing delays, for up to `patienceMs`.
 * After that, DatabaseError with the driver's words. `signal` ends the waiting.
 */
export function patient(
  driver: Driver,
  options: { runtime: Runtime; patienceMs: number; signal?: AbortSignal | undefined },
): Database {
  const { clock, random, log } = options.runtime;

  async function again<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const startedAt = clock.now();
    for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
      try {
        return await attempt();
      } catch (error) {
        if (!isTransient(error)) throw inWords(driver.place, error);
        if (clock.now() - startedAt >= options.patienceMs || options.signal?.aborted) {
          throw unanswered(driver.place, error);
        }
        log.debug('database call repeated', { sqlstate: sqlState(error), delay_ms: delayMs });
        await clock.sleep(delayMs * (0.5 + random()), options.signal);
      }
    }
  }

  return {
    place: driver.place,
    embedded: driver.embedded,
    query: (sql, parameters) => again(() => driver.query(sql, parameters)),
    script: (sql) => again(() => driver.script(sql)),
    transaction: (work) => again(() => driver.transaction(work)),
    transactionOnce: (work) =>
      driver.transaction(work).catch((error: unknown) => {
        throw inWords(driver.place, error);
      }),
    lock: async (name) => {
      const lock = await driver.lock(name);
      return { ...lock, ensure: () => again(() => lock.ensure()) };
    },
    close: () => driver.close(),
  };
}

/** The error as a DatabaseError when it is about the database's state or set-up; any other (a bug) as it is. */
export function inWords(place: string, error: unknown): unknown {
  if (isRefusal(error)) return refused(place, error);
  return isTransient(error) ? unanswered(place, error) : error;
}

/** What is thrown when the database, as it is set up, refuses the work. */
function refused(place: string, error: unknown): DatabaseError {
  const fix = 'let its owner grant "select, insert, update, delete" on the tables of the schema "waterfall", or use another DATABASE_URL';
  return new DatabaseError(`the database (${place}) refuses: ${words(error)}\n  to do: ${fix}`, { cause: error });
}

/** What is thrown when patience is at its end. */
export function unanswered(place: string, error: unknown): DatabaseError {
  return new DatabaseError(`the database (${place}) does not answer: ${words(error)}`, { cause: error });
}

function words(error: unknown): string {
  const state = sqlState(error);
  const message = error instanceof Error && error.message !== '' ? error.message : 'no connection';
  return state === undefined ? message : `${message} (${state})`;
}
