/* A sliding window over arrivals, exact to the millisecond: what the sandbox's rate limit and its busiest minute are read from. */

/** Arrivals within the last `windowMs`. Moments are epoch milliseconds and must not go backwards. */
export type Window = {
  /** Counts one more arrival and returns how many the window holds with it. */
  add(now: number): number;
  /** How many arrivals are younger than `windowMs`. */
  count(now: number): number;
  /** Milliseconds until the oldest arrival leaves; 0 when there is none. */
  nextFreeMs(now: number): number;
};

/** Makes an empty window. */
export function createWindow(windowMs: number): Window {
  let arrivals: number[] = [];
  let first = 0;

  const count = (now: number) => {
    while (first < arrivals.length && (arrivals[first] ?? 0) <= now - windowMs) first += 1;
    if (first > 10_000 && first * 2 > arrivals.length) {
      arrivals = arrivals.slice(first);
      first = 0;
    }
    return arrivals.length - first;
  };

  return {
    add: (now) => {
      arrivals.push(now);
      return count(now);
    },
    count,
    nextFreeMs: (now) => (count(now) === 0 ? 0 : (arrivals[first] ?? 0) + windowMs - now),
  };
}
