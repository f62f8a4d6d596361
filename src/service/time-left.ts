/*
 * How long a run still takes, honestly: the request limit says when the last request can go, and the rate at which rows
 * were settled while nothing was waited for says how long the work itself takes. The longer one counts. Rows at the end
 * may be the slow ones, of which that rate says nothing: when none is settled for long, what is left takes at least as
 * long again, and when only jobs are left that take longer than they should, nobody knows; but there is a last moment,
 * at which jobs are given up.
 */

/** What is known of a run at one moment. Times are milliseconds; `limit` 0 is none. */
export type Moment = {
  now: number;
  /** Rows settled by this invocation, and rows that are left. */
  settled: number;
  left: number;
  /** Of those left: not launched yet. */
  toLaunch: number;
  /** Launches and finds sent so far by this invocation. */
  launches: number;
  finds: number;
  limit: number;
  windowMs: number;
  free: number;
  nextFreeInMs: number;
  /** Whether everything waits: for the request limit, or for the API. */
  isHeld: boolean;
};

/**
 * `leftMs`: the time left, undefined while nothing can be said. `givenUpInMs`: only jobs are left that take longer than
 * was to be expected; the last of them is done, or given up, in so many milliseconds.
 */
export type Outlook = { leftMs: number | undefined; givenUpInMs?: number };

/** Told of each moment, in order. */
export type TimeLeft = (moment: Moment) => Outlook;

/** So long without a row is nothing to speak of. */
const SHORT_QUIET_MS = 10_000;
/** Jobs take longer than was to be expected when so many times that has passed. */
const OVERRUN = 2;

/** Makes the estimate of one invocation, which gives up jobs `jobTimeoutMs` after their launch. */
export function createTimeLeft(jobTimeoutMs: number): TimeLeft {
  let last: Pick<Moment, 'now' | 'isHeld' | 'settled' | 'launches'> | undefined;
  let workedMs = 0;
  /** Since a row was settled, and what was expected to be left then. */
  let quietMs = 0;
  let expectedMs = 0;
  let launchedAt = 0;
  return (moment) => {
    const { now, settled, left, toLaunch, launches, isHeld } = moment;
    // Time in which everything waits says nothing of the work.
    const passedMs = last === undefined || last.isHeld ? 0 : Math.max(now - last.now, 0);
    workedMs += passedMs;
    quietMs += passedMs;
    // Jobs of earlier invocations are older than this one.
    if (launches !== last?.launches) launchedAt = now;
    const isNews = settled !== last?.settled;
    last = { now, isHeld, settled, launches };
    if (settled === 0) return { leftMs: undefined };

    const leftMs = Math.max((workedMs / settled) * left, limitedMs(moment));
    if (isNews) [quietMs, expectedMs] = [0, leftMs];
    if (toLaunch > 0) return { leftMs };
    const givenUpInMs = Math.max(launchedAt + jobTimeoutMs - now, 0);
    if (left > 0 && quietMs > Math.max(SHORT_QUIET_MS, OVERRUN * expectedMs)) return { leftMs: undefined, givenUpInMs };
    return { leftMs: Math.max(leftMs, Math.min(quietMs, givenUpInMs)) };
  };
}

/** When the last request that is still needed can be sent. */
function limitedMs({ settled, left, toLaunch, finds, limit, windowMs, free, nextFreeInMs }: Moment): number {
  if (limit === 0) return 0;
  const findsPerRow = Math.max(finds / settled, 1);
  const lacking = toLaunch + left * findsPerRow - free;
  if (lacking <= 0) return 0;
  const firstMs = free > 0 ? windowMs : nextFreeInMs;
  return firstMs + (Math.ceil(lacking / limit) - 1) * windowMs;
}
