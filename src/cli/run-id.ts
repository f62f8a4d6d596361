/* Which run is meant: an id, as much of one as only one run begins with, or none for the latest. */
import { UsageError } from '../core/errors.ts';
import type { Run, RunOptions } from '../service/options.ts';
import type { Database } from '../store/database.ts';
import { findRun, latestRuns, runsLike } from '../store/runs.ts';

const RUNS_NAMED = 5;

/** The run of this id, or the latest. @throws {UsageError} when there is none, naming the latest. */
export async function findRunOrLatest(database: Database, id: string | undefined): Promise<Run> {
  if (id !== undefined) return findRunById(database, id);
  const run = await findRun<RunOptions>(database);
  if (run === undefined) throw noRuns();
  return run;
}

/** The run of this id, or the only one whose id begins so. @throws {UsageError} naming the latest, or those that begin so. */
export async function findRunById(database: Database, id: string): Promise<Run> {
  const exact = await findRun<RunOptions>(database, id);
  if (exact !== undefined) return exact;
  const [first, ...others] = await runsLike<RunOptions>(database, id, RUNS_NAMED);
  if (first === undefined) throw await unknownRun(database, id);
  if (others.length === 0) return first;
  throw new UsageError({
    what: `more than one run begins with "${id}"`,
    fix: `give more of its id; the latest are ${listed([first, ...others])}`,
  });
}

/** The error where runs are asked for and the database has none, or there is none in this home folder. */
export function noRuns(home?: string): UsageError {
  return new UsageError({ what: home === undefined ? 'there are no runs yet in this database' : `there are no runs yet: there is no database in ${home}`, fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' });
}

async function unknownRun(database: Database, id: string): Promise<UsageError> {
  const latest = await latestRuns<RunOptions>(database, RUNS_NAMED);
  return latest.length === 0 ? noRuns() : new UsageError({ what: `there is no run ${id}`, fix: `the latest are ${listed(latest)}` });
}

function listed(runs: readonly Run[]): string {
  return runs.map((run) => run.id).join(', ');
}
