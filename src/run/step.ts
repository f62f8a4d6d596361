/*
 * One target: what is next for it, one API call, one save. What is next is read from the target's row; only a
 * compare-and-set on that row starts a launch. The order of lines here is what makes a crash at any moment harmless:
 * the intent is saved before the POST, the job_id right after it.
 */
import { ApiError, isInDoubt, TransportError, verdict } from '../core/errors.ts';
import type { Job, SettledState } from '../core/model.ts';
import { advance, isOpen } from '../core/progress.ts';
import type { TargetEvent } from '../core/progress.ts';
import { doubtLaunches, loadTarget, openLaunch, saveProgress, settle, reopenRejected } from '../store/targets.ts';
import type { PlacedTarget } from '../store/targets.ts';
import type { PacedJob } from './pace.ts';
import type { Work } from './work.ts';

/** Errors on one row, while others succeed: so many requests, then it fails (contract, section 5). */
const MOST_ATTEMPTS = 8;
const SHORTEST_PARK_MS = 1_000;
const LONGEST_PARK_MS = 60_000;
/** A launch of another run that is so old has surely ended: a call may take 30 s, and then its save. */
const STALE_LAUNCH_MS = 60_000;
const MEET_AGAIN_MS = 1_000;

/** A target on its way, and what this invocation remembers of it. Moments are epoch milliseconds. */
export type Lane = {
  target: PlacedTarget;
  /** Parked until then, after an error. */
  parkedUntil: number;
  /** The job that is asked for, once there is one. */
  job: PacedJob | undefined;
  /** Requests that failed while others succeeded. */
  attempts: number;
  /** Failures since the last success of this lane, and the moment of the last one. */
  failures: number;
  failedAt: number;
};

/** A lane for a target that was just read from the database. */
export function laneOf(target: PlacedTarget, work: Work): Lane {
  const lane: Lane = { target, parkedUntil: 0, job: undefined, attempts: 0, failures: 0, failedAt: -Infinity };
  if (target.job_id !== null) open(lane, work);
  return lane;
}

/** The lane ends: its target is settled, or the run stops. */
export function leaveLane(lane: Lane, work: Work): void {
  if (lane.job !== undefined) work.pace.closed(lane.job);
  lane.job = undefined;
}

/** How long this lane has nothing to do, in milliseconds; may grow shorter as more becomes known. */
export function idleMs(lane: Lane, work: Work): number {
  const now = work.runtime.clock.now();
  const pacedMs = lane.job === undefined ? 0 : work.pace.waitMs(lane.job, now, work.limiter.state().free);
  return Math.max(lane.parkedUntil - now, pacedMs, 0);
}

/** Does what is due for the target; afterwards `lane.target` is as saved. Throws `stop.signal.reason` when the run stops. */
export async function step(lane: Lane, work: Work): Promise<void> {
  work.stop.signal.throwIfAborted();
  if (lane.target.state === 'pending') await launch(lane, work);
  else await find(lane, work);
}

async function launch(lane: Lane, work: Work): Promise<void> {
  await work.launchSlots(async () => {
    work.stop.signal.throwIfAborted();
    await work.health.gate();
    // Before the intent is saved: waiting for a place may take a minute, and a crash then must not look like a launch.
    const place = await work.limiter.take('launch', work.stop.signal);
    let claimed = false;
    const isRepeat = lane.target.doubts > 0;
    try {
      const refused = isRepeat ? work.breaker.refuseRepeat(lane.target.doubts) : undefined;
      if (refused !== undefined) {
        await save(lane, work, { kind: 'held', reason: refused });
        return;
      }
      await work.lock.ensure();
      work.stop.signal.throwIfAborted();
      claimed = await save(lane, work, { kind: 'claimed', at: work.runtime.clock.now() });
      if (!claimed && isRepeat) work.breaker.undoRepeat();
    } finally {
      if (!claimed) place.cancel();
    }
    if (!claimed) {
      await meet(lane, work);
      return;
    }

    try {
      const { job_id } = await work.client.launch(lane.target.question, { place, signal: work.stop.abort });
      work.breaker.replied();
      work.breaker.launched();
      succeeded(lane, work);
      const at = work.runtime.clock.now();
      await saveJob(lane, work, { kind: 'launched', job_id, at });
      work.runtime.log.debug('job launched', { run: work.run_id, target: lane.target.id, job: job_id });
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      if (isRepeat && !isInDoubt(error)) work.breaker.undoRepeat();
      await launchFailed(lane, work, error);
    }
  });
}

async function launchFailed(lane: Lane, work: Work, error: ApiError | TransportError): Promise<void> {
  work.runtime.log.debug('launch failed', { run: work.run_id, target: lane.target.id, code: error.code });
  if (isInDoubt(error)) {
    work.health.failed();
    await save(lane, work, { kind: 'in_doubt' });
    work.breaker.doubted();
    park(lane, work);
    return;
  }
  if (!(error instanceof TransportError)) work.breaker.replied();
  switch (judge(lane, work, error)) {
    case 'fail': {
      await save(lane, work, { kind: 'rejected', reason: reasonOf(error) });
      if (error instanceof ApiError && verdict(error) === 'fail') {
        await reopenRejected(work.database, work.breaker.rejected(lane.target.id, error));
      }
      return;
    }
    case 'again':
      await save(lane, work, { kind: 'not_launched' });
  }
}

/** The claim was refused: another run's launch of this question is unfinished, or somebody moved this target. */
async function meet(lane: Lane, work: Work): Promise<void> {
  const now = work.runtime.clock.now();
  const other = await openLaunch(work.database, lane.target.question_hash);
  if (other === undefined || other.id === lane.target.id) {
    lane.target = await loadTarget(work.database, lane.target.id);
  } else if (other.job_id !== null && other.launched_at !== null) {
    await save(lane, work, { kind: 'met', job_id: other.job_id, launched_at: other.launched_at });
    return;
  } else {
    // Embedded, we are the only process: the other launch died with its own.
    const before = work.database.embedded ? now + 1 : now - STALE_LAUNCH_MS;
    const doubted = await doubtLaunches(work.database, { question_hash: lane.target.question_hash, before });
    // Ours is then the repeat.
    if (doubted > 0) lane.target.doubts += doubted;
  }
  lane.parkedUntil = now + MEET_AGAIN_MS;
}

async function find(lane: Lane, work: Work): Promise<void> {
  const { target } = lane;
  if (target.job_id === null) throw new Error(`target ${target.id} is ${target.state} and has no job`);
  await work.health.gate();
  try {
    const job = await work.client.find(target.job_id, { waiting: work.stop.signal, signal: work.stop.abort });
    succeeded(lane, work);
    await found(lane, work, target.job_id, job);
  } catch (error) {
    if (!isApiFailure(error)) throw error;
    work.runtime.log.debug('find failed', { run: work.run_id, target: target.id, job: target.job_id, code: error.code });
    if (error instanceof ApiError && error.code === 'NOT_FOUND_JOB_NOT_FOUND') {
      work.health.succeeded(); // the API answered, with a fact
      await save(lane, work, { kind: 'job_unknown', reason: 'the API no longer knows this job' });
      return;
    }
    if (judge(lane, work, error) === 'fail') {
      // The job may still end well, and a later run asks for it first.
      await save(lane, work, { kind: 'gave_up', reason: `asked ${lane.attempts} times in vain: ${reasonOf(error)}` });
    }
  }
}

async function found(lane: Lane, work: Work, job_id: string, job: Job): Promise<void> {
  const now = work.runtime.clock.now();
  switch (job.status) {
    case 'RUNNING': {
      const ageMs = now - (lane.target.launched_at ?? now);
      if (ageMs >= work.jobTimeoutMs) {
        const reason = `still RUNNING ${Math.round(ageMs / 1000)} s after its launch; a later run asks for it again`;
        await save(lane, work, { kind: 'gave_up', reason });
      } else {
        if (lane.job !== undefined) work.pace.stillRunning(lane.job, now);
      }
      return;
    }
    case 'SUCCEEDED': {
      const started = Date.parse(job.start_date ?? '');
      const stopped = Date.parse(job.stop_date ?? '');
      if (stopped >= started) work.pace.finished(stopped - started);
      const answer = job.output ?? {};
      const stop_date = Number.isNaN(stopped) ? now : stopped;
      await settle(work.database, { job_id, answer, stop_date, at: now });
      const contacts = answer.persons?.length ?? 0;
      lane.target = { ...lane.target, state: contacts > 0 ? 'found' : 'no_contacts' };
      settled(lane, work, contacts, answer.usage?.total_usd ?? null);
      return;
    }
    case 'FAILED':
    case 'TIMED_OUT':
    case 'ABORTED':
      await save(lane, work, { kind: 'job_ended', reason: `the job ended ${job.status}` });
  }
}

/** What a failed call means for this lane: it fails, or it is parked until it is due again. Stops the run where it must. */
function judge(lane: Lane, work: Work, error: ApiError | TransportError): 'fail' | 'again' {
  const meaning = verdict(error);
  if (meaning === 'stop' || (meaning === 'fail' && error instanceof ApiError && isAboutAll(error, lane, work))) {
    work.stop.request(stopReason(error));
    return 'again';
  }
  if (meaning === 'fail') return 'fail';
  if (meaning === 'wait') {
    // The limiter lets nobody through for as long as told; no attempt of this row.
    work.health.failed();
    return 'again';
  }
  // Only failures while others succeed say something about this row.
  if (work.health.lastSuccessAt() > lane.failedAt) lane.attempts += error.attempts;
  work.health.failed();
  if (lane.attempts >= MOST_ATTEMPTS) return 'fail';
  park(lane, work);
  return 'again';
}

/** A 400 on an option that all rows share says nothing about this row. */
function isAboutAll(error: ApiError, lane: Lane, work: Work): boolean {
  const { title_filter } = lane.target.question;
  const isShared = title_filter === undefined || title_filter === work.sharedFilter;
  return isShared && /^VALIDATION_(BAD_TITLE_FILTER|MISSING_TITLE_FILTERS)/.test(error.code);
}

function stopReason(error: ApiError | TransportError) {
  const message = `the API refused: ${reasonOf(error)}`;
  const fixes: Record<string, string> = {
    AUTH: 'correct WATERFALL_API_KEY (and WATERFALL_API_KEY_HEADER)',
    PERMISSION_INCLUDE_PHONES_REQUIRES_PHONE_ENRICHMENT: 'run without --include-phones, or have phone enrichment enabled',
    PERMISSION: 'ask Waterfall to enable this for your account',
    QUOTA: 'top up the account',
    ROUTING: 'correct WATERFALL_BASE_URL',
    VALIDATION: 'correct --title-filter or --persona; it is the same for all rows',
  };
  const fix =
    error instanceof ApiError ? (fixes[error.code] ?? fixes[error.category]) : undefined;
  return { exit: 4, message, ...(fix !== undefined && { fix }) };
}

function park(lane: Lane, work: Work): void {
  const { clock, random } = work.runtime;
  lane.failures += 1;
  lane.failedAt = clock.now();
  lane.parkedUntil = clock.now() + Math.min(SHORTEST_PARK_MS * 2 ** (lane.failures - 1), LONGEST_PARK_MS) * (0.5 + random());
}

function open(lane: Lane, work: Work): void {
  lane.job = { launched_at: lane.target.launched_at ?? work.runtime.clock.now(), running_at: null };
  work.pace.opened(lane.job);
}

function succeeded(lane: Lane, work: Work): void {
  lane.failures = 0;
  work.health.succeeded();
}

/** Saves what the event makes of the target. False: somebody else moved it, or a claim met another launch. */
async function save(lane: Lane, work: Work, event: TargetEvent): Promise<boolean> {
  const after = advance(lane.target, event);
  const saved = await saveProgress(work.database, lane.target, after, work.runtime.clock.now());
  if (saved) lane.target = { ...lane.target, ...after };
  else if (event.kind !== 'claimed') lane.target = await loadTarget(work.database, lane.target.id);
  if (lane.target.job_id === null) leaveLane(lane, work);
  else if (lane.job === undefined) open(lane, work);
  if (saved && !isOpen(after.state)) settled(lane, work, 0, null);
  return saved;
}

/** Saves a job_id whatever happened to the target meanwhile: it is the only way to what may have been paid for. */
async function saveJob(lane: Lane, work: Work, event: TargetEvent & { kind: 'launched' }): Promise<void> {
  if (await save(lane, work, event)) return;
  // Taken for dead by another process, which put the launch in doubt. It was not: take that doubt back.
  if (lane.target.state === 'pending') {
    const launching = { ...lane.target, state: 'launching' as const, doubts: Math.max(lane.target.doubts - 1, 0) };
    const saved = await saveProgress(work.database, lane.target, advance(launching, event), event.at);
    if (!saved) work.runtime.log.warn('a job is followed by nobody', { run: work.run_id, target: lane.target.id, job: event.job_id });
    lane.target = await loadTarget(work.database, lane.target.id);
  }
}

function settled(lane: Lane, work: Work, contacts: number, cost_usd: number | null): void {
  const state = lane.target.state as SettledState;
  work.runtime.log.debug('target settled', { run: work.run_id, target: lane.target.id, job: lane.target.job_id, outcome: state, contacts });
  work.onSettled({ state, contacts, cost_usd });
}

function reasonOf(error: ApiError | TransportError): string {
  return error.message.includes(error.code) ? error.message : `${error.code}: ${error.message}`;
}

function isApiFailure(error: unknown): error is ApiError | TransportError {
  return error instanceof ApiError || error instanceof TransportError;
}
