/* Which columns the contacts have, and what the input's own are called among ours. */
import { parse } from 'csv-parse/sync';
import { closest } from '../core/closest.ts';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { RENAMED } from '../core/own-outputs.ts';
import { beginning } from '../core/text.ts';
import { ALL_CONTACT_COLUMNS, CONTACT_COLUMNS } from './contact-columns.ts';
import type { ContactColumn } from './contact-columns.ts';
import type { Column } from './sheet.ts';

/** What `--columns` says: names, or everything that there is. */
export type ColumnList = 'all' | string[];

/** A column and what it holds of what a line is made of. */
export type OutputColumn<Source> = Column & { cell: (source: Source) => unknown };

/** Contained in so many names at most, a word is a hint; in more it is none. */
const MOST_HINTS = 8;

/**
 * Reads `--columns`: names with commas between them, in quotation marks where a name has a comma itself.
 * @throws {UsageError} when it is no list, or names a column twice.
 */
export function readColumnList(text: string): ColumnList {
  const names = splitNames(text).filter((name) => name !== '');
  if (names.length === 1 && names[0]?.toLowerCase() === 'all') return 'all';
  const keys = names.map(keyOf);
  const problems: Problem[] = [...new Set(names.filter((_name, place) => keys.indexOf(keys[place] ?? '') < place))].map((name) => ({
    what: `--columns names "${name}" twice`,
    fix: 'name each column once',
  }));
  if (names.length === 0) problems.push({ what: '--columns names no column', fix: 'write for instance --columns domain,first_name,professional_email, or all' });
  if (problems.length > 0) throw new UsageError(problems);
  return names;
}

/**
 * The columns of the contacts, in their order. A list may name each of ours, and those of the input as the default output,
 * or that with all columns, calls them, in any case. Where one of ours that is no default has the name of an input column, the
 * name means the input's.
 * @throws {UsageError} for a name that there is not, with what may have been meant.
 */
export function chooseContactColumns(list: ColumnList | undefined, input: readonly string[]): ContactColumn[] {
  return chooseOutputColumns({ usual: CONTACT_COLUMNS, all: ALL_CONTACT_COLUMNS }, list, input);
}

/** The same of any output, whose columns are these. */
export function chooseOutputColumns<Source extends { cells: readonly string[] }>(
  ours: { usual: readonly OutputColumn<Source>[]; all: readonly OutputColumn<Source>[] },
  list: ColumnList | undefined,
  input: readonly string[],
): OutputColumn<Source>[] {
  const byDefault = [...ours.usual, ...inputColumns(ours.usual, input)];
  if (list === undefined) return byDefault;
  const all = [...ours.all, ...inputColumns(ours.all, input)];
  if (list === 'all') return all;

  const known = new Map([...all, ...byDefault].map((column) => [keyOf(column.name), column]));
  const unknown = list.filter((name) => !known.has(keyOf(name)));
  if (unknown.length > 0) throw new UsageError(unknownColumns(unknown, [...known.values()].map(({ name }) => name), ours.usual.map(({ name }) => name)));
  return list.flatMap((name) => known.get(keyOf(name)) ?? []);
}

/**
 * Names for the input's own columns behind ours: `input_<name>` where one of ours, or an earlier one, has it. Regardless of
 * case, as for spreadsheets, data frames and databases, which do not tell `Domain` from `domain`.
 */
export function inputColumnNames(ours: readonly string[], input: readonly string[]): string[] {
  const taken = new Set(ours.map(keyOf));
  return input.map((name) => {
    let unique = name;
    while (taken.has(keyOf(unique))) unique = RENAMED + unique;
    taken.add(keyOf(unique));
    return unique;
  });
}

/** What tells the name of one column from that of another. */
function keyOf(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function inputColumns<Source extends { cells: readonly string[] }>(ours: readonly OutputColumn<Source>[], input: readonly string[]): OutputColumn<Source>[] {
  const names = inputColumnNames(ours.map(({ name }) => name), input);
  return names.map((name, place) => ({ name, cell: (source) => source.cells[place] }));
}

function splitNames(text: string): string[] {
  try {
    return parse(text, { trim: true, relax_column_count: true, skip_empty_lines: true }).flat();
  } catch (error) {
    throw new UsageError({ what: '--columns has a quotation mark that is never closed', fix: 'put "..." around a name that has a comma in it' }, { cause: error });
  }
}

/** A problem for each name that is like others, and one for all the rest. */
function unknownColumns(unknown: readonly string[], known: readonly string[], usual: readonly string[]): Problem[] {
  const meanings = unknown.map((name) => ({ name, meant: similar(name, known) }));
  const problems = meanings
    .filter(({ meant }) => meant.length > 0)
    .map(({ name, meant }) => ({ what: `there is no column ${shown(name)} (--columns)`, fix: `did you mean ${meant.map(shown).join(' or ')}?` }));
  const strange = meanings.filter(({ meant }) => meant.length === 0).map(({ name }) => shown(name));
  if (strange.length === 0) return problems;
  const what = `there is no column ${strange.join(' or ')} (--columns)`;
  return [...problems, { what, fix: `the columns are ${usual.join(', ')}, those of the list, and those that --columns all adds` }];
}

function similar(name: string, known: readonly string[]): string[] {
  const word = keyOf(name);
  const near = closest(word, known, keyOf);
  if (near !== undefined) return [near];
  const containing = known.filter((other) => keyOf(other).includes(word));
  return containing.length <= MOST_HINTS ? containing : [];
}

/** In quotation marks, without what would move the cursor of a terminal. */
function shown(name: string): string {
  return `"${beginning(name.replace(/[\p{Cc}\p{Cf}]+/gu, ' '), 60)}"`;
}
