/* `runs` and `status` for people: records in, lines out. */
import { formatDuration } from '../core/duration.ts';
import { formatUsd } from '../core/money.ts';
import { OUTCOMES } from '../core/model.ts';
import type { RunLine, RunStatus } from './status.ts';

const FILTERS_SHOWN = 5;
const FAILURES_SHOWN = 5;
const LONGEST_FILTER = 60;

/** A table of runs with a header. */
export function runTable(runs: readonly RunLine[]): string[] {
  const table = [
    ['RUN', 'STARTED (UTC)', 'STATE', 'ROWS', 'CONTACTS', 'SPENT', 'INPUT'],
    ...runs.map((run) => [run.run_id, minute(run.created_at), run.state, `${run.rows_done}/${run.rows}`, String(run.contacts), spent(run), run.input]),
  ];
  const widths = (table[0] ?? []).map((_name, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
}

/** Everything about a run, one thing a line. */
export function statusLines(status: RunStatus): string[] {
  const outcomes = OUTCOMES.filter((outcome) => status.outcomes[outcome] > 0).map((outcome) => `${outcome} ${status.outcomes[outcome]}`);
  const { hit_rate, companies_with_contacts: hits, companies_answered: answered } = status;
  const rate = hit_rate === null ? '' : `, at ${hits} of ${answered} companies answered (${Math.round(hit_rate * 100)} %)`;
  const each = status.contacts > 0 && (status.cost_usd ?? 0) > 0 ? ` (${formatUsd((status.cost_usd ?? 0) / status.contacts)} a contact)` : '';
  const doubts = status.launches_repeated_in_doubt > 0 ? `, ${status.launches_repeated_in_doubt} of them repeated after a doubt` : '';
  return [
    `run ${status.run_id} (${status.input}): ${stateText(status)}`,
    line('began', `${minute(status.created_at)} UTC${status.finished_at === null ? '' : `, finished ${minute(status.finished_at)} UTC`}`),
    line('rows', `${status.rows_done} of ${status.rows} done: ${outcomes.join(', ')}`),
    line('contacts', `${status.contacts}${rate}`),
    line('spent', `${spent(status)}${each}`),
    line('launches', `${status.launches}${doubts}`),
    line('requests', `${status.requests} in ${formatDuration(status.worked_ms)} of work`),
    ...filterLines(status),
    ...failureLines(status),
    ...(status.outputs.contacts === '-' ? [] : [line('output', status.outputs.contacts)]),
  ];
}

function stateText(status: RunStatus): string {
  switch (status.state) {
    case 'running':
      return `being worked on${status.working_since === null ? '' : ` since ${minute(status.working_since)} UTC`}`;
    case 'stopped':
      return `stopped: ${(status.stop_reason ?? '').split('\n', 1).join('')}`;
    case 'interrupted':
      return 'interrupted: it was ended before it could say why';
    case 'finished':
      return status.failures_total === 0 ? 'finished' : `finished, ${status.failures_total} without an answer`;
  }
}

/** With one filter for all there is nothing to compare. */
function filterLines({ filters, filters_total }: RunStatus): string[] {
  if (filters_total < 2) return [];
  const shown = filters.slice(0, FILTERS_SHOWN);
  const lines = shown.map(({ title_filter, questions, answered, with_contacts, contacts }) => {
    const filter = title_filter.length > LONGEST_FILTER ? `${title_filter.slice(0, LONGEST_FILTER - 3)}...` : title_filter;
    return `    "${filter}": ${contacts} contacts at ${with_contacts} of ${answered} answered, ${questions} asked`;
  });
  const more = filters_total > shown.length ? [`    and ${filters_total - shown.length} more filters`] : [];
  return ['  by title filter:', ...lines, ...more];
}

function failureLines({ failures, failures_total }: RunStatus): string[] {
  if (failures_total === 0) return [];
  const shown = failures.slice(0, FAILURES_SHOWN);
  const more = failures_total > shown.length ? [`    and ${failures_total - shown.length} more; all are in the report`] : [];
  return ['  without an answer:', ...shown.map(({ row, domain, outcome, reason }) => `    line ${row} (${domain ?? '?'}) ${outcome}: ${reason}`), ...more];
}

function line(name: string, text: string): string {
  return `  ${name.padEnd(9)} ${text}`;
}

/** `2026-11-22 03:48` of a time in ISO 8601. */
function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function spent({ cost_usd, answers_of_unknown_cost: unknown }: RunLine): string {
  if (unknown > 0 && (cost_usd ?? 0) === 0) return 'unknown';
  return `${formatUsd(cost_usd ?? 0)}${unknown > 0 ? ' or more' : ''}`;
}
