/* Tables for tests of how tables are written. */
import type { Column, Sheet, Sheets } from '../../src/outputs/sheet.ts';

/** One table, of these columns and rows. */
export function sheetOf(columns: readonly (string | Column)[], ...rows: unknown[][]): Sheets {
  return [namedSheet('contacts', columns, rows)];
}

/** A table with a name, its rows a page each. */
export function namedSheet(name: string, columns: readonly (string | Column)[], rows: Iterable<unknown[]>): Sheet {
  return {
    name,
    columns: columns.map((column) => (typeof column === 'string' ? { name: column } : column)),
    pages: (async function* () {
      await Promise.resolve();
      for (const row of rows) yield [row];
    })(),
  };
}
