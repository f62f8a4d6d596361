/* The rows of a worksheet, streamed. What stands in a cell is told to whoever makes text of it; cells are placed by their names, or one behind the other. */
import { UsageError } from '../../core/errors.ts';
import { damaged } from './archive.ts';
import type { Archive } from './archive.ts';
import { createTextCollector } from './text.ts';
import { attributesOf } from './xml.ts';

/** What stands in a cell. `type` is that of the format (`s`, `str`, `inlineStr`, `n`, `b`, `e`, `d`), `style` the number of its look. */
export type CellContent = { type: string; style: number; value: string };

/** A row with its number in the sheet; its cells up to the last one that is not blank. */
export type SheetRow = { line: number; cells: string[] };

/** The bounds of every spreadsheet program. */
const MOST_ROWS = 1_048_576;
const MOST_COLUMNS = 16_384;
/** Of a row, in characters, with what stands before it: what is longer was made to fill the memory. */
const LONGEST_ROW = 32 << 20;
const LETTER_A = 0x40;

/** What is asked of a worksheet. `shown` makes text of a cell; `onUnworked` is told the line of a formula that has no value. */
export type SheetReading = { part: string; shown: (cell: CellContent) => string; onUnworked?: (line: number) => void };

/** The rows that are not blank, some at a time. @throws {UsageError} for what is no worksheet. */
export async function* sheetRows(archive: Archive, { part, shown, onUnworked }: SheetReading, signal?: AbortSignal): AsyncGenerator<SheetRow[]> {
  let rows: SheetRow[] = [];
  let [line, column, last, length] = [0, 0, 0, 0];
  let cells: string[] = [];
  let [type, style, value] = ['n', 0, ''];
  let [isInCell, isInValue, hasFormula, hasValue] = [false, false, false, false];
  const inline = createTextCollector();

  function count(text: string): void {
    length += text.length;
    if (length > LONGEST_ROW) throw new UsageError({ what: `row ${line} of ${archive.path} is longer than any row of a list`, fix: 'remove it, or what is too long in it' });
  }

  function beginCell(raw: string): void {
    const attributes = attributesOf(raw);
    column = attributes.r === undefined ? column + 1 : columnOf(attributes.r);
    if (column < 1 || column > MOST_COLUMNS) throw damaged(archive.path, `row ${line} has a cell in no column`);
    [type, style, value, isInCell] = [attributes.t ?? 'n', Number(attributes.s ?? 0), '', true];
    [hasFormula, hasValue] = [false, false];
    inline.begin();
  }

  function endCell(): void {
    isInCell = false;
    if (hasFormula && !hasValue) onUnworked?.(line);
    const content = type === 'inlineStr' ? inline.end() : value;
    if (content === '') return;
    const text = shown({ type, style, value: content });
    if (text === '') return;
    count(text);
    while (cells.length < column) cells.push('');
    cells[column - 1] = text;
    if (column > last && text.trim() !== '') last = column;
  }

  const parsing = archive.parse(part, {
    open(name, raw, parent) {
      if (name === 'row' && parent === 'sheetData') {
        const number = attributesOf(raw).r;
        const next = number === undefined ? line + 1 : Number(number);
        if (!(next > line && next <= MOST_ROWS)) throw damaged(archive.path, `a row behind row ${line} has no place`);
        [line, column, last, length, cells] = [next, 0, 0, 0, []];
      } else if (name === 'c' && parent === 'row') beginCell(raw);
      else if (name === 'v' && parent === 'c') [isInValue, hasValue] = [true, true];
      else if (name === 'f' && parent === 'c') hasFormula = true;
      else if (isInCell) inline.open(name, raw);
    },
    text(text) {
      count(text);
      if (isInValue) value += text;
      else if (isInCell) inline.text(text);
    },
    close(name, parent) {
      if (name === 'v') isInValue = false;
      else if (name === 'c' && parent === 'row') endCell();
      else if (name === 'row' && parent === 'sheetData') {
        cells.length = Math.min(cells.length, last);
        if (last > 0) rows.push({ line, cells });
      } else if (isInCell) inline.close(name);
    },
  }, signal);
  try {
    for (let isDone = false; !isDone; ) {
      isDone = (await parsing.next()).done === true;
      if (rows.length === 0) continue;
      yield rows;
      rows = [];
    }
  } finally {
    await parsing.return();
  }
}

/** The column of a name such as `AB12`, from 1; 0 for what is none. */
function columnOf(name: string): number {
  let column = 0;
  for (let at = 0; at < name.length; at += 1) {
    const letter = (name.charCodeAt(at) & ~0x20) - LETTER_A;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
    if (column > MOST_COLUMNS) return 0;
  }
  return column;
}
