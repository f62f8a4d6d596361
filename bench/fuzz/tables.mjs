/* Tables: every cell that is written comes back. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import readXlsxFile from 'read-excel-file/node';
import { examineList } from '../../dist/lists/format.js';
import { openList } from '../../dist/lists/read.js';
import { writeSheetFile } from '../../dist/outputs/write.js';
import { anyText, cellText, domainText } from './arbitraries.mjs';

/** What a spreadsheet may run, and so what an apostrophe may stand before. */
const MAY_RUN = /^[=@+\-＝＠＋－\t\r\n]/;
const RUNS = /^[=@＝＠\t\r\n]/;
const LONGEST_XLSX_CELL = 32_767;

/** A table of pages. */
export function sheetOf(names, ...pages) {
  async function* each() {
    yield* pages;
  }
  return { name: 'contacts', columns: names.map((name) => ({ name })), pages: each() };
}

/** The rows of delimited text that has some, by the reader of lists. */
export async function readBack(path) {
  const { columns, rows } = await openList(path, await examineList(path));
  const read = [];
  for await (const row of rows) read.push(row);
  return { names: columns.names, rows: read };
}

/** Whether a cell came back, with an apostrophe only where the formula guard puts one. */
export function sameCell(found, expected, { guarded = true } = {}) {
  if (guarded && RUNS.test(expected)) return found === `'${expected}`;
  return found === expected || (guarded && MAY_RUN.test(expected) && found === `'${expected}`);
}

/** A table in each format comes back cell by cell: delimited text by the reader of lists, a workbook by somebody else's. */
export function tables({ folder, count }) {
  const value = fc.oneof({ weight: 6, arbitrary: cellText }, fc.constantFrom(null, true, false, 0, -12.5, 1e21, 12345678901), fc.array(cellText, { maxLength: 2 }));
  const arbitrary = fc.record({
    rows: fc.array(fc.tuple(domainText, value, value, value), { minLength: 1, maxLength: 12 }),
    odd: anyText.map((text) => text.toWellFormed().replaceAll('\0', '')),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    bom: fc.boolean(),
    formulaGuard: fc.boolean(),
  });
  const names = ['domain', 'first', 'second', 'third'];
  const check = async ({ rows, odd, ...style }) => {
    const cells = [...rows, ['nordwind.example', odd, null, 'end']];
    const write = async (format) => {
      const path = join(folder, `table.${format}`);
      await writeSheetFile(path, [sheetOf(names, cells.slice(0, 2), [], cells.slice(2))], { ...style, format, delimiter: format === 'tsv' ? '\t' : style.delimiter }, 'fuzz');
      return path;
    };
    for (const format of ['csv', 'tsv']) {
      const read = await readBack(await write(format));
      assert.deepEqual(read.names, names);
      assert.equal(read.rows.length, cells.length);
      for (const [place, row] of read.rows.entries()) {
        assert.equal(row.problem, undefined);
        for (const [column, found] of row.cells.entries()) {
          const expected = shown(cells[place][column]);
          assert.ok(sameCell(found, expected, { guarded: style.formulaGuard }), `${format}: ${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
          count('cells back from text');
        }
      }
    }
    const lines = (await readFile(await write('jsonl'), 'utf8')).trimEnd().split('\n');
    assert.deepEqual(lines.map((line) => Object.values(JSON.parse(line))), JSON.parse(JSON.stringify(cells)));
    const [{ data }] = await readXlsxFile(await write('xlsx'), { trim: false });
    assert.deepEqual(data.slice(1).map((row) => row.map(inXlsx)), cells.map((row) => row.map((cell) => inXlsx(typeof cell === 'object' ? shown(cell) : cell))));
  };
  return { arbitrary, check };
}

/** A value as text, as docs/output.md says. */
function shown(value) {
  if (value === null) return '';
  return Array.isArray(value) ? value.join('; ') : String(value);
}

/** What is left of a cell in a workbook, where some characters cannot be. */
function inXlsx(value) {
  if (typeof value !== 'string') return value ?? '';
  const text = value.replace(/\r\n?/g, '\n').replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '');
  return text.length > LONGEST_XLSX_CELL ? text.slice(0, LONGEST_XLSX_CELL) : text;
}
