/* The table of runs, without those whose list is still being saved: nobody sees them. */
import type { Driver, Queryable } from './database.ts';
import { storableJson } from './storable.ts';

/**
 * How far a run is. `importing`: its list is being saved. `running`: a process works on it, or did when it died. `stopped`: it ended
 * with rows left. `purging`: it is being deleted, and nobody sees it.
 */
export type RunProgress = 'importing' | 'running' | 'done' | 'done_with_failures' | 'stopped' | 'purging';

/** One run. `options` is what the run needs to be gone on with; its shape is the caller's. No secrets go in here. */
export type RunRecord<Options> = {
  id: string;
  key: string;
  input_name: string;
  input_columns: string[];
  options: Options;
  created_at: Date;
  finished_at: Date | null;
  requests: number;
  worked_ms: number;
  stop_reason: string | null;
};

/** The columns of a record. */
export const COLUMNS = 'id, key, input_name, input_columns, options, created_at, finished_at, requests, worked_ms, stop_reason';

/** Whether anybody sees a run: its list is saved, and it is not being deleted. */
const IS_SEEN = "state not in ('importing', 'purging')";

/** Removes a run of which nothing was launched: the user saw what it may cost, and said no. */
export async function discardRun(database: Pick<Driver, 'transaction'>, id: string): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('delete from waterfall.input_rows where run_id = $1', [id]);
    await transaction.query('delete from waterfall.target_answers where target_id in (select id from waterfall.targets where run_id = $1)', [id]);
    await transaction.query('delete from waterfall.targets where run_id = $1', [id]);
    await transaction.query('delete from waterfall.runs where id = $1', [id]);
  });
}

/** The run of this id, or the latest one. */
export async function findRun<Options>(database: Queryable, id?: string): Promise<RunRecord<Options> | undefined> {
  const [run] = await database.query<RunRecord<Options>>(
    id === undefined
      ? `select ${COLUMNS} from waterfall.runs where ${IS_SEEN} order by created_at desc, id desc limit 1`
      : `select ${COLUMNS} from waterfall.runs where id = $1 and ${IS_SEEN}`,
    id === undefined ? [] : [id],
  );
  return run;
}

/** The runs whose id begins so, newest first. Ids are long, and their first characters mostly say which is meant. */
export async function runsLike<Options>(database: Queryable, prefix: string, limit: number): Promise<RunRecord<Options>[]> {
  return database.query<RunRecord<Options>>(
    `select ${COLUMNS} from waterfall.runs where starts_with(id, $1) and ${IS_SEEN} order by created_at desc, id desc limit $2`,
    [prefix, limit],
  );
}

/** The latest runs, newest first. */
export async function latestRuns<Options>(database: Queryable, limit: number): Promise<RunRecord<Options>[]> {
  return database.query<RunRecord<Options>>(
    `select ${COLUMNS} from waterfall.runs where ${IS_SEEN} order by created_at desc, id desc limit $1`,
    [limit],
  );
}

/** The latest unfinished run, or the latest one with this key. */
export async function findUnfinishedRun<Options>(database: Queryable, key?: string): Promise<RunRecord<Options> | undefined> {
  const [run] = await database.query<RunRecord<Options>>(
    `select ${COLUMNS} from waterfall.runs
     where state in ('running', 'stopped') and ($1::text is null or key = $1)
     order by created_at desc, id desc limit 1`,
    [key ?? null],
  );
  return run;
}

/** The latest run after this one whose outputs are one of these files. */
export async function newerRunWriting<Options>(database: Queryable, created_at: Date, paths: readonly string[]): Promise<RunRecord<Options> | undefined> {
  const [run] = await database.query<RunRecord<Options>>(
    `select ${COLUMNS} from waterfall.runs
     where created_at > $1 and ${IS_SEEN} and (options -> 'output' ->> 'contacts' = any ($2::text[]) or options -> 'output' ->> 'report' = any ($2::text[]))
     order by created_at desc, id desc limit 1`,
    [created_at, paths],
  );
  return run;
}

/** Keeps the options with which the run was last called (where its outputs go). */
export async function saveOptions<Options>(database: Queryable, id: string, options: Options): Promise<void> {
  await database.query('update waterfall.runs set options = $2 where id = $1', [id, storableJson(options)]);
}

/** What a run has taken, over all its invocations: launches and finds, and milliseconds. */
export type WorkDone = { requests: number; worked_ms: number };

/**
 * Saves what a run that is worked on has taken so far. It may be repeated, so it sets instead of adding; and it takes nothing
 * back, should a process be late that has lost the run to another. Why an earlier invocation stopped is no longer true.
 */
export async function saveWork(database: Queryable, id: string, work: WorkDone): Promise<void> {
  await database.query(
    `update waterfall.runs
     set requests = greatest(requests, $2), worked_ms = greatest(worked_ms, $3), stop_reason = null
     where id = $1 and finished_at is null`,
    [id, work.requests, Math.round(work.worked_ms)],
  );
}

/**
 * The same at the end of an invocation, with how it ended: finished at a moment, or stopped for a reason. A run that another process
 * has taken meanwhile is left to it.
 */
export async function endWork(
  database: Queryable,
  id: string,
  work: WorkDone & { process_id: string; state: RunProgress; finished_at: Date | null; stop_reason: string | null },
): Promise<void> {
  await database.query(
    `update waterfall.runs
     set requests = greatest(requests, $2), worked_ms = greatest(worked_ms, $3), finished_at = $4, stop_reason = $5, state = $6
     where id = $1 and process_id = $7`,
    [id, work.requests, Math.round(work.worked_ms), work.finished_at, work.stop_reason, work.state, work.process_id],
  );
}
