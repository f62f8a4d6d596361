/*
 * How many requests can be wasted on finds that are told RUNNING, and so how soon after one the next may follow. For any
 * time t until the slowest open job is done
 *
 *     spare(t) = requests that come free within t - open jobs done within t - launches within t
 *
 * Spread evenly over the logarithm of time, it lets a job of age a grow by ((a + t) / a) ^ (1 / spare(t)) between two of
 * them. The t that asks for most patience decides: what is left now must last until more comes free.
 */
import type { JobTimes } from './job-times.ts';

/** The request limit at a moment. A `limit` of 0 is none; `free` and `freeWithin` are then `Infinity`. */
export type RequestWindow = {
  limit: number;
  windowMs: number;
  free: number;
  /** When the next request could go: 0 is now. */
  nextFreeInMs: number;
  /** How many requests could be sent within so many milliseconds from now. */
  freeWithin(ms: number): number;
  /** A cost cap holds launches back until answers are here: none is to be waited for. */
  launchesHeld?: boolean;
};

/** What is still to be done. At most `lanes` jobs are open at once. */
export type Workload = { open: number; toLaunch: number; lanes: number };

/** So many requests may be wasted for each open job, and a few more: a run of one company needs them. */
const MOST_WASTE = 6;
const MOST_WASTE_MORE = 10;
/** The run is taken to be over when so many open jobs are expected to be left. */
const LEFT_AT_END = 0.3;
/** The end is never nearer than this factor of the age. */
const LEAST_END = 1.2;
/** As long as there is something to spare, nobody waits for longer than this part of the age. */
export const MOST_GROWTH = 1.25;
/** And each job is a little older when it is asked again, however much there is to spare. */
const LEAST_GROWTH = 0.05;

/** The age by which hardly any open job is left, when all of them are as old as this. Milliseconds. */
export function lastAgeMs(times: JobTimes, { open }: Workload, ageMs: number): number {
  return Math.max(times.ageAtShare((times.shareRunning(ageMs) * LEFT_AT_END) / Math.max(open, 1)), ageMs * LEAST_END);
}

/** The factor by which a job of this age, above 0, ages before the next request may be wasted; Infinity: nothing is to spare. */
export function growthFactor(times: JobTimes, workload: Workload, ageMs: number, window: RequestWindow): number {
  const endMs = lastAgeMs(times, workload, ageMs) - ageMs;
  let most = 1 + LEAST_GROWTH / Math.max(workload.open, 1);
  for (let ms = Math.min(ageMs / 2, endMs); ; ms = Math.min(ms * 2, endMs)) {
    const spare = spareWithin(times, workload, { ms, ageMs }, window);
    if (spare < 1) return Infinity;
    most = Math.max(most, (1 + ms / ageMs) ** (1 / spare));
    if (ms === endMs) return Math.min(most, MOST_GROWTH);
  }
}

function spareWithin(times: JobTimes, { open, toLaunch, lanes }: Workload, { ms, ageMs }: { ms: number; ageMs: number }, window: RequestWindow): number {
  const most = MOST_WASTE * open + MOST_WASTE_MORE;
  if (window.limit === 0) return most;
  const done = open * (1 - times.shareRunning(ageMs + ms) / Math.max(times.shareRunning(ageMs), Number.MIN_VALUE));
  const launches = Math.min(toLaunch, Math.max(lanes - open, 0) + done);
  // Their jobs are done and followed by others, if there is time.
  const more = Math.min(toLaunch - launches, (lanes * ms) / times.ageAtShare(0.5));
  return Math.min(window.freeWithin(ms) - done - launches - 2 * more, most);
}
