/* Writing the outputs: what cannot be written (said before anything is sent), partial files, stdout. */
import { constants } from 'node:fs';
import { access, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { refuse } from '../core/problems.ts';
import type { Sheet, Sheets, SheetStyle } from '../outputs/sheet.ts';
import { followLinks, isClosedPipe, temporaryPath, tryWriting, writeSheetFile, writeSheetTo } from '../outputs/write.ts';
import type { Database } from '../store/database.ts';
import { newerRunWriting } from '../store/runs.ts';
import { mainSheet } from './export.ts';
import type { Picking } from './export.ts';
import type { OutputOptions, Run } from './options.ts';
import { isNoFile } from './output-choice.ts';
import { contactsStyle, reportStyle } from './output-shape.ts';
import { reportSheet } from './report.ts';

/** The files among the outputs. */
export function filesOf({ contacts, report }: OutputOptions): string[] {
  return [contacts, report].filter((path): path is string => path !== null && path !== '-');
}

/** The same as `unwritable`. @throws {UsageError} naming each path and the reason. */
export async function refuseUnwritable(output: OutputOptions): Promise<void> {
  refuse(await unwritable(output));
}

/**
 * Finds out before anything is sent whether the outputs can be written: by really trying, since a file system that is
 * read-only, or none, says so to nobody who only asks for the permissions. With `isTrying` false (a dry run) nothing is made.
 * Gives what is wrong with each path. `input` is the list, which no output may be.
 */
export async function unwritable(output: OutputOptions, { input, isTrying = true }: { input?: string | undefined; isTrying?: boolean } = {}): Promise<Problem[]> {
  const inputPath = input === undefined ? undefined : await realpath(input).catch(() => undefined);
  const paths = filesOf(output);
  if (output.contacts === '-' && output.report === '-') {
    return [{ what: 'contacts and report would both go to stdout', fix: 'name a file for one of them, with -o or --report' }];
  }
  if (paths.length === 2 && paths[0] === paths[1]) {
    return [{ what: `contacts and report would be the same file (${paths[0]})`, fix: 'choose another --report' }];
  }
  const problems: Problem[] = [];
  for (const path of paths) {
    const option = path === output.contacts ? '-o' : '--report';
    const problem = await problemOf(path, { inputPath, option, isTrying });
    if (problem !== undefined && !problems.some(({ what }) => what === problem.what)) problems.push(problem);
  }
  return problems;
}

async function problemOf(path: string, { inputPath, option, isTrying }: { inputPath: string | undefined; option: string; isTrying: boolean }): Promise<Problem | undefined> {
  const target = await followLinks(path);
  if (target === inputPath) return { what: `the output ${path} is the input file`, fix: `choose another one with ${option}` };
  const existing = await stat(target).catch((error: NodeJS.ErrnoException) => (error.code === 'ELOOP' ? 'a loop' : undefined));
  if (existing === 'a loop') return { what: `the output ${path} is a symbolic link that leads to itself`, fix: `choose another one with ${option}` };
  if (existing?.isDirectory()) return { what: `the output ${path} is a folder`, fix: 'name a file in it' };
  const folder = dirname(target);
  const kind = await stat(folder).catch(() => undefined);
  if (kind?.isDirectory() !== true) {
    return kind === undefined
      ? { what: `the folder ${folder} does not exist`, fix: `create it, or choose another place with ${option}` }
      : { what: `${folder} is a file, not a folder`, fix: `choose another place with ${option}` };
  }
  const isStream = existing !== undefined && !existing.isFile();
  const tried = isStream || !isTrying ? access(isStream ? target : folder, constants.W_OK) : tryWriting(target);
  return tried.then(
    () => undefined,
    (error: NodeJS.ErrnoException) => ({
      what: `cannot write to ${isStream || error.path === target ? target : folder} (${getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.message})`,
      fix: `choose another place with ${option}`,
    }),
  );
}

/**
 * Refuses to write over what a newer run has written: whoever goes on with an old run would not look for its contacts there.
 * Files that the user names now are theirs to choose. `command` is the one that goes on with the run.
 * @throws {UsageError} naming the file and the newer run.
 */
export async function refuseOverNewer(database: Database, run: Pick<Run, 'id' | 'created_at'>, kept: readonly (string | null)[], command: string): Promise<void> {
  for (const path of kept) {
    if (path === null || path === '-') continue;
    const there = await Promise.all([path, partialPath(path)].map(isThere));
    const newer = there.includes(true) ? await newerRunWriting(database, run.created_at, [path]) : undefined;
    if (newer === undefined) continue;
    throw new UsageError({
      what: `${path} is of run ${newer.id}, which is newer than run ${run.id}`,
      fix: `write to other files: ${command} -o <file> --report <file>`,
    });
  }
}

/** `companies.contacts.csv` -> `companies.contacts.partial.csv`. */
export function partialPath(path: string): string {
  const extension = extname(path);
  return join(dirname(path), `${basename(path, extension)}.partial${extension}`);
}

/** The files that were written. */
export type Written = { contacts: string; report: string | null; partial: boolean };

/**
 * Writes contacts (unless they went to stdout) and report. A finished run replaces the good files and removes partial
 * ones; an unfinished one writes partial files and leaves the good ones alone.
 */
export async function writeOutputs(database: Database, run: Run, { finished, stdout }: { finished: boolean; stdout: Writable }): Promise<Written> {
  const { contacts, report } = run.options.output;
  const write = async (path: string, writer: (target: string) => Promise<unknown>) => {
    const target = finished || path === '-' || isNoFile(path) ? path : partialPath(path);
    await writer(target);
    if (finished && path !== '-') await removePartial(path, run.id);
    return target;
  };
  return {
    // To stdout they have gone already.
    contacts: contacts === '-' ? '-' : await write(contacts, (target) => writeContacts(database, run, target)),
    report: report === null ? null : await write(report, (target) => writeReport(database, run, target, stdout)),
    partial: !finished,
  };
}

/** Writes the contacts of a run to a file, in the shape that the run's options say. */
export async function writeContacts(database: Database, run: Run, path: string, picking: Picking = {}): Promise<void> {
  const style = contactsStyle(run.options.output);
  await writeSheetFile(path, sheetsOf(database, run, style, picking), style, run.id);
}

/** Writes the report of a run to a file, or to stdout. Returns whether the reader of stdout had seen enough before the end. */
export async function writeReport(database: Database, run: Run, path: string, stdout: Writable): Promise<boolean> {
  return writeReportTo(path, reportSheet(database, run), { output: run.options.output, tag: run.id, stdout });
}

/** The same of any report. `tag` names the temporary file. */
export async function writeReportTo(path: string, report: Sheet, { output, tag, stdout }: { output: OutputOptions; tag: string; stdout: Writable }): Promise<boolean> {
  const style = reportStyle({ ...output, report: path });
  if (path === '-') return isReaderGone(writeSheetTo(stdout, [report], style));
  await writeSheetFile(path, [report], style, tag);
  return false;
}

/** Whether the reader of stdout went before all was written. Any other failure is thrown. */
export async function isReaderGone(writing: Promise<void>): Promise<boolean> {
  return writing.then(
    () => false,
    (error: unknown) => {
      if (isClosedPipe(error)) return true;
      throw error;
    },
  );
}

/** Writes contacts to stdout, as soon as every earlier row is settled. */
export async function streamContacts(
  database: Database,
  run: Run,
  stdout: Writable,
  { signal, ...picking }: Picking & { signal?: AbortSignal } = {},
): Promise<void> {
  const style = contactsStyle(run.options.output);
  await writeSheetTo(stdout, sheetsOf(database, run, style, picking), style, signal);
}

/** A full disk or a folder that has gone is the user's to mend, and no bug: such an error in words, any other as it is. */
export function outputFailure(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof UsageError || code === undefined || syscall === undefined) return error;
  return new UsageError({ what: `the output cannot be written (${code})`, fix: 'make room, or choose another place with -o or --report' }, { cause: error });
}

/** The main output; a workbook has the report on a second sheet. */
function sheetsOf(database: Database, run: Run, style: SheetStyle, picking: Picking): Sheets {
  const main = mainSheet(database, run, picking);
  return style.format === 'xlsx' ? [main, reportSheet(database, run)] : [main];
}

/** Also what was left by a process that was killed while it wrote a partial file. */
export async function removePartial(path: string, run_id: string): Promise<void> {
  const partial = partialPath(path);
  for (const file of [partial, temporaryPath(partial, run_id)]) await rm(file, { force: true });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then((existing) => existing.isFile(), () => false);
}
