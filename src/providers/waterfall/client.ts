/*
 * The Waterfall API as three calls: launch a question, find its job, read the account. It keeps to the request limit and
 * counts what it sends. Whether a launch may be made at all, or again, is not decided here.
 */
import type { Dispatcher } from 'undici';
import { ApiError, TransportError, verdict } from '../../core/errors.ts';
import type { Account, Job, Launched, Question } from '../../core/model.ts';
import type { Proxy } from '../../core/proxy.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Limiter, Place } from '../http/limiter.ts';
import { headerOf, type ReplyHeaders } from '../http/reply-body.ts';
import { throttlePauseMs, withRetry } from '../http/retry.ts';
import { createTransport, type Exchange, type Reply } from '../http/transport.ts';
import { accountReply, jobReply, launchBody, launchReply, readReply } from './wire.ts';

/** Requests that count against the limit and were sent so far, and how many of them were refused with 429. */
export type RequestCounts = { launches: number; finds: number; throttled: number };

/** The calls of the API. Each throws `ApiError`, `TransportError`, or `signal.reason` unwrapped when aborted. */
export type Client = {
  /**
   * Asks for a job, once: it is never repeated here. The caller took `place` before it saved its intent; it is given
   * back when the reply or the error is here.
   */
  launch(question: Question, options: { place: Place; signal?: AbortSignal | undefined }): Promise<Launched>;
  /**
   * The job as it is now. Takes a place for each request, for the first one `place` when it is given, and quickly tries
   * once more after a passing error.
   * `waiting` ends the waiting for a place or for the second try, `signal` the call itself as well.
   */
  find(job_id: string, options?: { place?: Place | undefined; waiting?: AbortSignal | undefined; signal?: AbortSignal | undefined }): Promise<Job>;
  /** Usage and balance; `month` is `YYYY-MM`, without it the current one. Free, and outside the request limit. */
  account(options?: { month?: string | undefined; signal?: AbortSignal | undefined }): Promise<Account>;
  requests(): RequestCounts;
  /** Waits for requests in flight, then closes the connections. */
  close(): Promise<void>;
};

const PROSPECTOR = '/v1/prospector';
const ACCOUNT = '/v2/account';

/**
 * Makes a client. `timeoutMs` (30 s) is for one exchange, `retryDelayMs` (0.5 s) the least wait before the one repetition
 * of a find or an account call. A `dispatcher` that is handed in takes the place of the connections, and is closed with the
 * client. Throws `UsageError` when the key cannot be sent as a header.
 */
export function createClient(options: {
  baseUrl: string;
  apiKey: string;
  keyHeader: string;
  limiter: Limiter;
  runtime: Runtime;
  timeoutMs?: number | undefined;
  retryDelayMs?: number | undefined;
  proxy?: Proxy | undefined;
  dispatcher?: Dispatcher | undefined;
}): Client {
  const { limiter, runtime, retryDelayMs = 500 } = options;
  const { clock, log, random } = runtime;
  const transport = createTransport({ ...options, clock, log });
  const counts: RequestCounts = { launches: 0, finds: 0, throttled: 0 };
  let refusals = 0;
  let refusedAt = -Infinity;

  function throttle(error: ApiError, sentAt: number): void {
    counts.throttled += 1;
    // Requests that were on their way together are refused together: that is one refusal, not many in a row.
    if (sentAt > refusedAt) {
      refusals += 1;
      refusedAt = clock.now();
    }
    limiter.pause(throttlePauseMs(refusals, error.retryAfterMs, random));
  }

  /** One request that counts against the limit. A pause begins before its place is given back. */
  async function limited(kind: 'launches' | 'finds', place: Place, request: Exchange): Promise<Reply> {
    if (request.signal?.aborted) {
      place.cancel();
      throw request.signal.reason;
    }
    const sentAt = clock.now();
    counts[kind] += 1;
    try {
      const reply = await transport.exchange({ ...request, onReply: (headers) => learnLimit(headers, limiter) });
      if (sentAt > refusedAt) refusals = 0;
      return reply;
    } catch (error) {
      if (error instanceof TransportError && !error.sent) counts[kind] -= 1;
      if (error instanceof ApiError && verdict(error) === 'wait') throttle(error, sentAt);
      throw error;
    } finally {
      place.release();
    }
  }

  return {
    launch: async (question, { place, signal }) => {
      const reply = await limited('launches', place, { method: 'POST', path: PROSPECTOR, body: launchBody(question), signal });
      return readReply(launchReply, reply.json, `POST ${PROSPECTOR}`);
    },

    find: (job_id, { place: given, signal, waiting = signal } = {}) =>
      withRetry(
        async () => {
          const place = given ?? (await limiter.take('find', waiting));
          given = undefined;
          const reply = await limited('finds', place, { method: 'GET', path: PROSPECTOR, query: { job_id }, signal });
          return readReply(jobReply, reply.json, `GET ${PROSPECTOR}`);
        },
        { runtime, delayMs: retryDelayMs, signal: waiting },
      ),

    account: ({ month, signal } = {}) =>
      withRetry(
        async () => {
          const query = month === undefined ? {} : { query: { month } };
          const reply = await transport.exchange({ method: 'GET', path: ACCOUNT, ...query, signal });
          return readReply(accountReply, reply.json, `GET ${ACCOUNT}`);
        },
        { runtime, delayMs: retryDelayMs, signal },
      ),

    requests: () => ({ ...counts }),
    close: () => transport.close(),
  };
}

/** Seen on 429s; taken from any reply. The interval is in seconds. The limiter ignores what makes no sense. */
function learnLimit(headers: ReplyHeaders, limiter: Limiter): void {
  const limit = Number(headerOf(headers, 'x-ratelimit-limit') ?? NaN);
  const seconds = Number(headerOf(headers, 'x-ratelimit-interval') ?? NaN);
  if (seconds <= 86_400) limiter.learn(limit, seconds * 1000);
}
