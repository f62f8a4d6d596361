/*
 * When to ask for a job, and for which. Every company costs one launch and one find that brings its answer; the only
 * waste is a find that is told RUNNING. So the next to be asked is always the job that is likeliest to be done,
 *
 *     P = 1 - S(age) / S(age when last RUNNING)          S(t): the share of jobs that run for longer than t
 *
 * and what is decided is whether to ask at all now:
 *
 * 1. Launches first. While companies wait for a launch that a lane could make, requests are theirs: a job that was
 *    launched early is done when it is asked late, so the window stays full and nearly every job is asked once. But jobs
 *    that are SURELY done go before them as long as what is left keeps the window full for longer than slow jobs take:
 *    so answers come early, and the run ends no later. Jobs of an earlier invocation always do: they are paid for.
 * 2. What no launch wants may be wasted, within what can be afforded until the slowest open job is done (spare.ts): after
 *    RUNNING, told at age a, nobody is asked for a * (growth - 1). One RUNNING is enough to know that the run is not over,
 *    so a few wasted requests, spread evenly over the logarithm of time, follow the end of the slowest of many jobs
 *    closely. Since the steps grow with the age, a stuck job is asked at exponentially growing intervals.
 * 3. With nothing to spare, only jobs that are LIKELY done are asked; while lanes are full and companies wait, earlier
 *    where a free request would otherwise be lost (`worthwhile`).
 * 4. Until a first job is done, what is known may be wrong by a factor of 50 either way: one job at a time is asked as a
 *    scout, the first at a tenth of the age that is expected, or at once when it is of an earlier invocation.
 * 5. One job that is done does not yet refute such an expectation: while there is something to spare, nobody is silent for
 *    longer than a part of the age, however unlikely an answer seems.
 *
 * Pure: time and the state of the window are handed in. No decision costs more when there are more jobs or companies.
 */
import type { JobTimes } from './job-times.ts';
import { createReadyJobs, ranMs, YOUNGEST_MS } from './ready-jobs.ts';
import type { PacedJob } from './ready-jobs.ts';
import { growthFactor, lastAgeMs, MOST_GROWTH } from './spare.ts';
import type { RequestWindow } from './spare.ts';

export type { PacedJob } from './ready-jobs.ts';
export type { RequestWindow } from './spare.ts';

const SURE = 0.97;
const LIKELY = 0.9;
/** Below this chance no job is asked, and while launches wait no scout below the other. */
const LEAST_CHANCE = 0.1;
const LEAST_SCOUT_CHANCE = 0.5;
/** The first scout goes at this part of the expected age; the next ones at so many times the age, later at fewer. */
const SCOUT_START = 0.1;
const SCOUT_GROWTH = 2.5;
const SCOUT_GROWTH_LATE = 1.6;
const LEAST_SCOUT_GROWTH = 1.4;
/** Finds on their way together are expected to waste no more than this, or this part for each open job. */
const DOUBTS_AT_ONCE = 0.3;
const DOUBTS_SHARE = 0.02;
/** Without a limit. */
const DOUBTS_SHARE_UNLIMITED = 0.2;
/** Replies and launches that are awaited announce themselves; this is for those that fail. */
const RECONSIDER_MS = 1_000;
const REPLY_PATIENCE_MS = 1_000;
/** So often in each window it is seen whether places came back. */
const LOOKS_PER_WINDOW = 20;
const LONGEST_WAIT_MS = 60_000;

/** Decides for all lanes of an invocation. Moments are epoch milliseconds. */
export type Pace = {
  /** A target got a lane and waits for its launch. */
  awaitsLaunch(): void;
  /** It does no longer: it has a job, or needs none. */
  launchedOrGone(): void;
  /** No further target will await its launch. */
  allFed(): void;
  /** A job is open from here on, and one that is not waited for any more. */
  opened(): void;
  closed(job: PacedJob): void;
  /** An open job may be asked. */
  ready(job: PacedJob): void;
  /** For how many milliseconds nobody should be asked, unless something happens before; 0: somebody should. */
  waitMs(now: number, window: RequestWindow): number;
  /** The job that is to be asked now, out of those that are ready. It counts as asked until `replied`. */
  take(now: number): PacedJob | undefined;
  /** The ask for a job is over, whatever came of it. */
  replied(job: PacedJob): void;
  /** A job was RUNNING when it was asked. */
  stillRunning(job: PacedJob, now: number): void;
  /** A job was over when it was asked, after so many milliseconds by the API's own clock; undefined: it does not say. */
  finished(job: PacedJob, durationMs: number | undefined, now: number): void;
};

/** Makes the pace of one invocation: `toLaunch` targets wait for a launch, at most `lanes` jobs are open at once. */
export function createPace(options: { times: JobTimes; toLaunch: number; lanes: number; jobTimeoutMs: number }): Pace {
  const { times, lanes, jobTimeoutMs } = options;
  const ready = createReadyJobs(times, jobTimeoutMs);
  const expectedMs = times.ageAtShare(0.5);
  let unfed = options.toLaunch;
  let awaiting = 0;
  let open = 0;
  /** Jobs being asked, in order, each with the chance that it is RUNNING; `doubts` is the sum of these. */
  const asked = new Map<PacedJob, { at: number; doubt: number }>();
  let doubts = 0;
  /** RUNNING replies that nobody has waited for yet, and the age of the last such job. */
  let wasted = 0;
  let wastedAgeMs = 0;
  let quietUntil = -Infinity;
  let scoutedMs = 0;
  let lastAskAt = Infinity; // before the first one nobody is late

  const replied = (job: PacedJob) => {
    doubts -= asked.get(job)?.doubt ?? 0;
    asked.delete(job);
    if (asked.size === 0) doubts = 0; // what rounding has left
  };

  /** A reply that takes long is not waited for: one connection that hangs must not hold up all others. */
  const forgetSlow = (now: number) => {
    for (const [job, { at }] of asked) {
      if (now - at < REPLY_PATIENCE_MS) return;
      replied(job);
    }
  };

  const workload = (window: RequestWindow) => ({ open, toLaunch: window.launchesHeld ? 0 : unfed + awaiting, lanes });
  const growth = (ageMs: number, window: RequestWindow) => growthFactor(times, workload(window), Math.max(ageMs, YOUNGEST_MS), window);

  /** Each RUNNING is followed by its share of silence. */
  const settleWaste = (now: number, window: RequestWindow) => {
    if (wasted === 0) return;
    const factor = growth(wastedAgeMs, window);
    if (factor < Infinity) quietUntil = Math.max(quietUntil, now) + Math.min(Math.max(wastedAgeMs, YOUNGEST_MS) * (factor - 1), LONGEST_WAIT_MS) * wasted;
    wasted = 0;
  };

  /**
   * The chance from which on a job is asked while lanes are full and nothing is to spare. Waiting makes P grow by
   * hazard * (1 - P), and in that time limit / windowMs / open requests pass this job by: asked now if
   * hazard * (1 - P) / P^2 <= what passes.
   */
  const worthwhile = (job: PacedJob, now: number, { limit, windowMs }: RequestWindow): number => {
    const ageMs = Math.max(now - job.launched_at, YOUNGEST_MS);
    const share = Math.max(times.shareRunning(ageMs), Number.MIN_VALUE);
    const hazard = (1 - times.shareRunning(ageMs * 1.1) / share) / (ageMs * 0.1);
    const ratio = (hazard * windowMs * Math.max(open, 1)) / limit;
    return Math.min((Math.sqrt(ratio * ratio + 4 * ratio) - ratio) / 2, LIKELY);
  };

  /** In how many milliseconds the next scout goes, if it is this job. */
  const scoutDueMs = (job: PacedJob, now: number, window: RequestWindow): number => {
    const ageMs = now - job.launched_at;
    // A job of an earlier invocation may be long done, whatever was expected.
    if (scoutedMs === 0) return job.isOlder ? 0 : expectedMs * SCOUT_START - ageMs;
    const most = scoutedMs < expectedMs ? SCOUT_GROWTH : SCOUT_GROWTH_LATE;
    // With much to spare there is no need to be so careful.
    const dueAgeMs = scoutedMs * Math.min(most, Math.max(growth(ageMs, window) ** 4, LEAST_SCOUT_GROWTH));
    // The last scout may have been far older: this one is not held back until it is as old.
    return Math.min(dueAgeMs - ageMs, lastAskAt + ageMs * (SCOUT_GROWTH - 1) - now);
  };

  const wait = (now: number, window: RequestWindow): number => {
    const best = ready.likeliest(now);
    if (best === undefined) return LONGEST_WAIT_MS;
    settleWaste(now, window);
    forgetSlow(now);
    const { free, limit, windowMs } = window;
    const ageMs = now - best.job.launched_at;
    const isUnknown = times.seen() === 0;
    const { toLaunch } = workload(window);
    const launchable = Math.min(toLaunch, awaiting + Math.max(lanes - open - awaiting, 0));
    // Each ask on its way may be followed by a launch.
    const wanted = launchable + Math.min(toLaunch - launchable, asked.size);
    const until = (chance: number) => Math.min(Math.max(ready.msUntil(chance, now), 1), asked.size > 0 ? RECONSIDER_MS : LONGEST_WAIT_MS);

    if (toLaunch > 0 && free <= wanted) {
      const answersFirst = toLaunch + open > limit * (1 + lastAgeMs(times, workload(window), 0) / windowMs);
      const isScout = isUnknown && asked.size === 0;
      const enough = isScout ? LEAST_SCOUT_CHANCE : answersFirst || best.job.isOlder ? SURE : Infinity;
      if (best.chance >= enough) return 0;
      return Math.min(enough < 1 ? until(enough) : LONGEST_WAIT_MS, free <= 0 ? Math.max(window.nextFreeInMs, 1) : RECONSIDER_MS);
    }
    if (free < 1) return Math.max(window.nextFreeInMs, 1);
    const likely = toLaunch > 0 && limit > 0 ? worthwhile(best.job, now, window) : LIKELY;
    const mostDoubts = Math.max(DOUBTS_AT_ONCE, (limit === 0 ? DOUBTS_SHARE_UNLIMITED : DOUBTS_SHARE) * open);
    const isTooDoubtful = asked.size > 0 && doubts + 1 - best.chance > mostDoubts;
    if (best.chance >= likely && !isTooDoubtful) return 0;
    if (growth(ageMs, window) === Infinity) {
      // One that fails costs a window; one that succeeds spares everybody the wait until all is sure.
      const isScout = isUnknown && asked.size === 0 && ageMs >= scoutedMs * SCOUT_GROWTH_LATE;
      if (isScout && best.chance >= LEAST_SCOUT_CHANCE) return 0;
      return Math.max(Math.min(until(isScout ? LEAST_SCOUT_CHANCE : likely), windowMs / LOOKS_PER_WINDOW), 1);
    }
    if (isUnknown && limit > 0) {
      return asked.size > 0 ? RECONSIDER_MS : Math.min(Math.max(scoutDueMs(best.job, now, window), 0), LONGEST_WAIT_MS);
    }
    if (now < quietUntil) return Math.min(quietUntil - now, best.chance >= LIKELY ? RECONSIDER_MS : until(LIKELY));
    // With no limit there are no scouts: whoever is open may be one, also of jobs that are done at once.
    const silentMs = now - lastAskAt;
    const silenceMs = Math.min(Math.max(ageMs * (MOST_GROWTH - 1), RECONSIDER_MS), LONGEST_WAIT_MS);
    if (best.chance < LEAST_CHANCE && !isUnknown && silentMs < silenceMs) return Math.min(until(LEAST_CHANCE), silenceMs - silentMs);
    return isTooDoubtful ? RECONSIDER_MS : 0;
  };

  return {
    awaitsLaunch() {
      unfed = Math.max(unfed - 1, 0);
      awaiting += 1;
    },
    launchedOrGone: () => void (awaiting -= 1),
    allFed: () => void (unfed = 0),
    opened: () => void (open += 1),
    closed(job) {
      open -= 1;
      ready.remove(job);
      replied(job);
    },
    ready(job) {
      replied(job);
      ready.add(job);
    },

    // Whole milliseconds: what rounding leaves of one would be waited for without end.
    waitMs: (now, window) => Math.ceil(wait(now, window)),

    take(now) {
      const best = ready.likeliest(now);
      if (best === undefined) return undefined;
      ready.remove(best.job);
      lastAskAt = now;
      asked.set(best.job, { at: now, doubt: 1 - best.chance });
      doubts += 1 - best.chance;
      return best.job;
    },
    replied,
    stillRunning(job, now) {
      replied(job);
      wasted += 1;
      wastedAgeMs = now - job.launched_at;
      scoutedMs = Math.max(scoutedMs, wastedAgeMs, YOUNGEST_MS);
      times.stillRunning(wastedAgeMs, ranMs(job));
      job.running_at = now;
    },
    finished(job, durationMs, now) {
      replied(job);
      const ageMs = now - job.launched_at;
      // Not said: half way between when it was last RUNNING, or a fraction of its age, and now.
      times.finished(durationMs ?? Math.sqrt(Math.max(ranMs(job), ageMs / 4) * ageMs), ranMs(job));
    },
  };
}
