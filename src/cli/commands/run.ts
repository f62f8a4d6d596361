/* `run`: the main job. Reads the list, finds or makes the run, and works on it. */
import { basename } from 'node:path';
import { caret } from '../../core/caret.ts';
import type { Problem } from '../../core/errors.ts';
import type { Persona } from '../../core/model.ts';
import { isNothing } from '../../core/nothing.ts';
import { readAll, refuse } from '../../core/problems.ts';
import { hashOf } from '../../kinds/contacts/question.ts';
import { beginning, plainLine, plainText } from '../../core/text.ts';
import { parseTitleFilter, readOr } from '../../kinds/contacts/title-filter.ts';
import { namesOfList } from '../../lists/columns.ts';
import { examineList, forcedFormat } from '../../lists/format.ts';
import type { ListFormat } from '../../lists/format.ts';
import { openList } from '../../lists/read.ts';
import { unwritable } from '../../service/output.ts';
import { chooseOutput } from '../../service/output-choice.ts';
import { readShape, refuseMisshapen } from '../../service/output-shape.ts';
import { runKey } from '../../service/options.ts';
import type { RunOptions } from '../../service/options.ts';
import { startRun } from '../../service/start.ts';
import type { NewRun } from '../../service/start.ts';
import { durationOption } from '../../runtime/config.ts';
import { takeRun } from '../../store/run-owner.ts';
import { findUnfinishedRun } from '../../store/runs.ts';
import { boundsKept, boundsOf, sameCommand } from '../command-line.ts';
import { dryRun } from '../dry-run.ts';
import { excludedDomains } from '../excluded-domains.ts';
import { withFiles } from '../option-files.ts';
import type { OutputCommandOptions } from '../output-options.ts';
import { perform, readPace } from '../perform.ts';
import type { PaceOptions } from '../perform.ts';
import { outputIsNoList } from '../no-list.ts';
import { openSession, openSessionWithKey } from '../session.ts';
import { refuseClashes } from '../several-lists.ts';
import type { GlobalOptions } from '../session.ts';
import { spool } from '../spool.ts';

/** Options of `run`, as commander gives them. */
export type RunCommandOptions = GlobalOptions &
  PaceOptions &
  OutputCommandOptions & {
    titleFilter?: string;
    persona?: string[];
    domainColumn?: string;
    filterColumn?: string;
    delimiter?: string;
    encoding?: string;
    sheet?: string;
    asList?: boolean;
    limit: number;
    includePhones?: boolean;
    includeUnverified?: boolean;
    location?: string;
    country?: string[];
    excludeName?: string[];
    excludeDomain?: string[];
    filterAsIs?: boolean;
    hints: boolean;
    rows?: number;
    maxAge: string;
    fresh?: boolean;
    dryRun?: boolean;
  };

/** The exit code of a run that finished, with rows that have no answer. */
const ROWS_WITHOUT_ANSWER = 3;
/** Rows with an odd filter that are named; a list may have one in every row. */
const ROWS_ADVISED = 3;
/** Sheets of the list that might be meant instead. */
const SHEETS_NAMED = 5;
// Bounds of the API.
const MOST_PERSONAS = 5;
const MOST_COUNTRIES = 50;
const MOST_EXCLUDED_NAMES = 200;
const LONGEST_PLACE = 200;
/** No country has so short a name; the API takes `France` and not `FR` (its reference). */
const COUNTRY_CODE = /^[a-z]{2,3}$/i;

/**
 * Runs the command, list by list; returns its exit code. What keeps one list from its end (a refused key, a cap, a signal) would
 * keep the next from it too.
 */
export async function run(inputs: readonly string[], options: RunCommandOptions): Promise<number> {
  if (inputs.length > 1) await refuseClashes(inputs, options);
  let worst = 0;
  for (const input of inputs) {
    const exit = await runList(input, options);
    if (exit !== 0 && exit !== ROWS_WITHOUT_ANSWER) return exit;
    worst = Math.max(worst, exit);
  }
  return worst;
}

async function runList(input: string, options: RunCommandOptions): Promise<number> {
  const filled = await withFiles(options);
  const excluded = await excludedDomains(options.excludeDomain);
  const [session, pace, shape, maxAgeMs, asked] = readAll(
    () => (options.dryRun ? openSession(options) : openSessionWithKey(options)),
    () => readPace(options),
    () => readShape(options),
    () => durationOption('--max-age', options.maxAge),
    () => readQuestionOptions(filled.options, [...filled.problems, ...excluded.problems]),
    () => forcedFormat(options),
  );
  const question = { ...asked.question, api_host: options.sandbox ? 'sandbox' : new URL(session.settings.baseUrl).host };
  for (const { option, column, message } of asked.hints) {
    session.terminal.say(`hint: ${option}, character ${column}: ${message}`, { message: 'hint', option, hint: message });
  }

  for (const hint of excluded.hints) session.terminal.say(`hint: ${hint}`, { message: 'hint', hint });

  const list = await spool(input);
  try {
    const reading = {
      ...(options.domainColumn !== undefined && { domainColumn: options.domainColumn }),
      ...(options.filterColumn !== undefined && { filterColumn: options.filterColumn }),
      ...(options.delimiter !== undefined && { delimiter: options.delimiter }),
      ...(options.encoding !== undefined && { encoding: options.encoding }),
      ...(options.sheet !== undefined && { sheet: options.sheet }),
      ...(options.asList && { asList: true as const }),
    };
    const format = await list.naming(examineList(list.path, reading));
    const opened = await list.naming(openList(list.path, format, reading));
    const { columns } = opened;
    const output = chooseOutput({ input, rows: options.rows, output: options.output, report: options.report, shape }, format);
    const problems = await unwritable(output, { input: input === '-' ? undefined : input, isTrying: !options.dryRun });
    const own = options.asList ? undefined : outputIsNoList('contacts', list.name, columns.names, format);
    if (own !== undefined) problems.push(own);
    else if (columns.filter === undefined && question.title_filter === undefined && question.personas === undefined) {
      problems.push({
        what: `${list.name} has no column with title filters, and no filter is given for all rows`,
        fix: 'add --title-filter "(founder OR ceo) AND NOT assistant", or name the column with --filter-column',
      });
    }
    readAll(
      () => refuseMisshapen(output, shape, { input_columns: namesOfList(columns), isTerminal: process.stdout.isTTY }),
      () => refuse(problems),
    );

    const made: RunOptions = {
      ...{ question, reading, output, rows: options.rows ?? null, command: sameCommand(process.argv), bounds: boundsOf(process.argv) },
      ...(excluded.domains.size > 0 && { excluded_sha256: hashOf([...excluded.domains].sort()) }),
    };
    const key = runKey(format.sha256, made);
    const nameOf = (index: number | undefined) => (index === undefined ? null : (columns.names[index] ?? null));
    const understood = {
      domain_column: nameOf(columns.domain),
      filter_column: nameOf(columns.filter),
      hint_columns: [columns.company_name, columns.linkedin].flatMap((index) => nameOf(index) ?? []),
    };
    const { encoding, workbook } = format;
    session.terminal.say(readingLine(list.name, format, understood, { areHintsSent: options.hints, isReport: columns.behind !== undefined }), { message: 'list read', list: list.name, encoding, ...(workbook !== undefined && { sheet: workbook.name }), ...understood });
    if (workbook?.unworked !== undefined) {
      const { cells, line } = workbook.unworked;
      const hint = `formulas that have no value are read as empty: ${cells}, the first in line ${line}; open ${list.name} in a spreadsheet program and save it, to have them worked out`;
      session.terminal.say(`hint: ${hint}`, { message: 'hint', hint });
    }
    if (opened.skipped !== undefined) session.terminal.say(`hint: ${opened.skipped}`, { message: 'hint', hint: opened.skipped });

    let isOrSaid = false;
    const sayOrRead = () => {
      if (!isOrSaid) session.terminal.say('"or" between words of a title filter is read as OR (--filter-as-is sends filters as they are)', { message: 'or read as OR' });
      isOrSaid = true;
    };
    if (asked.isOrRead) sayOrRead();
    let advised = 0;
    const newRun: NewRun = {
      key,
      input_name: list.name === 'stdin' ? 'stdin' : basename(list.name),
      list: opened,
      options: made,
      excluded: excluded.domains,
      maxAgeMs,
      fresh: options.fresh ?? false,
      onOrRead: sayOrRead,
      onAdvice(line, text) {
        advised += 1;
        if (advised <= ROWS_ADVISED) session.terminal.say(`hint: line ${line}, ${text}`, { message: 'hint', line, hint: text });
      },
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
function readingLine(
  list: string,
  { encoding, guess, workbook }: ListFormat,
  { domain_column, filter_column, hint_columns }: { domain_column: string | null; filter_column: string | null; hint_columns: string[] },
  { areHintsSent, isReport }: { areHintsSent: boolean; isReport: boolean },
): string {
  const filters = filter_column === null ? 'title filters from the command line' : `title filters in column "${filter_column}"`;
  const names = hint_columns.map((name) => `"${name}"`).join(' and ');
  const hints = names === '' ? '' : areHintsSent ? `, hints in column ${names}` : `, no hints from column ${names} (--no-hints)`;
  const why = guess === undefined ? '' : `, as in "${guess.word}" in line ${guess.line}; --encoding says it otherwise`;
  const how = workbook !== undefined ? ` (${sheetInWords(workbook)})` : encoding === 'utf-8' ? '' : ` (${encoding}${why})`;
  return `reading ${list}${isReport ? ', a report of an earlier run' : ''}${how}: domains in column "${domain_column}", ${filters}${hints}`;
}

/** Which sheet is read, and which might be meant. */
function sheetInWords({ name, others, isChosen }: NonNullable<ListFormat['workbook']>): string {
  const words = (sheet: string) => `"${plainLine(sheet)}"`;
  if (isChosen || others.length === 0) return `sheet ${words(name)}`;
  const more = others.slice(0, SHEETS_NAMED).map(words).join(', ') + (others.length > SHEETS_NAMED ? ', ...' : '');
  return `sheet ${words(name)}; with rows too: ${more}; --sheet says it otherwise`;
}

/** What the options ask, without the API that is asked; and what looks odd in their filters. @throws {UsageError} with all that is wrong. */
function readQuestionOptions(options: RunCommandOptions, fileProblems: readonly Problem[]) {
  const hints: { option: string; column: number; message: string }[] = [];
  const problems = [...fileProblems];
  if (options.titleFilter !== undefined && options.persona !== undefined) {
    problems.push({ what: '--title-filter and --persona exclude each other', fix: 'give one of them' });
  }
  let isOrRead = false;
  const check = (name: string, given: string) => {
    if (options.filterAsIs || isNothing(plainLine(given))) return;
    const { text, isRead } = readOr(plainText(given));
    isOrRead ||= isRead;
    const parsed = parseTitleFilter(text);
    if (!parsed.ok) {
      const { code, message, column } = parsed.mistake;
      problems.push({ what: `${name}, character ${column}: ${message} (${code})\n${indent(caret(text, column))}`, fix: 'correct it there: a filter is made of words, AND, OR, NOT in capitals, and brackets' });
    } else {
      for (const { column, message } of parsed.hints) hints.push({ option: name, column, message });
    }
  };
  if (options.titleFilter !== undefined) check('--title-filter', options.titleFilter);
  const personas = options.persona?.map((text): Persona => {
    const [, name = '', filter = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name.trim() === '' || filter.trim() === '') {
      problems.push({ what: `--persona "${text}" is not name=expression`, fix: 'write for instance --persona "leaders=ceo OR founder"' });
    } else {
      check(`--persona ${name.trim()}`, filter);
    }
    return { name: name.trim(), filter: filter.trim() };
  });
  if (personas !== undefined && personas.length > MOST_PERSONAS) {
    problems.push({ what: `there are ${personas.length} personas`, fix: `give at most ${MOST_PERSONAS}, which is what the API takes` });
  }
  const names = personas?.map(({ name }) => plainLine(name)) ?? [];
  for (const name of new Set(names.filter((one, place) => one !== '' && names.indexOf(one) < place))) {
    problems.push({ what: `two personas are called "${name}"`, fix: 'give each --persona a name of its own' });
  }
  const given = [['--title-filter', [options.titleFilter]], ['--persona', personas?.flatMap(({ filter }) => (filter === '' ? [] : [filter]))], ['--location', [options.location]], ['--country', options.country], ['--exclude-name', options.excludeName]] as const;
  for (const [option, values = []] of given) {
    const texts = values.flatMap((value) => value ?? []);
    // A variable of a shell that is not set, or a cell without a value: without the option, all the world would be asked for, and paid.
    const nothing = texts.find((text) => isNothing(plainLine(text)));
    if (nothing !== undefined) problems.push({ what: plainLine(nothing) === '' ? `${option} is empty` : `${option} "${nothing}" is a word for nothing`, fix: 'give it a value, or leave it out' });
    // A terminal and a shell that do not agree about the encoding: whoever is meant would be neither found nor left out.
    if (texts.some((text) => text.includes('\uFFFD'))) problems.push({ what: `${option} has a character that was lost (\uFFFD)`, fix: 'set the locale to UTF-8, or give a file in UTF-8' });
  }
  const countries = options.country ?? [];
  for (const country of countries) {
    if (COUNTRY_CODE.test(plainLine(country))) problems.push({ what: `--country "${country}" is a code, and the API knows countries by their names`, fix: `write it in full, for instance --country "${countryName(plainLine(country))}"` });
  }
  if (countries.length > MOST_COUNTRIES) {
    problems.push({ what: `there are ${countries.length} countries`, fix: `give at most ${MOST_COUNTRIES}, which is what the API takes` });
  }
  for (const place of [options.location ?? '', ...countries]) {
    if (place.length > LONGEST_PLACE) problems.push({ what: `"${beginning(place, 30)}..." is no place`, fix: `give at most ${LONGEST_PLACE} characters, which is what the API takes` });
  }
  const excluded = [...new Set(options.excludeName?.map((name) => name.trim()))];
  if (excluded.length > MOST_EXCLUDED_NAMES) {
    problems.push({ what: `there are ${excluded.length} names to leave out`, fix: `give at most ${MOST_EXCLUDED_NAMES}, which is what the API takes` });
  }
  refuse(problems);
  const question: Omit<RunOptions['question'], 'api_host'> = {
    ...(options.titleFilter !== undefined && { title_filter: options.filterAsIs ? options.titleFilter : options.titleFilter.replace(/\s+/g, ' ').trim() }),
    ...(personas !== undefined && { personas }),
    ...(options.location !== undefined && { location: options.location }),
    ...(options.country !== undefined && { countries: options.country }),
    ...(excluded.length > 0 && { excluded_names: excluded }),
    limit: options.limit,
    include_phones: options.includePhones ?? false,
    include_unverified: options.includeUnverified ?? false,
    ...(options.filterAsIs && { filter_as_is: true as const }),
    ...(!options.hints && { no_hints: true as const }),
  };
  return { question, hints, isOrRead };
}

/** The English name of a code such as `DE`; an example where there is none for it. */
function countryName(code: string): string {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const two = code.trim().length === 2 ? names.of(code.trim().toUpperCase()) : undefined;
  return two ?? 'Germany';
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
