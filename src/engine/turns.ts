/*
 * Hands the free places of the request window to the jobs that wait to be asked: one decision of the pace for each place,
 * by one scheduler for all lanes. Lanes only wait for their turn; nobody looks up in vain.
 */
import { createAlarm } from '../core/alarm.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Limiter, Place } from '../providers/http/limiter.ts';
import type { Pace, PacedJob } from './pace.ts';

/** The turns of all lanes of an invocation. */
export type Turns = {
  /**
   * Waits until it is time to ask for this job. The place in the window is the caller's, to be given back.
   * Rejects with the reason of the stop.
   */
  next(job: PacedJob): Promise<Place>;
  /** Something happened that the pace was told of: it may decide otherwise now. */
  changed(): void;
};

/** A decision costs nothing next to a lane that nobody wakes: what was expected to happen may not. */
const LONGEST_UNDECIDED_MS = 1_000;

type Waiter = { resolve: (place: Place) => void; reject: (reason: unknown) => void };

/** Makes the scheduler. `signal` ends all waiting. */
export function createTurns(options: {
  pace: Pace;
  limiter: Limiter;
  clock: Clock;
  signal: AbortSignal;
  /** Whether a cost cap holds launches back. */
  areLaunchesHeld?: () => boolean;
}): Turns {
  const { pace, limiter, clock, signal, areLaunchesHeld = () => false } = options;
  const waiters = new Map<PacedJob, Waiter>();
  /** A place was asked for and is not here yet; when it is, the pace decides who gets it. */
  let placeComes = false;
  const alarm = createAlarm((ms, stop) => clock.sleep(ms, stop), () => decide());

  const decide = () => {
    if (placeComes) return;
    if (waiters.size === 0) {
      alarm.clear(); // it would keep the process alive
      return;
    }
    const now = clock.now();
    const waitMs = pace.waitMs(now, { ...limiter.state(), freeWithin: (ms) => limiter.freeWithin(ms), launchesHeld: areLaunchesHeld() });
    if (waitMs > 0) {
      decideAt(now + Math.min(waitMs, LONGEST_UNDECIDED_MS), now);
      return;
    }
    alarm.clear();
    placeComes = true;
    limiter.take('find', signal).then(hand, () => undefined); // the signal told everybody already
  };

  const hand = (place: Place) => {
    placeComes = false;
    const job = pace.take(clock.now());
    const waiter = job && waiters.get(job);
    if (job === undefined || waiter === undefined) {
      place.cancel(); // whom it was for waits no more
    } else {
      waiters.delete(job);
      waiter.resolve(place);
    }
    decide();
  };

  /** Decides again at this moment. An alarm that rings earlier is left alone: it will set the next one. */
  const decideAt = (at: number, now: number) => {
    if ((alarm.at() ?? Infinity) > at) alarm.set(at, now);
  };

  signal.addEventListener(
    'abort',
    () => {
      alarm.clear();
      for (const { reject } of waiters.values()) reject(signal.reason);
      waiters.clear();
    },
    { once: true },
  );

  return {
    next: (job) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        waiters.set(job, { resolve, reject });
        pace.ready(job);
        decide();
      }),
    changed: decide,
  };
}
