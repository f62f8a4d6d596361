/*
 * The Waterfall API as three calls: launch a question, find its job, read the account. It keeps to the request limit and
 * counts what it sends. Whether a launch may be made at all, or again, is not decided here.
 */
import type { Account, Job, Launched, Question } from '../../core/model.ts';
import type { Place } from '../http/limiter.ts';
import { createPaced, type RequestCounts } from '../http/paced.ts';
import { readReply } from '../http/read-reply.ts';
import { withRetry } from '../http/retry.ts';
import { openTransport, readAccount, type WaterfallOptions } from './host.ts';
import { jobReply, launchBody, launchReply } from './wire.ts';

export type { RequestCounts } from '../http/paced.ts';

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

/**
 * Makes a client. `timeoutMs` (30 s) is for one exchange, `retryDelayMs` (0.5 s) the least wait before the one repetition
 * of a find or an account call. A `dispatcher` that is handed in takes the place of the connections, and is closed with the
 * client. Throws `UsageError` when the key cannot be sent as a header.
 */
export function createClient(options: WaterfallOptions): Client {
  const { limiter, runtime, retryDelayMs = 500 } = options;
  const transport = openTransport(options);
  const paced = createPaced({ transport, limiter, runtime });

  return {
    launch: async (question, { place, signal }) => {
      const reply = await paced.exchange('launches', place, { method: 'POST', path: PROSPECTOR, body: launchBody(question), signal });
      return readReply(launchReply, reply.json, `POST ${PROSPECTOR}`);
    },

    find: (job_id, { place: given, signal, waiting = signal } = {}) =>
      withRetry(
        async () => {
          const place = given ?? (await limiter.take('find', waiting));
          given = undefined;
          const reply = await paced.exchange('finds', place, { method: 'GET', path: PROSPECTOR, query: { job_id }, signal });
          return readReply(jobReply, reply.json, `GET ${PROSPECTOR}`);
        },
        { runtime, delayMs: retryDelayMs, signal: waiting },
      ),

    account: (asked = {}) => readAccount(transport, { ...asked, runtime, delayMs: retryDelayMs }),
    requests: () => paced.counts(),
    close: () => transport.close(),
  };
}
