/*
 * Requests that count against the limit of a key, whatever the API: each has a place in the window, is counted and sent once; a
 * 429 pauses everybody, and what the API says of its limit is learnt. Whether a request may be made at all is not decided here.
 */
import { ApiError, TransportError, verdict } from '../../core/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Limiter, Place } from './limiter.ts';
import { headerOf, type ReplyHeaders } from './reply-body.ts';
import { throttlePauseMs } from './retry.ts';
import type { Exchange, Reply, Transport } from './transport.ts';

/** Requests that count against the limit and were sent so far, and how many of them were refused with 429. */
export type RequestCounts = { launches: number; finds: number; throttled: number };

/** The counted way to an API. */
export type Paced = {
  /**
   * Sends once. `place` is given back when the reply or the error is here, after a pause that goes with it has begun. Throws as
   * `Transport` does.
   */
  exchange(kind: 'launches' | 'finds', place: Place, request: Exchange): Promise<Reply>;
  counts(): RequestCounts;
};

/** Counts and paces the requests of a transport. `pauseMs` says how long everybody waits after a 429: by default as `throttlePauseMs`. */
export function createPaced(options: { transport: Transport; limiter: Limiter; runtime: Runtime; pauseMs?: typeof throttlePauseMs }): Paced {
  const { transport, limiter, runtime, pauseMs = throttlePauseMs } = options;
  const { clock, random } = runtime;
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
    limiter.pause(pauseMs(refusals, error.retryAfterMs, random));
  }

  return {
    exchange: async (kind, place, request) => {
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
    },
    counts: () => ({ ...counts }),
  };
}

/** Seen on 429s; taken from any reply. The interval is in seconds. The limiter ignores what makes no sense. */
function learnLimit(headers: ReplyHeaders, limiter: Limiter): void {
  const limit = Number(headerOf(headers, 'x-ratelimit-limit') ?? NaN);
  const seconds = Number(headerOf(headers, 'x-ratelimit-interval') ?? NaN);
  if (seconds <= 86_400) limiter.learn(limit, seconds * 1000);
}
