/*
 * Launches one target. The order of lines here is what makes a crash at any moment harmless: the intent is saved before
 * the POST, the job_id right after it; and only the compare-and-set of the claim starts a launch.
 */
import { ApiError, isInDoubt, TransportError, verdict } from '../core/errors.ts';
import { isOpen } from '../core/progress.ts';
import type { TargetEvent } from '../core/progress.ts';
import type { AnyAnswer } from '../providers/provider.ts';
import { doubtCalls, keepLateCall, loadTarget, openCall, reopenRejected, takeAnswer } from '../store/targets.ts';
import { askerOf } from './asker.ts';
import { isApiFailure, judge, reasonOf } from './judge.ts';
import { park, reload, save, settled, succeeded } from './lane.ts';
import type { Lane } from './lane.ts';
import type { Work } from './work.ts';

const MEET_AGAIN_MS = 1_000;

/** Launches the target, or finds that somebody else has; afterwards `lane.target` is as saved. */
export async function launch(lane: Lane, work: Work): Promise<void> {
  const { provider, limiter, health, slots } = askerOf(lane, work);
  const { saving } = await slots(async () => {
    work.stop.signal.throwIfAborted();
    await health.gate();
    const allowed = work.allowance.mayLaunch(lane.target.id);
    work.turns.changed(); // where it has to wait, no request is kept back for it
    await allowed;
    // Before the intent is saved: waiting for a place may take a minute, and a crash then must not look like a launch.
    const place = await limiter.take('launch', work.stop.signal);
    let claim: Claim = 'met';
    const isRepeat = lane.target.doubts > 0;
    try {
      const refused = isRepeat ? work.breaker.refuseRepeat(lane.target.doubts) : undefined;
      if (refused !== undefined) {
        await save(lane, work, { kind: 'held', reason: refused });
        return {};
      }
      await work.ownership.ensure();
      work.stop.signal.throwIfAborted();
      claim = await claimTarget(lane, work);
      // The save took long, or the machine slept: for all others know we are dead, and the launch may be in doubt already.
      if (claim === 'ours' && !work.ownership.isSure()) {
        await save(lane, work, { kind: 'not_launched' });
        claim = 'late';
      }
      if (claim !== 'ours' && isRepeat) work.breaker.undoRepeat();
    } finally {
      if (claim !== 'ours') {
        place.cancel();
        work.allowance.notLaunched(lane.target.id);
      }
    }
    if (claim === 'met') await meet(lane, work);
    if (claim !== 'ours') return {};

    try {
      const sent = await provider.send(lane.target.question, { place, signal: work.stop.abort });
      work.breaker.replied();
      work.breaker.launched();
      work.allowance.launched(lane.target.id);
      succeeded(lane, work);
      if (!('job_id' in sent)) return { saving: saveAnswer(lane, work, sent) };
      const { job_id } = sent;
      work.runtime.log.debug('job launched', { run: work.run_id, target: lane.target.id, job: job_id });
      // The slot is free as soon as the save is under way: the next claim is saved behind it, or with it, never before.
      return { saving: saveJob(lane, work, lane.target.call_id, { kind: 'launched', job_id, at: work.now() }) };
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      if (isRepeat && !isInDoubt(error)) work.breaker.undoRepeat();
      await launchFailed(lane, work, error);
      return {};
    }
  });
  await saving;
}

type Claim = 'ours' | 'met' | 'answered' | 'late';

/** Saves the intent to launch. `answered`: another run has had this answer since ours began, and it was taken over. */
async function claimTarget(lane: Lane, work: Work): Promise<Claim> {
  const saved = await save(lane, work, { kind: 'claimed', at: work.now() });
  if (saved === 'refused') return 'met';
  if (saved === 'saved') return 'ours';
  const answer = await takeAnswer(work.database, lane.target);
  if (answer === undefined) return 'ours';
  lane.target = await loadTarget(work.database, lane.target.id);
  if (isOpen(lane.target.state)) work.turns.changed(); // the next provider's turn
  else settled(lane, work, answer.contacts, 0);
  return 'answered';
}

async function launchFailed(lane: Lane, work: Work, error: ApiError | TransportError): Promise<void> {
  work.runtime.log.debug('launch failed', { run: work.run_id, target: lane.target.id, code: error.code });
  if (isInDoubt(error)) {
    askerOf(lane, work).health.failed(error);
    work.allowance.doubted(lane.target.id);
    await save(lane, work, { kind: 'in_doubt' });
    work.breaker.doubted();
    park(lane, work);
    return;
  }
  work.allowance.notLaunched(lane.target.id);
  if (!(error instanceof TransportError)) work.breaker.replied();
  switch (await judge(lane, work, error)) {
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
  const other = await openCall(work.database, lane.target.question_hash, askerOf(lane, work).caller);
  if (other === undefined) {
    await reload(lane, work);
  } else if (other.job_id !== null) {
    // Refused where it has just ended.
    if ((await save(lane, work, { kind: 'met', call_id: other.call_id, job_id: other.job_id, launched_at: other.launched_at })) !== 'refused') return;
  } else {
    const doubted = await doubtCalls(work.database, { question_hash: lane.target.question_hash });
    // Ours is then the repeat.
    if (doubted > 0) lane.target.doubts += doubted;
  }
  lane.parkedUntil = now + MEET_AGAIN_MS;
}

/** Saves a job_id whatever happened to the target meanwhile: it is the only way to what may have been paid for. */
async function saveJob(lane: Lane, work: Work, call_id: number | null, event: TargetEvent & { kind: 'launched' }): Promise<void> {
  if ((await save(lane, work, event)) !== 'refused' || call_id === null) return;
  // Taken for dead by another process, which put the launch in doubt. It was not: take that doubt back.
  const isKept = await keepLateCall(work.database, askerOf(lane, work).caller, { target_id: lane.target.id, call_id, job_id: event.job_id });
  if (!isKept) work.runtime.log.warn('a job is followed by nobody', { run: work.run_id, target: lane.target.id, job: event.job_id });
  await reload(lane, work);
}

/** Saves an answer that came at once; afterwards the target is settled, or the next provider's turn has come. */
async function saveAnswer(lane: Lane, work: Work, { answer, cost_usd: said_usd }: { answer: AnyAnswer; cost_usd: number | null }): Promise<void> {
  const { target } = lane;
  const { caller, price_usd } = askerOf(lane, work);
  const { call_id } = target;
  if (call_id === null) throw new Error(`target ${target.id} was asked without a call`);
  const cost_usd = said_usd ?? price_usd ?? null;
  const settlement = { call_id, question: target.question, answer, answered_at: work.now(), at: work.now(), cost_usd };
  let saved = await work.settle(settlement);
  // Taken for dead by another process, which put the call in doubt. It was not: take that doubt back.
  if (saved.targets === 0 && (await keepLateCall(work.database, caller, { target_id: target.id, call_id }))) saved = await work.settle(settlement);
  work.allowance.answered(target.id, { contacts: 1, cost_usd });
  lane.target = await loadTarget(work.database, target.id);
  if (saved.targets === 0) work.runtime.log.warn('an answer came too late: the question was asked again meanwhile', { run: work.run_id, target: target.id });
  else if (!isOpen(lane.target.state)) settled(lane, work, saved.contacts, cost_usd);
}
