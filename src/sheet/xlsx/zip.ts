/*
 * A zip archive as a stream: nothing of it is kept but a line for each entry. The same entries give the same bytes, as
 * all dates are the first that zip knows. By hand, since the workbook library that streams opens its zip writer to nobody.
 */
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { UsageError } from '../../core/errors.ts';

/** A file in the archive; its content is text, written as UTF-8. */
export type ZipEntry = { path: string; content: Iterable<string> | AsyncIterable<string> };

type Sums = { crc: number; size: number; packed: number };

/** Signatures, versions and flags: APPNOTE.TXT of PKWARE, sections 4.3 and 4.4. */
const LOCAL_HEADER = 0x04034b50;
const DATA_DESCRIPTOR = 0x08074b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_ARCHIVE = 0x06054b50;
const VERSION = 20;
/** Sums behind the content (bit 3), and names in UTF-8 (bit 11). */
const FLAGS = 0x0808;
const DEFLATED = 8;
/** 1 January 1980. */
const DATE = 0x0021;
/** Offsets and sizes have 32 bits. */
const MOST_BYTES = 0xffff_ffff;
/** Characters that are packed at a time. */
const PIECE = 64 * 1024;

/** The bytes of an archive. Entries are taken one after the other, each read to its end before the next is asked for. */
export async function* zipped(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Buffer> {
  const directory: Buffer[] = [];
  let offset = 0;
  const counted = (bytes: Buffer) => {
    offset += bytes.length;
    if (offset > MOST_BYTES) throw new UsageError({ what: 'the workbook would be larger than 4 GiB', fix: 'write .csv instead, or fewer columns' });
    return bytes;
  };
  for await (const { path, content } of entries) {
    const name = Buffer.from(path);
    const start = offset;
    const sums: Sums = { crc: 0, size: 0, packed: 0 };
    yield counted(Buffer.concat([header(LOCAL_HEADER, { crc: 0, size: 0, packed: 0 }, name), name]));
    for await (const piece of deflated(content, sums)) yield counted(piece);
    yield counted(words([4, DATA_DESCRIPTOR], [4, sums.crc], [4, sums.packed], [4, sums.size]));
    // No comment, first disk, no attributes.
    directory.push(header(CENTRAL_HEADER, sums, name), words([2, 0], [2, 0], [2, 0], [4, 0], [4, start]), name);
  }
  const listed = Buffer.concat(directory);
  const count = directory.length / 3;
  yield Buffer.concat([listed, words([4, END_OF_ARCHIVE], [2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, offset], [2, 0])]);
}

/** What the local and the central header of an entry have in common, up to the length of the extra field. */
function header(signature: number, sums: Sums, name: Buffer): Buffer {
  const madeBy: [number, number][] = signature === CENTRAL_HEADER ? [[2, VERSION]] : [];
  return words(
    [4, signature], ...madeBy, [2, VERSION], [2, FLAGS], [2, DEFLATED], [2, 0], [2, DATE],
    [4, sums.crc], [4, sums.packed], [4, sums.size], [2, name.length], [2, 0],
  );
}

/** Numbers of 2 or 4 bytes, low byte first. */
function words(...numbers: [width: number, value: number][]): Buffer {
  const bytes = Buffer.alloc(numbers.reduce((sum, [width]) => sum + width, 0));
  numbers.reduce((place, [width, value]) => bytes.writeUIntLE(value, place, width), 0);
  return bytes;
}

/** Text in pieces of a size that depends on the text alone, so that the packed bytes do too. */
async function* gathered(content: ZipEntry['content']): AsyncGenerator<string> {
  let pieces: string[] = [];
  let length = 0;
  for await (const text of content) {
    pieces.push(text);
    length += text.length;
    if (length < PIECE) continue;
    yield pieces.join('');
    pieces = [];
    length = 0;
  }
  yield pieces.join('');
}

async function* deflated(content: ZipEntry['content'], sums: Sums): AsyncGenerator<Buffer> {
  async function* plain() {
    for await (const text of gathered(content)) {
      const bytes = Buffer.from(text);
      sums.crc = crc32(bytes, sums.crc);
      sums.size += bytes.length;
      yield bytes;
    }
  }
  const deflate = createDeflateRaw();
  const feeding = pipeline(plain, deflate);
  // A failure reaches whoever reads the other end; here it is only kept from being thrown twice.
  feeding.catch(() => undefined);
  for await (const piece of deflate as AsyncIterable<Buffer>) {
    sums.packed += piece.length;
    yield piece;
  }
  await feeding;
}
