/*
 * The one interface over PostgreSQL (pg) and the embedded PostgreSQL (PGlite). All SQL above it runs on both.
 * What is transient (a lost connection, a deadlock, a restart of the server) is repeated here, for as long as the
 * patience lasts, and nowhere else: every statement of the store is written so that repeating it does no harm.
 */
import type { Runtime } from '../runtime/runtime.ts';
import { DatabaseError } from '../core/errors.ts';
import { adviceOn } from './advice.ts';
import { isRefusal, isTransient, sqlState } from './sqlstate.ts';

/** What a statement gives, whatever its columns are: each with its name and the number of its type, and values as PostgreSQL writes them. */
export type Table = { columns: { name: string; type: number }[]; rows: (string | null)[][] };

/** Something that runs statements: the database itself, or one transaction in it. */
export type Queryable = {
  /**
   * Runs one statement; returns its rows. Values go in as parameters only. `first` is a statement before it in the same transaction, and
   * in the same round trip: what that waited for, this one sees.
   */
  query: <Row>(sql: string, parameters?: readonly unknown[], first?: string) => Promise<Row[]>;
  /** Runs a script of several statements without parameters. */
  script(sql: string): Promise<void>;
};

/** One transaction. */
export type Transaction = Queryable & {
  /** Runs one statement whose columns nobody here knows. */
  table(sql: string): Promise<Table>;
};

/** What one statement of a transaction sees of others that are committed meanwhile; with `repeatable read` nothing. */
export type Isolation = 'read committed' | 'repeatable read';

/** What a driver provides: one attempt at everything, no repeating. */
export type Driver = Queryable & {
  /** Host and database, or the folder: for people. Never a password. */
  place: string;
  embedded: boolean;
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>, isolation?: Isolation): Promise<Result>;
  close(): Promise<void>;
};

/** The database as the rest of the program sees it. */
export type Database = Driver & {
  /** A transaction whose work cannot be done twice (it consumes a stream): never repeated. */
  transactionOnce<Result>(work: (transaction: Transaction) => Promise<Result>, isolation?: Isolation): Promise<Result>;
  /** Whether it has not answered for so long that it was said. */
  isAway(): boolean;
};

/** How long a call waits for a database that has gone away, before the run stops with exit 4. */
export const PATIENCE_MS = 120_000;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** Said within ten seconds: the first failure may come after nine, and the next one after a delay. */
const TOLD_AFTER_MS = 5_000;

/**
 * Adds patience to a driver: transient failures are repeated, with growing delays, for up to `patienceMs`.
 * After that, DatabaseError with the driver's words; what is called later is tried once, since the same time has passed for all.
 * `signal` ends the waiting, and so does closing.
 */
export function patient(
  driver: Driver,
  options: { runtime: Runtime; patienceMs: number; signal?: AbortSignal | undefined },
): Database {
  const { clock, random, log } = options.runtime;
  /** Calls that have failed and are repeated. */
  let inTrouble = 0;
  let isTold = false;
  let isGivenUp = false;
  /** A page that was read ahead for a reader who has gone is nobody's any more. */
  const closing = new AbortController();
  const ended = AbortSignal.any([closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);

  async function again<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const startedAt = clock.now();
    let hasFailed = false;
    try {
      for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
        try {
          return await attempt();
        } catch (error) {
          if (!isTransient(error)) throw inWords(driver.place, error);
          if (!hasFailed) inTrouble += 1;
          hasFailed = true;
          const waitedMs = clock.now() - startedAt;
          isGivenUp ||= waitedMs >= options.patienceMs;
          if (isGivenUp || ended.aborted) throw unanswered(driver.place, error);
          log.debug('database call repeated', { sqlstate: sqlState(error), delay_ms: delayMs });
          if (!isTold && waitedMs >= TOLD_AFTER_MS) {
            isTold = true;
            log.warn('the database does not answer, still trying', { database: driver.place, last_error: words(error) });
          }
          await clock.sleep(delayMs * (0.5 + random()), ended);
        }
      }
    } finally {
      if (hasFailed) inTrouble -= 1;
      if (isTold && inTrouble === 0 && !isGivenUp) {
        isTold = false;
        log.info('the database answers again: going on');
      }
    }
  }

  return {
    place: driver.place,
    embedded: driver.embedded,
    query: (sql, parameters, first) => again(() => driver.query(sql, parameters, first)),
    script: (sql) => again(() => driver.script(sql)),
    transaction: (work, isolation) => again(() => driver.transaction(work, isolation)),
    transactionOnce: (work, isolation) =>
      driver.transaction(work, isolation).catch((error: unknown) => {
        throw inWords(driver.place, error);
      }),
    isAway: () => isTold,
    close() {
      closing.abort(new Error('the database was closed'));
      return driver.close();
    },
  };
}

/** The error as a DatabaseError when it is about the database's state or set-up; any other (a bug) as it is. */
export function inWords(place: string, error: unknown): unknown {
  if (isRefusal(error)) return refused(place, error);
  return isTransient(error) ? unanswered(place, error) : error;
}

/** What is thrown when the database, as it is set up, refuses the work. */
function refused(place: string, error: unknown): DatabaseError {
  return new DatabaseError(`the database (${place}) refuses: ${words(error)}`, adviceOn(error)?.fix ?? BACK, { cause: error });
}

/** What is thrown when patience is at its end. */
function unanswered(place: string, error: unknown): DatabaseError {
  return new DatabaseError(`the database (${place}) does not answer: ${words(error)}`, PASSING.has(sqlState(error) ?? '') ? BACK : (adviceOn(error)?.fix ?? BACK), { cause: error });
}

const BACK = 'go on when it is back; nothing that was saved is lost';
/** It was there before: it is not the address that is wrong. */
const PASSING = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', '57P03']);

function words(error: unknown): string {
  const state = sqlState(error);
  const message = error instanceof Error && error.message !== '' ? error.message : 'no connection';
  return state === undefined ? message : `${message} (${state})`;
}
