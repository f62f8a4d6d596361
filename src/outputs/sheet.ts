/* What a table is before it is written: named columns, rows of values as the API gave them, and how it shall look. */

/** The formats that a table can be written in. */
export const FORMATS = ['csv', 'tsv', 'jsonl', 'xlsx'] as const;

export type Format = (typeof FORMATS)[number];

/** How many columns a format can hold, where it cannot hold any number. */
export const MOST_COLUMNS: Partial<Record<Format, number>> = { xlsx: 16_384 };

/** A column. `link`: its cells are web addresses, which a spreadsheet can open. */
export type Column = { name: string; link?: boolean };

/** Some rows of a table. Cells are what JSON can hold, or undefined; each format shows them in its own way. */
export type Page = readonly (readonly unknown[])[];

/** A table. Its pages may be iterated once; each is written as soon as it is there. */
export type Sheet = {
  /** What a workbook calls it. */
  name: string;
  columns: readonly Column[];
  pages: AsyncIterable<Page>;
};

/** The tables of one output, of which formats that hold only one table take the first. */
export type Sheets = readonly [Sheet, ...Sheet[]];

/** What an output looks like. All but the format concerns delimited text alone. */
export type SheetStyle = { format: Format; delimiter: string; bom: boolean; formulaGuard: boolean };

/** Characters that are put together at a time. Cells have any length, and a string of V8 half a billion characters at most. */
const PIECE = 1 << 20;

/** Items in groups that are no longer than one piece, or than their only item. */
export function* inPieces<Item>(items: Iterable<Item>, lengthOf: (item: Item) => number): Generator<Item[]> {
  let piece: Item[] = [];
  let length = 0;
  for (const item of items) {
    length += lengthOf(item);
    if (length > PIECE && piece.length > 0) {
      yield piece;
      piece = [];
      length = lengthOf(item);
    }
    piece.push(item);
  }
  if (piece.length > 0) yield piece;
}

/** A cell as text: nothing for null, lists joined with `; `, and JSON for what is neither text, number nor truth value. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.some(isObject)) return JSON.stringify(value);
  return value.map(cellText).join('; ');
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
