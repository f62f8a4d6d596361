/* Which files the outputs are: as they were named, in the folder that was named, or named after the list. */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { KindName } from '../kinds/kind.ts';
import type { ListFormat } from '../lists/format.ts';
import type { OutputOptions, OutputShape } from './options.ts';
import { formatByName } from './output-shape.ts';

/** What the user said about the outputs of a run. `input` is a path, or `-`; `rows`: how many it is a trial of. */
export type OutputChoice = { kind?: KindName | undefined; input: string; rows?: number | undefined; output?: string | undefined; report?: string | undefined; shape?: OutputShape };

/** The list that outputs are named after. */
export type NamedAfter = { kind?: KindName | undefined; input_name: string; rows: number | null };

/** What the main output adds to the name of the list. */
const MAIN = { contacts: 'contacts', emails: 'verified' } as const;

/**
 * Chooses the outputs: `companies.csv` gives `companies.contacts.csv` beside it, and contacts in `a.csv` a report `a.report.csv`
 * beside them; verified addresses of `emails.csv` go to `emails.verified.csv`. There is no report of itself where contacts go to stdout, or into what is no file. A trial has names of its own, and
 * replaces nothing of the whole list. Files look like the list (delimiter, byte order mark), so that they open where it came from.
 */
export function chooseOutput({ kind, input, rows, output, report, shape = {} }: OutputChoice, format: ListFormat): OutputOptions {
  const names = namesOf({ kind, input_name: input === '-' ? 'stdin' : basename(input), rows: rows ?? null }, shape);
  const contacts = inFolder(output, names.contacts) ?? (input === '-' ? '-' : join(dirname(input), names.contacts));
  return {
    contacts: absolute(contacts),
    report: absolute(inFolder(report, names.report) ?? reportBeside(contacts, kind)),
    style: {
      delimiter: format.delimiter,
      // UTF-16 and Windows-1252 come from Excel, which takes UTF-8 for what it is only behind a byte order mark.
      bom: format.bom || format.encoding !== 'utf-8',
    },
    shape,
  };
}

/** The outputs of a run with what is said now in the place of what was said before. */
export function changeOutput(
  output: OutputOptions,
  now: { output?: string | undefined; report?: string | undefined; shape: OutputShape },
  list: NamedAfter,
): OutputOptions {
  const { format, ...before } = output.shape ?? {};
  // A new name says its format itself.
  const kept = now.output === undefined || formatByName(now.output) === undefined ? format : undefined;
  const shape = { ...before, ...(kept !== undefined && { format: kept }), ...now.shape };
  const names = namesOf(list, shape);
  const contacts = now.output === undefined ? output.contacts : absolute(inFolder(now.output, names.contacts));
  // A report that was named after the contacts goes with them.
  const isBeside = output.report !== null && output.report === reportBeside(output.contacts, list.kind);
  const report = now.report === undefined ? (isBeside ? reportBeside(contacts, list.kind) : output.report) : absolute(inFolder(now.report, names.report));
  return { ...output, contacts, report, shape };
}

/** Whether there is something that is no regular file, such as a device or a pipe: nothing can be beside it. */
export function isNoFile(path: string): boolean {
  return kindOf(path)?.isFile() === false;
}

/** Whether an output names a folder: there is one, or the name ends as one. */
export function isFolder(path: string): boolean {
  return /[/\\]$/.test(path) || kindOf(path)?.isDirectory() === true;
}

function namesOf({ kind = 'contacts', input_name, rows }: NamedAfter, { format = 'csv' }: OutputShape): { contacts: string; report: string } {
  const stem = `${basename(input_name, extname(input_name))}${rows === null ? '' : `.first-${rows}`}`;
  return { contacts: `${stem}.${MAIN[kind]}.${format}`, report: `${stem}.report.csv` };
}

function reportBeside(contacts: string, kind: KindName = 'contacts'): string | null {
  if (contacts === '-' || isNoFile(contacts)) return null;
  const [name, ending] = [basename(contacts, extname(contacts)), `.${MAIN[kind]}`];
  return join(dirname(contacts), `${name.endsWith(ending) ? name.slice(0, -ending.length) : name}.report.csv`);
}

/** The path of an output; where it is a folder, or ends as one, the file of this name in it. */
function inFolder<Path extends string | undefined>(path: Path, name: string): Path | string {
  if (path === undefined || path === '-') return path;
  return isFolder(path) ? join(path, name) : path;
}

function absolute<Path extends string | null>(path: Path): Path | string {
  return path === null || path === '-' ? path : resolve(path);
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // what is wrong with it is said by who writes there
  }
}
