/*
 * The records of delimited text, streamed. Lines are counted here and not by csv-parse, which counts a CRLF inside quotes twice.
 */
import { Readable, pipeline } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { parse as parseWhole } from 'csv-parse/sync';
import { UsageError } from '../core/errors.ts';
import { isSepLine } from './delimiter.ts';
import { textOf, type ListFormat } from './format.ts';
import { LINE_END, type ListRecord } from './records.ts';

/** Excel's way to keep a text what it is: the formula `="0049"`. */
const AS_TEXT = /^="([^"]*)"$/;

/** Every record that is not blank, the header first. @throws {UsageError} (while iterating) on a quote that is never closed. */
export async function* delimitedRecords(path: string, format: ListFormat, signal?: AbortSignal): AsyncGenerator<ListRecord> {
  const parser = parse({ ...parserOptions(format.delimiter), raw: true });
  // The error reaches whoever iterates the parser; the callback only keeps it from being thrown twice.
  pipeline(Readable.from(textOf(path, format, signal)), parser, () => undefined);
  let line = 1;
  let begun = false;
  try {
    for await (const { record, raw } of parser as AsyncIterable<{ record: string[]; raw: string }>) {
      const blank = record.every((cell) => cell.trim() === '');
      const sep = line === 1 && isSepLine(raw.replace(LINE_END, ''));
      const lines = 1 + countInside(record);
      if (!blank && !sep) {
        begun = true;
        const cells = record.map((cell) => (cell.startsWith('=') ? cell.replace(AS_TEXT, '$1') : cell));
        yield { cells, line, lines, raw, ...(lines > 1 && swallows(record, raw, format.delimiter) && { problem: joined(line, raw) }) };
      }
      line += lines;
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

/** Whether a quotation mark that was never closed has taken lines into the record. */
function swallows(record: readonly string[], raw: string, delimiter: string): boolean {
  return record.some((cell) => cell.startsWith('"') && /[\r\n]/.test(cell)) && !isStrict(raw, delimiter);
}

function joined(line: number, raw: string): string {
  return `a quotation mark joins lines ${line} to ${line + countLineEnds(raw.trimEnd())}: check the quotes there`;
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
