/* What the options of `run` ask of every company, checked before anything is read. */
import { caret } from '../core/caret.ts';
import type { Problem } from '../core/errors.ts';
import type { Persona } from '../core/model.ts';
import { isNothing } from '../core/nothing.ts';
import { refuse } from '../core/problems.ts';
import { beginning, plainLine, plainText } from '../core/text.ts';
import type { QuestionOptions } from '../kinds/contacts/question.ts';
import { parseTitleFilter, readOr } from '../kinds/contacts/title-filter.ts';

/** Those options, as commander gives them. */
export type QuestionCommandOptions = {
  titleFilter?: string;
  persona?: string[];
  limit: number;
  includePhones?: boolean;
  includeUnverified?: boolean;
  location?: string;
  country?: string[];
  excludeName?: string[];
  filterAsIs?: boolean;
  hints: boolean;
};

// Bounds of the API.
const MOST_PERSONAS = 5;
const MOST_COUNTRIES = 50;
const MOST_EXCLUDED_NAMES = 200;
const LONGEST_PLACE = 200;
/** No country has so short a name; the API takes `France` and not `FR` (its reference). */
const COUNTRY_CODE = /^[a-z]{2,3}$/i;

/** What the options ask, without the API that is asked; and what looks odd in their filters. @throws {UsageError} with all that is wrong. */
export function readQuestionOptions(options: QuestionCommandOptions, fileProblems: readonly Problem[]) {
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
  const question: Omit<QuestionOptions, 'api_host'> = {
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
