/*
 * Sheets as delimited text. A file is written beside itself and renamed, so nobody reads half of one; what exists and
 * is no regular file (a pipe, a device) is written as a stream.
 */
import { createWriteStream } from 'node:fs';
import { readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify';

/** Lines of text cells under a header. */
export type Sheet = { header: readonly string[]; rows: AsyncIterable<readonly string[]> };

/** What the text looks like. */
export type SheetStyle = { delimiter: string; bom: boolean };

/** A number or a phone number may begin with a sign; a spreadsheet runs everything else that does. */
const PLAIN_NUMBER = /^[+-]?[\d\s().-]+(?:[.,]\d+)?$/;
const FORMULA_START = /^[=@＝＠\t\r\n]/;
const SIGN_START = /^[+\-＋－]/;

/** The cell, behind a `'` when a spreadsheet would run it as a formula. */
export function guardFormula(cell: string): string {
  if (FORMULA_START.test(cell)) return `'${cell}`;
  return SIGN_START.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell;
}

/** Writes the sheet to a stream that stays open (stdout). Waits for a slow reader; rejects when it closes. */
export async function writeSheetTo(stream: Writable, sheet: Sheet, style: SheetStyle, signal?: AbortSignal): Promise<void> {
  await pipeline(lines(sheet), stringifier(style), stream, { end: false, ...(signal && { signal }) });
}

/**
 * Writes the sheet to a file: whole or not at all. `tag` names the temporary file, so that the next try of the same
 * run overwrites what a killed one has left. Symbolic links are followed.
 */
export async function writeSheetFile(path: string, sheet: Sheet, style: SheetStyle, tag: string): Promise<void> {
  const target = await followLinks(path);
  const existing = await stat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    await pipeline(lines(sheet), stringifier(style), createWriteStream(target));
    return;
  }
  const temporary = temporaryPath(target, tag);
  try {
    // A file that was kept from others stays so.
    const mode = existing === undefined ? 0o666 : existing.mode & 0o777;
    await pipeline(lines(sheet), stringifier(style), createWriteStream(temporary, { flush: true, mode }));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Where a path leads; also a symbolic link to what does not exist yet, which is then created there. */
export async function followLinks(path: string): Promise<string> {
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

function stringifier(style: SheetStyle) {
  // A lone CR ends a line for many readers; by itself the library quotes only the end that it writes.
  return stringify({ delimiter: style.delimiter, bom: style.bom, record_delimiter: '\n', quoted_match: /\r/ });
}

async function* lines(sheet: Sheet): AsyncGenerator<string[]> {
  yield sheet.header.map(guardFormula);
  for await (const row of sheet.rows) yield row.map(guardFormula);
}
