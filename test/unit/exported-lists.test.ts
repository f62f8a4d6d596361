/* Lists as other programs write them: old encodings, lines above the header, headers with remarks, Excel's text cells, stray quotes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseColumns } from '../../src/lists/columns.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList, type ListRow } from '../../src/lists/read.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exported-lists-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer, options: { encoding?: string } = {}) {
  const path = join(folder, 'list.csv');
  await writeFile(path, content);
  const format = await examineList(path, options);
  const list = await openList(path, format);
  const rows: ListRow[] = [];
  for await (const row of list.rows) rows.push(row);
  return { format, list, rows };
}

/** Text in an encoding that Node only decodes. */
function encoded(text: string, encoding: string): Buffer {
  const decoder = new TextDecoder(encoding);
  const bytes = new Map<string, number[]>();
  for (let lead = 0xff; lead >= 0; lead -= 1) {
    for (let trail = 0xff; encoding === 'gbk' && lead > 0x80 && trail >= 0xa1; trail -= 1) bytes.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail]);
    bytes.set(decoder.decode(Uint8Array.of(lead), { stream: lead > 0x7f && encoding !== 'gbk' }), [lead]);
  }
  return Buffer.from([...text].flatMap((letter) => bytes.get(letter) ?? expect.fail(`${encoding} has no ${letter}`)));
}

describe('a list in an old encoding', () => {
  it.each([
    ['windows-1252', 'Société Générale, Bäckerei Müller & Söhne, Peña, O’Neil – 5 €'],
    ['windows-1250', 'Spółka Łódź, Kowalczyk i Wąsik'],
    ['windows-1250', 'Główny inżynier, dyrektor sprzedaży, prezes zarządu'],
    ['windows-1251', 'Генеральный директор, ООО Ромашка, Acme Россия'],
    ['macintosh', 'Société Générale, Müller & Söhne'],
    ['gbk', '首席执行官, 北京科技有限公司, Acme 上海'],
    ['koi8-r', 'Генеральный директор'],
  ])('is recognised as %s, and a word is shown for people to judge: %s', async (encoding, text) => {
    const { format, rows } = await read(encoded(`domain,note\nnone.example,x\nacme.example,"${text}"\n`, encoding));
    expect(rows[1]?.cells).toEqual(['acme.example', text]);
    expect(format).toMatchObject({ encoding, guess: { line: 3 } });
    expect(text.split(/[ ,]+/)).toContain(format.guess?.word);
  });

  it('that could be several is read as Windows-1252, and shown', async () => {
    const { format } = await read(encoded('domain,note\nacme.example,Dvořák\n', 'windows-1250'));
    expect(format).toMatchObject({ encoding: 'windows-1252', guess: { word: 'Dvoøák', line: 2 } });
  });

  it.each(['windows-1250', 'cp1250', 'WINDOWS_1250', 'win1250'])('is read as --encoding %s says, and nothing is guessed', async (encoding) => {
    const { format, rows } = await read(encoded('domain,note\nacme.example,Dvořák\n', 'windows-1250'), { encoding });
    expect(rows[0]?.cells[1]).toBe('Dvořák');
    expect(format.guess).toBeUndefined();
  });
});

describe('what stands above the header', () => {
  it.each([
    ['#TYPE Selected.System.Management.Automation.PSCustomObject\r\n"domain","title_filter"\r\n"acme.example","ceo"\r\n', 2, '#TYPE Selected'],
    ['Companies 2026\n\nCompany;Website\nAcme;acme.example\n', 3, 'Companies 2026'],
    ['Export of https://crm.example from Monday\nWebsite\nacme.example\n', 2, 'Export of https://crm.example from Monday'],
    ['"Accounts, all of them"\nas of May;\nname;Website (URL)\nAcme;acme.example\n', 3, '"Accounts, all of them"'],
  ])('is skipped and named: %j', async (text, line, title) => {
    const { list, rows } = await read(text);
    expect(rows.map(({ cells }) => cells[list.columns.domain ?? -1])).toEqual(['acme.example']);
    expect(list.skipped).toContain(`the header is in line ${line}; what stands above it is no row: ${title}`);
  });

  it.each([
    ['Companies\nacme.example,ceo\ndomain,title_filter\nbeta.example,ceo\n', /^the header seems to stand in line 3/],
    ['acme.example,ceo\ndomain,title_filter\nbeta.example,ceo\n', /^the first line looks like data/],
    ['acme.example\ndomain\nbeta.example\n', /^the first line looks like data/],
  ])('is never a row: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('the column of domains', () => {
  it.each([
    [['Company', 'URL', 'Company Website'], 'Company Website'],
    [['URL', 'Website (URL)'], 'Website (URL)'],
    [['URL', 'Website*'], 'Website*'],
    [['URL', 'Website (required)'], 'Website (required)'],
    [['Firma', 'Webseite'], 'Webseite'],
    [['Website', 'Account Website'], 'Account Website'],
    [['Website', 'Domain Name'], 'Domain Name'],
    [['Domain (old)', 'Domain'], 'Domain'],
    [['Название', 'Сайт'], 'Сайт'],
  ])('of %j is %s', (header, name) => {
    expect(header[chooseColumns(header).domain ?? -1]).toBe(name);
  });
});

describe('the delimiter', () => {
  it.each([
    ['Website;Titel (Filter, Pflichtfeld, max. 100 Zeichen)\nacme.example;ceo\nbeta.example;ceo\n', ';'],
    ['domain,note; with more; and more\nacme.example,x\nbeta.example,y\n', ','],
    ['Companies; of May; all\ndomain,city\nacme.example,Oslo\n', ','],
    ['domain\tnote, or, none\nacme.example\tx\n', '\t'],
    ['domain|a, b, c\nacme.example|"x\n|y"\n', '|'],
  ])('of %j is %j', async (text, delimiter) => {
    expect((await read(text)).format.delimiter).toBe(delimiter);
  });
});

describe('a cell', () => {
  it.each([
    ['"=""acme.example"""', 'acme.example'],
    ['="acme.example"', 'acme.example'],
    ['="0049"', '0049'],
    ['=""', ''],
    ['=1+1', '=1+1'],
    ['="a"&"b"', '="a"&"b"'],
  ])('%s is read as the text %j', async (written, text) => {
    expect((await read(`note,domain\n${written},acme.example\n`)).rows[0]?.cells[0]).toBe(text);
  });

  it.each([
    ['acme.example,"Rack 19,ceo\nbeta.example,ok,ceo\ndelta.example,Rack 21",ceo\nepsilon.example,ok,ceo\n', [3, undefined], 4],
    ['acme.example,"Rack 19,ceo\nbeta.example,Rack 21",ceo\nepsilon.example,ok,ceo\n', [2, undefined], 3],
  ])('that seems to have swallowed rows is pointed out: %j', async (rest, lines, last) => {
    const { list, rows } = await read(`domain,note,title_filter\n${rest}`);
    expect(rows.map((row) => row.lines)).toEqual(lines);
    expect(rows.map(({ oddity }) => oddity)).toEqual([`a cell reaches to line ${last} and holds lines that look like rows: check the quotation marks in both`, undefined]);
    expect(list.linesRead()).toBe(last);
  });

  it('of several lines that are none is not', async () => {
    const { list, rows } = await read('domain,note\nacme.example,"12 Main Street\nOslo, Norway"\nbeta.example,x\n');
    expect(rows.map(({ oddity }) => oddity)).toEqual([undefined, undefined]);
    expect(list.linesRead()).toBe(3);
  });
});
