/* A table as JSON Lines: an object for each row, with values of their own types, and null where nothing is known. */
import { inPieces } from './sheet.ts';
import type { Sheet } from './sheet.ts';

/** A line for each row, in pieces of bounded size. Every object has every column, in the order of the columns. */
export async function* jsonLines(sheet: Sheet): AsyncGenerator<string> {
  // Put together by hand: an object would move keys that are numbers, and lose one that is called __proto__.
  const keys = sheet.columns.map(({ name }) => `${JSON.stringify(name)}:`);
  const line = (row: readonly unknown[]) => `{${keys.map((key, place) => key + JSON.stringify(row[place] ?? null)).join(',')}}\n`;
  for await (const page of sheet.pages) {
    for (const piece of inPieces(page.map(line), ({ length }) => length)) yield piece.join('');
  }
}
