/*
 * The parts of a workbook, which is a zip archive (yauzl), each read as a stream: what a part says of its size is checked, and so is
 * its checksum. Whatever is wrong with the archive is said in one sentence.
 */
import { TextDecoder } from 'node:util';
import { crc32 } from 'node:zlib';
import { openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { UsageError } from '../../core/errors.ts';
import { createXmlReader, XmlError } from './xml.ts';
import type { XmlHandlers } from './xml.ts';

/** An open archive. Names of parts differ in more than case. */
export type Archive = {
  path: string;
  has: (part: string) => boolean;
  /** Bytes of a part when it is unpacked, as it says itself. */
  sizeOf: (part: string) => number;
  /** Reads a part as XML; gives a turn after each piece, in which what was found can be handed on. @throws {UsageError} */
  parse: (part: string, handlers: XmlHandlers, signal?: AbortSignal) => AsyncGenerator<undefined, void>;
  close: () => void;
};

/** No spreadsheet program reads a longer part. */
const LONGEST_PART = 4 * 2 ** 30;
const MOST_PARTS = 100_000;

/** @throws {UsageError} when the file is no zip archive, or only a piece of one. */
export async function openArchive(path: string): Promise<Archive> {
  const zip = await opened(path);
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      entries.set(entry.fileName.toLowerCase(), entry);
      if (entries.size > MOST_PARTS) throw damaged(path, 'it has more parts than any workbook');
    }
  } catch (error) {
    zip.close();
    throw inWords(path, error);
  }
  return {
    path,
    has: (part) => entries.has(part.toLowerCase()),
    sizeOf: (part) => entries.get(part.toLowerCase())?.uncompressedSize ?? 0,
    async *parse(part, handlers, signal) {
      const reader = createXmlReader(handlers);
      const entry = entries.get(part.toLowerCase());
      try {
        if (entry === undefined) throw damaged(path, `${part} is missing`);
        for await (const piece of textOf(path, zip, entry)) {
          signal?.throwIfAborted();
          reader.write(piece);
          yield undefined;
        }
        reader.end();
      } catch (error) {
        if (error === signal?.reason) throw error;
        throw error instanceof XmlError ? damaged(path, `${part}: ${error.message}`) : error;
      }
    },
    close: () => { zip.close(); },
  };
}

async function opened(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false, lazyEntries: true });
  } catch (error) {
    throw inWords(path, error);
  }
}

/** The error of a workbook that cannot be read to its end. */
export function damaged(path: string, why: string): UsageError {
  return new UsageError({ what: `${path} is damaged (${why})`, fix: 'take another copy, or open it in a spreadsheet program and save it anew' });
}

async function* textOf(path: string, zip: ZipFile, entry: Entry): AsyncGenerator<string> {
  if (entry.isEncrypted()) throw new UsageError({ what: `${path} is protected with a password`, fix: 'save it without one' });
  if (entry.uncompressedSize > LONGEST_PART) throw new UsageError({ what: `${entry.fileName} in ${path} is larger than 4 GiB`, fix: 'save the sheet as CSV' });
  let decoder: TextDecoder | undefined;
  let sum = 0;
  try {
    for await (const chunk of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      decoder ??= new TextDecoder(encodingOf(chunk), { fatal: true });
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder?.decode() ?? '';
  } catch (error) {
    throw inWords(path, error);
  }
  if (sum !== entry.crc32) throw damaged(path, `the checksum of ${entry.fileName} is wrong`);
}

function encodingOf(start: Buffer): string {
  const mark = start.toString('latin1', 0, 2);
  return mark === '\xff\xfe' ? 'utf-16le' : mark === '\xfe\xff' ? 'utf-16be' : 'utf-8';
}

/** Errors of the disk stay what they are; all others say that the archive is none. */
function inWords(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || 'syscall' in error) return error;
  return damaged(path, /end of central directory/i.test(error.message) ? 'its end is missing' : error.message);
}
