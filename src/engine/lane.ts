/* A target on its way through an invocation: what is remembered of it, and how its progress is saved. */
import type { SettledState } from '../core/model.ts';
import { advance, isOpen } from '../core/progress.ts';
import type { TargetEvent } from '../core/progress.ts';
import { loadTarget } from '../store/targets.ts';
import type { PlacedTarget, Saved } from '../store/targets.ts';
import { askerOf } from './asker.ts';
import type { PacedJob } from './pace.ts';
import type { Work } from './work.ts';

const SHORTEST_PARK_MS = 1_000;
const LONGEST_PARK_MS = 60_000;

/** A target on its way, and what this invocation remembers of it. Moments are epoch milliseconds. */
export type Lane = {
  target: PlacedTarget;
  /** Parked until then, after an error. */
  parkedUntil: number;
  /** Counted by the pace as waiting for its launch. */
  awaitsLaunch: boolean;
  /** The job that is asked for, once there is one. */
  job: PacedJob | undefined;
  /** Requests that failed while others succeeded. */
  attempts: number;
  /** Failures since the last success of this lane, and the moment of the last one. */
  failures: number;
  failedAt: number;
  /** The API says that it does not know the job: since when, and how often it was asked. */
  unknown: { since: number; asks: number } | undefined;
  /** Whether no other row is left. */
  isLast: () => boolean;
};

/** A lane for a target that was just read from the database. */
export function laneOf(target: PlacedTarget, work: Work, isLast: () => boolean): Lane {
  const lane: Lane = { target, parkedUntil: 0, awaitsLaunch: target.job_id === null, job: undefined, attempts: 0, failures: 0, failedAt: -Infinity, unknown: undefined, isLast };
  if (lane.awaitsLaunch) work.pace.awaitsLaunch();
  if (target.job_id !== null) open(lane, work, { isOlder: true });
  return lane;
}

/** The lane ends: its target is settled, or the run stops. */
export function leaveLane(lane: Lane, work: Work): void {
  stopAwaiting(lane, work);
  if (lane.job !== undefined) {
    work.pace.closed(lane.job);
    work.allowance.closed();
  }
  lane.job = undefined;
  work.turns.changed();
}

/** Saves what the event makes of the target. Refused: somebody else moved it, or a claim met another launch. */
export async function save(lane: Lane, work: Work, event: TargetEvent): Promise<Saved> {
  const after = advance(lane.target, event);
  const { saved, call_id } = await askerOf(lane, work).saveProgress(lane.target, after);
  if (saved !== 'refused') lane.target = { ...lane.target, ...after, call_id };
  else if (event.kind !== 'claimed') lane.target = await loadTarget(work.database, lane.target.id);
  follow(lane, work);
  if (saved !== 'refused' && !isOpen(after.state)) settled(lane, work, 0, null);
  return saved;
}

/** Reads the target again, which somebody else has moved. */
export async function reload(lane: Lane, work: Work): Promise<void> {
  lane.target = await loadTarget(work.database, lane.target.id);
  follow(lane, work);
}

/** Asks for the job that the target has now, and for none where it has none. */
function follow(lane: Lane, work: Work): void {
  if (lane.target.job_id === null) leaveLane(lane, work);
  else if (lane.job === undefined) open(lane, work, { isOlder: false });
}

/** Tells everybody who wants to know that the target is settled. */
export function settled(lane: Lane, work: Work, contacts: number, cost_usd: number | null): void {
  const state = lane.target.state as SettledState;
  work.runtime.log.debug('target settled', { run: work.run_id, target: lane.target.id, job: lane.target.job_id, outcome: state, contacts });
  work.allowance.ended(lane.target.id, state);
  work.onSettled({ state, contacts, cost_usd });
}

/** A call went well. */
export function succeeded(lane: Lane, work: Work): void {
  lane.failures = 0;
  askerOf(lane, work).health.succeeded();
}

/** Puts the target off after a failure, for longer each time. */
export function park(lane: Lane, work: Work): void {
  const { clock, random } = work.runtime;
  lane.failures += 1;
  lane.failedAt = clock.now();
  lane.parkedUntil = clock.now() + Math.min(SHORTEST_PARK_MS * 2 ** (lane.failures - 1), LONGEST_PARK_MS) * (0.5 + random());
}

function open(lane: Lane, work: Work, { isOlder }: { isOlder: boolean }): void {
  const ageMs = Math.max(work.now() - (lane.target.launched_at ?? work.now()), 0);
  lane.job = { launched_at: work.runtime.clock.now() - ageMs, running_at: null, isOlder };
  stopAwaiting(lane, work);
  work.pace.opened();
  work.allowance.opened();
}

function stopAwaiting(lane: Lane, work: Work): void {
  if (lane.awaitsLaunch) work.pace.launchedOrGone();
  lane.awaitsLaunch = false;
}
