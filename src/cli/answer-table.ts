/* The rows of a query for people: a table, or where that is wider than the screen, a block of lines for each row. */
import { aligned, cut } from '../core/aligned.ts';
import type { Answered } from '../store/read-only.ts';

/** Numbers of the types whose values stand at the right: int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 1700]);
const LONGEST_CELL = 60;

/** Text for the screen, a page at a time. */
export async function* answerText({ columns, pages }: Answered, width: number): AsyncGenerator<string> {
  const names = columns.map(({ name }) => oneLine(name));
  const sides = columns.map(({ type }) => (NUMBERS.has(type) ? 'right' : 'left'));
  let shownRows = 0;
  let asTable: boolean | undefined;
  for await (const page of pages) {
    const rows = page.map((row) => row.map((cell) => cut(oneLine(cell ?? ''), LONGEST_CELL)));
    const lines = aligned([names, ...rows], sides);
    asTable ??= Math.max(...lines.map((line) => line.length)) <= width;
    // A later page has widths of its own, and so its names again.
    yield asTable
      ? `${lines.join('\n')}\n`
      : rows.map((row, place) => `-- ${shownRows + place + 1}\n${aligned(names.map((name, column) => [name, row[column] ?? '']), ['left']).join('\n')}\n`).join('');
    shownRows += rows.length;
  }
  if (shownRows === 0) yield `${names.join('  ')}\n`;
  yield `(${shownRows === 1 ? '1 row' : `${shownRows} rows`})\n`;
}

/** Without what would break a line, or move the cursor of a terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
