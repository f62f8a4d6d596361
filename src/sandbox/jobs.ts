/*
 * The sandbox's jobs and their bill. A job is what was asked, when, and how it will go; its answer is invented again at every
 * find. With a state file each job is one line of JSON, written before the launch is answered, so that
 * jobs outlive the process as the real API's do.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Random } from '../runtime/runtime.ts';
import { uuidFrom } from './chance.ts';
import { drawJob, type Faults, type JobFate, type JobTime } from './faults.ts';
import { questionKey, type LaunchTask } from './launch-request.ts';
import type { Found } from './people.ts';

/** A job as it is kept. `launched_at` is epoch milliseconds. */
export type SandboxJob = JobFate & { job_id: string; launched_at: number; task: LaunchTask };

/** Prices in US dollars, under the names of `GET /v2/account`. */
export type Prices = { persons_safe_usd: number; mobile_phones_usd: number };

/** Jobs launched in a span of time, and what of them was billed. */
export type Tally = { launches: number; persons: number; phones: number };

type JobsOptions = {
  stateFile: string | undefined;
  random: Random;
  seed: number;
  jobTime: JobTime;
  prices: Prices;
  people: (task: LaunchTask) => Found;
};

/** The store of jobs. Every `now` is epoch milliseconds. */
export type Jobs = {
  /** Makes a job; its line is in the state file when this returns. */
  launch(task: LaunchTask, faults: Faults, now: number): SandboxJob;
  find(jobId: string): SandboxJob | undefined;
  /** The answer of a job that SUCCEEDED. The first time, it is billed. */
  answer(job: SandboxJob): Found;
  /** Bills every job that has SUCCEEDED by `now`, found or not. */
  settle(now: number): void;
  billedUsd(): number;
  /** Counts the jobs launched in [from, to). */
  tally(from: number, to: number): Tally;
  open(now: number): number;
  launchesByQuestion(): Record<string, number>;
  close(): void;
};

/** When a job ends, in epoch milliseconds; never is `Infinity`. */
export function endOf(job: SandboxJob): number {
  return job.takes_ms === null ? Infinity : job.launched_at + job.takes_ms;
}

/** Opens the store and reads back the jobs of an earlier process. Throws when the state file cannot be read or written. */
export function createJobs({ stateFile, random, seed, jobTime, prices, people }: JobsOptions): Jobs {
  const byId = new Map<string, SandboxJob>();
  const byQuestion = new Map<string, number>();
  const bills = new Map<string, { persons: number; phones: number }>();
  const unbilled = new Set<SandboxJob>();
  let billed = 0;

  const add = (job: SandboxJob) => {
    byId.set(job.job_id, job);
    const key = questionKey(job.task);
    byQuestion.set(key, (byQuestion.get(key) ?? 0) + 1);
    if (!job.fails && job.takes_ms !== null) unbilled.add(job);
  };

  const file = stateFile === undefined ? undefined : openStateFile(stateFile, add);

  const answer = (job: SandboxJob) => {
    const found = people(job.task);
    if (unbilled.delete(job)) {
      bills.set(job.job_id, { persons: found.persons.length, phones: found.phones });
      billed += found.persons.length * prices.persons_safe_usd + found.phones * prices.mobile_phones_usd;
    }
    return found;
  };

  return {
    launch: (task, faults, now) => {
      const key = questionKey(task);
      const fate = drawJob(faults, jobTime, seed, key, byQuestion.get(key) ?? 0);
      const job = { job_id: uuidFrom(random), launched_at: now, ...fate, task };
      if (file !== undefined) writeSync(file, `${JSON.stringify(job)}\n`);
      add(job);
      return job;
    },
    find: (jobId) => byId.get(jobId.toLowerCase()),
    answer,
    settle: (now) => {
      for (const job of unbilled) if (endOf(job) <= now) answer(job);
    },
    billedUsd: () => billed,
    tally: (from, to) => {
      const tally = { launches: 0, persons: 0, phones: 0 };
      for (const job of byId.values()) {
        if (job.launched_at < from || job.launched_at >= to) continue;
        const bill = bills.get(job.job_id);
        tally.launches += 1;
        tally.persons += bill?.persons ?? 0;
        tally.phones += bill?.phones ?? 0;
      }
      return tally;
    },
    open: (now) => [...byId.values()].filter((job) => endOf(job) > now).length,
    launchesByQuestion: () => Object.fromEntries(byQuestion),
    close: () => {
      if (file !== undefined) closeSync(file);
    },
  };
}

/** Hands over the jobs that are in the file, and leaves it open at the end of its last whole line. */
function openStateFile(path: string, add: (job: SandboxJob) => void): number {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'a+');
  const bytes = readFileSync(file);
  // A process that was killed leaves half a line. Its launch was never answered; without the cut the next line would join it.
  const whole = bytes.lastIndexOf('\n') + 1;
  ftruncateSync(file, whole);
  for (const line of bytes.toString('utf8', 0, whole).split('\n')) {
    if (line !== '') add(JSON.parse(line) as SandboxJob);
  }
  return file;
}
