/* What `runs` and `status` tell of a run, as JSON has it: docs/status.md describes each field. */
import { OUTCOMES, UNANSWERED } from '../core/model.ts';
import type { Outcome } from '../core/model.ts';
import type { ThisProcess } from '../runtime/runtime.ts';
import type { Database } from '../store/database.ts';
import { countOutcomes, countPaid, reportRows, rowsOf } from '../store/outcomes.ts';
import { countByFilter, overviews } from '../store/overview.ts';
import type { FilterCount, Overview } from '../store/overview.ts';
import { workersOn } from '../store/run-owner.ts';
import { latestRuns } from '../store/runs.ts';
import type { Run, RunOptions } from './options.ts';
import { reasonOf } from './report.ts';

/**
 * How far a run is. `running`: a process works on it now. `stopped`: it ended before its rows did, and said why.
 * `interrupted`: it said nothing, as when it was killed.
 */
export type RunState = 'finished' | 'running' | 'stopped' | 'interrupted';

/** A run in a line of `runs`. Times are ISO 8601 in UTC. */
export type RunLine = {
  run_id: string;
  input: string;
  state: RunState;
  created_at: string;
  finished_at: string | null;
  rows: number;
  rows_done: number;
  contacts: number;
  cost_usd: number | null;
  answers_of_unknown_cost: number;
  /** Questions that ended without an answer. */
  without_answer: number;
};

/** A run as `status` tells it. */
export type RunStatus = RunLine & {
  /** When the process that works on it began, where that can be seen. */
  working_since: string | null;
  stop_reason: string | null;
  outcomes: Record<Outcome, number>;
  companies_answered: number;
  companies_with_contacts: number;
  /** Contacts in answers that this run paid for. */
  contacts_paid: number;
  /** From 0 to 1; null while nothing is answered. */
  hit_rate: number | null;
  launches: number;
  launches_repeated_in_doubt: number;
  /** Launches and polls, and milliseconds of work, of all invocations: of one at work, or killed, up to some seconds ago. */
  requests: number;
  worked_ms: number;
  filters: FilterCount[];
  filters_total: number;
  failures: { row: number; domain: string | null; outcome: Outcome; reason: string }[];
  failures_total: number;
  outputs: { contacts: string; report: string | null };
};

const FILTERS_TOLD = 50;
const FAILURES_TOLD = 20;

/** The latest runs, newest first. */
export async function readRuns(database: Database, limit: number, self: ThisProcess): Promise<{ run: Run; line: RunLine }[]> {
  const runs = await latestRuns<RunOptions>(database, limit);
  const counted = new Map((await overviews(database, runs.map((run) => run.id))).map((overview) => [overview.run_id, overview]));
  const atWork = new Set((await workersOn(database, runs.map((run) => run.id), self)).map(({ run_id }) => run_id));
  return runs.map((run) => ({ run, line: lineOf(run, counted.get(run.id), atWork.has(run.id)) }));
}

/** All about one run, as it is now. */
export async function readStatus(database: Database, run: Run, self: ThisProcess): Promise<RunStatus> {
  const [overview] = await overviews(database, [run.id]);
  const [worker] = await workersOn(database, [run.id], self);
  const counts = await countOutcomes(database, run.id);
  const { repeated } = await countPaid(database, run.id);
  const { filters, total } = await countByFilter(database, run.id, FILTERS_TOLD);
  const failures_total = rowsOf(counts, UNANSWERED);
  // To find none, all rows would be looked at.
  const failures = failures_total === 0 ? [] : await reportRows(database, { run_id: run.id, after: -1, limit: FAILURES_TOLD, outcomes: UNANSWERED });
  const { answered = 0, with_contacts = 0, paid_contacts = 0, launches = 0 } = overview ?? {};
  const { contacts, report } = run.options.output;
  return {
    ...lineOf(run, overview, worker !== undefined),
    working_since: worker?.since.toISOString() ?? null,
    stop_reason: run.finished_at === null ? run.stop_reason : null,
    outcomes: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, rowsOf(counts, [outcome])])) as Record<Outcome, number>,
    companies_answered: answered,
    companies_with_contacts: with_contacts,
    contacts_paid: paid_contacts,
    hit_rate: answered === 0 ? null : with_contacts / answered,
    launches,
    launches_repeated_in_doubt: repeated,
    requests: run.requests,
    worked_ms: run.worked_ms,
    filters,
    filters_total: total,
    failures: failures.map((row) => ({ row: row.row, domain: row.domain, outcome: row.outcome, reason: reasonOf(row) })),
    failures_total,
    outputs: { contacts, report },
  };
}

function lineOf(run: Run, overview: Overview | undefined, isWorkedOn: boolean): RunLine {
  const { rows = 0, rows_done = 0, contacts = 0, cost_usd = null, unknown_cost = 0, without_answer = 0 } = overview ?? {};
  return {
    run_id: run.id,
    input: run.input_name,
    state: isWorkedOn ? 'running' : run.finished_at !== null ? 'finished' : run.stop_reason !== null ? 'stopped' : 'interrupted',
    created_at: run.created_at.toISOString(),
    finished_at: run.finished_at?.toISOString() ?? null,
    rows,
    rows_done,
    contacts,
    cost_usd,
    answers_of_unknown_cost: unknown_cost,
    without_answer,
  };
}
