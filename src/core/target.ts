/* Input rows -> questions. Rows whose question has the same hash share one target. */
import { createHash } from 'node:crypto';
import type { Persona, Question } from './model.ts';
import { companyDomain } from './domain.ts';
import { caret, parseTitleFilter } from './title-filter.ts';

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
};

/** The cells of a row that make its question; empty text where the list has no such column. */
export type RowText = {
  domain: string;
  /** The domain's column holds those of e-mail addresses. */
  isMailDomain?: boolean;
  title_filter: string;
  company_name: string;
  linkedin: string;
};

/**
 * What a row asks, or why it asks nothing. `title_filter` is what the outputs show; `advice` says what looks odd in a
 * domain or filter that only the server can judge.
 */
export type Asked =
  | { question: Question; question_hash: string; domain: string; title_filter: string; advice?: string }
  | { question?: undefined; domain: string | null; title_filter: string; reason: string };

/** The API's bounds for hints (documented: 1-500 characters). */
const LONGEST_HINT = 500;

/** Turns one row into its question. Never throws: a row that cannot be asked says why. */
export function questionOf(row: RowText, options: QuestionOptions): Asked {
  const company = companyDomain(row.domain, row);
  const ownFilter = oneLine(row.title_filter);
  const forAll = options.personas?.map(({ name, filter }) => ({ name: oneLine(name), filter: oneLine(filter) }));
  const title_filter = ownFilter || oneLine(options.title_filter ?? '') || personasText(forAll);
  const refuse = (reason: string) => ({ domain: 'domain' in company ? company.domain : null, title_filter, reason });

  if ('reason' in company) return refuse(company.reason);
  const advice = company.hint === undefined ? [] : [company.hint];
  if (ownFilter !== '') {
    const parsed = parseTitleFilter(ownFilter);
    if (parsed.ok) {
      advice.push(...parsed.hints.slice(0, 1).map(({ column, message }) => `title filter, character ${column}: ${message}`));
    } else {
      const { code, message, column } = parsed.mistake;
      return refuse(`title filter, character ${column}: ${message} (${code})\n${caret(ownFilter, column)}`);
    }
  }
  const personas = ownFilter === '' && options.title_filter === undefined ? forAll : undefined;
  const filter = personas === undefined ? title_filter : undefined;
  if (filter === '') return refuse('has no title filter: fill the cell, or give one for all with --title-filter');

  const question: Question = {
    api_host: options.api_host,
    domain: company.domain,
    ...(filter !== undefined && { title_filter: filter }),
    ...(personas !== undefined && { title_filters: personas }),
    ...hint('company_name', row.company_name),
    ...hint('linkedin', row.linkedin),
    ...hint('location_name', options.location ?? ''),
    ...sorted('location_countries', options.countries),
    ...sorted('excluded_names', options.excluded_names),
    limit: options.limit,
    include_phones: options.include_phones,
    verified_only: !options.include_unverified,
  };
  return { question, question_hash: hashOf(question), domain: company.domain, title_filter, ...(advice.length > 0 && { advice: advice.join('; ') }) };
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

function hint<Name extends 'company_name' | 'linkedin' | 'location_name'>(name: Name, text: string) {
  const value = [...oneLine(text)].slice(0, LONGEST_HINT).join('');
  return value === '' ? {} : { [name]: value };
}

function sorted<Name extends string>(name: Name, values: string[] | undefined) {
  const set = [...new Set((values ?? []).map(oneLine))].filter((value) => value !== '').sort();
  return set.length === 0 ? {} : { [name]: set };
}

function oneLine(text: string): string {
  return text.replaceAll('\0', '').replace(/\s+/g, ' ').trim();
}
