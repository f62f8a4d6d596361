/* What the pace decides at a moment: who is asked, whether launches go first, and how a stuck job is left alone. */
import { describe, expect, it } from 'vitest';
import { createJobTimes } from '../../src/engine/job-times.ts';
import { createPace, type Pace, type PacedJob, type RequestWindow } from '../../src/engine/pace.ts';

const START = Date.UTC(2026, 2, 2, 9);
const MINUTE = 60_000;

/** A window with so many free places; the others come back after a minute. */
function windowWith(free: number, limit = 50): RequestWindow {
  const freeWithin = (ms: number) => (limit === 0 ? Infinity : ms < MINUTE ? free : (limit * ms) / MINUTE);
  return { limit, windowMs: MINUTE, free: limit === 0 ? Infinity : free, nextFreeInMs: free > 0 || limit === 0 ? 0 : 10_000, freeWithin };
}

/** A pace that has seen jobs finish after these times, with so many open jobs launched at the start and ready to be asked. */
function paceWith(options: { seen?: number[]; open?: number; toLaunch?: number; lanes?: number }) {
  const { seen = Array<number>(30).fill(5_000), open = 1, toLaunch = 0, lanes = 200 } = options;
  const pace = createPace({ times: createJobTimes(), toLaunch, lanes, jobTimeoutMs: 10 * MINUTE });
  for (const durationMs of seen) {
    const done: PacedJob = { launched_at: START - MINUTE, running_at: null };
    pace.opened();
    pace.finished(done, durationMs, START);
    pace.closed(done);
  }
  const jobs = Array.from({ length: open }, (): PacedJob => ({ launched_at: START, running_at: null }));
  for (const job of jobs) {
    pace.opened();
    pace.ready(job);
  }
  return { pace, jobs };
}

/** When somebody is asked next, in milliseconds after `from`. */
function nextAsk(pace: Pace, from: number, window: RequestWindow): number {
  for (let now = from; ; ) {
    const waitMs = pace.waitMs(now, window);
    if (waitMs <= 0) return now - from;
    now += waitMs;
  }
}

/** The ages at which one job is asked that is always found RUNNING, in milliseconds. */
function agesAsked(pace: Pace, count: number, window: RequestWindow): number[] {
  const ages: number[] = [];
  for (let now = START; ages.length < count; ) {
    now += nextAsk(pace, now, window);
    const job = pace.take(now);
    if (job === undefined) throw new Error('nobody is ready');
    ages.push(now - job.launched_at);
    pace.stillRunning(job, now);
    pace.ready(job);
  }
  return ages;
}

describe('a cost cap that holds launches back', () => {
  const paceOf = () => paceWith({ open: 1, toLaunch: 30 }).pace;
  const doneNow = START + 30_000;

  it('leaves the requests to the jobs that are open', () => {
    expect(paceOf().waitMs(doneNow, { ...windowWith(20), launchesHeld: true })).toBe(0);
  });

  it('or else they would be kept for launches that do not come', () => {
    expect(paceOf().waitMs(doneNow, windowWith(20))).toBeGreaterThan(0);
  });
});

describe('who is asked', () => {
  it('is the job that was launched first, of those that were never asked', () => {
    const { pace } = paceWith({ open: 0 });
    const jobs = [0, 1, 2].map((second): PacedJob => ({ launched_at: START + second * 1_000, running_at: null }));
    for (const job of jobs) pace.ready(job);
    expect([1, 2, 3].map(() => pace.take(START + 9_000))).toEqual(jobs);
  });

  it('is one that was never asked rather than one that was RUNNING a moment ago', () => {
    const { pace, jobs } = paceWith({ open: 2 });
    const first = pace.take(START + 5_000);
    if (first === undefined) throw new Error('nobody is ready');
    pace.stillRunning(first, START + 5_000);
    pace.ready(first);
    expect(pace.take(START + 5_500)).toBe(jobs.find((job) => job !== first));
  });

  it('is nobody when no job is ready', () => {
    const { pace } = paceWith({ open: 0 });
    expect(pace.take(START)).toBeUndefined();
    expect(pace.waitMs(START, windowWith(50))).toBeGreaterThan(0);
  });

  it('is a job at its deadline, whatever its chance: to ask ends it', () => {
    const { pace, jobs } = paceWith({ open: 1 });
    const [job] = jobs;
    if (job === undefined) throw new Error('there is no job');
    pace.take(START);
    pace.stillRunning(job, START + 10 * MINUTE - 1);
    pace.ready(job);
    expect(nextAsk(pace, START + 10 * MINUTE - 1, windowWith(1))).toBe(1);
  });
});

describe('while companies wait for their launch', () => {
  it('nobody is asked whose job may still run: requests are for launches', () => {
    const { pace } = paceWith({ open: 20, toLaunch: 30 });
    expect(pace.waitMs(START + 6_000, windowWith(10))).toBeGreaterThan(0);
  });

  it('jobs that are surely done are asked first when the rest fills the window for longer than slow jobs take', () => {
    const { pace } = paceWith({ open: 20, toLaunch: 3_000 });
    expect(pace.waitMs(START + MINUTE, windowWith(0))).toBe(0);
  });

  it('launches go before them near the end of the list, so that the last jobs are not late', () => {
    const { pace } = paceWith({ open: 20, toLaunch: 30 });
    expect(pace.waitMs(START + MINUTE, windowWith(0))).toBeGreaterThan(0);
  });

  it('a job of an earlier invocation that is surely done is asked first even then', () => {
    const { pace } = paceWith({ open: 20, toLaunch: 30 });
    pace.opened();
    pace.ready({ launched_at: START - MINUTE, running_at: null, isOlder: true });
    expect(pace.waitMs(START + MINUTE, windowWith(0))).toBe(0);
  });

  it('free places that no launch can use are for finds, one kept for the launch that follows each', () => {
    const { pace } = paceWith({ open: 20, toLaunch: 20, lanes: 20 });
    let asked = 0;
    for (; asked < 20 && pace.waitMs(START + MINUTE, windowWith(10 - asked)) === 0; asked += 1) pace.take(START + MINUTE);
    expect(asked).toBe(5);
  });
});

describe('when all are launched', () => {
  it('a job is asked the earlier, the more requests are to spare', () => {
    const asks = [Infinity, 50, 20, 14, 10].map((free) => {
      const { pace } = paceWith({ open: 10 });
      return nextAsk(pace, START, free === Infinity ? windowWith(0, 0) : windowWith(free));
    });
    expect(asks).toEqual([...asks].sort((a, b) => a - b));
    expect(asks[0]).toBeLessThan(5_000);
    expect(asks.at(-1)).toBeGreaterThan(5_000);
  });

  it('after a RUNNING nobody is asked for a while, not even another job', () => {
    const { pace } = paceWith({ open: 10, seen: [3_000, 4_000, 5_000, 6_000, 8_000] });
    const at = START + 4_000;
    const job = pace.take(at);
    if (job === undefined) throw new Error('nobody is ready');
    pace.stillRunning(job, at);
    pace.ready(job);
    expect(pace.waitMs(at, windowWith(20))).toBeGreaterThan(20);
  });
});

describe('before any job is done', () => {
  it('one at a time is asked as a scout, the first at a tenth of the expected age, then ever later', () => {
    const { pace } = paceWith({ open: 20, seen: [] });
    const ages = agesAsked(pace, 5, windowWith(30));
    expect(ages[0]).toBeLessThan(600);
    for (const [place, age] of ages.slice(1).entries()) expect(age / (ages[place] ?? 0)).toBeGreaterThan(1.35);
    pace.take(START + MINUTE);
    expect(pace.waitMs(START + MINUTE, windowWith(30))).toBeGreaterThan(0);
  });
});

describe('a job that is stuck', () => {
  it.each([
    ['many requests', windowWith(50)],
    ['few requests', windowWith(2)],
    ['no limit', windowWith(0, 0)],
  ])('is asked at intervals that grow with its age, fewer than 100 times until its deadline, with %s', (_what, window) => {
    const { pace } = paceWith({ open: 1, seen: [3_000, 4_000, 5_000, 6_000, 8_000] });
    const ages = agesAsked(pace, 100, window).filter((age) => age < 10 * MINUTE);
    expect(ages.length).toBeLessThan(100);
    for (const [place, age] of ages.slice(1).entries()) expect(age / (ages[place] ?? 0)).toBeGreaterThan(1.04);
  });

  it('is asked every minute at least when there are requests for it', () => {
    const { pace } = paceWith({ open: 1 });
    const ages = agesAsked(pace, 40, windowWith(50)).filter((age) => age < 10 * MINUTE);
    expect(Math.max(...ages.slice(1).map((age, place) => age - (ages[place] ?? 0)))).toBeLessThanOrEqual(1.01 * MINUTE);
  });
});
