/* The report: one line per input row, and what became of it. */
import { reportColumns } from '../core/own-outputs.ts';
import type { KindName } from '../kinds/kind.ts';
import { inputColumnNames } from '../outputs/column-choice.ts';
import type { Page, Sheet } from '../outputs/sheet.ts';
import type { Queryable } from '../store/database.ts';
import { reportRows } from '../store/outcomes.ts';
import type { ReportRow } from '../store/outcomes.ts';
import type { Run } from './options.ts';

const PAGE = 1_000;

/** Every input row of the run with its outcome, in input order. */
export function reportSheet(database: Queryable, run: Pick<Run, 'id' | 'input_columns' | 'options'>): Sheet {
  return reportOf(run.input_columns, pages(database, run.id), run.options.kind);
}

/** A report of these rows, on a list with these columns. */
export function reportOf(input_columns: readonly string[], rows: AsyncIterable<ReportRow[]>, kind: KindName = 'contacts'): Sheet {
  const ours = reportColumns(kind);
  const names = [...ours, ...inputColumnNames(ours, input_columns)];
  return { name: 'report', columns: names.map((name) => ({ name })), pages: lines(rows, kind) };
}

async function* lines(pages: AsyncIterable<ReportRow[]>, kind: KindName): AsyncGenerator<Page> {
  for await (const page of pages) yield page.map((row) => lineOf(row, kind));
}

async function* pages(database: Queryable, run_id: string): AsyncGenerator<ReportRow[]> {
  for (let after = -1, limit = PAGE; ; ) {
    const page = await reportRows(database, { run_id, after, limit });
    yield page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.position;
    // Where long rows made the page short, the database need not measure many that follow.
    limit = Math.min(PAGE, 2 * page.length);
  }
}

function lineOf(row: ReportRow, kind: KindName): unknown[] {
  return [
    row.row,
    row.domain,
    ...(kind === 'contacts' ? [row.title_filter] : []),
    row.outcome,
    reasonOf(row) || null,
    ...(kind === 'contacts' ? [row.contacts] : []),
    row.provider,
    row.asked_in_vain,
    costOf(row),
    row.outcome === 'duplicate' ? null : row.job_id,
    row.launches,
    ...row.cells,
  ];
}

/** Why the row ended so, on one line. */
export function reasonOf(row: ReportRow): string {
  if (row.outcome === 'duplicate') return `same as line ${row.first_row}: ${row.first_outcome}`;
  return row.reason?.split('\n', 1)[0] ?? '';
}

/** The words for rows that are not listed one by one, and where all of them are. */
export function moreRows(count: number, hasReport: boolean): string {
  return `and ${count} more; ${hasReport ? 'all are in the report' : 'with --report <file> all are named there'}`;
}

/** Null when unknown. What was never launched costs nothing. */
function costOf(row: ReportRow): number | null {
  if (row.cost_usd !== null) return Number(row.cost_usd);
  return row.launches === 0 && row.job_id === null ? 0 : null;
}
