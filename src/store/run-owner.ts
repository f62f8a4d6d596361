/*
 * Who works on a run: the process that its row names, as long as that is alive. It is made with its list unseen (`importing`), and
 * becomes visible by one update; what a dead process has left of a list is removed.
 */
import { BusyError } from '../core/errors.ts';
import type { ProcessName, ThisProcess } from '../runtime/runtime.ts';
import type { Database, Queryable } from './database.ts';
import { whenEnded } from './processes.ts';
import type { LiveProcess, Waiting } from './processes.ts';
import { COLUMNS, discardRun } from './runs.ts';
import type { RunRecord } from './runs.ts';
import { sqlState } from './sqlstate.ts';
import { storableJson, storableText } from './storable.ts';

/** Who takes a run. */
export type Taker = { process_id: string } & Waiting;

/** A run that is about to be made. */
export type MadeRun<Options> = Pick<RunRecord<Options>, 'id' | 'key' | 'input_name' | 'input_columns' | 'options'>;

/**
 * Makes a run whose list nobody sees yet. One that a dead process worked on by the same key is stopped, as it would have been.
 * @throws {BusyError} while another process works on a run by the same key.
 */
export async function createRun<Options>(database: Database, run: MadeRun<Options>, taker: Taker): Promise<RunRecord<Options>> {
  for (;;) {
    const [made] = await database.query<RunRecord<Options>>(
      `insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, process_id, state)
       values ($1, $2, $3, $4, $5, waterfall.moment(), $6, 'importing')
       on conflict do nothing returning ${COLUMNS}`,
      [run.id, run.key, storableText(run.input_name), run.input_columns.map(storableText), storableJson(run.options), taker.process_id],
    );
    if (made !== undefined) return made;
    const [other] = await database.query<{ id: string; process_id: string; state: string }>(
      `select id, process_id, state from waterfall.runs where key = $1 and state in ('importing', 'running')`,
      [run.key],
    );
    if (other === undefined) continue; // it has just ended
    // Repeated after a lost connection: the first try was saved.
    if (other.id === run.id) return ownRun<Options>(database, run.id);
    if (other.process_id === taker.process_id) throw new BusyError(`this process works on run ${other.id} already (on ${database.place})`);
    await whenEnded(database, other.process_id, taker);
    if (other.state === 'importing') await discardRun(database, other.id);
    else await database.query(`update waterfall.runs set state = 'stopped' where id = $1 and state = 'running' and process_id = $2`, [other.id, other.process_id]);
  }
}

/**
 * Takes a run to go on with it; what came of it meanwhile is in what is returned.
 * @throws {BusyError} while another process works on it, or on another run by the same key.
 */
export async function takeRun<Options>(database: Database, id: string, taker: Taker): Promise<RunRecord<Options>> {
  for (;;) {
    const [other] = await database.query<{ id: string; process_id: string; state: string }>(
      `select other.id, other.process_id, other.state from waterfall.runs as run
       join waterfall.runs as other on other.key = run.key and other.state in ('importing', 'running')
       where run.id = $1 and other.process_id <> $2`,
      [id, taker.process_id],
    );
    if (other !== undefined) {
      await whenEnded(database, other.process_id, taker);
      if (other.state === 'importing') await discardRun(database, other.id);
    }
    const taken = await database.transaction((transaction) => tryTake(transaction, id, taker.process_id)).catch((error: unknown) => {
      if (sqlState(error) !== '23505') throw error; // runs_one_at_work: somebody was faster
      return false;
    });
    const run = await ownRun<Options>(database, id);
    if (taken || run.finished_at !== null) return run;
  }
}

async function tryTake(transaction: Queryable, id: string, process_id: string): Promise<boolean> {
  await transaction.query(
    `update waterfall.runs set state = 'stopped'
     where key = (select key from waterfall.runs where id = $1) and id <> $1 and state = 'running' and not waterfall.is_alive(process_id)`,
    [id],
  );
  const taken = await transaction.query(
    `update waterfall.runs set process_id = $2, state = 'running'
     where id = $1 and (state = 'stopped' or state = 'running' and (process_id = $2 or not waterfall.is_alive(process_id))) returning id`,
    [id, process_id],
  );
  return taken.length > 0;
}

async function ownRun<Options>(database: Queryable, id: string): Promise<RunRecord<Options>> {
  const [run] = await database.query<RunRecord<Options>>(`select ${COLUMNS} from waterfall.runs where id = $1`, [id]);
  if (run === undefined) throw new Error(`run ${id} is gone`);
  return run;
}

/** What a process has of a run. */
export type Ownership = {
  /** Makes sure that the run is still ours, and for the next seconds. @throws {BusyError} when another process has taken it. */
  ensure(): Promise<void>;
  /** Whether nobody can have taken it since. */
  isSure(): boolean;
};

/** The ownership of a run that a process has made or taken. */
export function ownershipOf(database: Database, id: string, process: LiveProcess): Ownership {
  let gaps = 0;
  return {
    async ensure() {
      await process.ensureAlive();
      const now = process.gaps();
      if (now === gaps) return;
      const found = await database.query('select from waterfall.runs where id = $1 and process_id = $2', [id, process.id]);
      if (found.length === 0) throw new BusyError(`another process works on this run now (on ${database.place})`);
      gaps = now;
    },
    isSure: process.isAlive,
  };
}

/** Removes the lists that dead processes have left half saved. */
export async function discardDeadImports(database: Database): Promise<void> {
  const dead = await database.query<{ id: string }>(`select id from waterfall.runs where state = 'importing' and not waterfall.is_alive(process_id)`);
  for (const { id } of dead) await discardRun(database, id);
}

/** Runs with the living process that works on each. */
const AT_WORK = `
  waterfall.runs as run join waterfall.processes as process
  on process.id = run.process_id and run.state in ('importing', 'running') and process.alive_until > waterfall.moment()`;

/** A process that works on a run, for people. */
export type RunWorker = ProcessName & { run_id: string; since: Date };

/** Who works on these runs at this moment, as `self` sees it. The embedded database is nobody else's while we have it open. */
export async function workersOn(database: Queryable & { embedded: boolean }, run_ids: readonly string[], self: ThisProcess): Promise<RunWorker[]> {
  if (database.embedded) return [];
  const workers = await database.query<RunWorker>(
    `select run.id as run_id, process.pid, process.host, process.machine, process.started_at as since
     from ${AT_WORK} where run.id = any ($1::text[])`,
    [run_ids],
  );
  return workers.filter((worker) => !self.hasEnded(worker));
}

/** A run that any living process works on, the newest; undefined where all are at rest. */
export async function anyRunAtWork(database: Queryable): Promise<string | undefined> {
  const [run] = await database.query<{ id: string }>(`select run.id from ${AT_WORK} order by run.created_at desc limit 1`);
  return run?.id;
}
