/* A table as delimited text (CSV, TSV), quoted as RFC 4180 has it. */
import { stringify } from 'csv-stringify/sync';
import { cellText } from './sheet.ts';
import type { Page, Sheet, SheetStyle } from './sheet.ts';

/** A number, a phone number or a list of them may begin with a sign; a spreadsheet runs everything else that does. */
const PLAIN_NUMBERS = /^(?![+-]{2,}\d)\+?[\d\s().-]+(?:,\d+)?(?:; \+?[\d\s().-]+(?:,\d+)?)*$/;
const FORMULA_START = /^[=@＝＠\t\r\n]/;
const SIGN_START = /^[+\-＋－]/;
const [CODE_OF_DOT = 0, CODE_OF_EQUALS = 0, CODE_OF_AT = 0, FIRST_FULL_WIDTH = 0] = Array.from('.=@＋', (character) => character.charCodeAt(0));

const BYTE_ORDER_MARK = '\ufeff';

/** The cell, behind a `'` when a spreadsheet would run it as a formula. */
export function guardFormula(cell: string): string {
  // Nearly every cell begins with a letter or a digit: one look, where the patterns below take three.
  const first = cell.charCodeAt(0);
  if ((first > CODE_OF_DOT && first < CODE_OF_EQUALS) || (first > CODE_OF_AT && first < FIRST_FULL_WIDTH)) return cell;
  if (FORMULA_START.test(cell)) return `'${cell}`;
  return SIGN_START.test(cell) && !PLAIN_NUMBERS.test(cell) ? `'${cell}` : cell;
}

/** The lines of a table, page by page, with the header before the first. */
export async function* delimitedText(sheet: Sheet, style: SheetStyle): AsyncGenerator<string> {
  const text = style.formulaGuard ? (value: unknown) => guardFormula(cellText(value)) : cellText;
  const lines = (page: Page) =>
    stringify(page.map((row) => row.map(text)), {
      delimiter: style.delimiter,
      record_delimiter: '\n',
      // A lone CR ends a line for many readers, and blanks before a cell are skipped by many, ours too: the library quotes neither by itself.
      quoted_match: /\r|^\s/,
      // A blank line is no row to most readers.
      quoted_empty: sheet.columns.length === 1,
    });
  yield (style.bom ? BYTE_ORDER_MARK : '') + lines([sheet.columns.map(({ name }) => name)]);
  for await (const page of sheet.pages) yield lines(page);
}
