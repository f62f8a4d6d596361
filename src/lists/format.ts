/*
 * How a list is written: encoding, byte order mark, delimiter, or the sheet of a workbook; and the hash of its bytes.
 * One streaming pass over a regular file, so that the encoding is judged by all bytes and not by the first few.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { UsageError, type Problem } from '../core/errors.ts';
import type { ColumnOptions } from './columns.ts';
import { delimiterOf, namedDelimiter, type Delimiter } from './delimiter.ts';
import { likeliestEncoding, namedEncoding } from './encoding.ts';
import { membersOf } from './records.ts';
import { examineWorkbook } from './workbook.ts';
import type { ListSheet } from './workbook.ts';

/** What is needed to read a list. */
export type ListFormat = {
  /** As `TextDecoder` calls it. */
  encoding: string;
  bom: boolean;
  delimiter: Delimiter;
  /** Each line is an object, whose members are the cells (JSON Lines). */
  isJsonLines?: true;
  /** It is a workbook, and this is the sheet. */
  workbook?: ListSheet;
  /** The first word that shows which of the old encodings was guessed, and its line: only people can tell whether it is right. */
  guess?: { word: string; line: number };
};

/** Enough for any header, and for a fair sample of the bytes. */
const HEAD_BYTES = 256 * 1024;
/** So much of what is not ASCII is looked at, to tell old encodings apart. */
const JUDGED_BYTES = 64 * 1024;
const LONGEST_EXAMPLE = 40;

/** First bytes of a zip file, which a workbook is; the others of one that is empty. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06'];
/** First bytes of what Office wrote before, and writes around what it encrypts. */
const OLD_OFFICE = '\xd0\xcf\x11\xe0';
/** What stands then in the table of contents, which is at the begin or at the end. */
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le');
/** First bytes of files that people mistake for CSV. */
const NOT_CSV: readonly { magic: string; what: string; fix: string }[] = [
  { magic: '\x1f\x8b', what: 'is compressed with gzip', fix: 'unpack it first' },
  { magic: '%PDF', what: 'is a PDF document', fix: 'export the table as CSV' },
];

/**
 * Reads a file once and says how it is written, with the SHA-256 (hex) of its bytes. What the options force is not guessed.
 * `content` is what the file should hold, for people whose file does not. A delimiter is judged below the line that names its column of domains, or addresses.
 * @throws UsageError when the file cannot be read, holds no text or contradicts a forced encoding.
 */
export async function examineList(
  path: string,
  options: { delimiter?: string | undefined; encoding?: string | undefined; sheet?: string | undefined; content?: string } & ColumnOptions = {},
  signal?: AbortSignal,
): Promise<ListFormat & { sha256: string }> {
  const { content = 'a CSV with a header and at least one row' } = options;
  const forced = forcedFormat(options);
  const hash = createHash('sha256');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let isUtf8 = true;
  let size = 0;
  const head: Buffer[] = [];
  let last: Buffer | undefined;
  for await (const chunk of bytesOf(path, signal)) {
    hash.update(chunk);
    last = chunk;
    if (size < HEAD_BYTES) head.push(chunk.subarray(0, HEAD_BYTES - size));
    size += chunk.length;
    isUtf8 &&= decodes(utf8, chunk);
  }
  // A character that is cut off at the end of the file is seen only here.
  isUtf8 &&= decodes(utf8);
  if (size === 0) throw new UsageError({ what: `${path} is empty`, fix: `give ${content}` });

  const sample = Buffer.concat(head);
  const start = sample.toString('latin1', 0, 4);
  if (ZIP.includes(start)) {
    refuseTextOptions(path, options);
    const workbook = await examineWorkbook(path, options.sheet, signal);
    // Spreadsheet programs take UTF-8 for what it is only behind a byte order mark.
    return { encoding: 'utf-8', bom: true, delimiter: ',', workbook, sha256: hash.digest('hex') };
  }
  if (start === OLD_OFFICE) {
    const isEncrypted = [sample, last].some((bytes) => bytes?.includes(ENCRYPTED));
    throw new UsageError(isEncrypted ? { what: `${path} is protected with a password`, fix: 'save it without one' } : { what: `${path} is an Excel workbook of the old kind (.xls)`, fix: 'save it as .xlsx or CSV' });
  }
  const other = NOT_CSV.find(({ magic }) => start.startsWith(magic));
  if (other) throw new UsageError({ what: `${path} ${other.what}`, fix: other.fix });

  if (options.sheet !== undefined) throw new UsageError({ what: `--sheet is for workbooks, and ${path} is none`, fix: 'leave it out' });

  const marked = markOf(start);
  const wide = marked?.startsWith('utf-16') ? marked : wideEncodingOf(sample);
  const wanted = forced.encoding === 'utf-16' ? (wide ?? 'utf-16le') : forced.encoding;
  const foreign = (wanted ?? wide ?? marked) === undefined && !isUtf8 ? await foreignText(path, signal) : undefined;
  const encoding = wanted ?? wide ?? (foreign === undefined ? 'utf-8' : likeliestEncoding(foreign.bytes));
  if (encoding === 'utf-8' && !isUtf8) {
    const line = await firstLineThatIsNotUtf8(path, signal);
    const claim = wanted === undefined ? 'though it begins with the mark of UTF-8' : 'as --encoding says';
    throw new UsageError({ what: `line ${line} of ${path} is not UTF-8, ${claim}`, fix: 'save it as UTF-8, or try --encoding windows-1252' });
  }
  if (!encoding.startsWith('utf-16') && isBinary(sample)) {
    throw new UsageError({ what: `${path} is not a text file`, fix: 'give a CSV' });
  }

  const text = decoderOf(encoding)(sample);
  if (size <= HEAD_BYTES && text.trim() === '') {
    throw new UsageError({ what: `${path} has only blank lines`, fix: `give ${content}` });
  }
  if (/^\s*\[\s*\{/.test(text)) throw new UsageError({ what: `${path} is a JSON array`, fix: "give one object a line (jq -c '.[]'), or a CSV" });
  const isJsonLines = forced.delimiter === undefined && (/\.(?:jsonl|ndjson)$/i.test(path) || membersOf(firstLine(text)) !== undefined);
  const delimiter = isJsonLines ? ',' : (forced.delimiter ?? delimiterOf(text, options));
  const guess = foreign === undefined ? {} : { guess: { word: firstWord(decoderOf(encoding)(foreign.bytes)), line: foreign.line } };
  return { encoding, bom: marked !== undefined, delimiter, ...(isJsonLines && { isJsonLines }), ...guess, sha256: hash.digest('hex') };
}

/** The text of a list, piece by piece and without a byte order mark. Throws `signal.reason` when aborted. */
export async function* textOf(path: string, format: ListFormat, signal?: AbortSignal): AsyncGenerator<string> {
  const decode = decoderOf(format.encoding);
  for await (const chunk of bytesOf(path, signal)) yield decode(chunk);
  yield decode();
}

/** What the options say of the format. @throws {UsageError} for a delimiter and an encoding that are not known. */
export function forcedFormat(options: { delimiter?: string | undefined; encoding?: string | undefined }) {
  const problems: Problem[] = [];
  const { delimiter, encoding } = options;
  const found = {
    delimiter: delimiter === undefined ? undefined : namedDelimiter(delimiter),
    encoding: encoding === undefined ? undefined : namedEncoding(encoding),
  };
  if (delimiter !== undefined && found.delimiter === undefined) {
    problems.push({ what: `--delimiter "${delimiter}" is not known`, fix: 'use one of , ; tab |' });
  }
  if (encoding !== undefined && found.encoding === undefined) {
    problems.push({ what: `--encoding "${encoding}" is not known`, fix: 'use utf-8, utf-16le, utf-16be, windows-1252, windows-1250, windows-1251, macintosh or gbk' });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return found;
}

/** A workbook says itself how its text is written. */
function refuseTextOptions(path: string, options: { delimiter?: string | undefined; encoding?: string | undefined }): void {
  const given = (['delimiter', 'encoding'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 0) throw new UsageError({ what: `${given.map((name) => `--${name}`).join(' and ')} cannot be said of a workbook, which ${path} is`, fix: 'leave it out' });
}

async function* bytesOf(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      signal?.throwIfAborted();
      yield chunk as Buffer;
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const problem: Problem | undefined =
      code === 'ENOENT' || code === 'ENOTDIR' ? { what: `${path} does not exist`, fix: 'check the name, and the folder you are in' }
      : code === 'EISDIR' ? { what: `${path} is a folder`, fix: 'give a CSV file' }
      : code === 'EACCES' || code === 'EPERM' ? { what: `${path} may not be read by you`, fix: 'change its permissions' }
      : undefined;
    throw problem ? new UsageError(problem, { cause: error }) : error;
  }
}

/** A decoder that is fed piece by piece; without a piece it ends. */
function decoderOf(encoding: string): (chunk?: Buffer) => string {
  const decoder = new TextDecoder(encoding);
  let first = true;
  return (chunk) => {
    // Node 20 decodes 0x80-0x9F of Windows-1252 rightly only with `stream: true`, the last piece included.
    let text = chunk ? decoder.decode(chunk, { stream: true }) : encoding === 'windows-1252' ? '' : decoder.decode();
    // The decoder drops the mark of its own encoding. This is the mark of UTF-8 where Windows-1252 was asked for.
    if (first && encoding === 'windows-1252' && text.startsWith('ï»¿')) text = text.slice(3);
    first = false;
    return text;
  };
}

function decodes(decoder: TextDecoder, chunk?: Buffer): boolean {
  try {
    if (chunk) decoder.decode(chunk, { stream: true });
    else decoder.decode();
    return true;
  } catch {
    return false;
  }
}

async function firstLineThatIsNotUtf8(path: string, signal?: AbortSignal): Promise<number> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let previous = 0;
  for await (const chunk of bytesOf(path, signal)) {
    let from = 0;
    for (let place = 0; place < chunk.length; place += 1) {
      const byte = chunk[place] ?? 0;
      if (byte === 0x0a || byte === 0x0d) {
        if (!decodes(decoder, chunk.subarray(from, place + 1))) return line;
        from = place + 1;
        if (byte === 0x0d || previous !== 0x0d) line += 1;
      }
      previous = byte;
    }
    if (!decodes(decoder, chunk.subarray(from))) return line;
  }
  return line;
}

/** The lines that are not ASCII, up to a bound, with the number of the first of them. */
async function foreignText(path: string, signal?: AbortSignal): Promise<{ bytes: Buffer; line: number }> {
  const found: Buffer[] = [];
  let size = 0;
  let line = 1;
  let first = 0;
  for await (const chunk of bytesOf(path, signal)) {
    const text = chunk.toString('latin1');
    for (const { 0: piece, index } of text.matchAll(/[^\r\n]*(?:\r\n|\n|\r|$)/g)) {
      if (/[\x80-\xff]/.test(piece)) {
        first ||= line;
        found.push(chunk.subarray(index, index + Math.min(piece.length, JUDGED_BYTES)));
        size += piece.length;
      }
      if (/[\r\n]$/.test(piece)) line += 1;
    }
    if (size >= JUDGED_BYTES) break;
  }
  return { bytes: Buffer.concat(found), line: first };
}

function firstLine(text: string): string {
  return text.trimStart().split(/[\r\n]/, 1)[0] ?? '';
}

/** The first word that is not ASCII. */
function firstWord(text: string): string {
  const word = text.split(/[\s,;|"]+/).find((one) => /\P{ASCII}/u.test(one)) ?? '';
  return word.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, LONGEST_EXAMPLE);
}

function markOf(start: string): string | undefined {
  if (start.startsWith('\xef\xbb\xbf')) return 'utf-8';
  if (start.startsWith('\xff\xfe')) return 'utf-16le';
  return start.startsWith('\xfe\xff') ? 'utf-16be' : undefined;
}

/** UTF-16 without a mark: every other byte of plain letters is NUL, and a list of domains has plenty. */
function wideEncodingOf(sample: Buffer): string | undefined {
  const nuls = [0, 0];
  for (let place = 0; place < sample.length; place += 1) {
    if (sample[place] === 0) nuls[place % 2] = (nuls[place % 2] ?? 0) + 1;
  }
  const [even = 0, odd = 0] = nuls;
  if (Math.max(even, odd) < sample.length * 0.15 || Math.min(even, odd) * 10 > Math.max(even, odd)) return undefined;
  return odd > even ? 'utf-16le' : 'utf-16be';
}

/** A stray NUL in a text is coped with; a file that is full of control characters is none. */
function isBinary(sample: Buffer): boolean {
  const controls = sample.reduce((count, byte) => count + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) ? 1 : 0), 0);
  return controls > 4 && controls > sample.length * 0.05;
}
