/* A table as delimited text (CSV, TSV), quoted as RFC 4180 has it. */
import { stringify } from 'csv-stringify/sync';
import { guardFormula } from './formula-guard.ts';
import { cellText, inPieces } from './sheet.ts';
import type { Sheet, SheetStyle } from './sheet.ts';

const BYTE_ORDER_MARK = '\ufeff';

/** Excel takes a file whose first two letters are these for SYLK, and shows nothing of it. */
const SYLK = /^ID/;
/** A lone CR ends a line for many readers, and blanks before a cell are skipped by many, ours too: the library quotes neither by itself. */
const MISREAD = /\r|^\s/;

/** The lines of a table, in pieces of bounded size, with the header before the first. */
export async function* delimitedText(sheet: Sheet, style: SheetStyle): AsyncGenerator<string> {
  const text = style.formulaGuard ? (value: unknown) => guardFormula(cellText(value)) : cellText;
  const lines = (rows: readonly (readonly string[])[], quoted: RegExp[] = [MISREAD]) =>
    stringify([...rows], {
      delimiter: style.delimiter,
      record_delimiter: '\n',
      quoted_match: quoted,
      // A blank line is no row to most readers.
      quoted_empty: sheet.columns.length === 1,
    });
  yield (style.bom ? BYTE_ORDER_MARK : '') + lines([sheet.columns.map(({ name }) => text(name))], [MISREAD, SYLK]);
  for await (const page of sheet.pages) {
    for (const piece of inPieces(page.map((row) => row.map(text)), lettersIn)) yield lines(piece);
  }
}

function lettersIn(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + cell.length, 0);
}
