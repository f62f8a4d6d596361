/* Lists in workbooks: as we write them, and as other programs do, made by hand. */
import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { REPORT_COLUMNS } from '../../src/core/own-outputs.ts';
import { examineList } from '../../src/lists/format.ts';
import { linesOf } from '../../src/lists/lines.ts';
import { openList, type ListRow } from '../../src/lists/read.ts';
import { chooseOutput } from '../../src/service/output-choice.ts';
import { runKey, type RunOptions } from '../../src/service/options.ts';
import { namedSheet, sheetOf } from '../support/sheets.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { oddWorkbook, workbookBytes, zipOf, type OddSheet } from '../support/workbooks.ts';

const inFolder = temporaryFolder();

type Options = { sheet?: string; delimiter?: string; encoding?: string; asList?: boolean };

async function read(bytes: Buffer | string, options: Options = {}, name = 'list.xlsx') {
  const path = inFolder(name);
  await writeFile(path, bytes);
  const format = await examineList(path, options);
  const { columns, rows, skipped, linesRead } = await openList(path, format, options);
  const all: ListRow[] = [];
  for await (const row of rows) all.push(row);
  return { format, columns, names: columns.names, rows: all, skipped, lines: linesRead() };
}

async function refusal(bytes: Buffer | string, options: Options = {}, name = 'list.xlsx'): Promise<string> {
  const failure: unknown = await read(bytes, options, name).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  const { problems, message } = failure as UsageError;
  expect([problems.length, problems[0]?.fix]).toEqual([1, expect.any(String)]);
  return message.replaceAll(inFolder(), 'FOLDER');
}

const inline = (text: string) => `<c t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`;
const rowOf = (...texts: string[]) => `<row>${texts.map(inline).join('')}</row>`;
const oneSheet = (rows: string, more: Omit<Parameters<typeof oddWorkbook>[0], 'sheets'> = {}) => zipOf(oddWorkbook({ sheets: [{ name: 'List', rows }], ...more }));
const sheet = (name: string, ...domains: string[]): OddSheet => ({ name, rows: domains.length === 0 ? '' : rowOf('domain') + domains.map((domain) => rowOf(domain)).join('') });

/** What is read of a cell, given as XML, beside a domain. */
async function cellOf(xml: string, more: Parameters<typeof oneSheet>[1] = {}): Promise<string | undefined> {
  const { rows } = await read(await oneSheet(`${rowOf('domain', 'x', 'end')}<row>${inline('acme.example')}${xml}${inline('end')}</row>`, more));
  return rows[0]?.cells[1];
}
const numberIn = (format: string | number, value: number | string, properties = '') => cellOf(`<c s="1"><v>${value}</v></c>`, { formats: [format], properties });

describe('a list in a workbook', () => {
  it('has rows like those of a CSV: titles, blank rows, rows that are short, and lines by their number', async () => {
    const bytes = await oneSheet(
      `<row r="2">${inline('Customers of 2026')}</row><row r="4">${inline('Domain')}${inline('Note')}</row><row r="5"/>
       <row r="7"><c r="A7" t="inlineStr"><is><t>acme.example</t></is></c></row><row r="8">${inline(' ')}</row><row>${inline('beta.example')}${inline('0042')}</row>`,
    );
    const { names, rows, skipped, format, lines } = await read(bytes);
    expect(names).toEqual(['Domain', 'Note']);
    expect(rows).toEqual([{ line: 7, cells: ['acme.example', ''] }, { line: 9, cells: ['beta.example', '0042'] }]);
    expect(skipped).toBe('the header is in line 4; what stands above it is no row: Customers of 2026');
    expect(format).toMatchObject({ encoding: 'utf-8', bom: true, delimiter: ',', workbook: { name: 'List', others: [], isChosen: false, width: 2 } });
    expect(lines).toBe(2);
  });

  it('has a column for whatever the header does not name, as a CSV has, and none for cells that have only looks', async () => {
    const { names, rows } = await read(await oneSheet(`<row>${inline('domain')}<c s="0"/><c/></row><row>${inline('acme.example')}<c/>${inline('remark')}<c r="XFD2"/></row>`));
    expect(names).toEqual(['domain', 'column_2', 'column_3']);
    expect(rows).toEqual([{ line: 2, cells: ['acme.example', '', 'remark'] }]);
  });

  it.each(['list.csv', 'list.XLSX', 'list.txt', 'list'])('is known by its content when it is called %s', async (name) => {
    expect((await read(await zipOf(oddWorkbook({ sheets: [sheet('A', 'acme.example')] })), {}, name)).rows).toHaveLength(1);
  });

  it('is a CSV when it is one, whatever it is called', async () => {
    expect((await read('domain;note\nacme.example;0042\n')).rows).toEqual([{ line: 2, cells: ['acme.example', '0042'] }]);
  });

  it('gives outputs that are CSV, and open where it came from', async () => {
    const { format } = await read(await zipOf(oddWorkbook({ sheets: [sheet('A', 'acme.example')] })));
    const { contacts, report, style } = chooseOutput({ input: '/x/companies.xlsx' }, format);
    expect([contacts, report, style]).toEqual(['/x/companies.contacts.csv', '/x/companies.report.csv', { delimiter: ',', bom: true }]);
  });

  it('changes the key of a run only by a sheet that is named', () => {
    const options = (reading: RunOptions['reading']) => ({ question: { limit: 10 }, reading, rows: null }) as unknown as RunOptions;
    expect(runKey('ab', options({}))).toBe('c90075a8c70ca0520e471e43dd9aefe71f3d0567972bd350f3d802236dc45bbd');
    expect(runKey('ab', options({ sheet: 'A' }))).not.toBe(runKey('ab', options({})));
  });

  it('is no file of plain lines', async () => {
    await writeFile(inFolder('names.xlsx'), await workbookBytes(sheetOf(['name'], ['Ida Fjord'])));
    await expect(linesOf(inFolder('names.xlsx'), 'one name a line')).rejects.toThrow(/is a workbook: save it as text: one name a line/);
  });
});

describe('the sheet', () => {
  const sheets = [sheet('Empty'), { ...sheet('Old', 'old.example'), state: 'hidden' }, sheet('Companies', 'acme.example'), sheet('Größe &amp; mehr', 'beta.example')];
  const bytes = zipOf(oddWorkbook({ sheets }));

  it.each([
    [undefined, 'acme.example', { name: 'Companies', others: ['Größe & mehr'], isChosen: false }],
    ['Old', 'old.example', { name: 'Old', others: [], isChosen: true }],
    ['companies', 'acme.example', { name: 'Companies', isChosen: true }],
    ['GRÖSSE & MEHR'.replace('SS', 'ß'), 'beta.example', { name: 'Größe & mehr' }],
  ])('called %s is %s', async (wanted, domain, workbook) => {
    const { rows, format } = await read(await bytes, wanted === undefined ? {} : { sheet: wanted });
    expect(rows.map(({ cells }) => cells)).toEqual([[domain]]);
    expect(format.workbook).toMatchObject(workbook);
  });

  it('is the one of exactly this name, where two differ in case', async () => {
    const two = await zipOf(oddWorkbook({ sheets: [sheet('LIST', 'acme.example'), sheet('list', 'beta.example')] }));
    expect((await read(two, { sheet: 'list' })).rows[0]?.cells).toEqual(['beta.example']);
  });

  it.each([
    ['Companys', 'FOLDER/list.xlsx has no sheet "Companys" (--sheet): did you mean "Companies"? Its sheets are "Empty", "Old", "Companies", "Größe & mehr"'],
    ['2026', 'FOLDER/list.xlsx has no sheet "2026" (--sheet): Its sheets are "Empty", "Old", "Companies", "Größe & mehr"'],
    ['Empty', 'the sheet "Empty" of FOLDER/list.xlsx has no rows: choose another with --sheet. Its sheets are "Empty", "Old", "Companies", "Größe & mehr"'],
  ])('called %s is refused', async (wanted, words) => {
    expect(await refusal(await bytes, { sheet: wanted })).toBe(words);
  });

  it('must be one of a workbook', async () => {
    expect(await refusal('domain\nacme.example\n', { sheet: 'A' }, 'list.csv')).toBe('--sheet is for workbooks, and FOLDER/list.csv is none: leave it out');
  });

  it('has no delimiter and no encoding', async () => {
    expect(await refusal(await bytes, { delimiter: ';', encoding: 'utf-8' })).toBe('--delimiter and --encoding cannot be said of a workbook, which FOLDER/list.xlsx is: leave it out');
  });
});

describe('a number is read as it is shown', () => {
  it.each([
    [0, '42', '42'], [0, '-0', '0'], [0, '0.1', '0.1'], [0, '0.30000000000000004', '0.3'], [0, '12345678901', '12345678901'], [0, '1234567890123', '1234567890123'],
    [0, '12345.678901234', '12345.6789'], [0, '4.2E1', '42'], [0, ' 42 ', '42'], [0, '1E-5', '0.00001'], [1, '1234567890123', '1234567890123'], [3, '1234567', '1,234,567'], [4, '-1234.5', '-1,234.50'],
    [9, '0.256', '26%'], [10, '0.256', '25.60%'], [11, '123456', '1.23E+05'], [12, '1.25', '1 1/4'], [37, '-5', '(5)'], [49, '42', '42'], [200, '42', '42'],
    ['00000', '42', '00042'], ['0000000000', '49301234567', '49301234567'], ['000\\-00\\-0000', '123456789', '123-45-6789'], ['+0', '4930', '+4930'], ['0.0%', '0.125', '12.5%'], ['#,##0.00 "€"', '1234.5', '1,234.50 €'],
    ['_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-', '1234.5', '1,234.50 €'], ['[Red]-0;0', '-4', '4'], ['[$€-407] #,##0.00', '1234.5', '€ 1,234.50'], ['[$-407]0.0', '1.5', '1.5'], ['[<100]"few";"many"', '7', 'few'], ['General" Mt"', '7', '7 Mt'], [';;;', '7', ''],
    ['0.00.00"', '7', '7'], [`"${'x'.repeat(300)}"0`, '7', '7'], [0, 'NaN', 'NaN'], [0, 'seven', 'seven'],
  ])('%j %s is %j', async (format, value, text) => {
    expect(await numberIn(format, value)).toBe(text);
  });

  it.each([
    [14, '45000', '3/15/2023', '3/16/2027'], [15, '45000', '15-Mar-23', '16-Mar-27'], [20, '0.5208333333333334', '12:30', '12:30'], [21, '45000.999988425924', '23:59:59', '23:59:59'], [22, '45000.5', '3/15/2023 12:00', '3/16/2027 12:00'],
    [46, '1.5', '36:00:00', '36:00:00'], ['yyyy-mm-dd', '45000', '2023-03-15', '2027-03-16'], ['dd.mm.yyyy', '1', '01.01.1900', '02.01.1904'], ['dd.mm.yyyy', '60', '29.02.1900', '01.03.1904'], ['dd.mm.yyyy', '61', '01.03.1900', '02.03.1904'],
    ['d. mmmm yyyy', '45000', '15. March 2023', '16. March 2027'], ['[$-407]d. mmmm yyyy', '45000', '15. März 2023', '16. März 2027'], ['yyyy-mm-dd;@', '45000', '2023-03-15', '2027-03-16'],
    ['[h]:mm', '30.5', '732:00', '732:00'], ['h:mm AM/PM', '0.75', '6:00 PM', '6:00 PM'], ['yyyy-mm-dd', '3000000', '3000000', '3000000'], ['yyyy-mm-dd', '-5', '-5', '1903-12-27'],
  ])('%j %s is %j, and %j where days are counted from 1904', async (format, value, from1900, from1904) => {
    expect([await numberIn(format, value), await numberIn(format, value, 'date1904="1"')]).toEqual([from1900, from1904]);
  });

  it.each(['Asia/Shanghai', 'America/Sao_Paulo', 'Pacific/Apia'])('in the time zone %s too', async (zone) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    try {
      expect([await numberIn('yyyy-mm-dd hh:mm:ss', '43408.5'), await cellOf('<c t="d" s="1"><v>2018-11-04T00:00:00</v></c>', { formats: ['yyyy-mm-dd hh:mm'] })]).toEqual(['2018-11-04 12:00:00', '2018-11-04 00:00']);
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it.each([
    ['2023-03-15', 'dd.mm.yyyy', '15.03.2023'], ['2023-03-15T12:30:00.000', 'dd.mm.yyyy hh:mm', '15.03.2023 12:30'], ['2023-03-15T23:00:00Z', 14, '3/15/2023'], ['12:30:00', 20, '12:30'], ['1900-01-01', 'yyyy-mm-dd', '1900-01-01'],
    ['2023-03-15', 0, '2023-03-15'], ['2023-03-15', '0.00', '2023-03-15'], ['soon', 14, 'soon'],
  ])('a date that is written as %s with %j is %s in both calendars', async (value, format, text) => {
    const read = (properties: string) => cellOf(`<c t="d" s="1"><v>${value}</v></c>`, { formats: [format], properties });
    expect([await read(''), await read('date1904="true"')]).toEqual([text, text]);
  });
});

describe('a cell is read as it is shown', () => {
  const texts = [
    '<si><t>0042</t></si>', '<si><r><rPr><b/></rPr><t xml:space="preserve">Acme </t></r><r><t>Ltd</t></r><rPh sb="0" eb="1"><t>アクメ</t></rPh><phoneticPr fontId="1"/></si>', '<si/>',
    '<si><t> plain </t></si>', '<si><t xml:space="preserve"> kept </t></si>', '<si><t>a_x000D_b_x005F_x0041__xZZZZ_</t></si>', '<si><t>R&amp;D &lt;x&gt; &#228;&#x1F600; <![CDATA[<b> & ]]]]><!-- no --></t></si>', '<si><t>two\r\nlines</t></si>',
  ];
  it.each([
    ['<c t="s"><v>0</v></c>', '0042'], ['<c t="s"><v>1</v></c>', 'Acme Ltd'], ['<c t="s"><v>2</v></c>', ''], ['<c t="s"><v>3</v></c>', 'plain'], ['<c t="s"><v>4</v></c>', ' kept '], ['<c t="s"><v>5</v></c>', 'a\rb_x0041__xZZZZ_'],
    ['<c t="s"><v>6</v></c>', 'R&D <x> ä😀 <b> & ]]'], ['<c t="s"><v>7</v></c>', 'two\nlines'],
    ['<c t="inlineStr"><is><r><t>Ac</t></r><r><t>me</t></r><rPh><t>x</t></rPh></is></c>', 'Acme'], ['<c t="str"><f>A1&amp;"b"</f><v>a_x000A_b</v></c>', 'a\nb'], ['<c t="str"><f>HYPERLINK("https://beta.example","Beta")</f><v>Beta</v></c>', 'Beta'],
    ['<c><f>1+1</f><v>2</v></c>', '2'], ['<c><f>1+1</f></c>', ''], ['<c t="b"><v>1</v></c>', 'TRUE'], ['<c t="b"><v>0</v></c>', 'FALSE'], ['<c t="e"><v>#N/A</v></c>', '#N/A'], ['<c t="s" s="1"><v>0</v></c>', 'no. 0042'], ['<c t="s" s="2"><v>0</v></c>', '0042'],
    ['<c s="99"><v>7</v></c>', '7'], ['<c t="unheard"><v>7</v></c>', '7'], ['<c\n  t = "s" ><v\t>0</v ></c >', '0042'], ["<c t='s'><v>0</v></c>", '0042'], ['<c xr:uid="a>b" t="s"><v>0</v></c>', '0042'], ['<c t="s"><v>0</v><extLst><ext><t>x</t></ext></extLst></c>', '0042'],
  ])('%s is %j', async (xml, text) => {
    expect(await cellOf(xml, { texts, formats: ['"no. "@', '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)'] })).toBe(text);
  });

  it('as nothing where it is a formula that no program has worked out, which is said', async () => {
    const worked = '<c t="str"><f>""</f><v></v></c>';
    const { format, rows } = await read(await oneSheet(`${rowOf('domain', 'a', 'b')}<row>${inline('acme.example')}${worked}</row><row>${inline('beta.example')}<c><f>1+1</f></c><c><f/></c></row>`));
    expect([format.workbook?.unworked, rows[1]?.cells]).toEqual([{ cells: 2, line: 3 }, ['beta.example', '', '']]);
  });

  it('in its place: by its name, else behind the one before', async () => {
    const { names, rows } = await read(await oneSheet(`<row>${rowOf('domain', 'b', 'c', 'd').slice(5, -6)}</row><row r="3"><c r="C3"><v>3</v></c><c><v>4</v></c><c r="A3" t="str"><v>acme.example</v></c></row>`));
    expect([names, rows]).toEqual([['domain', 'b', 'c', 'd'], [{ line: 3, cells: ['acme.example', '', '3', '4'] }]]);
  });

  it('of the strict kind of the format, with prefixes, in UTF-16, and with paths of every kind', async () => {
    const parts = oddWorkbook({ sheets: [sheet('A', 'acme.example')], texts: ['<si><t>x</t></si>'] });
    const strict = Object.fromEntries(
      Object.entries(parts).map(([path, text]) => [
        path.replace('worksheets/sheet1', 'Sheets/One'),
        text
          .replaceAll('http://schemas.openxmlformats.org/officeDocument/2006', 'http://purl.oclc.org/ooxml/officeDocument')
          .replaceAll('http://schemas.openxmlformats.org/spreadsheetml/2006/main', 'http://purl.oclc.org/ooxml/spreadsheetml/main')
          .replace('worksheets/sheet1.xml', '../xl/./sheets/one.xml')
          .replace(/<(\/?)(?=(worksheet|sheetData|row|c|is|t)\b)/g, '<$1x:'),
      ]),
    );
    const wide = { ...strict, 'xl/Sheets/One.xml': Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${strict['xl/Sheets/One.xml'] ?? ''}`, 'utf16le') };
    expect((await read(await zipOf(wide))).rows).toEqual([{ line: 2, cells: ['acme.example'] }]);
  });
});

describe('what we write ourselves', () => {
  it('is read with the same cells, whatever is in them', async () => {
    // What a workbook cannot hold is taken out when it is written.
    const cell = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replace(/[\u0000-\u001f\ufffe\uffff]/g, '').toWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 10 }), async (given) => {
        const bytes = await workbookBytes(sheetOf(['domain', 'note', 'more'], ...given.map(([a, b, c]) => [`${a}.example`, b, c])));
        const { rows } = await read(bytes);
        expect(rows.map(({ cells }) => cells)).toEqual(given.map(([a, b, c]) => [`${a}.example`, b, c]));
      }),
      { numRuns: 60 },
    );
  });

  it('is read as its report, when that is named', async () => {
    const report = namedSheet('report', [...REPORT_COLUMNS, 'note'], [[2, 'acme.example', 'ceo', 'found', '', 3, 'waterfall', '', '0.15', 'job-1', 1, '0042']]);
    const bytes = await workbookBytes([namedSheet('contacts', ['domain', 'first_name'], [['acme.example', 'Ida']]), report]);
    const { columns, rows } = await read(bytes, { sheet: 'report' });
    expect(columns).toMatchObject({ behind: REPORT_COLUMNS.length, domain: REPORT_COLUMNS.indexOf('domain') });
    expect(rows[0]?.cells).toEqual(['2', 'acme.example', 'ceo', 'found', '', '3', 'waterfall', '', '0.15', 'job-1', '1', '0042']);
    expect((await read(bytes, { asList: true })).format.workbook).toMatchObject({ name: 'contacts', others: ['report'] });
  });

  it('of a hundred thousand cells is read row by row', async () => {
    const bytes = await workbookBytes([namedSheet('list', ['domain', ...'abcdefghi'], (function* () { for (let n = 0; n < 10_000; n += 1) yield [`company-${n}.example`, ...Array<string>(9).fill(`0${n}`)]; })())]);
    const { rows } = await read(bytes);
    expect([rows.length, rows.at(-1)]).toEqual([10_000, { line: 10_001, cells: ['company-9999.example', ...Array<string>(9).fill('09999')] }]);
  });
});

describe('what is no workbook that can be read', () => {
  const good = oddWorkbook({ sheets: [sheet('A', 'acme.example')] });
  const SHEET = 'xl/worksheets/sheet1.xml';
  const DAMAGED = /^FOLDER\/list\.xlsx is damaged \(.*\): take another copy, or open it in a spreadsheet program and save it anew$/;
  const ole = (text: string) => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600), Buffer.from(text, 'utf16le')]);
  const without = (part: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== part));

  it.each([
    ['cut off', async () => (await zipOf(good)).subarray(0, 700), DAMAGED],
    ['without a sheet', () => zipOf(without(SHEET)), /damaged \(xl\/worksheets\/sheet1\.xml is missing\)/],
    ['without its list of sheets', () => zipOf(without('xl/workbook.xml')), /damaged \(xl\/workbook\.xml is missing\)/],
    ['without its relationships', () => zipOf(without('xl/_rels/workbook.xml.rels')), /damaged \(the sheet "A" is missing\)/],
    ['with XML that ends too early', () => zipOf({ ...good, [SHEET]: good[SHEET]?.slice(0, -20) ?? '' }), /damaged \(xl\/worksheets\/sheet1\.xml: it ends too early\)/],
    ['with tags that cross', () => zipOf({ ...good, [SHEET]: '<?xml version="1.0"?><worksheet><sheetData></worksheet></sheetData>' }), DAMAGED],
    ['with an unknown entity', () => zipOf({ ...good, [SHEET]: '<?xml version="1.0"?><worksheet>&bomb;</worksheet>' }), DAMAGED],
    ['with a document type', () => zipOf({ ...good, [SHEET]: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>' }), /damaged \(.*it has a document type\)/],
    ['with tags nested without end', () => zipOf({ ...good, [SHEET]: `<?xml version="1.0"?>${'<a>'.repeat(100_000)}` }), DAMAGED],
    ['with a text that is not there', () => oneSheet(`${rowOf('domain')}<row><c t="s"><v>7</v></c></row>`), /damaged \(a cell refers to text 7, which is not there\)/],
    ['with rows in disorder', () => oneSheet(`<row r="3">${inline('domain')}</row><row r="2">${inline('acme.example')}</row>`), DAMAGED],
    ['with a row beyond the last', () => oneSheet(`<row r="1048577">${inline('domain')}</row>`), DAMAGED],
    ['with a cell beyond the last column', () => oneSheet('<row><c r="XFE1"><v>1</v></c></row>'), DAMAGED],
    ['with other bytes than its checksum says', async () => {
      const bytes = await zipOf(good, { compress: false });
      bytes.write('b', bytes.indexOf('acme.example'));
      return bytes;
    }, /damaged \(the checksum of xl\/worksheets\/sheet1\.xml is wrong\)/],
    ['with packed bytes that are none', async () => {
      const bytes = await zipOf(good);
      bytes.fill(0xff, bytes.indexOf(SHEET) + SHEET.length, bytes.indexOf(SHEET) + SHEET.length + 40);
      return bytes;
    }, DAMAGED],
    ['without a row', () => zipOf(oddWorkbook({ sheets: [sheet('A')] })), /^FOLDER\/list\.xlsx has no sheet with rows: give a workbook with a header and at least one row$/],
    ['with a header alone', () => oneSheet(rowOf('domain')), /has a header but no rows: add at least one row$/],
    ['an archive of something else', () => zipOf({ 'list.csv': 'domain\n' }), /^FOLDER\/list\.xlsx is a zip file that holds no workbook: give the list itself, as \.xlsx or CSV$/],
    ['an empty archive', () => zipOf({}), /is a zip file that holds no workbook/],
    ['of LibreOffice', () => zipOf({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<x/>' }), /is an OpenDocument file \(\.ods\): save it as \.xlsx or CSV$/],
    ['of Numbers', () => zipOf({ 'Index/Document.iwa': 'x' }), /is a document of Numbers: export it as \.xlsx or CSV$/],
    ['a document of Word', () => zipOf({ '_rels/.rels': (good['_rels/.rels'] ?? '').replace('xl/workbook', 'word/document'), 'word/document.xml': '<document/>' }), /is a Word document: /],
    ['slides', () => zipOf({ '_rels/.rels': (good['_rels/.rels'] ?? '').replace('xl/workbook', 'ppt/presentation'), 'ppt/presentation.xml': '<p:presentation xmlns:p="x"/>' }), /holds no workbook/],
    ['of the binary kind', () => zipOf({ '_rels/.rels': (good['_rels/.rels'] ?? '').replace('workbook.xml', 'workbook.bin'), 'xl/workbook.bin': 'x' }), /is a binary workbook \(\.xlsb\): save it as \.xlsx$/],
    ['of the old kind', () => Promise.resolve(ole('Workbook')), /is an Excel workbook of the old kind \(\.xls\): save it as \.xlsx or CSV$/],
    ['with a password', () => Promise.resolve(ole('EncryptedPackage')), /is protected with a password: save it without one$/],
  ])('%s is refused in one sentence', async (_what, bytes, words) => {
    expect(await refusal(await bytes())).toMatch(words);
  });

  it('wherever bytes of it are wrong, is read or refused in one sentence', async () => {
    const whole = await zipOf({ ...oddWorkbook({ sheets: [sheet('A', 'acme.example')], texts: ['<si><t>x</t></si>'], formats: ['0.00', 'yyyy-mm-dd'] }) }, { compress: false });
    const packed = await zipOf(good);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(whole, packed), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), fc.nat(), fc.boolean(), async (bytes, changes, end, isCut) => {
        const odd = Buffer.from(isCut ? bytes.subarray(0, 4 + (end % (bytes.length - 4))) : bytes);
        for (const [at, byte] of changes) if (!isCut) odd[4 + (at % (odd.length - 4))] = byte;
        const failure: unknown = await read(odd).then(() => undefined, (error: unknown) => error);
        if (failure !== undefined) expect(failure).toBeInstanceOf(UsageError);
      }),
      { numRuns: 300 },
    );
  });

  it('but one with macros, or sheets that are charts, is read', async () => {
    const chart = { 'xl/_rels/workbook.xml.rels': (good['xl/_rels/workbook.xml.rels'] ?? '').replace('</Relationships>', '<Relationship Id="c" Type="x/chartsheet" Target="chartsheets/sheet1.xml"/></Relationships>') };
    const workbook = { 'xl/workbook.xml': (good['xl/workbook.xml'] ?? '').replace('<sheets>', '<sheets><sheet name="Chart" sheetId="9" r:id="c"/>'), 'xl/vbaProject.bin': 'x' };
    expect((await read(await zipOf({ ...good, ...chart, ...workbook }), {}, 'list.xlsm')).rows).toHaveLength(1);
  });
});

describe('a small workbook that unpacks without end', () => {
  const parts = oddWorkbook({ sheets: [sheet('A', 'acme.example')] });
  it.each([
    ['one cell', `${rowOf('domain')}<row><c t="str"><v>${'a'.repeat(3 << 20)}</v></c></row>`, /a cell in it is longer than any can be/],
    ['one cell in many pieces', `${rowOf('domain')}<row><c t="str"><v>${`<![CDATA[${'a'.repeat(1000)}]]>`.repeat(40_000)}</v></c></row>`, /^row 2 of .* is longer than any row of a list/],
    ['blanks between rows', `${rowOf('domain')}${' '.repeat(3 << 20)}`, /is damaged/],
  ])('by %s is refused', async (_what, rows, words) => {
    expect(await refusal(await oneSheet(rows))).toMatch(words);
  });

  it('by its texts is refused before they are unpacked', async () => {
    const bytes = await zipOf({ ...parts, 'xl/sharedStrings.xml': Buffer.alloc(257 * 2 ** 20, ' ') });
    expect(bytes.length).toBeLessThan(400_000);
    expect(await refusal(bytes)).toMatch(/holds more text than fits the memory: save the sheet as CSV$/);
  });

  it('by a cell in the last corner of the sheet takes no memory', async () => {
    const { rows } = await read(await oneSheet(`${rowOf('domain')}<row r="2">${inline('acme.example')}</row><row r="1048576"><c r="XFD1048576"/><c r="A1048576" t="str"><v>beta.example</v></c></row>`));
    expect(rows.map(({ line }) => line)).toEqual([2, 1_048_576]);
  });
});
