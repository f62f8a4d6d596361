/* Tables as JSON Lines. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Sheets } from '../../src/outputs/sheet.ts';
import { writeSheetTo } from '../../src/outputs/write.ts';
import { sheetOf } from '../support/sheets.ts';

async function linesOf(sheets: Sheets): Promise<string[]> {
  const stream = new PassThrough();
  const read = text(stream);
  await writeSheetTo(stream, sheets, { format: 'jsonl', delimiter: ';', bom: true, formulaGuard: true });
  stream.end();
  return (await read).split('\n').slice(0, -1);
}

it('has a line for each row and none for the header', async () => {
  expect(await linesOf(sheetOf(['name'], ['Acme'], ['Borealis']))).toEqual(['{"name":"Acme"}', '{"name":"Borealis"}']);
  expect(await linesOf(sheetOf(['name']))).toEqual([]);
});

it('has values of their own types, and text that is nobody’s formula', async () => {
  const row = ['=1+1', '007', 7, 0.25, true, null, ['a', 'b'], [{ title: 'CEO' }], 'two\nlines'];
  const [line = ''] = await linesOf(sheetOf(row.map((_value, place) => `c${place}`), row));
  expect(Object.values(JSON.parse(line) as object)).toEqual(row);
});

it('says null where nothing is known, so that every object has every column', async () => {
  expect(await linesOf(sheetOf(['a', 'b', 'c'], [undefined, null]))).toEqual(['{"a":null,"b":null,"c":null}']);
});

it('keeps the order and the names of the columns, also of those that objects of JavaScript treat apart', async () => {
  expect(await linesOf(sheetOf(['z', '10', '2', '__proto__', 'say "yes"'], [1, 2, 3, 4, 5]))).toEqual(['{"z":1,"10":2,"2":3,"__proto__":4,"say \\"yes\\"":5}']);
});
