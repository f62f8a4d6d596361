/*
 * Feeds the targets of a run to its lanes, from the database, while a lane is free; never all at once. A lane takes
 * one target through its steps until it is settled or the run stops.
 */
import pLimit from 'p-limit';
import { BusyError, DatabaseError } from '../core/errors.ts';
import { isOpen } from '../core/progress.ts';
import { openTargets } from '../store/targets.ts';
import type { PlacedTarget } from '../store/targets.ts';
import { find } from './find.ts';
import { laneOf, leaveLane, reload } from './lane.ts';
import { launch } from './launch.ts';
import { databaseStop } from './stop.ts';
import type { Work } from './work.ts';

const PAGE = 200;
const LOOK_AGAIN_MS = 1_000;

/** Works until nothing is open or the run stops. Throws only what is a bug. */
export async function runLanes(work: Work): Promise<void> {
  const lanes = pLimit(work.concurrency);
  let busy = 0;
  let isFed = false;
  let laneEnded: () => void = () => undefined;
  let bug: unknown;

  const start = (target: PlacedTarget) => {
    busy += 1;
    void lanes(() => follow(target, work, () => isFed && busy === 1))
      .catch((error: unknown) => {
        if (isExpected(error, work)) return;
        bug ??= error;
        work.stop.request({ exit: 1, message: 'internal error' });
      })
      .then(() => {
        busy -= 1;
        laneEnded();
      });
  };
  const oneEnds = () => new Promise<void>((resolve) => (laneEnded = resolve));

  try {
    for (let found = true; found && !work.stop.signal.aborted; ) {
      found = false;
      // Jobs that exist are asked first: their answers are already paid for.
      for (const polled of [true, false]) {
        for await (const target of feed(work, polled)) {
          // Waited for with a target in hand: of the last one it is known that it is, also with one lane.
          while (busy >= work.concurrency) await oneEnds();
          if (work.stop.signal.aborted) break;
          found = true;
          start(target);
        }
      }
      isFed = true;
      work.pace.allFed();
      work.turns.changed();
      // A reply that came late to another process may have moved a target from those to launch to those with a job, between the two.
      if (found) while (busy > 0) await oneEnds();
    }
  } catch (error) {
    if (!isExpected(error, work)) throw error;
  } finally {
    while (busy > 0) await oneEnds();
  }
  if (bug !== undefined) throw bug;
}

async function follow(target: PlacedTarget, work: Work, isLast: () => boolean): Promise<void> {
  const lane = laneOf(target, work, isLast);
  try {
    while (isOpen(lane.target.state)) {
      work.stop.signal.throwIfAborted();
      const parkedMs = lane.parkedUntil - work.runtime.clock.now();
      if (parkedMs > 0) {
        await work.runtime.clock.sleep(parkedMs, work.stop.signal);
      } else if (lane.target.state === 'launching') {
        // Another process is: it took us for dead, and so may have the run.
        await work.ownership.ensure();
        await reload(lane, work);
        lane.parkedUntil = work.runtime.clock.now() + LOOK_AGAIN_MS;
      } else if (lane.job === undefined) {
        await launch(lane, work);
      } else {
        const { job } = lane;
        await find(lane, work, await work.turns.next(job));
        work.pace.replied(job);
        work.turns.changed();
      }
    }
  } finally {
    leaveLane(lane, work);
  }
}

async function* feed(work: Work, polled: boolean): AsyncGenerator<PlacedTarget> {
  let after = -1;
  for (;;) {
    const page = await openTargets(work.database, { run_id: work.run_id, polled, after, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}

/** Ends of a run that have their own words; requests the stop that goes with them. */
function isExpected(error: unknown, work: Work): boolean {
  if (work.stop.signal.aborted && (error === work.stop.signal.reason || error === work.stop.abort.reason)) return true;
  if (error instanceof DatabaseError) {
    work.stop.request(databaseStop(error));
    return true;
  }
  if (error instanceof BusyError) {
    work.stop.request({ exit: 75, message: error.message });
    return true;
  }
  return false;
}
