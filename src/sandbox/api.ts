/*
 * What the sandbox's API says to each request: launcher, finder, account, key, rate limit and bill, apart from the HTTP that
 * carries it. Faults that a server would have are applied here, those of the wire in server.ts.
 */
import type { Runtime } from '../runtime/runtime.ts';
import { accountReport } from './account.ts';
import type { Faults, JobTime, RequestFate } from './faults.ts';
import { createJobs, endOf, type Prices, type SandboxJob } from './jobs.ts';
import { readLaunch } from './launch-request.ts';
import { createPeople } from './people.ts';
import { ApiProblem, bareReply, dollars, jsonReply, problemReply, timestamp, type Reply } from './replies.ts';
import { createVerifiers, type AbstractOptions, type VerifyCounts } from './verify.ts';
import { createWindow } from './window.ts';

/** How the fictional account and its jobs behave. Only `runtime` is needed. */
export type ApiOptions = {
  runtime: Runtime;
  /** Where jobs are kept over a restart; without it they are gone with the process. */
  stateFile?: string | undefined;
  /** Launches, finds and verifications together, per sliding window; a limit of 0 is none. Default 50 in 60,000 ms. */
  rateLimit?: { limit: number; windowMs: number } | undefined;
  /** Default: median 3,000 ms, spread 0.5. */
  jobTime?: JobTime | undefined;
  /** The only right key. Without it any non-empty key is right. */
  apiKey?: string | undefined;
  /** What the account can spend before launches are refused (402). Default 1,000,000. */
  balance_usd?: number | undefined;
  /** Default 0.05 a person and 0.25 a person with phone numbers. */
  prices?: Partial<Prices> | undefined;
  /** Of a verification by Waterfall's verifier. Default 0.01. */
  verify_usd?: number | undefined;
  /** AbstractAPI's own limit and plan. Default: neither ends. */
  abstract?: AbstractOptions | undefined;
  /** Default: 0 to 12, by the domain. */
  personsPerCompany?: number | undefined;
  /** For everything that is left to chance but the job ids. Default 1. */
  seed?: number | undefined;
};

/** What a sandbox has seen. Jobs read back from the state file count in what is said of jobs; requests are of this process. */
export type SandboxStats = VerifyCounts & {
  /** Jobs made. */
  launches: number;
  /** Launches and finds that came with a right key, refused ones too. */
  launch_requests: number;
  finds: number;
  /** Requests refused with 429. */
  throttled: number;
  account: number;
  /** Jobs by `domain|filter`, or `domain|name=filter; name=filter`. */
  launches_by_question: Record<string, number>;
  billed_usd: number;
  persons_billed: number;
  /** Jobs that are RUNNING. */
  open_jobs: number;
  /** The most launches, finds and verifications that arrived within any one window, refused ones too. */
  requests_per_window_max: number;
};

/** A request as the API sees it. `route` is method and path with a space between; `now` is epoch milliseconds. */
export type ApiRequest = { route: string; params: URLSearchParams; key: string; text: string; now: number };

/** The API behind the server. */
export type SandboxApi = {
  /** The reply to a request, a refusal too; undefined when the socket is to be closed without one. */
  reply(request: ApiRequest, faults: Faults, fate: RequestFate): Reply | undefined;
  stats(now: number): SandboxStats;
  close(): void;
};

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Makes the API. Throws when the state file cannot be used. */
export function createApi(options: ApiOptions): SandboxApi {
  const { rateLimit = { limit: 50, windowMs: 60_000 }, balance_usd = 1_000_000 } = options;
  const prices: Prices = { persons_safe_usd: 0.05, mobile_phones_usd: 0.25, ...options.prices };
  const jobs = createJobs({
    stateFile: options.stateFile,
    random: options.runtime.random,
    seed: options.seed ?? 1,
    jobTime: options.jobTime ?? { medianMs: 3000, spread: 0.5 },
    prices,
    people: createPeople(options.personsPerCompany),
  });
  const verifiers = createVerifiers({ ...options.abstract, price_usd: options.verify_usd ?? 0.01 });
  const balance = () => balance_usd - jobs.billedUsd() - verifiers.counts().verified_usd;
  const admitted = createWindow(rateLimit.windowMs);
  const arrived = createWindow(rateLimit.windowMs);
  const counts = { launch_requests: 0, finds: 0, throttled: 0, account: 0, requests_per_window_max: 0 };

  const launch = (text: string, now: number, faults: Faults, fate: RequestFate): Reply | undefined => {
    const task = readLaunch(text);
    if (balance() <= 0) throw new ApiProblem(402, 'QUOTA_ACCOUNT_OVER_QUOTA', 'The balance is used up.');
    const { job_id } = jobs.launch(task, faults, now);
    if (fate.after === 'drop') return undefined;
    if (fate.after === 'bare') return bareReply(502, 'Bad Gateway');
    return jsonReply({ job_id: fate.badType ? 4711 : job_id, start_date: timestamp(now) });
  };

  const find = (jobId: string | null, now: number, faults: Faults, fate: RequestFate): Reply => {
    if (jobId === null) throw new ApiProblem(400, 'VALIDATION_MISSING_JOB_ID_PARAMETER', 'The parameter job_id is required.');
    if (!UUID.test(jobId)) throw new ApiProblem(400, 'VALIDATION_BAD_JOB_ID', 'The job_id is not a UUID.');
    const job = jobs.find(jobId);
    if (!job || faults.forgetRate > job.forget_above) throw new ApiProblem(404, 'NOT_FOUND_JOB_NOT_FOUND', 'There is no such job.');
    const ended = endOf(job) <= now;
    const status = !ended ? 'RUNNING' : job.fails ? 'FAILED' : 'SUCCEEDED';
    return jsonReply({
      status: fate.badType && status !== 'SUCCEEDED' ? 7 : status,
      start_date: timestamp(job.launched_at),
      ...(ended ? { stop_date: timestamp(endOf(job)) } : {}),
      input: { task: echo(job) },
      ...(ended ? { output: job.fails ? null : output(job, fate) } : {}),
    });
  };

  const output = (job: SandboxJob, fate: RequestFate) => {
    const { company, persons, phones } = jobs.answer(job);
    const [persons_usd, phones_usd] = [persons.length * prices.persons_safe_usd, phones * prices.mobile_phones_usd];
    const usage = {
      total_usd: dollars(persons_usd + phones_usd),
      persons_usd: dollars(persons_usd),
      phones_usd: dollars(phones_usd),
      companies_usd: 0,
      persons_count: persons.length,
      phones_count: phones,
      companies_count: 0,
      balance_remaining_usd: dollars(balance()),
    };
    return { company, persons: fate.badType ? 'none' : persons, usage };
  };

  /** A launch, a find or a verification, which share the limit. Only admitted ones take a place, and only those can break. */
  const limited = (now: number, fate: RequestFate, work: () => Reply | undefined): Reply | undefined => {
    counts.requests_per_window_max = Math.max(counts.requests_per_window_max, arrived.add(now));
    if (rateLimit.limit === 0) return fate.instead ? broken(fate) : guarded(work);
    const free = rateLimit.limit - admitted.count(now);
    const headers: Record<string, string> = {
      'x-ratelimit-limit': String(rateLimit.limit),
      'x-ratelimit-interval': String(rateLimit.windowMs / 1000),
      'x-ratelimit-remaining': String(Math.max(free - 1, 0)),
    };
    let reply: Reply | undefined;
    if (free > 0) {
      admitted.add(now);
      reply = fate.instead ? broken(fate) : guarded(work);
    } else {
      counts.throttled += 1;
      headers['retry-after'] = String(admitted.nextFreeMs(now) / 1000);
      const fields = ['Request limit reached.'];
      reply = problemReply(new ApiProblem(429, 'RATE_LIMIT_RATE_LIMIT_EXCEEDED', 'Request limit reached, slow down.', fields));
    }
    return reply && { ...reply, headers: { ...reply.headers, ...headers } };
  };

  const checkKey = (key: string) => {
    if (key === '') throw new ApiProblem(401, 'AUTH_MISSING_API_KEY', 'An API key is required.');
    if (options.apiKey !== undefined && key !== options.apiKey) throw new ApiProblem(403, 'AUTH_BAD_API_KEY', 'This API key is not known.');
  };

  const reply = ({ route, params, key, text, now }: ApiRequest, faults: Faults, fate: RequestFate): Reply | undefined => {
    // Another vendor's, with rules of its own.
    if (route === 'GET /v1/') return verifiers.abstract({ email: params.get('email'), key, now }, fate);
    checkKey(key);
    switch (route) {
      case 'POST /v1/prospector':
        counts.launch_requests += 1;
        return limited(now, fate, () => launch(text, now, faults, fate));
      case 'GET /v1/prospector':
        counts.finds += 1;
        return limited(now, fate, () => find(params.get('job_id'), now, faults, fate));
      case 'POST /v1/verify/email':
        return limited(now, fate, () => verifiers.waterfall(text, fate, { now, balance_usd: balance_usd - jobs.billedUsd() }));
      case 'GET /v2/account':
        counts.account += 1;
        return fate.instead ? broken(fate) : jsonReply(accountReport({ jobs, verifiers, month: params.get('month'), now, prices, balanceUsd: balance_usd }));
      default:
        throw new ApiProblem(400, 'ROUTING_INVALID_PATH_OR_METHOD', 'There is no such path or method.');
    }
  };

  const stats = (now: number): SandboxStats => {
    jobs.settle(now);
    const all = jobs.tally(-Infinity, Infinity);
    return {
      launches: all.launches,
      ...counts,
      launches_by_question: jobs.launchesByQuestion(),
      billed_usd: dollars(jobs.billedUsd()),
      ...verifiers.counts(),
      persons_billed: all.persons,
      open_jobs: jobs.open(now),
    };
  };

  return { reply: (request, faults, fate) => guarded(() => reply(request, faults, fate)), stats, close: () => jobs.close() };
}

/** What `work` returns, or the `ApiProblem` it throws as a reply. Anything else it throws goes on. */
export function guarded(work: () => Reply | undefined): Reply | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof ApiProblem) return problemReply(error);
    throw error;
  }
}

/** The part of a launch that the vendor's own example of a finder's reply shows. */
function echo({ job_id, task }: SandboxJob) {
  const { domain, company_name = null, webhook_url = null, limit, custom_fields = null } = task;
  return { domain, company_name, webhook_url, limit, custom_fields, job_id, context_id: job_id };
}

function broken({ instead }: RequestFate): Reply | undefined {
  if (instead === 'bare') return bareReply(502, 'Bad Gateway');
  if (instead === 'error') return problemReply(new ApiProblem(500, 'INTERNAL_UNCLASSIFIED_ERROR', 'Something went wrong on our side.'));
  return undefined;
}
