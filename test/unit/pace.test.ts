/* When a job is asked again: the first scouts, what is learnt from jobs that are done, and jobs that are stuck. */
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/run/pace.ts';
import type { Pace, PacedJob } from '../../src/run/pace.ts';

const START = Date.UTC(2026, 2, 2, 9);
const jobAt = (launched_at = START): PacedJob => ({ launched_at, running_at: null });

function paceWith(jobs: readonly PacedJob[], durationsMs: readonly number[] = []): Pace {
  const pace = createPace();
  for (const job of jobs) pace.opened(job);
  for (const durationMs of durationsMs) pace.finished(durationMs);
  return pace;
}

/** The ages at which a job is asked that is always found RUNNING, in milliseconds. */
function agesAsked(pace: Pace, job: PacedJob, count: number, free = 50): number[] {
  const ages: number[] = [];
  for (let now = START; ages.length < count; ) {
    const waitMs = pace.waitMs(job, now, free);
    now += Math.ceil(waitMs);
    if (waitMs > 0) continue;
    ages.push(now - job.launched_at);
    pace.stillRunning(job, now);
  }
  return ages;
}

describe('before any job is done', () => {
  it('one job is asked as a scout, the others are not', () => {
    const jobs = [jobAt(), jobAt(), jobAt()];
    const pace = paceWith(jobs);
    expect(jobs.map((job) => pace.waitMs(job, START, 50))).toEqual([250, 30_000, 30_000]);
  });

  it('each scout is another job, at twice the age of the last one', () => {
    const jobs = [jobAt(), jobAt(), jobAt()];
    const pace = paceWith(jobs);
    const scouts: [number, number][] = [];
    for (let now = START; scouts.length < 6; now += 50) {
      const due = jobs.findIndex((job) => pace.waitMs(job, now, 50) === 0);
      const job = jobs[due];
      if (job === undefined) continue;
      scouts.push([due, now - START]);
      pace.stillRunning(job, now);
    }
    expect(scouts).toEqual([[0, 250], [1, 500], [2, 1_000], [0, 2_000], [1, 4_000], [2, 8_000]]);
  });

  it('the next job is the scout when the first one is waited for no more', () => {
    const jobs = [jobAt(), jobAt()];
    const pace = paceWith(jobs);
    for (const job of jobs.slice(0, 1)) pace.closed(job);
    expect(jobs.slice(1).map((job) => pace.waitMs(job, START, 50))).toEqual([250]);
  });

  it('a job of 30 seconds is asked although no scout has come back', () => {
    const jobs = [jobAt(), jobAt()];
    const pace = paceWith(jobs);
    expect(jobs.map((job) => pace.waitMs(job, START + 30_000, 50))).toEqual([0, 0]);
  });

  it('without a limit every job is its own scout, at ages that double', () => {
    const jobs = [jobAt(), jobAt()];
    const pace = paceWith(jobs);
    for (const job of jobs) expect(agesAsked(pace, job, 6, Infinity)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000]);
  });
});

describe('once jobs are done', () => {
  const fiveSeconds = Array<number>(20).fill(5_000);

  it('a job is asked at about the time that they took', () => {
    const job = jobAt();
    const waitMs = paceWith([job], fiveSeconds).waitMs(job, START, 50);
    expect(waitMs).toBeGreaterThan(4_000);
    expect(waitMs).toBeLessThan(6_500);
  });

  it('a job that is older than that is asked at once', () => {
    const job = jobAt();
    expect(paceWith([job], fiveSeconds).waitMs(job, START + 60_000, 50)).toBe(0);
  });

  it('a job is asked the later, the fewer requests are left for each open job', () => {
    const jobs = Array.from({ length: 20 }, () => jobAt());
    const pace = paceWith(jobs, [3_000, 4_000, 5_000, 6_000, 8_000, 12_000]);
    const waits = [Infinity, 80, 79, 40, 39, 25, 24, 0].map((free) => jobs.map((job) => pace.waitMs(job, START, free))[0] ?? 0);
    const [unlimited = 0, plenty = 0, , enough = 0, , few = 0, scarce = 0, none = 0] = waits;
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(unlimited).toBe(plenty);
    expect(plenty).toBeLessThan(enough);
    expect(enough).toBeLessThan(few);
    expect(few).toBeLessThan(scarce);
    expect(scarce).toBe(none);
  });

  it('only the last 200 count, so a drift is followed', () => {
    const job = jobAt();
    const slow = paceWith([job], Array<number>(300).fill(60_000));
    for (let done = 0; done < 200; done += 1) slow.finished(1_000);
    expect(slow.waitMs(job, START, 50)).toBe(paceWith([job], Array<number>(200).fill(1_000)).waitMs(job, START, 50));
  });

  it('jobs that are still RUNNING count as slow ones, so that the quick ones do not set the pace alone', () => {
    const quick = [1_000, 1_100, 900];
    const job = jobAt();
    const alone = paceWith([job], quick).waitMs(job, START, 50);
    const slow = Array.from({ length: 5 }, () => jobAt(START - 8_000));
    const pace = paceWith([job, ...slow], quick);
    for (const other of slow) pace.stillRunning(other, START);
    expect(pace.waitMs(job, START, 50)).toBeGreaterThan(2 * alone);
  });
});

describe('a job that is stuck', () => {
  it.each([
    ['plenty of requests', 50],
    ['few requests', 1],
    ['no limit', Infinity],
  ])('is asked at ever longer intervals, with %s', (_what, free) => {
    const job = jobAt();
    const pace = paceWith([job], [3_000, 4_000, 5_000, 6_000, 8_000]);
    const ages = agesAsked(pace, job, 12, free);
    const intervals = ages.slice(1).map((age, place) => age - (ages[place] ?? 0));
    expect(intervals).toEqual([...intervals].sort((a, b) => a - b));
    expect(intervals.at(-1)).toBeGreaterThan(10_000);
  });

  it('is asked once a minute at least', () => {
    const job = jobAt();
    const ages = agesAsked(paceWith([job], [3_000, 4_000, 5_000, 6_000, 8_000]), job, 30);
    expect(Math.max(...ages.slice(1).map((age, place) => age - (ages[place] ?? 0)))).toBe(60_000);
  });

  it('is not asked twice within a tenth of a second, however quick the others were', () => {
    const job = jobAt();
    const ages = agesAsked(paceWith([job], Array<number>(50).fill(1)), job, 20, Infinity);
    for (const [place, age] of ages.slice(1).entries()) expect(age - (ages[place] ?? 0)).toBeGreaterThanOrEqual(100);
  });
});
