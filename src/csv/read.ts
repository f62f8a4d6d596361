/*
 * The rows of a list with their line numbers, streamed: a million rows take no more memory than ten.
 * Lines are counted here and not by csv-parse, which counts a CRLF inside quotes twice.
 */
import { Readable, pipeline } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { parse as parseWhole } from 'csv-parse/sync';
import { companyDomain } from '../core/domain.ts';
import { UsageError } from '../core/errors.ts';
import type { InputRow } from '../core/model.ts';
import { LINE_PROBLEM, REPORT_COLUMNS } from '../core/own-outputs.ts';
import { chooseColumns, headerIsBelow, isTitle, namesDomain, type ListColumns } from './columns.ts';
import { isSepLine } from './delimiter.ts';
import { textOf, type ListFormat } from './format.ts';

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
  /** How many lines the rows took of which the next one was asked for, or which were the last. */
  linesRead: () => number;
};

/** What `openList` is told besides the file's format. */
export type OpenOptions = { domainColumn?: string | undefined; filterColumn?: string | undefined; asList?: boolean | undefined; signal?: AbortSignal | undefined };

/** `raw` is the record as written, with its line end. `line` is where it begins. */
type Parsed = { record: string[]; raw: string; line: number };

/** All three line ends at once, since files that were glued together mix them. */
const LINE_END = /\r\n|\n|\r/g;
/** So many lines are looked at below a first one that seems to be a title. */
const MOST_TITLE_LINES = 10;
/** Of a cell of several lines, so many are compared with rows. */
const MOST_INNER_LINES = 100;
const LONGEST_TITLE = 60;
/** Excel's way to keep a text what it is: the formula `="0049"`. */
const AS_TEXT = /^="([^"]*)"$/;

/**
 * Reads the header, chooses the columns, and gives the rows. A line whose cells are all
 * empty is no row. Cells are handed on as they are, whatever is in them.
 * @throws UsageError on a header without a domain column, a list without rows, and (while iterating) a quote never closed.
 */
export async function openList(
  path: string,
  format: ListFormat,
  options: OpenOptions = {},
): Promise<OpenedList> {
  const records = recordsOf(path, format, options.signal);
  const header = await records.next();
  if (header.done) throw new UsageError({ what: `${path} has only blank lines`, fix: 'give a CSV with a header and at least one row' });
  try {
    const { columns, skipped } = await columnsOf(header.value, records, options);
    const first = await records.next();
    if (first.done) throw new UsageError({ what: `${path} has a header but no rows`, fix: 'add at least one row' });
    let lines = 0;
    async function* rows(begin: Parsed): AsyncGenerator<ListRow> {
      try {
        for (let next: IteratorResult<Parsed, void> = { value: begin, done: false }; !next.done; next = await records.next()) {
          const row = rowOf(next.value, columns, format.delimiter);
          yield row;
          lines += row.lines ?? 1;
        }
      } finally {
        await records.return(undefined);
      }
    }
    return { columns, rows: rows(first.value), skipped, linesRead: () => lines };
  } catch (error) {
    await records.return(undefined);
    throw error;
  }
}

/** The columns, and in words what stands above the header and is no row. */
async function columnsOf(first: Parsed, records: AsyncGenerator<Parsed>, options: OpenOptions): Promise<{ columns: ListColumns; skipped: string | undefined }> {
  try {
    return { columns: chooseColumns(first.record, options), skipped: undefined };
  } catch (error) {
    if (namesDomain(first.record, options) || !isTitle(first.record)) throw error;
    const above = [first];
    while (above.length <= MOST_TITLE_LINES) {
      const next = await records.next();
      if (next.done) break;
      if (namesDomain(next.value.record, options)) {
        if (!above.every(({ record }) => isTitle(record))) throw headerIsBelow(next.value.line, first.record);
        const title = first.raw.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
        const brief = title.length > LONGEST_TITLE ? `${title.slice(0, LONGEST_TITLE)}...` : title;
        return { columns: chooseColumns(next.value.record, options), skipped: `the header is in line ${next.value.line}; what stands above it is no row: ${brief}` };
      }
      above.push(next.value);
    }
    throw error;
  }
}

function rowOf(parsed: Parsed, columns: ListColumns, delimiter: string): ListRow {
  const lines = 1 + countInside(parsed.record);
  const row = refusedBefore(checkedRow(parsed, columns.names.length, delimiter), columns);
  if (lines === 1) return row;
  const isSwallower = row.problem === undefined && row.cells.some((cell) => holdsRows(cell, columns.domain, delimiter));
  const last = parsed.line + lines - 1;
  return { ...row, lines, ...(isSwallower && { oddity: `a cell reaches to line ${last} and holds lines that look like rows: check the quotation marks in both` }) };
}

/** A row of a report that the list's own line, or an empty domain, kept from being asked is not asked now either. */
function refusedBefore(row: ListRow, { behind }: ListColumns): ListRow {
  if (behind === undefined || row.problem !== undefined) return row;
  const [domain = '', outcome, reason = ''] = ['domain', 'outcome', 'reason'].map((name) => row.cells[REPORT_COLUMNS.indexOf(name)]);
  const isRefused = outcome === 'invalid' && reason !== '' && (domain === '' || LINE_PROBLEM.test(reason));
  return isRefused ? { ...row, problem: reason } : row;
}

/** Whether the inner lines of a cell look like rows that a stray quotation mark has swallowed. */
function holdsRows(cell: string, domain: number, delimiter: string): boolean {
  const [, ...inner] = cell.split(LINE_END, MOST_INNER_LINES);
  return inner.some((line) => {
    const cells = line.split(delimiter, domain + 2);
    return cells.length > 1 && 'domain' in companyDomain(cells[domain] ?? '');
  });
}

function checkedRow({ record, raw, line }: Parsed, width: number, delimiter: string): ListRow {
  const swallowed = record.some((cell) => cell.startsWith('"') && /[\r\n]/.test(cell)) && !isStrict(raw, delimiter);
  // Spreadsheets end rows with spare delimiters; nothing is lost with those.
  const extra = record.length > width && record.slice(width).some((cell) => cell.trim() !== '');
  const length = record.length;
  if (length > width) record.length = width;
  while (record.length < width) record.push('');
  if (swallowed) {
    const last = line + countLineEnds(raw.trimEnd());
    return { line, cells: record, problem: `a quotation mark joins lines ${line} to ${last}: check the quotes there` };
  }
  if (extra) return { line, cells: record, problem: `has ${length} cells, the header has ${width}` };
  return { line, cells: record };
}

/** Every record that is not blank, the header first. */
async function* recordsOf(path: string, format: ListFormat, signal?: AbortSignal): AsyncGenerator<Parsed> {
  const parser = parse({ ...parserOptions(format.delimiter), raw: true });
  // The error reaches whoever iterates the parser; the callback only keeps it from being thrown twice.
  pipeline(Readable.from(textOf(path, format, signal)), parser, () => undefined);
  let line = 1;
  let begun = false;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
      const blank = record.every((cell) => cell.trim() === '');
      const sep = line === 1 && isSepLine(raw.replace(LINE_END, ''));
      if (!blank && !sep) {
        begun = true;
        yield { record: record.map((cell) => (cell.startsWith('=') ? cell.replace(AS_TEXT, '$1') : cell)), raw, line };
      }
      line += 1 + countInside(record);
    }
  } catch (error) {
    if (error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED') throw notClosed(error, line, begun, format.delimiter);
    throw error;
  }
}

/** A space between delimiter and quote needs `ltrim`; a quote inside a cell that is not quoted needs `relax_quotes`. */
function parserOptions(delimiter: string): Options {
  return { delimiter, record_delimiter: ['\r\n', '\n', '\r'], bom: false, ltrim: true, relax_quotes: true, relax_column_count: true };
}

/**
 * Whether a record keeps the rules of quoting. With `relax_quotes` a quote that was never closed may swallow lines up
 * to the next quote, and only a strict second look tells that from a cell that really begins with a quotation mark.
 */
function isStrict(raw: string, delimiter: string): boolean {
  try {
    parseWhole(raw, { ...parserOptions(delimiter), relax_quotes: false });
    return true;
  } catch {
    return false;
  }
}

/** `line` is where the record begins; the quote may have opened after cells of several lines. */
function notClosed(error: CsvError, line: number, begun: boolean, delimiter: string): UsageError {
  const raw = typeof error.raw === 'string' ? error.raw : '';
  const opened = line + countInside(cellsBeforeQuote(raw, delimiter));
  const where = begun ? '' : ' (in the header)';
  return new UsageError(
    { what: `a quotation mark opens on line ${opened}${where} and is never closed`, fix: 'close it, or remove it' },
    { cause: error },
  );
}

function cellsBeforeQuote(raw: string, delimiter: string): string[] {
  try {
    return parseWhole(`${raw}"`, parserOptions(delimiter))[0]?.slice(0, -1) ?? [];
  } catch {
    // `raw` lacks bytes where csv-parse trimmed a space of several bytes, and the quote may then seem to be within a cell.
    return [];
  }
}

/** Line ends inside quoted cells: outside of them every line end ends the record. */
function countInside(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) if (cell.includes('\n') || cell.includes('\r')) count += countLineEnds(cell);
  return count;
}

function countLineEnds(text: string): number {
  return text.match(LINE_END)?.length ?? 0;
}
