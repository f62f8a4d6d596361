/* What the opening and closing lines of a run say: results in, lines out. */
import { relative } from 'node:path';
import { OUTCOMES } from '../core/model.ts';
import type { Outcome } from '../core/model.ts';
import { formatDuration } from '../core/duration.ts';
import type { OutcomeCount, ReportRow } from '../store/outcomes.ts';
import { rowsOf } from './execute.ts';
import type { RunResult } from './execute.ts';
import type { Run } from './options.ts';
import { reasonOf } from './report.ts';

/** Numbers of what is about to be done. `requests` is the least: one launch and one find per company. */
export type Plan = {
  rows: number;
  duplicates: number;
  invalid: number;
  answered: number;
  /** Rows of a continued run that ended otherwise. */
  ended: number;
  to_ask_again: number;
  to_launch: number;
  requests: number;
  least_ms: number;
  worst_case_contacts: number;
};

/** What is about to be done, from the counts at the start. `rateLimit.limit` 0: none. */
export function planOf(run: Run, counts: readonly OutcomeCount[], rateLimit: { limit: number; windowMs: number }): Plan {
  const rows = (...outcomes: Outcome[]) => rowsOf(counts, outcomes);
  const to_launch = rows('not_launched');
  const to_ask_again = rows('waiting');
  const requests = 2 * to_launch + to_ask_again;
  const windows = rateLimit.limit === 0 ? 0 : Math.max(Math.ceil(requests / rateLimit.limit) - 1, 0);
  const answered = rows('cached', 'found', 'no_contacts');
  const [duplicates, invalid, total] = [rows('duplicate'), rows('invalid'), rows(...OUTCOMES)];
  return {
    rows: total,
    duplicates,
    invalid,
    answered,
    ended: total - duplicates - invalid - answered - to_launch - to_ask_again,
    to_ask_again,
    to_launch,
    requests,
    least_ms: windows * rateLimit.windowMs,
    worst_case_contacts: to_launch * run.options.question.limit,
  };
}

/** The opening lines: how the list was understood, and what will be asked. */
export function openingLines(opening: {
  run: Run;
  plan: Plan;
  continued: boolean;
  database: string;
  invalidRows: readonly ReportRow[];
  rateLimit: { limit: number; windowMs: number };
}): string[] {
  const { run, plan, rateLimit } = opening;
  const parts = [
    many(plan.rows, 'row'),
    ...(plan.duplicates > 0 ? [many(plan.duplicates, 'duplicate')] : []),
    ...(plan.invalid > 0 ? [`${plan.invalid} invalid`] : []),
    ...(plan.answered > 0 ? [`${plan.answered} already answered`] : []),
    ...(plan.ended > 0 ? [`${plan.ended} ended without an answer`] : []),
    ...(plan.to_ask_again > 0 ? [`${many(plan.to_ask_again, 'job')} still open`] : []),
    `${plan.to_launch} to launch`,
  ];
  const limit = rateLimit.limit === 0 ? 'no limit' : `limit ${rateLimit.limit} per ${rateLimit.windowMs / 1000} s`;
  const lines = [`${opening.continued ? 'going on with run' : 'run'} ${run.id} (${run.input_name}): ${parts.join(', ')}`];
  for (const row of opening.invalidRows) {
    const [first = '', ...caret] = (row.reason ?? '').split('\n');
    lines.push(`  line ${row.row}: ${first}`, ...caret.map((line) => `    ${line}`));
  }
  if (plan.invalid > opening.invalidRows.length && opening.invalidRows.length > 0) {
    lines.push(`  and ${plan.invalid - opening.invalidRows.length} more; all are in the report`);
  }
  if (plan.requests > 0) {
    const time = plan.least_ms === 0 ? '' : `, ${formatDuration(plan.least_ms)} or more`;
    lines.push(
      `  at least ${many(plan.requests, 'request')} (${limit})${time}`,
      `  at worst ${many(plan.worst_case_contacts, 'contact')} to be billed; the price is not known`,
    );
  }
  lines.push(`  kept in ${opening.database}`);
  return lines;
}

/** The closing lines: what was done, and where it is. */
export function summaryLines(result: RunResult): string[] {
  const { run, counts, requests, written } = result;
  const contacts = counts.reduce((sum, count) => sum + count.contacts, 0);
  const launches = counts.reduce((sum, count) => sum + count.launches, 0);
  const outcomes = OUTCOMES.flatMap((outcome) => {
    const rows = result.rows([outcome]);
    return rows === 0 ? [] : [`${outcome} ${rows}`];
  });
  const lines = [
    `run ${run.id} ${result.stopped === undefined ? 'finished' : 'stopped'} after ${formatDuration(result.duration_ms)}: ${many(contacts, 'contact')}`,
    `  rows: ${outcomes.join(', ')}`,
    `  requests: ${many(requests.launches, 'launch', 'launches')}, ${many(requests.finds, 'find')}${requests.throttled > 0 ? `, ${requests.throttled} refused by the rate limit` : ''}`,
    `  spent: ${spent(result)}`,
  ];
  if (result.repeated > 0) {
    const worst = result.repeated * run.options.question.limit;
    lines.push(`  in doubt and repeated: ${result.repeated} of ${many(launches, 'launch', 'launches')}, at worst ${many(worst, 'contact')} billed twice`);
  }
  if (written !== undefined) {
    if (written.contacts !== '-') lines.push(`contacts: ${near(written.contacts)}${written.partial ? ' (what there is so far)' : ''}`);
    if (written.report !== null) lines.push(`report:   ${near(written.report)}`);
  }
  return lines;
}

/** What kept the run from its end, and what to do about it; empty when nothing did. */
export function troubleLines(result: RunResult): string[] {
  const lines: string[] = [];
  if (result.writeFailure !== undefined) {
    lines.push(`the outputs could not be written: ${result.writeFailure}`, '  all contacts are in the database');
  }
  if (result.stopped !== undefined) {
    const { message, fix } = result.stopped;
    lines.push(`stopped: ${message}${fix === undefined ? '' : `\n  to do: ${fix}`}`);
  }
  return lines;
}

/** The first rows of a report that say why. */
export function reasonLines(rows: readonly ReportRow[]): string[] {
  return rows.map((row) => `  line ${row.row} (${row.domain ?? '?'}) ${row.outcome}: ${reasonOf(row)}`);
}

/** A path as people would type it here. */
function near(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') || fromHere === '' ? path : fromHere;
}

/** Dollars known to be spent by this run; what is not known is said so. */
function spent(result: RunResult): string {
  const usd = result.counts.reduce((sum, count) => sum + Number(count.cost_usd ?? 0), 0);
  const answered = result.rows(['found', 'no_contacts']);
  if (answered > 0 && result.unknown_cost === answered) return 'unknown (the API did not say)';
  const known = `$${usd.toFixed(2)}`;
  return result.unknown_cost > 0 ? `${known}, and ${many(result.unknown_cost, 'answer')} whose cost the API did not say` : known;
}

function many(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}
