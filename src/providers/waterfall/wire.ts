/*
 * The shapes of requests and replies. Members are optional and nullable as the vendor's documentation has them, unknown
 * members are kept. A field of another type loses that field, since the answer was paid for; an error names the path of what cannot be done without. Error texts show types, never values: values are people's data.
 */
import { z } from 'zod';
import { ApiError } from '../../core/errors.ts';
import type { Account, Answer, Company, Job, JobStatus, Launched, Person, Question, Usage, UsageCounters } from '../../core/model.ts';
import { errorLine, foreignError, isText, parseOrNothing, waitOf, type ErrorReader, type ErrorReply } from '../http/error-reply.ts';
import { number, text } from '../http/read-reply.ts';

/** The members of T that are written out, without its index signature. */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
/** One schema for every member of T and no other: a shape that disagrees with core/model.ts does not compile. */
type Shape<T> = { [K in keyof Known<T>]-?: z.ZodType<Known<T>[K]> };

const date = z.string().nullish().catch(null);
const texts = z
  .union([z.string().transform((only) => [only]), z.array(text).transform((all) => all.filter((one) => typeof one === 'string'))])
  .nullish()
  .catch(null);
const numberOrText = z.union([z.number(), z.string()]).nullish().catch(null);
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]).nullish().catch(null);

const person = z.looseObject({
  id: text,
  first_name: text,
  last_name: text,
  linkedin_id: text,
  linkedin_url: text,
  personal_email: text,
  location: text,
  country: text,
  company_id: text,
  company_linkedin_id: text,
  company_name: text,
  company_domain: text,
  professional_email: text,
  mobile_phone: text,
  phone_numbers: texts,
  title: text,
  seniority: text,
  department: text,
  experiences: z.array(z.looseObject({})).nullish().catch(null),
  email_verified: flag,
  email_confidence: text,
  email_verified_status: text,
  smtp_provider: text,
  mx_record: text,
} satisfies Shape<Person>);

const company = z.looseObject({
  id: text,
  domain: text,
  company_name: text,
  website: text,
  linkedin_id: text,
  linkedin_url: text,
  linkedin_description: text,
  linkedin_logo_url: text,
  size: text,
  linkedin_size: text,
  linkedin_industry: text,
  linkedin_type: text,
  linkedin_followers: numberOrText,
  linkedin_founded: numberOrText,
  linkedin_employees_count: numberOrText,
  linkedin_address: text,
  country: text,
  generic_emails: texts,
} satisfies Shape<Company>);

export const usage = z.looseObject({
  total_usd: number,
  persons_usd: number,
  phones_usd: number,
  companies_usd: number,
  persons_count: number,
  phones_count: number,
  companies_count: number,
  balance_remaining_usd: number,
} satisfies Shape<Usage>);

const answer = z.looseObject({
  company: company.nullish().catch(null),
  // Who is null, or no object, is nobody.
  persons: z.array(person.nullable().catch(null)).transform((all) => all.filter((one) => one !== null)).nullish(),
  usage: usage.nullish().catch(null),
} satisfies Shape<Answer>);

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const satisfies readonly JobStatus[];

const status = z.preprocess((given) => (typeof given === 'string' ? given.toUpperCase() : given), z.enum(STATUSES, {
  error: ({ input }) => {
    if (typeof input !== 'string') return undefined;
    return /^\w{1,30}$/.test(input) ? `unknown job status "${input}"` : 'unknown job status';
  },
}));

/** `GET /v1/prospector`. A job that SUCCEEDED has an output; its list of persons may be absent, null or empty. */
export const jobReply: z.ZodType<Job> = z
  .looseObject({ status, start_date: date, stop_date: date, output: answer.nullish() } satisfies Shape<Job>)
  .refine((job) => job.status !== 'SUCCEEDED' || (job.output !== undefined && job.output !== null), {
    path: ['output'],
    error: 'missing, though the job SUCCEEDED',
  });

/** `POST /v1/prospector`. */
export const launchReply: z.ZodType<Launched> = z.looseObject({
  // A UUID, as documented. What could not be kept, or not be asked for again, is no id.
  job_id: z.union([z.string(), z.number().int().transform(String)]).pipe(z.string().regex(/^[\x21-\x7e]{1,200}$/, { error: 'expected an id of up to 200 printable characters' })),
  start_date: date,
} satisfies Shape<Launched>);

const counters = z.looseObject({
  prospector_requests: number,
  prospector_persons: number,
  prospector_persons_phones: number,
} satisfies Shape<UsageCounters>);

/** `GET /v2/account`. */
export const accountReply: z.ZodType<Account> = z.looseObject({
  key_usage: counters.nullish(),
  account_usage: counters.nullish(),
  balance_remaining_usd: number,
  price: z.looseObject({}).nullish(),
} satisfies Shape<Account>);

type LaunchBody = { [K in Exclude<keyof Question, 'api_host'>]-?: Question[K] | undefined };

/** The body of a launch: the question without the host, in the order of the vendor's table. Absent members are `undefined`. */
export function launchBody(question: Question): LaunchBody {
  return {
    domain: question.domain,
    title_filter: question.title_filter,
    title_filters: question.title_filters,
    company_name: question.company_name,
    linkedin: question.linkedin,
    location_name: question.location_name,
    location_countries: question.location_countries,
    excluded_names: question.excluded_names,
    limit: question.limit,
    include_phones: question.include_phones,
    verified_only: question.verified_only,
  };
}

const CATEGORIES = ['AUTH', 'PERMISSION', 'QUOTA', 'RATE_LIMIT', 'INTERNAL', 'ROUTING', 'VALIDATION', 'NOT_FOUND'];

const errorReply = z.looseObject({ code: z.string().regex(/\S/) });

/**
 * The error of a reply that is not 2xx. Only JSON with a `code` is the API's own. Its details are one text or up to ten, of which
 * three are shown.
 */
export function readError(reply: ErrorReply): ApiError {
  const parsed = errorReply.safeParse(parseOrNothing(reply.body));
  if (!parsed.success) return foreignError(reply);
  const { code, category, message, error } = parsed.data;
  const known = CATEGORIES.find((name) => code.startsWith(`${name}_`)) ?? code.split('_', 1)[0] ?? code;
  const details = (Array.isArray(error) ? (error as unknown[]) : [error]).filter(isText).slice(0, 3);
  return new ApiError({
    ...waitOf(reply),
    status: reply.status,
    category: isText(category) ? category : known,
    code,
    message: errorLine([message, ...details]) || code,
    enveloped: true,
  });
}

/** How this API says no: also within a 2xx reply. */
export const errors: ErrorReader = {
  readError,
  errorWithin: (json, reply) => {
    const parsed = errorReply.extend({ status: z.literal('error') }).safeParse(json);
    return parsed.success ? readError({ ...reply, body: JSON.stringify(json) }) : undefined;
  },
};
