/*
 * The glossary and the nouns.
 *
 * Input row  one line of the list.
 * Question   what a row asks. Rows that ask the same share one.
 * Provider   an API that is asked; of several the next one for what those before it did not know.
 * Target     a question within a run; its row in the database says how far it has got.
 * Call       a paid request, saved before it is sent.
 * Job        Waterfall's, known by its job_id. Nothing of ours is called a job.
 * Answer     the output of a job that SUCCEEDED, an empty one too.
 * Contact    a person at a company as we keep and deliver them: one table row, one CSV line.
 * Run        one input with one set of options.
 * Outcome    how one input row ended.
 * In doubt   a launch whose reply was never seen: it may have been billed.
 *
 * Records keep the API's snake_case names all the way: reply, type, column, CSV header.
 */

/** A named title filter, one of up to five that the API tries in order until the limit is filled. */
export type Persona = { name: string; filter: string };

/**
 * What one row asks. The members after `api_host` are the body of the launch, under the API's own names.
 * Normalised: equal questions are equal objects (sets sorted, domain reduced, absent members left out).
 */
export type Question = {
  /** Host of the API that is asked, `sandbox` for the built-in one; an answer of one is never taken for the other. */
  api_host: string;
  domain: string;
  title_filter?: string;
  title_filters?: Persona[];
  company_name?: string;
  linkedin?: string;
  location_name?: string;
  location_countries?: string[];
  excluded_names?: string[];
  limit: number;
  include_phones: boolean;
  verified_only: boolean;
};

/** What one row of addresses asks. Whom it is asked of is the run's: the same question goes to several providers. */
export type EmailQuestion = { email: string };

/** What a row of any kind of list asks. */
export type AnyQuestion = Question | EmailQuestion;

/** A line of the list, as read. `cells` are its own columns in the order of the header, as text. */
export type InputRow = {
  /** Number of the line on which the row begins; the header is line 1. */
  line: number;
  cells: string[];
};

/** Where a target stands. The first four are open, the rest are how it ended. */
export type TargetState =
  | 'pending' // not launched, or known not to have been
  | 'launching' // the intent is saved, the reply is not: found so after a crash, it is in doubt
  | 'launched' // has a job_id, which is polled
  | 'following' // polls a job that another run launched, and takes its answer
  | SettledState;

/** How a target ended. */
export type SettledState =
  | 'found'
  | 'no_contacts'
  | 'not_found' // the same of other kinds than contacts
  | 'cached'
  | 'excluded'
  | 'rejected'
  | 'job_failed'
  | 'job_lost'
  | 'timed_out'
  | 'in_doubt';

/** How an input row ended, or how far it is while the run is unfinished (`waiting`, `not_launched`). */
export type Outcome = SettledState | 'duplicate' | 'invalid' | 'waiting' | 'not_launched';

/** Every outcome, in the order in which reports list them. */
export const OUTCOMES = [
  'found',
  'no_contacts',
  'not_found',
  'cached',
  'duplicate',
  'invalid',
  'excluded',
  'rejected',
  'job_failed',
  'job_lost',
  'timed_out',
  'in_doubt',
  'waiting',
  'not_launched',
] as const satisfies readonly Outcome[];

/** Outcomes of rows that got no answer though the run is over: the run exits with 3. */
export const UNANSWERED: readonly Outcome[] = ['invalid', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt'];

/** Those of them that were asked. */
export const FAILED: readonly Outcome[] = UNANSWERED.filter((outcome) => outcome !== 'invalid');

/** Outcomes of rows that a stopped run has left, to be gone on with. */
export const LEFT_OVER: readonly Outcome[] = ['waiting', 'not_launched'];

/** A question within a run, as far as a step needs to know it. Times are epoch milliseconds. */
export type Target = {
  id: number;
  run_id: string;
  question: AnyQuestion;
  question_hash: string;
  state: TargetState;
  /** Whose turn it is among the run's providers, from 0, and the last of them. */
  turn: number;
  last_turn: number;
  /** What the answers of earlier turns have brought. */
  contacts: number;
  /** Launches by this run that made, or may have made, a job. */
  launches: number;
  /** Launches of this question whose reply was never seen, since it was last answered. */
  doubts: number;
  /** The call that asks for it, that it follows, or that ended it. */
  call_id: number | null;
  /** Of that call. */
  job_id: string | null;
  /** When the job was launched; while `launching`, when the intent was saved. */
  launched_at: number | null;
};

/** A person as the API returns it. Members that we do not know are kept. */
export type Person = {
  id?: string | null | undefined;
  first_name?: string | null | undefined;
  last_name?: string | null | undefined;
  linkedin_id?: string | null | undefined;
  linkedin_url?: string | null | undefined;
  personal_email?: string | null | undefined;
  location?: string | null | undefined;
  country?: string | null | undefined;
  company_id?: string | null | undefined;
  company_linkedin_id?: string | null | undefined;
  company_name?: string | null | undefined;
  company_domain?: string | null | undefined;
  professional_email?: string | null | undefined;
  mobile_phone?: string | null | undefined;
  phone_numbers?: string[] | null | undefined;
  title?: string | null | undefined;
  seniority?: string | null | undefined;
  department?: string | null | undefined;
  experiences?: Record<string, unknown>[] | null | undefined;
  email_verified?: boolean | null | undefined;
  email_confidence?: string | null | undefined;
  email_verified_status?: string | null | undefined;
  smtp_provider?: string | null | undefined;
  mx_record?: string | null | undefined;
  [unknown: string]: unknown;
};

/** A company as the Prospector returns it. Members that we do not know are kept. */
export type Company = {
  id?: string | null | undefined;
  domain?: string | null | undefined;
  company_name?: string | null | undefined;
  website?: string | null | undefined;
  linkedin_id?: string | null | undefined;
  linkedin_url?: string | null | undefined;
  linkedin_description?: string | null | undefined;
  linkedin_logo_url?: string | null | undefined;
  size?: string | null | undefined;
  linkedin_size?: string | null | undefined;
  linkedin_industry?: string | null | undefined;
  linkedin_type?: string | null | undefined;
  linkedin_followers?: number | string | null | undefined;
  linkedin_founded?: number | string | null | undefined;
  linkedin_employees_count?: number | string | null | undefined;
  linkedin_address?: string | null | undefined;
  country?: string | null | undefined;
  generic_emails?: string[] | null | undefined;
  [unknown: string]: unknown;
};

/** What a call was billed, in US dollars; every member may be missing. */
export type Usage = {
  total_usd?: number | null | undefined;
  persons_usd?: number | null | undefined;
  phones_usd?: number | null | undefined;
  companies_usd?: number | null | undefined;
  persons_count?: number | null | undefined;
  phones_count?: number | null | undefined;
  companies_count?: number | null | undefined;
  balance_remaining_usd?: number | null | undefined;
  [unknown: string]: unknown;
};

/** The output of a job that SUCCEEDED. */
export type Answer = {
  company?: Company | null | undefined;
  persons?: Person[] | null | undefined;
  usage?: Usage | null | undefined;
  [unknown: string]: unknown;
};

/** The five states of a job, per the vendor's documentation. */
export type JobStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** A job as the finder reports it. Dates are ISO 8601 text as the API wrote them. */
export type Job = {
  status: JobStatus;
  start_date?: string | null | undefined;
  stop_date?: string | null | undefined;
  output?: Answer | null | undefined;
};

/** The reply to a launch. */
export type Launched = { job_id: string; start_date?: string | null | undefined };

/** Counters of one key or one account over the current month; other members may be present. */
export type UsageCounters = {
  prospector_requests?: number | null | undefined;
  prospector_persons?: number | null | undefined;
  prospector_persons_phones?: number | null | undefined;
  [unknown: string]: unknown;
};

/** The reply of `GET /v2/account`. `price` is there for a master key only. */
export type Account = {
  key_usage?: UsageCounters | null | undefined;
  account_usage?: UsageCounters | null | undefined;
  balance_remaining_usd?: number | null | undefined;
  price?: Record<string, unknown> | null | undefined;
  [unknown: string]: unknown;
};
