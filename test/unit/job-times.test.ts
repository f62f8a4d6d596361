/* The estimate of how long jobs take: wrong starts, jobs that still run, drifts, freaks, and what is passed on. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJobTimes, type JobTimes } from '../../src/engine/job-times.ts';
import { gaussian, mulberry32 } from '../../src/sandbox/chance.ts';

/** Lets jobs finish that take about so long. */
function finish(times: JobTimes, jobs: number, medianMs: number, spread = 0.5): JobTimes {
  const random = mulberry32(jobs + medianMs);
  for (let job = 0; job < jobs; job += 1) times.finished(medianMs * Math.exp(spread * gaussian(random)), 0);
  return times;
}

const median = (times: JobTimes) => times.ageAtShare(0.5);

describe('the share of jobs that still run', () => {
  it('falls from 1 to 0 with the age, whatever was seen', () => {
    const seen = fc.array(fc.tuple(fc.double({ min: 1, max: 3_600_000, noNaN: true }), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(seen, (answers) => {
        const times = createJobTimes();
        for (const [ms, isDone] of answers) {
          if (isDone) times.finished(ms, 0);
          else times.stillRunning(ms, 0);
        }
        const shares = Array.from({ length: 60 }, (_, step) => times.shareRunning(2 ** (step / 2.5)));
        expect(shares.every((share, step) => share >= 0 && share <= 1 && share <= (shares[step - 1] ?? 1) + 1e-9)).toBe(true);
      }),
      // Six jobs that took a second: the weights of what is likely then add up to more than 1 in the last digit.
      { numRuns: 50, examples: [[Array<[number, boolean]>(6).fill([1_000, true])]] },
    );
  });

  it('is undone by the age at which it is reached', () => {
    const times = finish(createJobTimes(), 50, 5_000);
    for (const share of [0.9, 0.5, 0.1, 0.01]) expect(times.shareRunning(times.ageAtShare(share))).toBeCloseTo(share, 2);
  });

  it('is that of the jobs that were seen, once there are enough', () => {
    const times = finish(createJobTimes(), 200, 5_000, 0.5);
    expect(times.shareRunning(5_000)).toBeCloseTo(0.5, 0);
    expect(times.shareRunning(5_000 * Math.exp(0.5))).toBeGreaterThan(0.1);
    expect(times.shareRunning(5_000 * Math.exp(0.5))).toBeLessThan(0.22);
  });
});

describe('a start that is wrong', () => {
  it.each([100, 250_000])('by a factor of 50 is put right by 3 jobs (%d ms were expected)', (medianMs) => {
    const times = finish(createJobTimes({ medianMs, spread: 0.5 }), 3, 5_000, 0.2);
    expect(median(times)).toBeGreaterThan(2_500);
    expect(median(times)).toBeLessThan(10_000);
  });

  it('is moved by jobs that still run, before any is done', () => {
    const times = createJobTimes({ medianMs: 1_000, spread: 0.5 });
    for (let job = 0; job < 5; job += 1) times.stillRunning(20_000, 0);
    expect(median(times)).toBeGreaterThan(15_000);
  });
});

describe('a job that was RUNNING several times', () => {
  it('counts once, with its last age', () => {
    const [often, once] = [createJobTimes(), createJobTimes()];
    for (let age = 1_000; age < 16_000; age += 1_000) often.stillRunning(age + 1_000, age);
    once.stillRunning(16_000, 0);
    // Not the same: each answer also forgets a little.
    expect(median(often) / median(once)).toBeGreaterThan(0.6);
    expect(median(often) / median(once)).toBeLessThan(1.6);
  });
});

describe('what was seen long ago', () => {
  it('is forgotten, so that a drift is followed', () => {
    const times = finish(finish(createJobTimes(), 300, 60_000), 150, 1_000);
    expect(median(times)).toBeLessThan(1_500);
  });
});

describe('one freak', () => {
  it.each([1, 3_600_000])('of %d ms hardly moves the estimate', (freakMs) => {
    const times = finish(createJobTimes(), 30, 5_000);
    const before = median(times);
    times.finished(freakMs, 0);
    expect(median(times) / before).toBeGreaterThan(0.85);
    expect(median(times) / before).toBeLessThan(1.2);
  });
});

describe('what is passed on', () => {
  it('is nothing before five jobs were seen', () => {
    expect(finish(createJobTimes(), 4, 5_000).known()).toBeUndefined();
  });

  it('is the median and the spread, and the next estimate starts there', () => {
    const known = finish(createJobTimes(), 100, 60_000, 0.3).known();
    expect(known?.medianMs).toBeGreaterThan(50_000);
    expect(known?.medianMs).toBeLessThan(72_000);
    expect(known?.spread).toBeGreaterThan(0.2);
    expect(known?.spread).toBeLessThan(0.4);
    expect(median(createJobTimes(known))).toBeGreaterThan(40_000);
  });
});
