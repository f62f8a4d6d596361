/* Workbooks for tests: written to memory, and read back with a reader that is not ours. */
import { buffer } from 'node:stream/consumers';
import { crc32, inflateRawSync } from 'node:zlib';
import readXlsxFile from 'read-excel-file/node';
import type { Sheets } from '../../src/sheet/sheet.ts';
import { workbook } from '../../src/sheet/xlsx/workbook.ts';
import type { SheetLimits } from '../../src/sheet/xlsx/worksheet.ts';

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
