/* `runs` and `status` for people: records in, lines out. */
import { aligned, cut } from '../core/aligned.ts';
import { many } from '../core/count.ts';
import { formatDuration } from '../core/duration.ts';
import { formatUsd } from '../core/money.ts';
import { OUTCOMES } from '../core/model.ts';
import { moreRows } from './report.ts';
import type { RunLine, RunStatus } from './status.ts';

const FILTERS_SHOWN = 5;
const FAILURES_SHOWN = 5;
/** A line with it fits 80 columns. */
const LONGEST_FILTER = 42;

/**
 * A table of runs with a header. On a screen of so many `columns` no line breaks: the time, which the id has too, gives way
 * when little room is left for the names of lists, and these are cut.
 */
export function runTable(runs: readonly RunLine[], columns = Infinity): string[] {
  const lines = (withTime: boolean) => {
    const time = <Text extends string>(text: Text) => (withTime ? [text] : []);
    const table = [
      ['RUN', ...time('STARTED (UTC)'), 'STATE', 'ROWS', 'CONTACTS', 'SPENT', 'INPUT'],
      ...runs.map((run) => [run.run_id, ...time(minute(run.created_at)), run.state, `${run.rows_done}/${run.rows}`, String(run.contacts), spent(run), run.input]),
    ];
    return aligned(table, ['left', ...time('left'), 'left', 'right', 'right', 'right']);
  };
  const whole = lines(true);
  const shown = Math.max(...whole.map((line) => line.length)) > columns ? lines(false) : whole;
  return shown.map((line) => cut(line, columns));
}

/** Everything about a run, one thing a line. */
export function statusLines(status: RunStatus): string[] {
  const outcomes = OUTCOMES.filter((outcome) => status.outcomes[outcome] > 0).map((outcome) => `${outcome} ${status.outcomes[outcome]}`);
  const { hit_rate, companies_with_contacts: hits, companies_answered: answered } = status;
  const rate = hit_rate === null ? '' : `, at ${hits} of ${many(answered, 'company', 'companies')} answered (${Math.round(hit_rate * 100)} %)`;
  const each = status.contacts_paid > 0 && (status.cost_usd ?? 0) > 0 ? ` (${formatUsd((status.cost_usd ?? 0) / status.contacts_paid)} a contact)` : '';
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
    ...outputLines(status),
  ];
}

function outputLines({ state, outputs: { contacts, report } }: RunStatus): string[] {
  const when = state === 'finished' ? '' : ' (when it is finished)';
  return [
    ...(contacts === '-' ? [] : [line('output', `${contacts}${when}`)]),
    ...(report === null ? [] : [line('report', `${report}${when}`)]),
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
  const table = [
    ['contacts', 'hits', 'answered', 'asked', ''],
    ...shown.map(({ title_filter, questions, answered, with_contacts, contacts }) => [
      ...[contacts, with_contacts, answered, questions].map(String),
      cut(title_filter, LONGEST_FILTER),
    ]),
  ];
  const more = filters_total > shown.length ? [`    and ${many(filters_total - shown.length, 'more filter')}`] : [];
  return ['  by title filter:', ...aligned(table, ['right', 'right', 'right', 'right']).map((text) => `    ${text}`), ...more];
}

function failureLines({ failures, failures_total }: RunStatus): string[] {
  if (failures_total === 0) return [];
  const shown = failures.slice(0, FAILURES_SHOWN);
  const more = failures_total > shown.length ? [`    ${moreRows(failures_total - shown.length, true)}`] : [];
  return ['  without an answer:', ...shown.map(({ row, domain, outcome, reason }) => `    line ${row}${domain === null ? '' : ` (${domain})`} ${outcome}: ${reason}`), ...more];
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
