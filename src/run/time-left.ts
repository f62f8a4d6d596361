/*
 * How long a run still takes, honestly: the request limit says when the last request can go, and the rate at which rows
 * were settled while nothing waited for the limit says how long the work itself takes. The longer one counts.
 */

/** What is known of a run at one moment. Times are milliseconds; `limit` 0 is none. */
export type Moment = {
  now: number;
  /** Rows settled by this invocation, and rows that are left. */
  settled: number;
  left: number;
  /** Of those left: not launched yet. */
  toLaunch: number;
  /** Finds sent so far by this invocation. */
  finds: number;
  limit: number;
  windowMs: number;
  free: number;
  nextFreeInMs: number;
  /** Whether everything waits for the request limit. */
  limited: boolean;
};

/** Told of each moment, in order; gives the time left in milliseconds, or undefined while nothing can be said. */
export type TimeLeft = (moment: Moment) => number | undefined;

/** Makes the estimate of one invocation. */
export function createTimeLeft(): TimeLeft {
  let last: { now: number; limited: boolean } | undefined;
  let workedMs = 0;
  return (moment) => {
    const { now, settled, left, limited } = moment;
    // Time spent waiting for the limit says nothing of the work.
    if (last !== undefined && !last.limited) workedMs += Math.max(now - last.now, 0);
    last = { now, limited };
    if (settled === 0) return undefined;
    return Math.max((workedMs / settled) * left, limitedMs(moment));
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
