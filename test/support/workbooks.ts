/* Workbooks for tests: written to memory, and read back with a reader that is not ours. */
import { buffer } from 'node:stream/consumers';
import { crc32, inflateRawSync } from 'node:zlib';
import readXlsxFile from 'read-excel-file/node';
import { ZipFile } from 'yazl';
import type { Sheets } from '../../src/outputs/sheet.ts';
import { workbook } from '../../src/outputs/xlsx/workbook.ts';
import type { SheetLimits } from '../../src/outputs/xlsx/worksheet.ts';

/** The bytes of a workbook. */
export function workbookBytes(sheets: Sheets, limits?: SheetLimits): Promise<Buffer> {
  return buffer(workbook(sheets, limits));
}

/** The sheets of a workbook by name, each with its rows; an empty cell is null. */
export async function readWorkbook(bytes: Buffer): Promise<Record<string, unknown[][]>> {
  const sheets = await readXlsxFile(bytes, { trim: false });
  return Object.fromEntries(sheets.map(({ sheet, data }) => [sheet, data]));
}

/** The files of a zip archive by name, from its directory; every size and checksum is compared. Throws when one is wrong. */
export function unzip(bytes: Buffer): Record<string, { text: string; date: number }> {
  const end = bytes.length - 22;
  if (bytes.readUInt32LE(end) !== 0x06054b50) throw new Error('the archive has no end');
  let at = bytes.readUInt32LE(end + 16);
  const files = Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const [date, crc, packed, size] = [bytes.readUInt32LE(at + 12), bytes.readUInt32LE(at + 16), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const [nameLength, start] = [bytes.readUInt16LE(at + 28), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const content = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    const plain = inflateRawSync(bytes.subarray(content, content + packed));
    if (plain.length !== size || crc32(plain) !== crc) throw new Error(`${name} is not what the directory says`);
    at += 46 + nameLength;
    return [name, { text: plain.toString('utf8'), date }] as const;
  });
  return Object.fromEntries(files);
}

/** An archive of these files, as other programs than ours may pack them. */
export function zipOf(parts: Readonly<Record<string, string | Buffer>>, options: { compress?: boolean } = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(parts)) zip.addBuffer(Buffer.from(content as string), path, options);
  zip.end();
  return buffer(zip.outputStream);
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A sheet by hand: the rows as XML, or the whole document. */
export type OddSheet = { name: string; rows: string; state?: string };

/**
 * The parts of a workbook by hand. `formats` are codes, or ids of those that come with Excel: of the cells with `s="1"` and so on. `texts` are
 * `si` elements, `properties` the attributes of `workbookPr`.
 */
export function oddWorkbook({ sheets, formats = [], texts = [], properties = '' }: { sheets: readonly OddSheet[]; formats?: readonly (string | number)[]; texts?: readonly string[]; properties?: string }): Record<string, string> {
  const ids = formats.map((format, place) => (typeof format === 'number' ? format : 164 + place));
  const own = formats.flatMap((format, place) => (typeof format === 'number' ? [] : [`<numFmt numFmtId="${164 + place}" formatCode="${format.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"/>`]));
  const relation = (id: string, type: string, target: string) => `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`;
  const relations = (...all: string[]) => `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join('')}</Relationships>`;
  const listed = sheets.map(({ name, state }, place) => `<sheet name="${name}" sheetId="${place + 1}"${state === undefined ? '' : ` state="${state}"`} r:id="rId${place + 1}"/>`);
  return {
    '_rels/.rels': relations(relation('rId1', 'officeDocument', 'xl/workbook.xml')),
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><workbookPr ${properties}/><sheets>${listed.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations(...sheets.map((_sheet, place) => relation(`rId${place + 1}`, 'worksheet', `worksheets/sheet${place + 1}.xml`)), relation('rIdS', 'styles', '/xl/styles.xml'), relation('rIdT', 'sharedStrings', 'sharedStrings.xml')),
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><numFmts>${own.join('')}</numFmts><cellXfs><xf numFmtId="0"/>${ids.map((id) => `<xf numFmtId="${id}"/>`).join('')}</cellXfs><dxfs><dxf><numFmt numFmtId="164" formatCode="0"/></dxf></dxfs></styleSheet>`,
    'xl/sharedStrings.xml': `<sst xmlns="${MAIN}">${texts.join('')}</sst>`,
    ...Object.fromEntries(sheets.map(({ rows }, place) => [`xl/worksheets/sheet${place + 1}.xml`, rows.startsWith('<?') ? rows : `<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData></worksheet>`])),
  };
}
