/* The time left: from the request limit and from the work, whichever takes longer. */
import { describe, expect, it } from 'vitest';
import { createTimeLeft } from '../../src/run/time-left.ts';
import type { Moment } from '../../src/run/time-left.ts';

const moment: Moment = { now: 0, settled: 10, left: 10, toLaunch: 10, finds: 10, limit: 0, windowMs: 60_000, free: Infinity, nextFreeInMs: 0, limited: false };

/** The time left at the last of the moments. */
const timeLeft = (...moments: Partial<Moment>[]) => {
  const tell = createTimeLeft();
  return moments.map((more) => tell({ ...moment, ...more })).at(-1);
};

describe('the time left', () => {
  it('is unknown until something is settled', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, settled: 0, limit: 50, free: 0 })).toBeUndefined();
  });

  it('without a limit is that of the rows settled so far', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, settled: 10, left: 30 })).toBe(15_000);
  });

  it('is not lengthened by what was waited for the limit', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, limited: true }, { now: 65_000, left: 20 })).toBe(10_000);
  });

  it.each([
    ['nothing when all requests can go at once', { free: 20 }, 0],
    ['one window when some must wait', { free: 19 }, 60_000],
    ['until the next place is free, when none is', { free: 0, nextFreeInMs: 12_000 }, 12_000],
    ['whole windows more when there is more to ask', { free: 0, nextFreeInMs: 12_000, left: 60, toLaunch: 50 }, 12_000 + 2 * 60_000],
    ['more when jobs had to be asked often', { free: 0, nextFreeInMs: 12_000, finds: 50, toLaunch: 0 }, 12_000],
    ['whole windows more when jobs had to be asked often', { free: 0, nextFreeInMs: 12_000, finds: 60, toLaunch: 0 }, 12_000 + 60_000],
  ])('under a limit is %s', (_what, more, ms) => {
    expect(timeLeft({ limit: 50, ...more })).toBe(ms);
  });
});
