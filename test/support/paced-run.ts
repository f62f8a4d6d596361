/*
 * A whole run on a clock that is only a number: lanes, launches, an exact sliding window and the API in a few lines, so that
 * thousands of runs take seconds. The pace and the estimate of job times are the real ones.
 */
import { createJobTimes, type KnownTimes } from '../../src/engine/job-times.ts';
import { createPace, type PacedJob, type RequestWindow } from '../../src/engine/pace.ts';

/** How a simulated run is set up. Times are milliseconds. */
export type PacedRun = {
  /** How long each company's job takes. */
  durations: readonly number[];
  /** Requests per window; 0 is no limit. */
  limit: number;
  windowMs: number;
  lanes?: number;
  /** From sending a request to its reply; half of it passes before the API looks. */
  replyMs?: number;
  known?: KnownTimes | undefined;
  /** Jobs of an earlier invocation, the oldest first: how old they are at the start, and for how long they still run. */
  older?: readonly { ageMs: number; leftMs: number }[];
};

/** What came of it: how long it took, when the last job was done, and what was asked. */
export type PacedResult = {
  tookMs: number;
  slowestMs: number;
  requests: number;
  perCompany: number;
  /** Decisions of the pace for each company. */
  decisionsPerCompany: number;
  /** Ages at which each job was asked; those of earlier jobs come last. */
  agesAsked: number[][];
  /** The longest time in which nobody was asked or launched though a job was done and there was a place for everybody. */
  longestStallMs: number;
};

type Simulated = PacedJob & { company: number; startedAt: number; doneAt: number };

const JOB_TIMEOUT_MS = 600_000;
const LAUNCHES_AT_ONCE = 10;

/** The least time that so many requests, two for each company, take in sliding windows. */
export function floorMs({ durations, limit, windowMs }: PacedRun): number {
  return limit === 0 ? 0 : (Math.ceil((2 * durations.length) / limit) - 1) * windowMs;
}

/** Runs it until every job is answered, or given up at its deadline. Throws when it does not end, or a lane starves. */
export function runPaced(run: PacedRun): PacedResult {
  const { durations, lanes = 200, replyMs = 100, older = [] } = run;
  const pace = createPace({ times: createJobTimes(run.known), toLaunch: durations.length, lanes, jobTimeoutMs: JOB_TIMEOUT_MS });
  const events = createEvents();
  const window = createReplyWindow(run);
  const agesAsked = [...durations, ...older].map((): number[] => []);
  const openJobs = new Set<Simulated>();
  const result = { requests: 0, decisions: 0, answered: 0, slowestMs: 0, longestStallMs: 0 };
  let [now, next, busy, launching] = [0, 0, 0, 0];

  const send = (then: () => void) => {
    window.sent();
    result.requests += 1;
    events.add(now + replyMs, () => {
      window.replied(now);
      then();
    });
  };
  const open = (job: Simulated) => {
    result.slowestMs = Math.max(result.slowestMs, job.doneAt);
    openJobs.add(job);
    pace.opened();
    pace.ready(job);
  };
  const launch = () => {
    const company = next;
    const doneAt = now + replyMs / 2 + (durations[company] ?? 0);
    next += 1;
    busy += 1;
    launching += 1;
    pace.awaitsLaunch();
    if (next === durations.length) pace.allFed();
    send(() => {
      launching -= 1;
      const job: Simulated = { launched_at: now, running_at: null, company, startedAt: now - replyMs / 2, doneAt };
      pace.launchedOrGone();
      open(job);
    });
  };
  const ask = () => {
    const job = pace.take(now) as Simulated | undefined;
    if (job === undefined) throw new Error('there is nobody to be asked');
    agesAsked[job.company]?.push(now - job.launched_at);
    const isDone = now + replyMs / 2 >= job.doneAt;
    send(() => {
      if (!isDone && now - job.launched_at < JOB_TIMEOUT_MS) {
        pace.stillRunning(job, now);
        pace.ready(job);
        return;
      }
      if (isDone) pace.finished(job, job.doneAt - job.startedAt, now);
      pace.closed(job);
      openJobs.delete(job);
      result.answered += 1;
      busy -= 1;
    });
  };
  /** Does what can be done now; returns when to look again if nothing happens. */
  const act = (): number => {
    for (;;) {
      const state = window.at(now);
      const mayLaunch = next < durations.length && busy < lanes && launching < LAUNCHES_AT_ONCE;
      const waitMs = pace.waitMs(now, state);
      result.decisions += 1;
      if (waitMs <= 0 && state.free > 0) ask();
      else if (waitMs > 0 && mayLaunch && state.free > 0) launch();
      else return now + (waitMs <= 0 || (mayLaunch && state.free <= 0) ? state.nextFreeInMs : waitMs);
    }
  };

  /** Whether there are places for all that is still to be asked and launched, and an answer to be had. */
  const isStalled = () => {
    const needed = openJobs.size + 2 * (durations.length - next);
    return window.at(now).free >= 2 * needed && [...openJobs].some(({ doneAt }) => doneAt <= now);
  };

  busy += older.length;
  older.forEach(({ ageMs, leftMs }, index) => open({ launched_at: -ageMs, running_at: null, isOlder: true, company: durations.length + index, startedAt: -ageMs, doneAt: leftMs }));
  if (durations.length === 0) pace.allFed();
  while (result.answered < agesAsked.length) {
    const lookAgainAt = act();
    const event = events.takeUntil(lookAgainAt);
    const waitsMs = (event?.at ?? lookAgainAt) - now;
    if (waitsMs > result.longestStallMs && isStalled()) result.longestStallMs = waitsMs;
    now = event?.at ?? lookAgainAt;
    event?.run();
    if (result.decisions > 100_000 + 200 * agesAsked.length) throw new Error('the run does not end');
  }
  const { requests, decisions, slowestMs, longestStallMs } = result;
  const [perCompany, decisionsPerCompany] = [requests / agesAsked.length, decisions / agesAsked.length];
  return { tookMs: now, slowestMs, requests, perCompany, decisionsPerCompany, agesAsked, longestStallMs };
}

/** A place frees one window after the reply, as in the limiter. */
function createReplyWindow({ limit, windowMs }: PacedRun) {
  const replies: number[] = [];
  let [first, inFlight] = [0, 0];
  const freesAt = (index: number) => (replies[index] ?? Infinity) + windowMs + 1;
  return {
    sent: () => void (inFlight += 1),
    replied(now: number) {
      inFlight -= 1;
      replies.push(now);
    },
    at(now: number): RequestWindow {
      while (freesAt(first) <= now) first += 1;
      const free = limit === 0 ? Infinity : limit - inFlight - (replies.length - first);
      const freeWithin = (ms: number) => {
        if (limit === 0 || ms > windowMs) return limit === 0 ? Infinity : (limit * ms) / windowMs;
        let [low, high] = [first, replies.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (freesAt(middle) <= now + ms) low = middle + 1;
          else high = middle;
        }
        return free + low - first;
      };
      return { limit, windowMs, free, nextFreeInMs: free > 0 ? 0 : Math.min(freesAt(first) - now, windowMs), freeWithin };
    },
  };
}

type Event = { at: number; order: number; run: () => void };

/** Events in the order of their times; those of one time in the order in which they were made. A binary heap. */
function createEvents() {
  const heap: Event[] = [];
  let made = 0;
  const isBefore = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    return one !== undefined && other !== undefined && (one.at - other.at || one.order - other.order) < 0;
  };
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b] as Event, heap[a] as Event];
  };
  return {
    add(at: number, run: () => void) {
      heap.push({ at, order: (made += 1), run });
      for (let child = heap.length - 1; child > 0 && isBefore(child, (child - 1) >> 1); child = (child - 1) >> 1) swap(child, (child - 1) >> 1);
    },
    takeUntil(until: number): Event | undefined {
      const first = heap[0];
      if (first === undefined || first.at > until) return undefined;
      swap(0, heap.length - 1);
      heap.pop();
      for (let parent = 0; ; ) {
        const child = isBefore(2 * parent + 2, 2 * parent + 1) ? 2 * parent + 2 : 2 * parent + 1;
        if (!isBefore(child, parent)) return first;
        swap(child, parent);
        parent = child;
      }
    },
  };
}
