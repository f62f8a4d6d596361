/* A table as delimited text (CSV, TSV), quoted as RFC 4180 has it. By hand: csv-stringify took a fifth of an export's time. */
import { cellText } from './sheet.ts';
import type { Sheet, SheetStyle } from './sheet.ts';

/** A number, a phone number or a list of them may begin with a sign; a spreadsheet runs everything else that does. */
const PLAIN_NUMBERS = /^[+-]?[\d\s().-]+(?:[.,]\d+)?(?:; [+-]?[\d\s().-]+(?:[.,]\d+)?)*$/;
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
  const shown = style.formulaGuard ? (value: unknown) => guardFormula(cellText(value)) : cellText;
  // What ends a cell or a line: for many readers a lone CR ends one too.
  const special = new RegExp(`["\\r\\n${style.delimiter}]`);
  const cell = (value: unknown) => {
    const text = shown(value);
    return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  // A blank line is no row to most readers.
  const lineOf = (row: readonly unknown[]) => row.map(cell).join(style.delimiter) || (row.length === 1 ? '""' : '');
  const line = (row: readonly unknown[]) => `${lineOf(row)}\n`;
  yield (style.bom ? BYTE_ORDER_MARK : '') + line(sheet.columns.map(({ name }) => name));
  for await (const page of sheet.pages) yield page.map(line).join('');
}
