/*
 * Many jobs under a request limit, on a clock that is only a number: how many requests the pace spends until the last
 * answer is there. Lanes, limiter and API are played by a few lines; the pace is the real one.
 */
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/run/pace.ts';
import type { PacedJob } from '../../src/run/pace.ts';
import { gaussian, mulberry32 } from '../../src/sandbox/chance.ts';

const LIMIT = 50;
const WINDOW_MS = 60_000;
const TICK_MS = 50;
const REPLY_MS = 200;
const LAUNCHES_AT_ONCE = 10;

type Simulated = PacedJob & { doneAt: number; askedAt: number | undefined; askedNextAt: number; answered: boolean };
type Result = { requests: number; waited: boolean; tookMs: number; longestMs: number };

/** Runs jobs that were launched ten at a time until all are answered. */
function simulate(options: { seed: number; jobs: number; medianMs: number; spread: number }): Result {
  const random = mulberry32(options.seed);
  const pace = createPace();
  const jobs = Array.from({ length: options.jobs }, (_, place): Simulated => {
    const launched_at = REPLY_MS * (1 + Math.floor(place / LAUNCHES_AT_ONCE));
    const durationMs = options.medianMs * Math.exp(options.spread * gaussian(random));
    return { launched_at, running_at: null, doneAt: launched_at + durationMs, askedAt: undefined, askedNextAt: 0, answered: false };
  });
  const replies = jobs.map((job) => job.launched_at);
  const result: Result = { requests: options.jobs, waited: false, tookMs: 0, longestMs: Math.max(...jobs.map((job) => job.doneAt)) };
  const openJobs = new Set<Simulated>();

  for (let now = 0; jobs.some((job) => !job.answered); now += TICK_MS) {
    for (const job of jobs) {
      if (job.answered || job.launched_at > now) continue;
      if (!openJobs.has(job)) {
        openJobs.add(job);
        pace.opened(job);
      }
      if (job.askedAt !== undefined) {
        if (now < job.askedAt + REPLY_MS) continue;
        // The reply says how things stood half way.
        const isDone = job.doneAt <= job.askedAt + REPLY_MS / 2;
        job.askedAt = undefined;
        replies.push(now);
        if (isDone) {
          job.answered = true;
          pace.finished(job.doneAt - job.launched_at);
          pace.closed(job);
        } else {
          pace.stillRunning(job, now);
        }
        continue;
      }
      const inFlight = jobs.filter((other) => other.askedAt !== undefined).length;
      const free = LIMIT - inFlight - replies.filter((at) => at + WINDOW_MS > now || at > now).length;
      if (pace.waitMs(job, now, Math.max(free, 0)) > 0) continue;
      if (free <= 0) {
        result.waited = true;
        continue;
      }
      job.askedAt = now;
      result.requests += 1;
    }
    result.tookMs = now;
  }
  return result;
}

const SEEDS = 200;

const manyRuns = (options: { jobs: number; medianMs: number; spread: number }, seeds = SEEDS): Result[] =>
  Array.from({ length: seeds }, (_, seed) => simulate({ ...options, seed }));

const middle = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

describe(`20 jobs under ${LIMIT} requests a minute`, () => {
  // Measured: 100 %, 100 % and 94 % of the seeds.
  it.each([0.3, 0.6, 0.9])('get their answers without waiting for a second window in 9 of 10 runs (spread %d)', (spread) => {
    const runs = manyRuns({ jobs: 20, medianMs: 5_000, spread });
    expect(runs.filter((run) => !run.waited).length).toBeGreaterThanOrEqual(0.9 * SEEDS);
  });

  it('of a second, and of 20 seconds, do so too', () => {
    for (const medianMs of [1_000, 20_000]) {
      const runs = manyRuns({ jobs: 20, medianMs, spread: 0.6 }, SEEDS / 4);
      expect(runs.filter((run) => !run.waited).length).toBeGreaterThanOrEqual((0.9 * SEEDS) / 4);
    }
  });

  it('are done soon after the slowest of them: within 5 seconds in every other run', () => {
    const runs = manyRuns({ jobs: 20, medianMs: 5_000, spread: 0.6 });
    expect(middle(runs.map((run) => run.tookMs - run.longestMs))).toBeLessThan(5_000); // measured: 2.7 s
  });
});

describe('10 jobs under the same limit', () => {
  it('are asked more often, and answered sooner after the slowest of them', () => {
    const [few, many] = [10, 20].map((jobs) => manyRuns({ jobs, medianMs: 5_000, spread: 0.6 }));
    const requestsPerJob = (runs: Result[] = [], jobs = 1) => middle(runs.map((run) => run.requests / jobs));
    const lateMs = (runs: Result[] = []) => middle(runs.map((run) => run.tookMs - run.longestMs));
    expect(requestsPerJob(few, 10)).toBeGreaterThan(requestsPerJob(many, 20));
    expect(lateMs(few)).toBeLessThan(lateMs(many));
  });
});
