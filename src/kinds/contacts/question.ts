/* Input rows -> questions. Rows whose question has the same hash share one target. */
import { createHash } from 'node:crypto';
import { caret } from '../../core/caret.ts';
import type { Persona, Question } from '../../core/model.ts';
import { companyDomain } from '../../core/domain.ts';
import { isNothing } from '../../core/nothing.ts';
import { plainLine } from '../../core/text.ts';
import { canonicalFilter, parseTitleFilter, readOr } from './title-filter.ts';

/** The options of a run that decide what is asked. Lists are in the order in which the user gave them. */
export type QuestionOptions = {
  api_host: string;
  title_filter?: string;
  personas?: Persona[];
  location?: string;
  countries?: string[];
  excluded_names?: string[];
  limit: number;
  include_phones: boolean;
  include_unverified: boolean;
  /** Filters are sent as they were written. Only where it was asked for, as it is part of the run's key. */
  filter_as_is?: true;
  /** Company names and LinkedIn pages are not sent along. */
  no_hints?: true;
};

/** The cells of a row that make its question; empty text where the list has no such column. */
export type RowText = {
  domain: string;
  /** The domain's column holds those of e-mail addresses. */
  isMailDomain?: boolean;
  title_filter: string;
  company_name: string;
  linkedin: string;
  /** The row is of a report, where personas stand as a filter. */
  isReported?: boolean;
};

/**
 * What a row asks, or why it asks nothing. `title_filter` is what the outputs show; `advice` says what looks odd in a
 * domain or filter that only the server can judge.
 */
export type Asked =
  | { question: Question; question_hash: string; domain: string; title_filter: string; advice?: string; /** An `or` in the row's filter was read as OR. */ isOrRead?: true }
  | { question?: undefined; domain: string | null; title_filter: string; reason: string };

/** The API's bounds for hints (documented: 1-500 characters). */
const LONGEST_HINT = 500;

/** Turns one row into its question. Never throws: a row that cannot be asked says why. */
export function questionOf(row: RowText, options: QuestionOptions): Asked {
  const company = companyDomain(row.domain, row);
  const forAll = options.personas?.map(({ name, filter }) => ({ name: plainLine(name), filter: filterOf(filter, options).text }));
  const sharedText = options.title_filter === undefined ? personasText(forAll) : filterOf(options.title_filter, options).text;
  const own = filterOf(row.title_filter, options);
  // The report of a run with personas has their text in each row: given as a list, it asks what the run asked.
  const hasOwn = own.text !== '' && (own.text !== sharedText || forAll === undefined);
  const title_filter = hasOwn ? own.text : sharedText;
  const reported = hasOwn && row.isReported === true ? personasIn(own.text) : undefined;
  const refuse = (reason: string) => ({ domain: 'domain' in company ? company.domain : null, title_filter, reason });

  if ('reason' in company) return refuse(company.reason);
  const advice = company.hint === undefined ? [] : [company.hint];
  if (hasOwn && reported === undefined && options.filter_as_is !== true) {
    const parsed = parseTitleFilter(own.text);
    if (parsed.ok) {
      advice.push(...parsed.hints.slice(0, 1).map(({ column, message }) => `title filter, character ${column}: ${message}`));
    } else {
      const { code, message, column } = parsed.mistake;
      return refuse(`title filter, character ${column}: ${message} (${code})\n${caret(own.text, column)}`);
    }
  }
  const personas = reported ?? (hasOwn || options.title_filter !== undefined ? undefined : forAll);
  const filter = personas === undefined ? title_filter : undefined;
  if (filter === '') return refuse('has no title filter: fill the cell, or give one for all with --title-filter');

  const question: Question = {
    api_host: options.api_host,
    domain: company.domain,
    ...(filter !== undefined && { title_filter: filter }),
    ...(personas !== undefined && { title_filters: personas }),
    ...(options.no_hints !== true && { ...textOf('company_name', row.company_name), ...textOf('linkedin', row.linkedin) }),
    ...textOf('location_name', options.location ?? ''),
    ...sorted('location_countries', options.countries),
    ...sorted('excluded_names', options.excluded_names),
    limit: options.limit,
    include_phones: options.include_phones,
    verified_only: !options.include_unverified,
  };
  return {
    question,
    question_hash: questionHash(question),
    domain: company.domain,
    title_filter,
    ...(advice.length > 0 && { advice: advice.join('; ') }),
    ...(hasOwn && own.isRead && { isOrRead: true as const }),
  };
}

/**
 * The rules by which `questionHash` tells questions apart. Where they change, the number goes up, and what is stored is formed anew
 * (store/forming.ts): else known answers would be bought again.
 */
export const QUESTION_VERSION = 2;

/**
 * Tells questions apart. Hints are no part of a question, nor is its limit: an answer to a larger one serves a smaller one. Of
 * filters only what they come to counts.
 */
export function questionHash(question: Question): string {
  const { title_filter, title_filters } = question;
  return hashOf({
    ...question,
    ...{ company_name: undefined, linkedin: undefined, limit: undefined },
    ...(title_filter !== undefined && { title_filter: canonicalFilter(title_filter) }),
    ...(title_filters !== undefined && { title_filters: title_filters.map(({ name, filter }) => ({ name, filter: canonicalFilter(filter) })) }),
  });
}

/** The hash of a question that an older version stored. Its domain is not judged again, and nothing is refused. */
export function hashOfStored(question: Question): string {
  const { title_filter, title_filters, location_name, location_countries, excluded_names, ...rest } = question;
  const filter = (text: string) => readOr(plainLine(text)).text;
  return questionHash({
    ...rest,
    ...(title_filter !== undefined && { title_filter: filter(title_filter) }),
    ...(title_filters !== undefined && { title_filters: title_filters.map((one) => ({ name: plainLine(one.name), filter: filter(one.filter) })) }),
    ...textOf('location_name', location_name ?? ''),
    ...sorted('location_countries', location_countries),
    ...sorted('excluded_names', excluded_names),
  });
}

/** A hash of any JSON value that does not depend on the order of its members. Hexadecimal SHA-256. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** The text of personas in the column `title_filter`: the API does not say which of them brought a contact. */
function personasText(personas: Persona[] | undefined): string {
  return (personas ?? []).map(({ name, filter }) => `${name}=${filter}`).join('; ');
}

/** The personas of a text that `personasText` made; undefined for a filter. A name has no `=` in it, and titles have none. */
function personasIn(text: string): Persona[] | undefined {
  const personas: Persona[] = [];
  for (const part of text.split('; ')) {
    const place = part.indexOf('=');
    const last = personas.at(-1);
    if (place > 0) personas.push({ name: part.slice(0, place), filter: part.slice(place + 1) });
    else if (last === undefined) return undefined;
    else last.filter += `; ${part}`;
  }
  return personas;
}

/** A filter as it is sent, and whether an `or` in it was read as OR. Words for nothing are no filter. */
function filterOf(text: string, { filter_as_is }: QuestionOptions): { text: string; isRead: boolean } {
  const line = plainLine(text);
  if (isNothing(line)) return { text: '', isRead: false };
  return filter_as_is === true ? { text: text.replaceAll('\0', ''), isRead: false } : readOr(line);
}

function textOf<Name extends 'company_name' | 'linkedin' | 'location_name'>(name: Name, text: string) {
  const line = plainLine(text);
  return isNothing(line) ? {} : { [name]: [...line].slice(0, LONGEST_HINT).join('') };
}

function sorted<Name extends string>(name: Name, values: string[] | undefined) {
  const set = [...new Set((values ?? []).map(plainLine))].filter((value) => value !== '').sort();
  return set.length === 0 ? {} : { [name]: set };
}
