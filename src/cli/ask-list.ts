/* What `run` and `verify` share: a list is found, read, checked, and becomes a run, or a dry run of one. */
import { basename } from 'node:path';
import type { Problem } from '../core/errors.ts';
import { readAll, refuse } from '../core/problems.ts';
import { plainLine } from '../core/text.ts';
import { hashOf } from '../kinds/contacts/question.ts';
import type { Policy } from '../kinds/emails/verdict.ts';
import { namesOfList } from '../lists/columns.ts';
import type { ColumnOptions, ListColumns } from '../lists/columns.ts';
import type { KindName } from '../kinds/kind.ts';
import { examineList } from '../lists/format.ts';
import type { ListFormat } from '../lists/format.ts';
import { openList } from '../lists/read.ts';
import type { ListRow } from '../lists/read.ts';
import type { FreeChecks } from '../service/free-checks.ts';
import { unwritable } from '../service/output.ts';
import { chooseOutput } from '../service/output-choice.ts';
import { refuseMisshapen } from '../service/output-shape.ts';
import { runKey } from '../service/options.ts';
import type { Asking, OutputShape, ReadingOptions, RunOptions } from '../service/options.ts';
import { startRun } from '../service/start.ts';
import type { AskedRow, NewRun } from '../service/start.ts';
import { takeRun } from '../store/run-owner.ts';
import { findUnfinishedRun } from '../store/runs.ts';
import { boundsKept, boundsOf, sameCommand } from './command-line.ts';
import { dryRun } from './dry-run.ts';
import { outputIsNoList } from './no-list.ts';
import type { OutputCommandOptions } from './output-options.ts';
import { perform } from './perform.ts';
import type { PaceOptions, PaceSettings } from './perform.ts';
import type { GlobalOptions, Session } from './session.ts';
import { refuseClashes } from './several-lists.ts';
import { spool } from './spool.ts';
import type { ListSource } from './spool.ts';

/** Options of a command that asks for the rows of lists, as commander gives them. */
export type ListCommandOptions = GlobalOptions &
  PaceOptions &
  OutputCommandOptions & {
    delimiter?: string;
    encoding?: string;
    sheet?: string;
    asList?: boolean;
    excludeDomain?: string[];
    rows?: number;
    maxAge?: string;
    fresh?: boolean;
    dryRun?: boolean;
  };

/** Names of columns by what they are read as, null where there is none. */
export type ReadColumns = { domain_column?: string | null; filter_column?: string | null; hint_columns?: string[]; email_column?: string | null };

/** What is asked of a list, by the kind of command. */
export type AskedList = {
  session: Session;
  pace: PaceSettings;
  /** The list, where it is in no file; its outputs are named after `input` all the same. */
  source?: ListSource;
  shape: OutputShape;
  asking: Asking;
  /** How the user said that the columns are found. */
  columnOptions: Pick<ReadingOptions, 'domainColumn' | 'filterColumn' | 'emailColumn'>;
  excluded: ReadonlySet<string>;
  /** For which verdicts an address is good. */
  policy?: Policy;
  maxAgeMs: number;
  catchAllAgeMs?: number;
  checks?: FreeChecks;
  /** What is wrong with the columns of the list. */
  problems: (name: string, columns: ListColumns) => Problem[];
  /** Which columns are used for what, in words and by their names. */
  understood: (columns: ListColumns) => { words: string; fields: ReadColumns };
  /** Called when it was said how the list is read. */
  onRead?: () => void;
  /** What a row asks. Odd things are told to `onAdvice`. */
  ask: (columns: ListColumns, row: ListRow, onAdvice: (line: number, advice: string) => void) => AskedRow;
};

/** The exit code of a run that finished, with rows that have no answer. */
const ROWS_WITHOUT_ANSWER = 3;
/** Rows with an odd filter that are named; a list may have one in every row. */
const ROWS_ADVISED = 3;
/** Sheets of the list that might be meant instead. */
const SHEETS_NAMED = 5;

/**
 * Asks for list by list; returns the exit code. What keeps one list from its end (a refused key, a cap, a signal) would
 * keep the next from it too.
 */
export async function askLists(
  inputs: readonly string[],
  options: ListCommandOptions,
  { columns, kind, askOne }: { columns: ColumnOptions; kind?: KindName; askOne: (input: string) => Promise<number> },
): Promise<number> {
  if (inputs.length > 1) await refuseClashes(inputs, options, columns, kind);
  let worst = 0;
  for (const input of inputs) {
    const exit = await askOne(input);
    if (exit !== 0 && exit !== ROWS_WITHOUT_ANSWER) return exit;
    worst = Math.max(worst, exit);
  }
  return worst;
}

/** Asks for the rows of a list; returns the exit code. */
export async function askList(input: string, options: ListCommandOptions, asked: AskedList): Promise<number> {
  const { session, pace, shape, asking, excluded } = asked;
  const list = await spool(asked.source ?? input);
  try {
    const reading = {
      ...asked.columnOptions,
      ...(options.delimiter !== undefined && { delimiter: options.delimiter }),
      ...(options.encoding !== undefined && { encoding: options.encoding }),
      ...(options.sheet !== undefined && { sheet: options.sheet }),
      ...(options.asList && { asList: true as const }),
    };
    const columnsSought = { ...reading, subject: asking.kind === 'emails' ? ('email' as const) : ('domain' as const) };
    const format = await list.naming(examineList(list.path, columnsSought));
    const opened = await list.naming(openList(list.path, format, columnsSought));
    const { columns } = opened;
    const output = { ...(asked.policy !== undefined && { policy: asked.policy }), ...chooseOutput({ input, rows: options.rows, output: options.output, report: options.report, shape, ...(asking.kind && { kind: asking.kind }) }, format) };
    const problems = await unwritable(output, { input: input === '-' || asked.source !== undefined ? undefined : input, isTrying: !options.dryRun });
    const ours = options.asList === true ? undefined : outputIsNoList(asking.kind ?? 'contacts', list.name, columns.names, format);
    if (ours !== undefined) problems.push(ours);
    else problems.push(...asked.problems(list.name, columns));
    readAll(
      () => refuseMisshapen(output, shape, { input_columns: namesOfList(columns), isTerminal: process.stdout.isTTY }),
      () => refuse(problems),
    );

    const made: RunOptions = {
      ...asking,
      ...{ reading, output, rows: options.rows ?? null, command: sameCommand(process.argv), bounds: boundsOf(process.argv) },
      ...(excluded.size > 0 && { excluded_sha256: hashOf([...excluded].sort()) }),
    };
    const key = runKey(format.sha256, made);
    const understood = asked.understood(columns);
    const { encoding, workbook } = format;
    session.terminal.say(readingLine(list.name, format, understood.words, columns.behind !== undefined), { message: 'list read', list: list.name, encoding, ...(workbook !== undefined && { sheet: workbook.name }), ...understood.fields });
    if (workbook?.unworked !== undefined) {
      const { cells, line } = workbook.unworked;
      const hint = `formulas that have no value are read as empty: ${cells}, the first in line ${line}; open ${list.name} in a spreadsheet program and save it, to have them worked out`;
      session.terminal.say(`hint: ${hint}`, { message: 'hint', hint });
    }
    if (opened.skipped !== undefined) session.terminal.say(`hint: ${opened.skipped}`, { message: 'hint', hint: opened.skipped });

    asked.onRead?.();

    let advised = 0;
    const onAdvice = (line: number, text: string) => {
      advised += 1;
      if (advised <= ROWS_ADVISED) session.terminal.say(`hint: line ${line}, ${text}`, { message: 'hint', line, hint: text });
    };
    const newRun: NewRun = {
      key,
      input_name: list.name === 'stdin' ? 'stdin' : basename(list.name),
      list: opened,
      options: made,
      ask: (row) => asked.ask(columns, row, onAdvice),
      ...(asked.checks !== undefined && { checks: asked.checks }),
      maxAgeMs: asked.maxAgeMs,
      ...(asked.catchAllAgeMs !== undefined && { catchAllAgeMs: asked.catchAllAgeMs }),
      fresh: options.fresh ?? false,
    };
    const sayMoreAdvised = () => {
      const more = advised - ROWS_ADVISED;
      if (more > 0) session.terminal.say(`and ${more} more such rows`, { message: 'more hints', rows: more });
    };
    if (options.dryRun) {
      const exit = await list.naming(dryRun(session, newRun, pace.money, options.report === undefined ? undefined : (output.report ?? undefined)));
      sayMoreAdvised();
      return exit;
    }

    return await perform(session, pace, async (database, taker) => {
      const found = options.fresh ? undefined : await findUnfinishedRun<RunOptions>(database, key);
      const unfinished = found && (await takeRun<RunOptions>(database, found.id, taker));
      // The process that worked on it may have finished it meanwhile.
      if (unfinished !== undefined && unfinished.finished_at === null) {
        const bounds = boundsKept(unfinished.options.bounds, boundsOf(process.argv));
        return { run: { ...unfinished, options: { ...made, bounds } }, continued: true };
      }
      const run = await list.naming(startRun(database, newRun, taker));
      sayMoreAdvised();
      return { run, continued: false, taking: newRun };
    });
  } finally {
    await list.remove();
  }
}

/** How the list was understood. */
function readingLine(list: string, { encoding, guess, workbook }: ListFormat, columns: string, isReport: boolean): string {
  const why = guess === undefined ? '' : `, as in "${guess.word}" in line ${guess.line}; --encoding says it otherwise`;
  const how = workbook !== undefined ? ` (${sheetInWords(workbook)})` : encoding === 'utf-8' ? '' : ` (${encoding}${why})`;
  return `reading ${list}${isReport ? ', a report of an earlier run' : ''}${how}: ${columns}`;
}

/** Which sheet is read, and which might be meant. */
function sheetInWords({ name, others, isChosen }: NonNullable<ListFormat['workbook']>): string {
  const words = (sheet: string) => `"${plainLine(sheet)}"`;
  if (isChosen || others.length === 0) return `sheet ${words(name)}`;
  const more = others.slice(0, SHEETS_NAMED).map(words).join(', ') + (others.length > SHEETS_NAMED ? ', ...' : '');
  return `sheet ${words(name)}; with rows too: ${more}; --sheet says it otherwise`;
}
