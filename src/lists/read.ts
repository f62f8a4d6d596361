/* The rows of a list with their line numbers, streamed: a million rows take no more memory than ten. */
import { UsageError } from '../core/errors.ts';
import type { InputRow } from '../core/model.ts';
import { LINE_PROBLEM, reportHead } from '../core/own-outputs.ts';
import { chooseColumns, headerIsBelow, holdsSubject, isTitle, namesSubject, type ColumnOptions, type ListColumns } from './columns.ts';
import { delimitedRecords } from './delimited.ts';
import type { ListFormat } from './format.ts';
import { jsonRecords } from './json-lines.ts';
import { LINE_END, type ListRecord } from './records.ts';
import { workbookRecords } from './workbook.ts';

/** A row as read, its cells filled up (or cut) to the length of the header. With a `problem` it must not be asked. */
export type ListRow = InputRow & {
  problem?: string;
  /** What looks odd in a row that is asked all the same. */
  oddity?: string;
  /** How many lines the row takes; one, where nothing is said. */
  lines?: number;
};

/** A list whose header was read. The rows may be iterated once. */
export type OpenedList = {
  columns: ListColumns;
  rows: AsyncIterable<ListRow>;
  /** In words what stands above the header, and is no row. */
  skipped: string | undefined;
  /** Reads no more; for whoever wants only the columns. */
  close: () => Promise<void>;
  /** How many lines the rows took of which the next one was asked for, or which were the last. */
  linesRead: () => number;
};

/** What `openList` is told besides the file's format. */
export type OpenOptions = ColumnOptions & { signal?: AbortSignal | undefined };

/** So many lines are looked at below a first one that seems to be a title. */
const MOST_TITLE_LINES = 10;
/** Of a cell of several lines, so many are compared with rows. */
const MOST_INNER_LINES = 100;
const LONGEST_TITLE = 60;

/**
 * Reads the header, chooses the columns, and gives the rows. A line whose cells are all
 * empty is no row. Cells are handed on as they are, whatever is in them.
 * @throws UsageError on a header without a column of domains (or addresses), a list without rows, and (while iterating) a quote never closed.
 */
export async function openList(
  path: string,
  format: ListFormat,
  options: OpenOptions = {},
): Promise<OpenedList> {
  const recordsOf = format.workbook !== undefined ? workbookRecords : format.isJsonLines ? jsonRecords : delimitedRecords;
  const records = recordsOf(path, format, options.signal);
  const header = await records.next();
  if (header.done) throw new UsageError({ what: `${path} has only blank lines`, fix: 'give a CSV with a header and at least one row' });
  try {
    const { columns, skipped } = await columnsOf(header.value, records, options);
    const first = await records.next();
    if (first.done) throw new UsageError({ what: `${path} has a header but no rows`, fix: 'add at least one row' });
    let lines = 0;
    async function* rows(begin: ListRecord): AsyncGenerator<ListRow> {
      try {
        for (let next: IteratorResult<ListRecord, void> = { value: begin, done: false }; !next.done; next = await records.next()) {
          const row = rowOf(next.value, columns, format.delimiter);
          yield row;
          lines += row.lines ?? 1;
        }
      } finally {
        await records.return(undefined);
      }
    }
    return { columns, rows: rows(first.value), skipped, close: async () => void (await records.return(undefined)), linesRead: () => lines };
  } catch (error) {
    await records.return(undefined);
    throw error;
  }
}

/** The columns, and in words what stands above the header and is no row. */
async function columnsOf(first: ListRecord, records: AsyncGenerator<ListRecord>, options: OpenOptions): Promise<{ columns: ListColumns; skipped: string | undefined }> {
  try {
    return { columns: chooseColumns(first.cells, options), skipped: undefined };
  } catch (error) {
    if (namesSubject(first.cells, options) || !isTitle(first.cells, options)) throw error;
    const above = [first];
    while (above.length <= MOST_TITLE_LINES) {
      const next = await records.next();
      if (next.done) break;
      if (namesSubject(next.value.cells, options)) {
        if (!above.every(({ cells }) => isTitle(cells, options))) throw headerIsBelow(next.value.line, first.cells);
        const title = first.raw.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
        const brief = title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}...` : title;
        return { columns: chooseColumns(next.value.cells, options), skipped: `the header is in line ${next.value.line}; what stands above it is no row: ${brief}` };
      }
      above.push(next.value);
    }
    throw error;
  }
}

function rowOf(record: ListRecord, columns: ListColumns, delimiter: string): ListRow {
  const { line, lines } = record;
  const row = refusedBefore(checkedRow(record, columns.names.length), columns);
  if (lines === 1) return row;
  const isSwallower = row.problem === undefined && row.cells.some((cell) => holdsRows(cell, columns, delimiter));
  const last = line + lines - 1;
  return { ...row, lines, ...(isSwallower && { oddity: `a cell reaches to line ${last} and holds lines that look like rows: check the quotation marks in both` }) };
}

/** A row of a report that the list's own line, or an empty subject, kept from being asked is not asked now either. */
function refusedBefore(row: ListRow, { behind, names, domain, email }: ListColumns): ListRow {
  if (behind === undefined || row.problem !== undefined) return row;
  const head = reportHead(names) ?? [];
  const subject = row.cells[email ?? domain ?? -1] ?? '';
  const [outcome, reason = ''] = ['outcome', 'reason'].map((name) => row.cells[head.indexOf(name)]);
  const isRefused = outcome === 'invalid' && reason !== '' && (subject === '' || LINE_PROBLEM.test(reason));
  return isRefused ? { ...row, problem: reason } : row;
}

/** Whether the inner lines of a cell look like rows that a stray quotation mark has swallowed. */
function holdsRows(cell: string, { domain, email }: ListColumns, delimiter: string): boolean {
  const place = email ?? domain ?? 0;
  const [, ...inner] = cell.split(LINE_END, MOST_INNER_LINES);
  return inner.some((line) => {
    const cells = line.split(delimiter, place + 2);
    return cells.length > 1 && holdsSubject(cells[place] ?? '', email === undefined ? 'domain' : 'email');
  });
}

function checkedRow({ cells, line, problem }: ListRecord, width: number): ListRow {
  // Spreadsheets end rows with spare delimiters; nothing is lost with those.
  const extra = cells.length > width && cells.slice(width).some((cell) => cell.trim() !== '');
  const length = cells.length;
  if (length > width) cells.length = width;
  while (cells.length < width) cells.push('');
  if (problem !== undefined) return { line, cells, problem };
  if (extra) return { line, cells, problem: `has ${length} cells, the header has ${width}` };
  return { line, cells };
}
