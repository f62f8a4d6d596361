/* A provider that says at once what becomes of mail to an address. One folder for each API. */
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import type { Place } from './http/limiter.ts';
import type { RequestCounts } from './http/paced.ts';

/** An API that answers what becomes of mail to one address, in one paid request. */
export type Verifier = {
  name: 'waterfall' | 'abstractapi';
  /**
   * Sends once; it is never repeated here or below. The caller took `place`; it is given back when the reply or the error is here.
   * Throws `ApiError`, `TransportError`, or `signal.reason` unwrapped. A cost of null: the API does not say.
   */
  verify: (address: string, options: { place: Place; signal?: AbortSignal | undefined }) => Promise<{ answer: EmailAnswer; cost_usd: number | null }>;
  /** A free request that tells whether the API answers at all; undefined where there is none. */
  ping?: (options?: { signal?: AbortSignal | undefined }) => Promise<void>;
  /** Verifications count as launches. */
  requests: () => RequestCounts;
  /** Waits for requests in flight, then closes the connections. */
  close: () => Promise<void>;
};
