/* The report: one line per input row, and what became of it. */
import { inputColumnNames } from '../csv/contact-columns.ts';
import type { Sheet } from '../csv/write.ts';
import type { Database } from '../store/database.ts';
import { reportRows } from '../store/outcomes.ts';
import type { ReportRow } from '../store/outcomes.ts';
import type { Run } from './options.ts';

const REPORT_COLUMNS = ['row', 'domain', 'title_filter', 'outcome', 'reason', 'contacts', 'cost_usd', 'job_id', 'launches'];
const PAGE = 1_000;

/** Every input row of the run with its outcome, in input order. */
export function reportSheet(database: Database, run: Run): Sheet {
  return {
    header: [...REPORT_COLUMNS, ...inputColumnNames(REPORT_COLUMNS, run.input_columns)],
    rows: rows(database, run.id),
  };
}

async function* rows(database: Database, run_id: string): AsyncGenerator<string[]> {
  for (let after = -1; ; ) {
    const page = await reportRows(database, { run_id, after, limit: PAGE });
    for (const row of page) {
      yield [
        String(row.row),
        row.domain ?? '',
        row.title_filter ?? '',
        row.outcome,
        reasonOf(row),
        String(row.contacts),
        costOf(row),
        row.outcome === 'duplicate' ? '' : (row.job_id ?? ''),
        String(row.launches),
        ...row.cells,
      ];
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}

/** Why the row ended so, on one line. */
export function reasonOf(row: ReportRow): string {
  if (row.outcome === 'duplicate') return `same as line ${row.first_row}: ${row.first_outcome}`;
  return row.reason?.split('\n', 1)[0] ?? '';
}

/** Empty when unknown. What was never launched costs nothing. */
function costOf(row: ReportRow): string {
  return row.cost_usd ?? (row.launches === 0 && row.job_id === null ? '0' : '');
}
