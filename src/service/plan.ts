/* What is about to be done and what it may cost: counts in, numbers and opening lines out. The same for a dry run. */
import { many } from '../core/count.ts';
import { formatDuration } from '../core/duration.ts';
import type { Outcome } from '../core/model.ts';
import { OUTCOMES } from '../core/model.ts';
import { formatUsd } from '../core/money.ts';
import { NOTHING_BEFORE } from '../store/answered-before.ts';
import type { AnsweredBefore } from '../store/answered-before.ts';
import type { History } from '../store/bills.ts';
import type { Elsewhere } from '../store/known.ts';
import { rowsOf } from '../store/outcomes.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import { WORDS } from './words.ts';
import type { Words } from './words.ts';
import type { Pricing } from './pricing.ts';
import { moreRows } from './report.ts';

/** Of a filter that stands in a line with other words. */
const LONGEST_FILTER = 60;

/** Requests per window; a limit of 0 is none. */
type RateLimit = { limit: number; windowMs: number };

/** Numbers of what is about to be done. `requests` is the least: one launch and one find per company. */
export type Plan = {
  rows: number;
  duplicates: number;
  invalid: number;
  excluded: number;
  answered: number;
  /** Rows of a continued run that ended otherwise. */
  ended: number;
  to_ask_again: number;
  to_launch: number;
  /** Of these, questions that were answered before in another form. */
  answered_before: AnsweredBefore;
  /** Of addresses what was told without asking anybody. */
  local?: LocalCounts;
  /** Of those still open: launches in doubt that are to be repeated. */
  to_repeat: number;
  requests: number;
  least_ms: number;
  worst_case_contacts: number;
  /** Null: the price is not known. */
  worst_case_usd: number | null;
  /** By the history of the account; null where it has none. */
  expected: Expected | null;
};

/** Addresses by what the free checks say: throwaway ones, role accounts, and those whose domain takes no mail. */
export type LocalCounts = { disposable: number; role: number; no_mail: number };

/** What is likely to come of the launches, going by so many companies that were asked before. Dollars are null when no bill told any. */
export type Expected = { contacts: number; usd: number | null; companies: number; hit_rate: number };

/** The balance of the account, or why nobody knows it. */
export type Balance = { usd: number } | { unknown: string };

/** The cap of a run, and what of it is spent, or may still turn out to be, by earlier commands. */
export type Cap = { usd: number; committed_usd: number };

/** What is about to be done, from the counts at the start. `toRepeat`: launches in doubt that may be repeated. */
export function planOf(given: {
  /** Contacts of one company at most, or how many providers verify an address. */
  most: number;
  words?: Words;
  counts: readonly OutcomeCount[];
  rateLimit: RateLimit;
  toRepeat?: number;
  answeredBefore?: AnsweredBefore;
  history?: History;
  local?: LocalCounts;
  pricing: Pick<Pricing, 'worst_usd'>;
}): Plan {
  const { counts, rateLimit, toRepeat = 0, answeredBefore = NOTHING_BEFORE, words = WORDS.contacts } = given;
  const { worst_usd } = given.pricing;
  const rows = (...outcomes: Outcome[]) => rowsOf(counts, outcomes);
  const to_launch = rows('not_launched');
  const to_ask_again = rows('waiting');
  const requests = words.requestsEach * (to_launch + toRepeat) + Math.max(to_ask_again - toRepeat, 0);
  const windows = rateLimit.limit === 0 ? 0 : Math.max(Math.ceil(requests / rateLimit.limit) - 1, 0);
  const local = given.local === undefined ? 0 : given.local.disposable + given.local.role + given.local.no_mail;
  const answered = rows('cached', 'found', 'no_contacts', 'not_found') - local;
  const [duplicates, invalid, excluded, total] = [rows('duplicate'), rows('invalid'), rows('excluded'), rows(...OUTCOMES)];
  const companies = to_launch + toRepeat;
  const contacts = companies * given.most;
  return {
    rows: total,
    duplicates,
    invalid,
    excluded,
    answered,
    ended: total - duplicates - invalid - excluded - answered - local - to_launch - to_ask_again,
    to_ask_again,
    to_launch,
    answered_before: answeredBefore,
    ...(given.local !== undefined && { local: given.local }),
    to_repeat: toRepeat,
    requests,
    least_ms: windows * rateLimit.windowMs,
    worst_case_contacts: contacts,
    worst_case_usd: contacts === 0 ? 0 : worst_usd === undefined ? null : companies * worst_usd,
    expected: companies === 0 ? null : expectedOf(companies, given.history),
  };
}

function expectedOf(companies: number, history: History | undefined): Expected | null {
  if (history === undefined || history.companies === 0) return null;
  const contacts = (companies * history.contacts) / history.companies;
  return {
    contacts: Math.round(contacts),
    usd: history.usd_a_contact === null ? null : contacts * history.usd_a_contact,
    companies: history.companies,
    hit_rate: history.with_contacts / history.companies,
  };
}

/** The opening lines: how the list was understood, what will be asked, and what that may cost. */
export function openingLines(opening: {
  /** `run <id> (<list>)`, or what stands for it. */
  title: string;
  plan: Plan;
  rateLimit: RateLimit;
  words?: Words;
  pricing: Pick<Pricing, 'words' | 'worst_usd'>;
  balance: Balance;
  cap: Cap | undefined;
  /** Of a list that was just read: how many lines its rows take. */
  lines?: number | undefined;
  /** The first invalid rows, with the number of their line. */
  invalidRows: readonly { row: number; reason: string | null }[];
  /** Contacts of one company at most. */
  limit: number;
  /** Known answers are not taken, as the user said. */
  fresh: boolean;
  /** Whether the run writes a report, in which every row has its reason. */
  hasReport: boolean;
  /** Questions that other runs are asking at this moment. */
  elsewhere?: Elsewhere | undefined;
  /** Where everything is kept, or would be. */
  database: string;
}): string[] {
  const { plan, rateLimit, invalidRows, words = WORDS.contacts } = opening;
  const parts = [
    many(plan.rows, 'row') + (opening.lines === undefined || opening.lines === plan.rows ? '' : ` (on ${opening.lines} lines)`),
    ...(plan.duplicates > 0 ? [many(plan.duplicates, 'duplicate')] : []),
    ...(plan.invalid > 0 ? [`${plan.invalid} invalid`] : []),
    ...(plan.excluded > 0 ? [`${plan.excluded} excluded`] : []),
    ...(plan.answered > 0 ? [`${plan.answered} already answered`] : []),
    ...(plan.ended > 0 ? [`${plan.ended} ended without an answer`] : []),
    ...(plan.to_ask_again > plan.to_repeat ? [`${many(plan.to_ask_again - plan.to_repeat, 'job')} still open`] : []),
    ...(plan.to_repeat > 0 ? [`${plan.to_repeat} in doubt`] : []),
    ...localParts(plan),
    `${plan.to_launch} ${words.toAsk}`,
  ];
  const lines = [`${opening.title}: ${parts.join(', ')}`];
  for (const row of invalidRows) {
    const [first = '', ...caret] = (row.reason ?? '').split('\n');
    lines.push(`  line ${row.row}: ${first}`, ...caret.map((line) => `    ${line}`));
  }
  if (plan.invalid > invalidRows.length && invalidRows.length > 0) {
    lines.push(`  ${moreRows(plan.invalid - invalidRows.length, opening.hasReport)}`);
  }
  if (plan.requests > 0) {
    const limit = rateLimit.limit === 0 ? 'no limit' : `limit ${rateLimit.limit} per ${rateLimit.windowMs / 1000} s`;
    const time = plan.least_ms === 0 ? '' : `, ${formatDuration(plan.least_ms)} or more`;
    lines.push(`  at least ${many(plan.requests, 'request')} (${limit})${time}`);
  }
  if (plan.worst_case_contacts > 0) lines.push(...costLines(opening));
  lines.push(...againLine(opening));
  if (opening.elsewhere !== undefined && opening.elsewhere.questions > 0) lines.push(elsewhereLine(opening.elsewhere));
  lines.push(`  ${opening.database}`);
  return lines;
}

/** What was told without asking anybody. */
function localParts({ local }: Plan): string[] {
  if (local === undefined) return [];
  return [
    ...(local.disposable > 0 ? [`${local.disposable} disposable`] : []),
    ...(local.role > 0 ? [many(local.role, 'role account')] : []),
    ...(local.no_mail > 0 ? [`${local.no_mail} at domains that take no mail`] : []),
  ];
}

/** Questions that are not launched here, as long as another run may bring their answers. */
function elsewhereLine({ questions, runs: [first = '', ...others] }: Elsewhere): string {
  return `  waits for the answers to ${many(questions, 'question')} that run ${first}${others.length === 0 ? ' asks' : ` and ${many(others.length, 'other')} ask`} already`;
}

/** Questions that are paid again, in which way their answer differs, and what of the worst case is theirs. */
function againLine({ plan: { answered_before: before }, pricing, limit, fresh }: { plan: Plan; pricing: Pick<Pricing, 'worst_usd'>; limit: number; fresh: boolean }): string[] {
  const { too_old, smaller_limit, other_spelling, spelling } = before;
  const questions = too_old + smaller_limit + other_spelling;
  if (questions === 0) return [];
  const worst = pricing.worst_usd === undefined ? many(questions * limit, 'contact') : formatUsd(questions * pricing.worst_usd);
  const ways = [
    ...(other_spelling > 0 ? [`${other_spelling} to another spelling of the filter${spelling === null ? '' : ` (${brief(spelling)})`}`] : []),
    ...(smaller_limit > 0 ? [`${smaller_limit} to a smaller --limit`] : []),
    ...(too_old > 0 ? [`${too_old} ${fresh ? 'not taken, as --fresh says' : 'longer ago than --max-age'}`] : []),
  ];
  return [`  ${questions} of them answered before, and asked again for ${worst} at worst: ${ways.join(', ')}`];
}

function brief(filter: string): string {
  return filter.length > LONGEST_FILTER ? `${filter.slice(0, LONGEST_FILTER - 3)}...` : filter;
}

function costLines({ plan, pricing: price, balance, cap, words = WORDS.contacts }: { plan: Plan; pricing: Pick<Pricing, 'words'>; balance: Balance; cap: Cap | undefined; words?: Words }): string[] {
  const contacts = many(plan.worst_case_contacts, ...words.billed);
  const worst = plan.worst_case_usd;
  const left = cap === undefined ? Infinity : Math.max(cap.usd - cap.committed_usd, 0);
  return [
    worst === null || price.words === undefined
      ? `  at worst ${contacts} to be billed; the price is not known (--price tells it)`
      : `  at worst ${formatUsd(worst)}: ${contacts} at ${price.words}`,
    ...expectedLine(plan),
    ...(cap === undefined ? [] : [capLine(cap, price.words, words)]),
    `  balance: ${'usd' in balance ? formatUsd(balance.usd) : balance.unknown}`,
    ...('usd' in balance && worst !== null && balance.usd < Math.min(worst, left)
      ? ['  warning: that is less than the worst case; if it is prepaid, the API may refuse launches before the end']
      : []),
  ];
}

function expectedLine({ expected, to_launch, to_repeat }: Plan): string[] {
  if (expected === null) return [];
  const contacts = many(expected.contacts, 'contact');
  const each = Math.round((expected.contacts * 10) / (to_launch + to_repeat)) / 10;
  const by = `${each} a company, hit rate ${Math.round(expected.hit_rate * 100)} %, by the last ${many(expected.companies, 'company', 'companies')} answered`;
  return [`  expected ${expected.usd === null ? '' : `${formatUsd(Math.round(expected.usd * 100) / 100)}: `}${contacts} (${by})`];
}

function capLine({ usd, committed_usd }: Cap, price: string | undefined, words: Words): string {
  const used = committed_usd > 0 ? `, of which ${formatUsd(committed_usd)} is spent or may be` : '';
  return `  stops before the run could cost more than ${formatUsd(usd)} (--max-cost)${used}${price === undefined ? `; one ${words.call} at a time until a bill tells the price` : ''}`;
}
