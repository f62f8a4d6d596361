/* What the engine knows of an API that can answer: one folder for each, which knows nothing of the others. */
import type { Answer, AnyQuestion, EmailQuestion, Job, Question } from '../core/model.ts';
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import type { Place } from './http/limiter.ts';
import type { Verifier } from './verifier.ts';
import type { Client, RequestCounts } from './waterfall/client.ts';

/** An answer of any kind. */
export type AnyAnswer = Answer | EmailAnswer;

/** What came of a question that was sent: a job that will answer it, or the answer at once. A cost of null: the API does not say. */
export type Sent = { job_id: string } | { answer: AnyAnswer; cost_usd: number | null };

/** An API to which questions of one kind are sent. Each call throws `ApiError`, `TransportError`, or `signal.reason` unwrapped. */
export type Provider = {
  name: string;
  /** Sends a question once; it is never repeated here or below. The caller took `place`; it is given back when the reply or the error is here. */
  send(question: AnyQuestion, options: { place: Place; signal?: AbortSignal | undefined }): Promise<Sent>;
  /** The job as it is now; absent where answers come at once. `waiting` ends the waiting for a place, `signal` the call itself as well. */
  poll?: (job_id: string, options: { place?: Place | undefined; waiting?: AbortSignal | undefined; signal?: AbortSignal | undefined }) => Promise<Job>;
  /** A free request that tells whether the API answers at all; absent where there is none. */
  ping?: (options: { signal?: AbortSignal | undefined }) => Promise<unknown>;
  requests(): RequestCounts;
};

/** The Prospector as a provider of contacts. */
export function prospecting(client: Client): Provider {
  return {
    name: 'waterfall',
    send: (question, options) => client.launch(question as Question, options),
    poll: (job_id, options) => client.find(job_id, options),
    ping: (options) => client.account(options),
    requests: () => client.requests(),
  };
}

/** A verifier as a provider of verdicts. */
export function verifying({ name, verify, ping, requests }: Verifier): Provider {
  return {
    name,
    send: (question, options) => verify((question as EmailQuestion).email, options),
    ...(ping !== undefined && { ping }),
    requests,
  };
}
