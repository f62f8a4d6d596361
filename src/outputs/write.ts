/*
 * Tables on a stream and in a file, in the format of their style. A file is written beside itself and renamed, so nobody
 * reads half of one; what exists and is no regular file (a pipe, a device) is written as a stream.
 */
import { createWriteStream } from 'node:fs';
import { copyFile, link, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { delimitedText } from './delimited.ts';
import { jsonLines } from './json-lines.ts';
import type { Sheets, SheetStyle } from './sheet.ts';

/** Writes the tables to a stream that stays open (stdout). Waits for a slow reader; rejects when it closes. */
export async function writeSheetTo(stream: Writable, sheets: Sheets, style: SheetStyle, signal?: AbortSignal): Promise<void> {
  await pour(sheets, style, stream, { end: false, ...(signal && { signal }) });
}

/** Whether writing ended because nobody reads any more. */
export function isClosedPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/**
 * Writes the tables to a file: whole or not at all. `tag` names the temporary file, so that the next try of the same
 * run overwrites what a killed one has left. Symbolic links are followed.
 */
export async function writeSheetFile(path: string, sheets: Sheets, style: SheetStyle, tag: string): Promise<void> {
  const target = await followLinks(path);
  const existing = await stat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    await pour(sheets, style, createWriteStream(target));
    return;
  }
  const temporary = temporaryPath(target, tag);
  try {
    // A file that was kept from others stays so.
    const mode = existing === undefined ? 0o666 : existing.mode & 0o777;
    await pour(sheets, style, createWriteStream(temporary, { flush: true, mode }));
    await replace(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes the temporary file that a file would be written to, and removes it. Rejects with the system's error where it cannot be. */
export async function tryWriting(target: string): Promise<void> {
  const temporary = temporaryPath(target, 'trial');
  await (await open(temporary, 'w')).close();
  await rm(temporary);
  if (await isMountPoint(target, temporary)) await (await open(target, 'r+')).close();
}

/** Whether a file is mounted by itself, as containers do: a link to it would lead to another mount. */
async function isMountPoint(target: string, temporary: string): Promise<boolean> {
  try {
    await link(target, temporary);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EXDEV';
  }
  await rm(temporary);
  return false;
}

/** Puts a file in the place of another. One that is mounted by itself cannot be replaced, and is written where it is. */
export async function replace(temporary: string, target: string, move: typeof rename = rename): Promise<void> {
  try {
    await move(temporary, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EBUSY' && code !== 'EXDEV') throw error;
    await copyFile(temporary, target);
    await rm(temporary);
  }
}

/** Where a path leads; also a symbolic link to what does not exist yet, which is then created there. */
export async function followLinks(path: string): Promise<string> {
  const existing = await stat(path).catch(() => undefined);
  // The other end of a pipe has no path that a link could name: /dev/stdout is such a link.
  if (existing !== undefined && !existing.isFile()) return path;
  try {
    return await realpath(path);
  } catch (error) {
    const leadsOn = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const link = leadsOn ? await readlink(path).catch(() => undefined) : undefined;
    return link === undefined ? path : followLinks(resolve(await realpath(dirname(path)), link));
  }
}

/** Where a file is written before it is renamed: what a killed process may leave. */
export function temporaryPath(path: string, tag: string): string {
  return join(dirname(path), `.${basename(path)}.${tag}.tmp`);
}

async function pour(sheets: Sheets, style: SheetStyle, to: Writable, options: { end?: boolean; signal?: AbortSignal } = {}): Promise<void> {
  // A stream in between: a bare generator would go on waiting for a reader that is stuck, whatever the signal says.
  await pipeline(Readable.from(await contentOf(sheets, style)), to, options);
}

/** The one place that knows which format is written how. */
async function contentOf(sheets: Sheets, style: SheetStyle): Promise<AsyncIterable<string | Buffer>> {
  const [first] = sheets;
  switch (style.format) {
    case 'csv':
    case 'tsv':
      return delimitedText(first, style);
    case 'jsonl':
      return jsonLines(first);
    case 'xlsx': {
      const { workbook } = await import('./xlsx/workbook.ts');
      return workbook(sheets);
    }
  }
}
