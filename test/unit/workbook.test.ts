/* Tables as a workbook: read back by a reader of workbooks that is not ours, and part by part where that reader does not look. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sheets } from '../../src/outputs/sheet.ts';
import { EXCEL_LIMITS } from '../../src/outputs/xlsx/worksheet.ts';
import { namedSheet, sheetOf } from '../support/sheets.ts';
import { readWorkbook, unzip, workbookBytes } from '../support/workbooks.ts';

const read = async (...[sheets, limits]: Parameters<typeof workbookBytes>) => readWorkbook(await workbookBytes(sheets, limits));
const partsOf = async (...[sheets, limits]: Parameters<typeof workbookBytes>) => unzip(await workbookBytes(sheets, limits));
const sheet1 = async (sheets: Sheets) => (await partsOf(sheets))['xl/worksheets/sheet1.xml']?.text ?? '';

/** The one cell under a header, as it is read back. */
const cellOf = async (value: unknown) => (await read(sheetOf(['x', 'y'], [value, 'end']))).contacts?.[1]?.[0];

describe('a cell of a workbook', () => {
  it.each([
    'Acme', '0042', '+351 555 0100', '1e5', '=1+1', '@SUM(A1)', '-cmd|calc', '2026-03-02', 'TRUE', ' spaced ', "Ågot O'Dea", '営業 😀', 'a & b <c> "d" ]]>', 'two\nlines',
  ])('holds %j as the text that it is', async (text) => {
    expect(await cellOf(text)).toBe(text);
  });

  it.each([
    [7, 7],
    [-0.25, -0.25],
    [true, true],
    [false, false],
    [null, null],
    [undefined, null],
    ['', null],
    [[], null],
    [['a', 'b'], 'a; b'],
    [[{ title: 'CEO' }], '[{"title":"CEO"}]'],
    [{ a: 1 }, '{"a":1}'],
    [NaN, 'null'],
  ])('holds %j as %j', async (value, expected) => {
    expect(await cellOf(value)).toEqual(expected);
  });

  it.each([
    ['characters that XML cannot carry', 'a\u0000b\u0008c\u001fd\ufffee', 'abcde'],
    ['half a character', 'a\ud83db', 'a\ufffdb'],
    ['line ends of other kinds', 'a\r\nb\rc', 'a\nb\nc'],
  ])('is without %s', async (_what, text, expected) => {
    expect(await cellOf(text)).toBe(expected);
  });

  it.each([
    [32_767, 'x'.repeat(32_767)],
    [32_768, `${'x'.repeat(32_761)} [cut]`],
  ])('of %d characters is cut where a cell ends, with a mark', async (length, expected) => {
    expect(await cellOf('x'.repeat(length))).toBe(expected);
  });

  it('is not cut through a character', async () => {
    expect(await cellOf(`${'x'.repeat(32_760)}😀${'x'.repeat(10)}`)).toBe(`${'x'.repeat(32_760)} [cut]`);
  });

  it('keeps text that a reader would take for a character by number', async () => {
    expect(await sheet1(sheetOf(['x'], ['_x0041_']))).toContain('>_x005F_x0041_<');
  });

  it('is never a formula, whatever is in it', async () => {
    const piece = fc.constantFrom('<f>', '</f>', '</t>', '</is>', '<c t="str">', '=', '1+1', '"', "'", '&', '&lt;', ']]>', '\0', '😀', '\ud83d', ' ');
    const anything = fc.string({ unit: piece, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anything, anything), { maxLength: 10 }), async (rows) => {
        const xml = await sheet1(sheetOf(['x', 'y'], ...rows));
        expect(xml.match(/<f\b|\st="(?!inlineStr")/)).toBeNull();
      }),
      { numRuns: 20 },
    );
  });
});

describe('a sheet', () => {
  it('has its header frozen and bold, a filter over all rows, and columns as wide as what is in them', async () => {
    const xml = await sheet1(sheetOf(['id', 'company_name', 'long'], [1, 'Alderfinch Instruments', 'x'.repeat(500)], [2, 'B', '']));
    expect(xml).toContain('<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>');
    expect(xml).toContain('<autoFilter ref="A1:C3"/>');
    expect([...xml.matchAll(/<col [^>]*width="(\d+)"/g)].map(([, width]) => Number(width))).toEqual([8, 24, 46]);
    const style = Number(/<c r="A1" s="(\d+)"/.exec(xml)?.[1]);
    const styles = (await partsOf(sheetOf(['id'])))['xl/styles.xml']?.text ?? '';
    const look = [...(/<cellXfs[^>]*>(.*)<\/cellXfs>/.exec(styles)?.[1] ?? '').matchAll(/<xf [^>]*fontId="(\d+)"/g)][style];
    expect([...styles.matchAll(/<font>(.*?)<\/font>/g)][Number(look?.[1])]?.[1]).toContain('<b/>');
  });

  it('without rows is a header', async () => {
    expect(await read(sheetOf(['name', 'city']))).toEqual({ contacts: [['name', 'city']] });
  });

  it('goes on on another sheet, under the same header, where the rows do not fit', async () => {
    const rows = Array.from({ length: 5 }, (_, n) => [n]);
    const sheets: Sheets = [namedSheet('contacts', ['n'], rows), namedSheet('report', ['row'], [[2]])];
    expect(await read(sheets, { ...EXCEL_LIMITS, rows: 3 })).toEqual({
      contacts: [['n'], [0], [1]],
      'contacts 2': [['n'], [2], [3]],
      'contacts 3': [['n'], [4]],
      report: [['row'], [2]],
    });
  });

  it('that is just full has no other sheet behind it', async () => {
    expect(Object.keys(await read(sheetOf(['n'], [1], [2]), { ...EXCEL_LIMITS, rows: 3 }))).toEqual(['contacts']);
  });

  it('goes on on another sheet before a part is too large for a zip archive', async () => {
    const rows = Array.from({ length: 40 }, (_, n) => [n, 'x'.repeat(30_000)]);
    const split = await read([namedSheet('contacts', ['n', 'text'], rows)], { ...EXCEL_LIMITS, bytes: 500_000 });
    expect(Object.keys(split).length).toBeGreaterThan(1);
    expect(Object.values(split).flatMap(([, ...lines]) => lines.map(([n]) => n))).toEqual(rows.map(([n]) => n));
  });

  it('names columns beyond Z', async () => {
    const names = Array.from({ length: 730 }, (_, n) => `column ${n}`);
    const sheets = sheetOf(names, names.map((_name, n) => n));
    expect((await read(sheets)).contacts).toEqual([names, names.map((_name, n) => n)]);
    expect(await sheet1(sheetOf(names))).toContain('<c r="ABB1"');
  });
});

describe('a link', () => {
  const linked = { name: 'website', link: true };
  const linksOf = async (...[sheets, limits]: Parameters<typeof workbookBytes>) => {
    const parts = await partsOf(sheets, limits);
    const refs = [...(parts['xl/worksheets/sheet1.xml']?.text ?? '').matchAll(/<hyperlink ref="(\w+)" r:id="(\w+)"\/>/g)];
    const relations = [...(parts['xl/worksheets/_rels/sheet1.xml.rels']?.text ?? '').matchAll(/Id="(\w+)"[^>]*Target="([^"]*)" TargetMode="External"/g)];
    const targets = new Map(relations.map(([, id, target]) => [id, target]));
    return refs.map(([, ref, id]) => [ref, targets.get(id)]);
  };

  it.each([
    ['https://www.acme.example/', 'https://www.acme.example/'],
    ['HTTP://acme.example', 'http://acme.example/'],
    ['linkedin.example/in/mira', 'https://linkedin.example/in/mira'],
    ['https://acme.example/ü?a=1&b=2#top', 'https://acme.example/%C3%BC?a=1&amp;b=2#top'],
  ])('of %s leads to %s', async (text, target) => {
    const sheets = () => sheetOf([linked], [text]);
    expect(await linksOf(sheets())).toEqual([['A2', target]]);
    expect((await read(sheets())).contacts?.[1]).toEqual([text]);
  });

  // Excel calls a workbook damaged for one address that it does not understand.
  it.each([
    'javascript:alert(1)', 'file:///etc/passwd', 'mailto:a@b.example', '=HYPERLINK("x")', 'none', '', 'https://', 'https://a b', 'https://acme.example/100%',
    'https://acme.example/[x]', 'https://acme.example/#a#b', `https://acme.example/${'x'.repeat(2_100)}`, 42, null,
  ])('is not made of %j', async (value) => {
    expect(await linksOf(sheetOf([linked], [value]))).toEqual([]);
  });

  it('is in the columns that have links, and in no other', async () => {
    expect(await linksOf(sheetOf(['note', linked], ['https://acme.example/', 'https://acme.example/']))).toEqual([['B2', 'https://acme.example/']]);
  });

  it('is plain text behind the last that a sheet can hold', async () => {
    const rows = () => sheetOf([linked], ['https://a.example/'], ['https://b.example/'], ['https://a.example/']);
    expect(await linksOf(rows(), { ...EXCEL_LIMITS, links: 2 })).toEqual([['A2', 'https://a.example/'], ['A3', 'https://b.example/']]);
    expect((await read(rows(), { ...EXCEL_LIMITS, links: 2 })).contacts).toHaveLength(4);
  });
});

describe('the file', () => {
  const sheets = (): Sheets => [
    namedSheet('contacts', ['name', { name: 'url', link: true }], [['Acme', 'https://acme.example/']]),
    namedSheet('report', ['row'], [[2]]),
  ];

  it('has the same bytes for the same tables, and no date but the first that zip knows', async () => {
    const bytes = await workbookBytes(sheets());
    expect((await workbookBytes(sheets())).equals(bytes)).toBe(true);
    expect(new Set(Object.values(unzip(bytes)).map(({ date }) => date))).toEqual(new Set([0x0021 << 16]));
  });

  it('begins with the part by which programs know a workbook, and has every part that another names', async () => {
    const parts = await partsOf(sheets());
    expect(Object.keys(parts)[0]).toBe('[Content_Types].xml');
    const named = Object.entries(parts).flatMap(([path, { text }]) => {
      if (!path.endsWith('.rels')) return [...text.matchAll(/PartName="\/([^"]*)"/g)].map(([, part]) => part);
      const folder = path.replace(/_rels\/[^/]*$/, '');
      return [...text.matchAll(/Target="([^"]*)"(?! TargetMode)/g)].map(([, part]) => folder + part);
    });
    expect(named.length).toBeGreaterThan(4);
    expect(named.filter((part) => part === undefined || parts[part] === undefined)).toEqual([]);
  });

  it('names the range of each filter, as Excel wants it', async () => {
    expect((await partsOf(sheets()))['xl/workbook.xml']?.text).toContain("localSheetId=\"1\" hidden=\"1\">'report'!$A$1:$A$2</definedName>");
  });

  it('is made while rows are read, without keeping them', async () => {
    let made = 0;
    let pulled = 0;
    const rows = function* () {
      for (let n = 0; n < 50_000; n += 1) {
        made += 1;
        yield [n, `${(n * 7919) % 99_991} of ${(n * 104_729) % 999_983}`];
      }
    };
    const { workbook } = await import('../../src/outputs/xlsx/workbook.ts');
    for await (const piece of workbook([namedSheet('contacts', ['n', 'text'], rows())])) {
      pulled += piece.length;
      if (pulled > 50_000) break;
    }
    expect(made).toBeLessThan(40_000);
  });

  it('fails as its rows do', async () => {
    const rows = function* () {
      yield ['Acme'];
      throw new Error('the database has gone');
    };
    await expect(workbookBytes([namedSheet('contacts', ['name'], rows())])).rejects.toThrow('the database has gone');
  });
});
