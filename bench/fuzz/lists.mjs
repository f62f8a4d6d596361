/* Lists: every row of a table that is written as a list comes back, and of any bytes every character, once and in its row. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { companyDomain } from '../../dist/core/domain.js';
import { UsageError } from '../../dist/core/errors.js';
import { examineList, textOf } from '../../dist/lists/format.js';
import { openList } from '../../dist/lists/read.js';
import { askContacts } from '../../dist/service/contact-rows.js';
import { importedRows } from '../../dist/service/start.js';
import { anyText, cellText, domainText } from './arbitraries.mjs';

const LISTS = new URL('../../test/lists/', import.meta.url);
export const QUESTION = { api_host: 'api.example', title_filter: 'founder OR ceo', limit: 10, include_phones: false, include_unverified: false };

/** How lists are encoded. Where neither a mark nor the bytes say it for certain, `--encoding` does. */
const ENCODINGS = {
  'utf-8': { write: (text) => Buffer.from(text) },
  'utf-8 with mark': { write: (text) => Buffer.from(`\ufeff${text}`) },
  'utf-16le': { write: (text) => Buffer.from(`\ufeff${text}`, 'utf16le') },
  'utf-16be': { write: (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16() },
  'utf-16le without mark': { write: (text) => Buffer.from(text, 'utf16le'), said: 'utf-16le' },
  'windows-1252': { write: (text) => Buffer.from(text, 'latin1'), said: 'windows-1252', has: (character) => /[\t\n\r\x20-\x7e\xa0-\xff]/.test(character) },
};

/** A table, and how somebody wrote it down. */
export const list = fc.record({
  rows: fc.array(fc.tuple(fc.oneof(domainText, cellText), fc.oneof(fc.constantFrom('ceo', 'CEO OR founder', ''), cellText), cellText), { minLength: 1, maxLength: 15 }),
  encoding: fc.constantFrom(...Object.keys(ENCODINGS)),
  delimiter: fc.constantFrom(',', ';', '\t', '|'),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  quotesAll: fc.boolean(),
}).map((table) => ({ ...table, rows: table.rows.map((row) => row.map((cell) => Array.from(cell).filter(ENCODINGS[table.encoding].has ?? (() => true)).join(''))) }));
export const NAMES = ['domain', 'title_filter', 'note'];

/** The bytes of a table. Quoted is what has to be, or everything. */
export function bytesOf({ rows, encoding, delimiter, lineEnd, quotesAll }) {
  const written = (cell) => (quotesAll || /[",;\t|\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  return ENCODINGS[encoding].write([NAMES, ...rows].map((row) => row.map(written).join(delimiter) + lineEnd).join(''));
}

/** What has to be said of it. */
export function optionsOf({ encoding }) {
  const { said } = ENCODINGS[encoding];
  return said === undefined ? {} : { encoding: said };
}

/** The rows of a table that are none: all their cells are blank. */
export const isBlank = (row) => row.every((cell) => cell.trim() === '');

/** A table comes back as it was written, each row from the line where it stands. */
export function lists({ folder, count }) {
  const path = join(folder, 'list.csv');
  const check = async (table) => {
    await writeFile(path, bytesOf(table));
    const read = await readAll(path, optionsOf(table));
    const expected = [];
    let line = 2;
    for (const row of table.rows) {
      if (!isBlank(row)) expected.push({ line, cells: row });
      line += 1 + row.reduce((sum, cell) => sum + cell.split(/\r\n|\n|\r/).length - 1, 0);
    }
    if (expected.length === 0) {
      assert.ok(read.refusal);
      return;
    }
    assert.equal(read.refusal, undefined);
    assert.deepEqual(read.names, NAMES);
    assert.deepEqual(read.rows.map(({ line: at, cells }) => ({ line: at, cells })), expected);
    count('rows back from lists', expected.length);
  };
  return { arbitrary: list, check };
}

/** Any bytes are read to their end or refused in words, and each row that is not blank is a question or has a reason. */
export function bytes({ folder, count }) {
  const path = join(folder, 'bytes.csv');
  const real = readdirSync(LISTS).filter((name) => name.endsWith('.csv')).map((name) => readFileSync(new URL(name, LISTS)));
  const small = fc.oneof(anyText.map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)));
  const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat({ max: 12 }), added: small });
  const mutated = fc.tuple(fc.oneof(fc.constantFrom(...real), list.map(bytesOf)), fc.array(change, { maxLength: 4 })).map(([original, changes]) =>
    changes.reduce((now, { at, removed, added }) => {
      const place = Math.floor(at * now.length);
      return Buffer.concat([now.subarray(0, place), added, now.subarray(place + removed)]);
    }, original.subarray(0, 50_000)),
  );
  const arbitrary = fc.record({
    bytes: fc.oneof(
      { weight: 5, arbitrary: mutated },
      fc.array(small, { maxLength: 30 }).map((parts) => Buffer.concat([Buffer.from('domain;website,note\n'), ...parts])),
      fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array)),
    ),
    options: fc.record(
      { encoding: fc.constantFrom('utf-8', 'utf-16', 'utf-16be', 'latin1'), delimiter: fc.constantFrom(',', ';', 'tab', '|'), domainColumn: fc.constantFrom('domain', 'note', 'x') },
      { requiredKeys: [] },
    ).chain((options) => fc.constantFrom({}, {}, {}, options)),
  });

  const check = async ({ bytes: given, options }) => {
    await writeFile(path, given);
    const { rows, columns, refusal, text } = await readAll(path, options);
    if (refusal !== undefined) {
      assert.ok(refusal !== '');
      assert.doesNotMatch(refusal, /(?!\n)[\p{Cc}\p{Cs}]/u);
    }
    if (rows.length === 0) return;
    await checkQuestions(rows, columns);
    checkCharacters(rows, text, refusal === undefined);
    count('rows of any bytes', rows.length);
  };
  return { arbitrary, check };
}

/** All rows, and the refusal that ended the list early. Any other error is thrown. */
async function readAll(path, options = {}) {
  const read = { rows: [], names: [], columns: undefined, refusal: undefined, text: '' };
  try {
    const format = await examineList(path, options);
    for await (const piece of textOf(path, format)) read.text += piece;
    const { columns, rows } = await openList(path, format, options);
    Object.assign(read, { columns, names: columns.names });
    for await (const row of rows) read.rows.push(row);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    read.refusal = error.message;
  }
  return read;
}

/** Each row is asked or says why not; what is asked is the domain that the rules give for its cell. */
async function checkQuestions(rows, columns) {
  const list = { columns, rows };
  const ask = (row) => askContacts({ columns, options: QUESTION, onAdvice() {}, onOrRead() {} }, row);
  let place = 0;
  for await (const { position, line, cells, question, question_hash, reason } of importedRows({ list, options: { question: QUESTION, rows: null }, ask })) {
    const row = rows[place];
    assert.deepEqual({ position, line, cells }, { position: place, line: row.line, cells: row.cells });
    assert.equal(cells.length, columns.names.length);
    assert.ok(line > (rows[place - 1]?.line ?? 0), `line ${line} follows ${rows[place - 1]?.line}`);
    assert.notEqual(question === undefined, reason === undefined);
    assert.equal(question === undefined, question_hash === undefined);
    if (question !== undefined) assert.deepEqual({ domain: question.domain }, without(companyDomain(cells[columns.domain], { isMailDomain: columns.isMailDomain })));
    place += 1;
  }
  assert.equal(place, rows.length);
}

function without({ hint: _hint, ...result }) {
  return result;
}

/** What stands in a row is what stands in its lines, but for what cells are parted by. A row with a problem may lack cells beyond the header. */
function checkCharacters(rows, text, isWhole) {
  const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/);
  for (const [place, { line, cells, problem }] of rows.entries()) {
    const next = rows[place + 1];
    const [written, found] = [visible(lines.slice(line - 1, next && next.line - 1).join('')), visible(cells.join(''))];
    if (problem === undefined && (next !== undefined || isWhole)) assert.equal(found, written, `line ${line}`);
    else assert.ok(written.startsWith(found), `line ${line}: ${found} is not in ${written}`);
  }
}

/** Without spaces and syntax. */
function visible(text) {
  return text.replace(/[\s",;|]/g, '');
}
