/*
 * A whole run on a clock that is only a number: lanes, launches, an exact sliding window and the API in a few lines, so that
 * thousands of runs take seconds; the pace and the estimate of job times are the real ones.
 */
import { createJobTimes, type KnownTimes } from '../../src/run/job-times.ts';
import { createPace, type PacedJob, type RequestWindow } from '../../src/run/pace.ts';

/** How a simulated run is set up. `limit` 0 is none. Times are milliseconds. */
export type PacedRun = {
  /** How long each company's job takes. */
  durations: readonly number[];
  limit: number;
  windowMs: number;
  lanes?: number;
  replyMs?: number;
  known?: KnownTimes | undefined;
  jobTimeoutMs?: number;
  trace?: (line: string) => void;
};

/** What came of it. `mostAsked`: the most finds for one job. */
export type PacedResult = { tookMs: number; slowestMs: number; floorMs: number; requests: number; perCompany: number; mostInWindow: number; decisions: number; timesAsked: number[] };

type Simulated = PacedJob & { company: number; startedAt: number; doneAt: number };

/** Runs it until every job is answered, or given up at its deadline. */
export function runPaced(options: PacedRun): PacedResult {
  const { durations, limit, windowMs, lanes = 200, replyMs = 100, jobTimeoutMs = 600_000 } = options;
  const times = createJobTimes(options.known);
  const pace = createPace({ times, toLaunch: durations.length, lanes, jobTimeoutMs });
  const events = createEvents();
  const replies: number[] = [];
  let firstReply = 0;
  let inFlight = 0;
  let next = 0;
  let lanesBusy = 0;
  let launching = 0;
  let answered = 0;
  let requests = 0;
  let decisions = 0;
  let now = 0;
  let wakeAt = Infinity;
  let slowestMs = 0;
  const timesAsked = durations.map(() => 0);

  const forget = () => {
    while (firstReply < replies.length && (replies[firstReply] ?? 0) + windowMs + 1 <= now) firstReply += 1;
  };
  const window = (): RequestWindow => {
    forget();
    const free = limit === 0 ? Infinity : limit - inFlight - (replies.length - firstReply);
    const oldest = replies[firstReply];
    return {
      limit,
      windowMs,
      free,
      nextFreeInMs: free > 0 ? 0 : oldest === undefined ? windowMs : oldest + windowMs + 1 - now,
      freeWithin(ms) {
        if (limit === 0) return Infinity;
        if (ms > windowMs) return limit * (ms / windowMs);
        let [low, high] = [firstReply, replies.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if ((replies[middle] ?? 0) + windowMs + 1 <= now + ms) low = middle + 1;
          else high = middle;
        }
        return free + low - firstReply;
      },
    };
  };
  const send = (then: () => void) => {
    inFlight += 1;
    requests += 1;
    events.at(now + replyMs, () => {
      inFlight -= 1;
      replies.push(now);
      then();
    });
  };
  const launch = () => {
    const company = next;
    next += 1;
    lanesBusy += 1;
    launching += 1;
    pace.awaitsLaunch();
    const startedAt = now + replyMs / 2;
    send(() => {
      launching -= 1;
      const job: Simulated = { launched_at: now, running_at: null, company, startedAt, doneAt: startedAt + (durations[company] ?? 0) };
      slowestMs = Math.max(slowestMs, job.doneAt);
      pace.launchedOrGone();
      pace.opened();
      pace.ready(job);
    });
  };
  const ask = () => {
    const job = pace.take(now) as Simulated | undefined;
    if (job === undefined) throw new Error('nobody to ask');
    timesAsked[job.company] = (timesAsked[job.company] ?? 0) + 1;
    const askedAt = now + replyMs / 2;
    options.trace?.(`${now.toFixed(0)} ask #${job.company} age ${(now - job.launched_at).toFixed(0)} ran ${job.running_at === null ? '-' : (job.running_at - job.launched_at).toFixed(0)} P ${(1 - times.shareRunning(now - job.launched_at) / times.shareRunning(job.running_at === null ? 0 : job.running_at - job.launched_at)).toFixed(2)} free ${window().free} left ${durations.length - answered} q50 ${times.ageAtShare(.5).toFixed(0)} q10 ${times.ageAtShare(.1).toFixed(0)} q1 ${times.ageAtShare(.01).toFixed(0)} ${askedAt < job.doneAt ? 'RUNNING' : 'ok'}`);
    send(() => {
      const givenUp = now - job.launched_at >= jobTimeoutMs;
      if (askedAt < job.doneAt && !givenUp) {
        pace.stillRunning(job, now);
        pace.ready(job);
        return;
      }
      if (askedAt >= job.doneAt) pace.finished(job, job.doneAt - job.startedAt, now);
      pace.closed(job);
      answered += 1;
      lanesBusy -= 1;
    });
  };

  const act = () => {
    for (;;) {
      const mayLaunch = next < durations.length && lanesBusy < lanes && launching < 10;
      const state = window();
      decisions += 1;
      const waitMs = pace.waitMs(now, state);
      if (waitMs <= 0) {
        if (state.free > 0) {
          ask();
          continue;
        }
        wakeAt = now + state.nextFreeInMs;
        return;
      }
      if (mayLaunch && state.free > 0) {
        launch();
        continue;
      }
      wakeAt = now + (mayLaunch && state.free <= 0 ? Math.min(waitMs, state.nextFreeInMs) : waitMs);
      return;
    }
  };

  while (answered < durations.length) {
    act();
    const event = events.before(wakeAt);
    if (event !== undefined) {
      now = event.at;
      event.run();
    } else {
      now = Math.max(wakeAt, now + 0.001);
    }
    if (decisions > 400 * durations.length + 1e6) throw new Error('the run does not end');
  }
  const floorMs = limit === 0 ? 0 : (Math.ceil((2 * durations.length) / limit) - 1) * windowMs;
  return { tookMs: now, slowestMs, floorMs, requests, perCompany: requests / durations.length, mostInWindow: 0, decisions, timesAsked };
}

/** Events in the order of their times; those of the same time in the order in which they were made. */
function createEvents() {
  type Event = { at: number; order: number; run: () => void };
  const heap: Event[] = [];
  let order = 0;
  const before = (a: Event | undefined, b: Event | undefined) =>
    a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b] as Event, heap[a] as Event];
  };
  return {
    at(at: number, run: () => void) {
      heap.push({ at, order: (order += 1), run });
      for (let child = heap.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1;
        if (!before(heap[child], heap[parent])) break;
        swap(child, parent);
        child = parent;
      }
    },
    /** The next event, when it is not after `until`. */
    before(until: number): Event | undefined {
      const first = heap[0];
      if (first === undefined || first.at > until) return undefined;
      const last = heap.pop() as Event;
      if (heap.length > 0) {
        heap[0] = last;
        for (let parent = 0; ; ) {
          const [left, right] = [2 * parent + 1, 2 * parent + 2];
          const child = before(heap[right], heap[left]) ? right : left;
          if (!before(heap[child], heap[parent])) break;
          swap(child, parent);
          parent = child;
        }
      }
      return first;
    },
  };
}
