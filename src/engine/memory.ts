/*
 * What an invocation learns that the next one on the same database should know: how long jobs take, and which requests
 * still count against the limit, so that a second run right after a first draws no 429. It is only a help: whatever is
 * missing, nonsense or cannot be saved is done without.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Runtime } from '../runtime/runtime.ts';
import type { Queryable } from '../store/database.ts';
import { loadPace, savePace } from '../store/pace.ts';
import type { Limiter } from '../providers/http/limiter.ts';
import type { JobTimes, KnownTimes } from './job-times.ts';

/** What is known at the start, and the way to pass it on. */
export type Memory = {
  jobTimes: KnownTimes | undefined;
  /** Moments of requests that may still count, epoch milliseconds. */
  taken: number[];
  /** Saves what is known now. Never throws. */
  save(times: JobTimes, limiter: Limiter): Promise<void>;
};

/** Moments are kept in so many steps for each window, rounded up: the row stays small under any limit. */
const STEPS = 100;
/** No API lets through more, or counts over longer windows: what is older is nonsense. */
const LONGEST_WINDOW_MS = 24 * 3_600_000;

const savedTimes = z.object({ medianMs: z.number().min(1).max(3_600_000), spread: z.number().min(0.01).max(10) });
const MOST_TAKEN = 200_000;
const savedTaken = z
  .array(z.tuple([z.number(), z.number().int().min(1)]))
  .refine((steps) => steps.reduce((sum, [, count]) => sum + count, 0) <= MOST_TAKEN);

/** Reads what the last invocation saved for this host and key. Never throws. */
export async function openMemory(database: Queryable, runtime: Runtime, options: { api_host: string; apiKey: string }): Promise<Memory> {
  const key = { api_host: options.api_host, key_hash: createHash('sha256').update(options.apiKey).digest('hex') };
  const { clock, log } = runtime;
  const saved = await loadPace(database, key).catch((error: unknown) => void log.debug('the pace of earlier runs cannot be read', { error: String(error) }));
  const times = savedTimes.safeParse(saved?.job_times);
  const taken = savedTaken.safeParse(saved?.taken);
  const oldest = clock.now() - LONGEST_WINDOW_MS;

  return {
    jobTimes: times.data,
    taken: (taken.data ?? []).flatMap(([at, count]) => (at < oldest ? [] : Array<number>(count).fill(at))),
    async save(learnt, limiter) {
      const pace = { job_times: learnt.known(), taken: inSteps(limiter.taken(), limiter.state().windowMs / STEPS), at: clock.now() };
      await savePace(database, key, pace).catch((error: unknown) => void log.debug('the pace cannot be saved', { error: String(error) }));
    },
  };
}

/** Moments, oldest first, as [end of the step, how many]. */
function inSteps(moments: readonly number[], stepMs: number): [number, number][] {
  const steps: [number, number][] = [];
  for (const moment of moments) {
    const end = Math.ceil(moment / stepMs) * stepMs;
    const last = steps.at(-1);
    if (last?.[0] === end) last[1] += 1;
    else steps.push([end, 1]);
  }
  return steps;
}
