/*
 * The jobs that may be asked, in queues by the age at which they were last RUNNING, in steps of 10 %. The one that was
 * launched first is the likeliest of its queue to be done, so to find the likeliest of all is to look at the heads of
 * some ten queues, however many jobs there are.
 */
import type { JobTimes } from './job-times.ts';

/** What the pace knows of an open job. Moments are epoch milliseconds. */
export type PacedJob = {
  launched_at: number;
  /** When it was last said to be RUNNING; null: never asked. */
  running_at: number | null;
  /** Launched by an earlier invocation: its answer is paid for, and goes before new launches. */
  isOlder?: boolean;
};

/** Jobs that wait to be asked. */
export type ReadyJobs = {
  add(job: PacedJob): void;
  /** Does nothing for a job that is not in. */
  remove(job: PacedJob): void;
  /** The job that is likeliest to be done, and the chance. */
  likeliest(now: number): { job: PacedJob; chance: number } | undefined;
  /** In how many milliseconds the first of them will be done with this chance, as far as is known now; may be below 0. */
  msUntil(chance: number, now: number): number;
};

const QUEUES_PER_LOG = 10;
const NEVER_ASKED = -1;
const OLDER = -2;
/** A job that is asked at once is this old when the question arrives, at least. */
export const YOUNGEST_MS = 10;

/** The age at which a job was last RUNNING, in milliseconds; 0: never asked. */
export function ranMs(job: PacedJob): number {
  return job.running_at === null ? 0 : Math.max(job.running_at - job.launched_at, 0);
}

/** Makes an empty set. From the age of `jobTimeoutMs` on to ask is never a waste: it ends the job, one way or the other. */
export function createReadyJobs(times: JobTimes, jobTimeoutMs: number): ReadyJobs {
  const queues = new Map<number, Set<PacedJob>>();
  const queueOf = new Map<PacedJob, number>();

  const chanceOf = (job: PacedJob, now: number): number => {
    const ageMs = Math.max(now - job.launched_at, YOUNGEST_MS);
    if (ageMs >= jobTimeoutMs) return 1;
    return 1 - times.shareRunning(ageMs) / shareWhenRan(job);
  };
  const shareWhenRan = (job: PacedJob): number => Math.max(times.shareRunning(ranMs(job)), Number.MIN_VALUE);

  return {
    add(job) {
      const ran = ranMs(job);
      const key = ran === 0 ? (job.isOlder ? OLDER : NEVER_ASKED) : Math.round(Math.log(Math.max(ran, 1)) * QUEUES_PER_LOG);
      queueOf.set(job, key);
      const queue = queues.get(key);
      if (queue === undefined) queues.set(key, new Set([job]));
      else queue.add(job);
    },
    remove(job) {
      const key = queueOf.get(job);
      if (key === undefined) return;
      queueOf.delete(job);
      const queue = queues.get(key);
      queue?.delete(job);
      if (queue?.size === 0) queues.delete(key);
    },
    likeliest(now) {
      let best: { job: PacedJob; chance: number } | undefined;
      for (const [job] of queues.values()) {
        if (job === undefined) continue;
        const chance = chanceOf(job, now);
        if (best === undefined || chance > best.chance) best = { job, chance };
      }
      return best;
    },
    msUntil(chance, now) {
      let least = Infinity;
      for (const [job] of queues.values()) {
        if (job === undefined) continue;
        const ageMs = Math.min(times.ageAtShare((1 - chance) * shareWhenRan(job)), jobTimeoutMs);
        least = Math.min(least, ageMs - (now - job.launched_at));
      }
      return least;
    },
  };
}
