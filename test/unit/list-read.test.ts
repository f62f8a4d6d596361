import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { chooseColumns } from '../../src/lists/columns.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList, type ListRow } from '../../src/lists/read.ts';
import { asOrdinaryUser } from '../support/ordinary-user.ts';

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lists-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function listOf(content: string | Buffer): Promise<string> {
  files += 1;
  const path = join(folder, `${files}.csv`);
  await writeFile(path, content);
  return path;
}

async function read(content: string | Buffer, options: { delimiter?: string; encoding?: string } = {}) {
  const path = await listOf(content);
  const { columns, rows } = await openList(path, await examineList(path, options));
  const all: ListRow[] = [];
  for await (const row of rows) all.push(row);
  return { columns, rows: all };
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof UsageError)) throw new Error(`not a UsageError: ${String(error)}`);
  return error.message;
}

const TEXT = 'domain;city\nacme.example;Zürich\n';
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('examineList', () => {
  it.each([
    ['UTF-8', Buffer.from(TEXT), { encoding: 'utf-8', bom: false }],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`), { encoding: 'utf-8', bom: true }],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), { encoding: 'utf-16le', bom: true }],
    ['UTF-16 LE', Buffer.from(TEXT, 'utf16le'), { encoding: 'utf-16le', bom: false }],
    ['UTF-16 BE with a mark', utf16be(`\ufeff${TEXT}`), { encoding: 'utf-16be', bom: true }],
    ['UTF-16 BE', utf16be(TEXT), { encoding: 'utf-16be', bom: false }],
    ['Windows-1252', Buffer.from(TEXT, 'latin1'), { encoding: 'windows-1252', bom: false }],
  ])('recognises %s, and it is read as the same text', async (_what, bytes, format) => {
    expect(await examineList(await listOf(bytes))).toMatchObject({ ...format, delimiter: ';' });
    const { columns, rows } = await read(bytes);
    expect(columns.names).toEqual(['domain', 'city']);
    expect(rows).toEqual([{ line: 2, cells: ['acme.example', 'Zürich'] }]);
  });

  it('gives the SHA-256 of the bytes, over many chunks', async () => {
    const bytes = Buffer.from(`domain\n${'acme.example\n'.repeat(100_000)}`);
    const { sha256 } = await examineList(await listOf(bytes));
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('judges the encoding by the last byte too, and keeps characters whole across chunks', async () => {
    const text = `domain,x\n${'acme.example,é\n'.repeat(50_000)}`;
    expect((await examineList(await listOf(text))).encoding).toBe('utf-8');
    const { rows } = await read(`${text.replace('domain', 'domain ')}a.example,€\n`);
    expect(rows.every((row, place) => row.cells[1] === (place < 50_000 ? 'é' : '€'))).toBe(true);
    const tail = Buffer.concat([Buffer.from(text), Buffer.from([0xe9])]);
    expect((await examineList(await listOf(tail))).encoding).toBe('windows-1252');
  });

  it('reads the bytes 0x80 and 0x92 of Windows-1252 as the euro sign and the apostrophe', async () => {
    const { rows } = await read(Buffer.from('domain,x\nacme.example,\x80 5 O\x92Neil\n', 'latin1'));
    expect(rows[0]?.cells[1]).toBe('€ 5 O’Neil');
  });

  it.each([
    ['domain', ','],
    ['domain,a;b', ','],
    ['domain;title filter;a,b', ';'],
    ['domain\tname', '\t'],
    ['domain|name', '|'],
    ['"domain, or site, or url";name', ';'],
    ['\n\ndomain;name', ';'],
    ['sep=;\ndomain', ';'],
    ['"sep=|"\r\ndomain,a', '|'],
  ])('%j is delimited by %j', async (text, delimiter) => {
    expect((await examineList(await listOf(`${text}\na.example`))).delimiter).toBe(delimiter);
  });

  it.each([
    ['Company, Inc.\tdomain\nAcme\tacme.example\n', '\t'],
    ['Company, Inc.\tdomain\nAcme, Porto\tacme.example\nBorealis\tborealis.example\n', '\t'],
    ['domain,notes; remarks\nacme.example,none\nborealis.example,few; short\n', ','],
    ['domain,notes; remarks\n"acme.example","one; two\nthree; four"\n', ','],
    ['domain | site,name\nacme.example | x,y\n', ','],
    ['Company, Inc.\tdomain', '\t'],
  ])('%j is delimited by %j, of which each row has as many as the header', async (text, delimiter) => {
    expect((await examineList(await listOf(text))).delimiter).toBe(delimiter);
  });

  it('takes what is forced over what it would guess', async () => {
    const path = await listOf('domain,a,b;c\nacme.example');
    expect(await examineList(path, { delimiter: 'semicolon', encoding: 'latin1' })).toMatchObject({ delimiter: ';', encoding: 'windows-1252' });
    expect(await examineList(path, { delimiter: 'tab', encoding: 'UTF-8' })).toMatchObject({ delimiter: '\t', encoding: 'utf-8' });
  });

  it.each([
    ['an empty file', '', /is empty/],
    ['blank lines only', ' \n\r\n\t\n', /only blank lines/],
    ['a piece of an Excel workbook', 'PK\x03\x04\x14\0\x06\0', /is damaged \(its end is missing\): take another copy/],
    ['a binary file', Buffer.from(Array.from({ length: 4000 }, (_, n) => (n * 7) % 256)), /not a text file/],
    ['a file that breaks the promise of its mark', Buffer.from('\xef\xbb\xbfdomain\nM\xfcnchen', 'latin1'), /line 2 .* not UTF-8/],
  ])('refuses %s', async (_what, content, message) => {
    expect(await problemOf(examineList(await listOf(content)))).toMatch(message);
  });

  it.each([
    ['\n', 4],
    ['\r\n', 4],
    ['\r', 4],
  ])('names the line of a byte that contradicts --encoding utf-8 (line ends %j)', async (end, line) => {
    const bytes = Buffer.from(['domain', '', 'acme.example', 'M\xfcnchen', 'x'].join(end), 'latin1');
    expect(await problemOf(examineList(await listOf(bytes), { encoding: 'utf8' }))).toMatch(`line ${line} of`);
  });

  it('refuses what is missing, a folder, and unknown options, all options at once', async () => {
    expect(await problemOf(examineList(join(folder, 'none.csv')))).toMatch(/does not exist/);
    expect(await problemOf(examineList(folder))).toMatch(/is a folder/);
    const message = await problemOf(examineList(folder, { delimiter: '#', encoding: 'ebcdic' }));
    expect(message).toMatch(/--delimiter "#" is not known[^]*--encoding "ebcdic" is not known/);
  });

  it('refuses a file without permission', async () => {
    const path = await listOf('domain\n');
    await chmod(path, 0);
    expect(await asOrdinaryUser(() => problemOf(examineList(path)))).toMatch(/may not be read by you: change its permissions/);
  });

  it('throws the reason of the signal', async () => {
    const path = await listOf(TEXT);
    const reason = new Error('interrupted');
    await expect(examineList(path, {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('chooseColumns', () => {
  it.each([
    [['Name', 'Company-Domain', 'Titles'], { domain: 1, filter: 2, company_name: 0 }],
    [['URL', 'website', 'COMPANY  DOMAIN'], { domain: 2 }],
    [['company', 'company.domain', 'Company LinkedIn URL', 'linkedin_url'], { company_name: 0, domain: 1, linkedin: 2 }],
    [['domain', 'name', 'email', 'linkedin'], { domain: 0 }],
    [['domain', 'linkedin'], { domain: 0, linkedin: 1 }],
    [['domain', 'company', 'company name'], { domain: 0, company_name: 2 }],
  ])('finds in %j %j', (header, found) => {
    expect(chooseColumns(header)).toEqual({ names: header, ...found });
  });

  it('takes the columns that the options name, in any case, or by the name it made up', () => {
    expect(chooseColumns(['domain', 'Kunde', 'x'], { domainColumn: 'KUNDE', filterColumn: 'x' })).toMatchObject({ domain: 1, filter: 2 });
    expect(chooseColumns(['domain', 'domain'], { domainColumn: 'domain_2' })).toMatchObject({ domain: 1 });
  });

  it('trims names, and makes empty and repeated ones unique', () => {
    const { names } = chooseColumns([' domain ', 'a', '', 'a', 'a_2', 'a', '']);
    expect(names).toEqual(['domain', 'a', 'column_3', 'a_3', 'a_2', 'a_4', 'column_7']);
  });

  it.each([
    [['customer', 'city'], {}, /no column .* "customer", "city".*--domain-column/],
    [['acme.example', 'Zürich'], {}, /first line looks like data \("acme\.example"\)/],
    [['domain', 'Domain'], {}, /2 columns named like "domain" \(columns 1 and 2\).*--domain-column "domain" or --domain-column "Domain"/],
    [['domain', 'filter', 'Filter '], {}, /2 columns named like "filter"/],
    [['domain', 'webseite'], { domainColumn: 'websiete' }, /no column "websiete".*did you mean "webseite"\?/],
    [['domain', 'x'], { filterColumn: 'titles' }, /no column "titles" \(--filter-column\)[^?]*"domain", "x"$/],
    [['a', 'b'], { domainColumn: 'x', filterColumn: 'y' }, /"x"[^]*\n[^]*"y"/],
    [['domain', 'x'], { filterColumn: 'domain' }, /both the domain and the title filter/],
  ])('refuses %j with %j', async (header, options, message) => {
    expect(await problemOf(Promise.resolve().then(() => chooseColumns(header, options)))).toMatch(message);
  });
});

describe('openList', () => {
  it.each([
    ['LF', 'domain,x\n\na.example,"1\n2"\nb.example,3', [3, 5]],
    ['CRLF', 'domain,x\r\n\r\na.example,"1\r\n2"\r\nb.example,3\r\n', [3, 5]],
    ['CR', 'domain,x\r\ra.example,"1\r2"\rb.example,3\r', [3, 5]],
    ['mixed line ends', 'domain,x\na.example,1\r\n\rb.example,3\n', [2, 4]],
    ['a header of two lines', '"the\ndomain",domain\na.example,1\n,,\nb.example,2\n', [3, 5]],
    ['blank lines before the header', '\n \ndomain\na.example\nb.example', [4, 5]],
    ['the line sep=;', 'sep=;\r\ndomain;x\r\na.example;1\r\n"";" "\r\nb.example;2', [3, 5]],
  ])('counts lines with %s', async (_what, text, lines) => {
    const { rows } = await read(text);
    expect(rows.map((row) => row.line)).toEqual(lines);
    expect(rows.every((row) => row.problem === undefined)).toBe(true);
  });

  it.each([
    ['a title', 'Companies 2026\ndomain,city\na.example,Oslo\n', {}, 2],
    ['a title with spare delimiters and a blank line', 'Companies 2026;;\n;;\nfirm;Company Domain;city\nA;a.example;Oslo\n', {}, 3],
    ['a title in a list that has semicolons', 'Companies 2026\n\nwebsite;city\na.example;Oslo\n', {}, 3],
    ['a title in which there are other delimiters', 'Companies, 2026\nExported by us\nwebsite;city\na.example;Oslo\n', {}, 3],
    ['a title above the column that the options name', 'Companies 2026,\nKunde,city\na.example,Oslo\n', { domainColumn: 'kunde' }, 2],
  ])('finds the header below %s', async (_what, text, options, line) => {
    const path = await listOf(text);
    const { columns, skipped } = await openList(path, await examineList(path, options), options);
    expect(columns.names).toContain('city');
    expect(skipped).toMatch(new RegExp(`^the header is in line ${line}; what stands above it is no row: Companies`));
  });

  it.each([
    ['rows without a header', 'a.example,Oslo\nb.example,Website\ndomain,city\n', /^the first line looks like data/],
    ['a list without the column', 'firm,city\nA,Oslo\nB,Rome\n', /^no column of the list looks like the domain/],
    ['a header of its own with a mistake', 'domain,Domain\ndomain,city\n', /^the list has 2 columns/],
  ])('does not take for a title the first line of %s', async (_what, text, message) => {
    const path = await listOf(text);
    expect(await problemOf(openList(path, await examineList(path)))).toMatch(message);
  });

  it('counts lines behind a row that is too long and of several lines', async () => {
    const { rows } = await read('domain,x\na.example,b,"c\nd"\nb.example,y\n');
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([[2, 'has 3 cells, the header has 2'], [4, undefined]]);
  });

  it('takes a forced delimiter although the line sep=; says otherwise', async () => {
    const { rows } = await read('sep=;\ndomain,x\na.example,1\n', { delimiter: ',' });
    expect(rows).toEqual([{ line: 3, cells: ['a.example', '1'] }]);
  });

  it('reads a quoted cell after a space, and a quotation mark inside a plain cell', async () => {
    const { rows } = await read('domain, x, y\na.example, "1, 2", 5" pipe\n');
    expect(rows).toEqual([{ line: 2, cells: ['a.example', '1, 2', '5" pipe'] }]);
  });

  it('fills short rows up, and drops spare delimiters', async () => {
    const { rows } = await read('domain,x,y\na.example\nb.example,1,2,,\n');
    expect(rows).toEqual([
      { line: 2, cells: ['a.example', '', ''] },
      { line: 3, cells: ['b.example', '1', '2'] },
    ]);
  });

  it('says which rows are too long', async () => {
    const { rows } = await read('domain,a,b,c\na.example,1,2,3,4\nb.example,1,2,3\n');
    expect(rows[0]).toEqual({ line: 2, cells: ['a.example', '1', '2', '3'], problem: 'has 5 cells, the header has 4' });
    expect(rows[1]).toEqual({ line: 3, cells: ['b.example', '1', '2', '3'] });
  });

  it('says where a forgotten quotation mark swallows lines', async () => {
    const { rows } = await read('name,domain\n"Acme,a.example\n"Beta",b.example\nGamma,c.example\n');
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([
      [2, 'a quotation mark joins lines 2 to 3: check the quotes there'],
      [4, undefined],
    ]);
  });

  it.each([
    ['on the first line of its row', 'domain,x\na.example,1\nb.example,"2\nc.example,3\n', /opens on line 3 and is never closed/],
    ['after a cell of several lines', 'domain,x,y\r\n"a\r\nb","c\r\nd",\r\nb.example,"1\r\n2","3\r\n4\r\n', /opens on line 6 /],
    ['in the header', 'domain,"x\na.example,1\n', /opens on line 1 \(in the header\)/],
    ['as the last character', 'domain,x\na.example,"', /opens on line 2 /],
  ])('names the line of a quotation mark that is never closed: %s', async (_what, text, message) => {
    expect(await problemOf(read(text))).toMatch(message);
  });

  it('refuses a header without rows', async () => {
    expect(await problemOf(read('domain,x\n,\n\n'))).toMatch(/has a header but no rows/);
  });

  it('copes with a cell of 3 MB and with NULs in a text', async () => {
    const long = 'x'.repeat(3_000_000);
    const { rows } = await read(`domain,x\na.example,${long}\nb\0.example,"1\0"\n`);
    expect(rows[0]?.cells[1]).toHaveLength(long.length);
    expect(rows[1]?.cells).toEqual(['b\0.example', '1\0']);
  });

  it('throws the reason of the signal', async () => {
    const path = await listOf(TEXT);
    const reason = new Error('interrupted');
    const opening = openList(path, await examineList(path), { signal: AbortSignal.abort(reason) });
    await expect(opening).rejects.toBe(reason);
  });

  it('gives back any cells that were written, with the line on which each row begins', async () => {
    const piece = fc.constantFrom('"', ',', ';', '\n', '\r', '\r\n', ' ', 'a', 'é', '営', '😀', "'", '\t', '|', '\u00a0', '=');
    const cell = fc.oneof(fc.string({ unit: piece, maxLength: 8 }), fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()));
    const table = fc.array(fc.tuple(fc.constant('a.example'), cell, cell), { minLength: 1, maxLength: 8 });
    const shape = { delimiter: fc.constantFrom(',', ';', '\t', '|'), end: fc.constantFrom('\n', '\r\n', '\r'), bom: fc.boolean() };
    const encoding = fc.constantFrom('utf8' as const, 'utf16le' as const);
    await fc.assert(
      fc.asyncProperty(table, fc.record(shape), encoding, async (records, { delimiter, end, bom }, bytes) => {
        const write = (some: string[][]) => stringify(some, { delimiter, record_delimiter: end, quoted: true });
        const text = write([['domain', 'x', 'y'], ...records]);
        const { rows } = await read(Buffer.from((bom ? '\ufeff' : '') + text, bytes), { delimiter, encoding: bytes });
        // But for Excel's way to keep a text.
        expect(rows.map((row) => row.cells)).toEqual(records.map((record) => record.map((one) => one.replace(/^="([^"]*)"$/, '$1'))));
        let line = 2;
        for (const [place, record] of records.entries()) {
          expect(rows[place]).not.toHaveProperty('problem');
          expect(rows[place]?.line).toBe(line);
          line += write([record]).split(/\r\n|\n|\r/).length - 1;
        }
      }),
      { numRuns: 300 },
    );
  });
});
