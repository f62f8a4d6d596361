/* How many rows of a list are saved at a time. */
import { expect, it } from 'vitest';
import { inBatches } from '../../src/service/start.ts';

async function sizes(count: number, cell: number): Promise<number[]> {
  const text = 'x'.repeat(cell);
  async function* rows() {
    for (let position = 0; position < count; position += 1) {
      yield await Promise.resolve({ position, line: position + 2, domain: null, title_filter: '', cells: ['a.example', text] });
    }
  }
  const found: number[] = [];
  for await (const batch of inBatches(rows())) found.push(batch.length);
  return found;
}

it.each([
  ['short rows, a thousand at a time', 2_500, 10, [1_000, 1_000, 500]],
  ['exactly a thousand', 1_000, 10, [1_000]],
  ['rows of 147 kB, as many as 4 MB hold', 60, 147_000, [29, 29, 2]],
  ['a row longer than that, alone', 2, 5_000_000, [1, 1]],
  ['no rows', 0, 10, []],
])('saves %s', async (_what, count, cell, expected) => {
  expect(await sizes(count, cell)).toEqual(expected);
});
