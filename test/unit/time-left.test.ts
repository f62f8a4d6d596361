/* The time left: from the request limit and from the work, whichever takes longer; and of jobs that are slower than the others. */
import { describe, expect, it } from 'vitest';
import { createTimeLeft } from '../../src/service/time-left.ts';
import type { Moment } from '../../src/service/time-left.ts';

const moment: Moment = { now: 0, settled: 10, left: 10, toLaunch: 10, launches: 0, finds: 10, limit: 0, windowMs: 60_000, free: Infinity, nextFreeInMs: 0, isHeld: false };

/** The outlook at the last of the moments, of a run that gives jobs up after ten minutes. */
const outlook = (...moments: Partial<Moment>[]) => {
  const tell = createTimeLeft(600_000);
  return moments.map((more) => tell({ ...moment, ...more })).at(-1);
};
const timeLeft = (...moments: Partial<Moment>[]) => outlook(...moments)?.leftMs;

describe('the time left', () => {
  it('is unknown until something is settled', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, settled: 0, limit: 50, free: 0 })).toBeUndefined();
  });

  it('without a limit is that of the rows settled so far', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, settled: 10, left: 30 })).toBe(15_000);
  });

  it('is not lengthened by what was waited for the limit', () => {
    expect(timeLeft({ settled: 0 }, { now: 5_000, isHeld: true }, { now: 65_000, left: 20 })).toBe(10_000);
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

describe('when the last jobs take longer than the others did', () => {
  /** 18 rows are settled after 9 s, all within half a second of the one before; the two that are left were launched at once. */
  const before = [{ settled: 0, left: 20, toLaunch: 0, launches: 20 }, { now: 9_000, settled: 18, left: 2, toLaunch: 0, launches: 20 }];
  const then = { settled: 18, left: 2, toLaunch: 0, launches: 20 };

  it('is what the others took at first', () => {
    expect(outlook(...before)).toEqual({ leftMs: 1_000 });
  });

  it('is at least as long as nothing was settled', () => {
    expect(outlook(...before, { ...then, now: 17_000 })).toEqual({ leftMs: 8_000 });
  });

  it('is not known after that; when they are given up is', () => {
    expect(outlook(...before, { ...then, now: 20_000 })).toEqual({ leftMs: undefined, givenUpInMs: 580_000 });
    expect(outlook(...before, { ...then, now: 700_000 })).toEqual({ leftMs: undefined, givenUpInMs: 0 });
  });

  it('counts from the last launch until they are given up', () => {
    expect(outlook(...before, { ...then, now: 11_000, launches: 21 }, { ...then, now: 30_000, launches: 21 })).toEqual({ leftMs: undefined, givenUpInMs: 581_000 });
  });

  it('is known again when one of them is done', () => {
    expect(outlook(...before, { ...then, now: 60_000 }, { ...then, now: 61_000, settled: 19, left: 1 })?.leftMs).toBeCloseTo(61_000 / 19);
  });

  it('is that of the work as long as there are launches to come, and while everything waits', () => {
    expect(outlook(...before, { ...then, now: 60_000, left: 9, toLaunch: 7 })).toEqual({ leftMs: 30_000 });
    expect(outlook(...before, { ...then, now: 9_001, isHeld: true }, { ...then, now: 60_000 })?.givenUpInMs).toBeUndefined();
  });

  it('is not doubted sooner than slow work would have it', () => {
    const slow = [{ settled: 0, left: 20, toLaunch: 0, launches: 20 }, { now: 180_000, settled: 18, left: 2, toLaunch: 0, launches: 20 }];
    expect(outlook(...slow, { ...then, now: 215_000 })?.givenUpInMs).toBeUndefined();
    expect(outlook(...slow, { ...then, now: 225_000 })?.givenUpInMs).toBe(375_000);
  });
});
