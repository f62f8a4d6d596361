/*
 * Waiting before a request is repeated: for seconds here, for minutes the caller parks the row.
 * Only calls that cost nothing to repeat come here. A launch never does: it may be billed twice.
 */
import pRetry from 'p-retry';
import { ApiError, TransportError, verdict } from '../../core/errors.ts';
import type { Random, Runtime } from '../../runtime/runtime.ts';

/** The longest `Retry-After` that is honoured; what is beyond is taken as this long. */
export const MAX_RETRY_AFTER_MS = 15 * 60_000;

/**
 * Milliseconds to wait by a `Retry-After` header: seconds (the API sends fractions) or an HTTP date (proxies do), which is compared with
 * the `Date` of the same reply, since our own clock may be off; with `now` (epoch milliseconds) only where it has none. `undefined` when
 * it is absent or makes no sense.
 */
export function retryAfterMs(header: string | undefined, now: number, date?: string): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1000)
    : httpDate(text) - (Number.isNaN(httpDate(date)) ? now : httpDate(date));
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** Date.parse reads almost anything, "-5" too. */
function httpDate(text = ''): number {
  return /^[A-Z][a-z]{2,8}, [\w :-]{1,40} GMT$/.test(text.trim()) ? Date.parse(text) : NaN;
}

/** How long everybody waits after a 429, in milliseconds. `refusals`, those in a row, counts from 1; `toldMs` is what the API said. */
type ThrottlePause = (refusals: number, toldMs: number | undefined, random: Random) => number;

/**
 * Makes a pause that is as long as the API said. When it said nothing, `firstMs` with up to a fifth more, twice as long for each
 * further refusal in a row, at most `mostMs`.
 */
export function throttlePause({ firstMs, mostMs }: { firstMs: number; mostMs: number }): ThrottlePause {
  return (refusals, toldMs, random) => {
    const growth = 2 ** (refusals - 1);
    // A server that says 0 again and again is not asked in a tight loop.
    if (toldMs !== undefined) return Math.max(toldMs, Math.min(100 * growth, 5_000));
    return Math.min(firstMs * growth * (1 + random() / 5), mostMs);
  };
}

/** For limits that are counted over a minute. */
export const throttlePauseMs = throttlePause({ firstMs: 5_000, mostMs: 60_000 });

/**
 * Calls `request`, and once more after `delayMs` to twice that when the error says that trying again may help
 * (verdict `retry`) and names no time of its own. The last error says in `attempts` how many requests were made.
 * Rejects with `signal.reason`, unwrapped, when aborted during the wait; a reply that is here is never thrown away.
 */
export async function withRetry<T>(
  request: () => Promise<T>,
  options: { runtime: Runtime; delayMs: number; signal?: AbortSignal | undefined },
): Promise<T> {
  const { runtime, delayMs, signal } = options;
  try {
    return await pRetry(request, {
      retries: 1,
      // No wait of its own: it would use the real timer. `shouldRetry` waits by the clock that was handed in.
      minTimeout: 0,
      onFailedAttempt: ({ error, attemptNumber }) => {
        if (error instanceof ApiError || error instanceof TransportError) error.attempts = attemptNumber;
      },
      shouldRetry: async ({ error }) => {
        if (!isPassing(error)) return false;
        await runtime.clock.sleep(delayMs * (1 + runtime.random()), signal);
        return true;
      },
    });
  } catch (error) {
    // p-retry wraps a reason that is not an Error.
    if (signal?.aborted && !(error instanceof ApiError || error instanceof TransportError)) throw signal.reason;
    throw error;
  }
}

function isPassing(error: Error): boolean {
  if (error instanceof TransportError) return verdict(error) === 'retry';
  return error instanceof ApiError && verdict(error) === 'retry' && error.retryAfterMs === undefined;
}
