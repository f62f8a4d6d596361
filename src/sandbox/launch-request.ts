/*
 * The body of a launch as the sandbox's API reads it: what is checked, in what order, and with which code it is refused.
 * The order and the codes follow the vendor's public documentation as far as it goes.
 */
import { z } from 'zod';
import { companyDomain } from '../core/domain.ts';
import { parseTitleFilter } from '../kinds/contacts/title-filter.ts';
import { ApiProblem } from './replies.ts';

const body = z.object({
  domain: z.string().min(2).max(500),
  title_filter: z.string().min(2).max(10_000).optional(),
  title_filters: z.array(z.object({ name: z.string(), filter: z.string() })).min(1).max(5).optional(),
  company_name: z.string().min(1).max(500).nullish(),
  linkedin: z.string().max(500).nullish(),
  location_name: z.string().min(1).max(200).optional(),
  location_country: z.string().min(1).max(200).optional(),
  location_countries: z.array(z.string()).max(50).optional(),
  excluded_names: z.array(z.string()).max(200).optional(),
  limit: z.int().min(1).max(500).default(10),
  include_phones: z.boolean().default(false),
  verified_only: z.boolean().default(true),
  webhook_url: z.string().nullish(),
  custom_fields: z.record(z.string(), z.unknown()).nullish(),
});

/** A launch that was accepted: the body with its defaults, and `domain` reduced to the company's. */
export type LaunchTask = z.infer<typeof body>;

/** Hosts whose pages or addresses the API refuses by kind, with the end of their code. A few well-known ones of each. */
const REFUSED: readonly [suffix: string, domains: readonly string[]][] = [
  ['_EMAIL_PROVIDER', ['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'icloud.com', 'gmx.de', 'proton.me']],
  ['_SOCIAL_MEDIA', ['linkedin.com', 'facebook.com', 'instagram.com', 'x.com', 'twitter.com', 'tiktok.com', 'youtube.com']],
  ['_DISPOSABLE', ['mailinator.com', 'guerrillamail.com', '10minutemail.com', 'yopmail.com']],
  ['_URL_SHORTENER', ['bit.ly', 'tinyurl.com', 't.co']],
];

/**
 * Reads the text of a launch. Throws `ApiProblem` (400) with the code the API gives: for a body that is missing, unreadable
 * or out of range, for a domain that is none or of a refused kind (any that starts with `nomx` has no mail server), and
 * for a title filter that is missing or that `parseTitleFilter` refuses.
 */
export function readLaunch(text: string): LaunchTask {
  if (text.trim() === '') throw new ApiProblem(400, 'VALIDATION_MISSING_BODY', 'A request body is required.');
  const read = body.safeParse(parseJson(text));
  if (!read.success) {
    const fields = read.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
    throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request is not valid.', fields);
  }
  const task = read.data;
  const domain = readDomain(task.domain);
  const filters = task.title_filter === undefined ? task.title_filters : [{ filter: task.title_filter }];
  if (!filters) {
    throw new ApiProblem(400, 'VALIDATION_MISSING_TITLE_FILTERS', 'One of title_filter and title_filters is required.');
  }
  for (const { filter } of filters) {
    const parsed = parseTitleFilter(filter);
    if (parsed.ok) continue;
    const { code, message, column } = parsed.mistake;
    throw new ApiProblem(400, code, 'The title filter cannot be read.', [`title_filter: column ${column}: ${message}`]);
  }
  return { ...task, domain };
}

/** What a launch asks, in short: `domain|filter`, or `domain|name=filter; name=filter`. Statistics count by it. */
export function questionKey(task: LaunchTask): string {
  const personas = task.title_filters?.map(({ name, filter }) => `${name}=${filter}`).join('; ');
  return `${task.domain}|${task.title_filter ?? personas ?? ''}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request body is not JSON.');
  }
}

function readDomain(text: string): string {
  const refuse = (suffix: string, why: string) =>
    new ApiProblem(400, `VALIDATION_BAD_DOMAIN${suffix}`, 'The domain cannot be used.', [`domain: ${why}`]);
  const host = text.trim().toLowerCase().replace(/^(?:[a-z]+:)?\/\//, '').replace(/[/?#:].*$/s, '').replace(/^(?:.*@|www\.)/, '');
  const company = companyDomain(text);
  for (const [suffix, domains] of REFUSED) {
    // The home page of a social network is the company itself; nobody is at a mail box for a day.
    const isRefused = 'reason' in company || suffix === '_DISPOSABLE';
    if (isRefused && domains.some((domain) => host === domain || host.endsWith(`.${domain}`))) throw refuse(suffix, 'of a kind that is no company');
  }
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(host)) throw refuse('_INVALID_CHARACTERS', 'has characters that no domain has');
  if (!('domain' in company)) throw refuse('', company.reason);
  if (company.domain.startsWith('nomx')) throw refuse('_NO_MX', 'has no mail server');
  return company.domain;
}
