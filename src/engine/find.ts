/* Asks for the job of one target, and settles the target when the job is over. */
import { many } from '../core/count.ts';
import { ApiError, verdict } from '../core/errors.ts';
import type { Job } from '../core/model.ts';
import { billedUsd } from '../core/money.ts';
import type { TargetEvent } from '../core/progress.ts';
import { endCall, holdsAnswer, loadTarget } from '../store/targets.ts';
import type { Place } from '../providers/http/limiter.ts';
import { askerOf } from './asker.ts';
import { isApiFailure, judge, reasonOf } from './judge.ts';
import { leaveLane, save, settled, succeeded } from './lane.ts';
import type { Lane } from './lane.ts';
import type { Work } from './work.ts';

/** A job is lost when the API does not know it for so long and over so many asks: a new one may not be everywhere yet, and a replica may lag. */
const LOST_AFTER_MS = 2 * 60_000;
const LOST_AFTER_ASKS = 5;
const ASK_AGAIN_MS = [1_000, 5_000, 15_000, 40_000, 60_000];

/** Asks once, with a place in the window that is given back; afterwards `lane.target` is as saved. */
export async function find(lane: Lane, work: Work, turn: Place): Promise<void> {
  const { target } = lane;
  if (target.job_id === null || target.call_id === null) throw new Error(`target ${target.id} is ${target.state} and has no job`);
  // In an outage a place is taken only by who passes the gate.
  const { provider, health } = askerOf(lane, work);
  const place = health.pausedSince() === undefined ? turn : undefined;
  if (place === undefined) turn.cancel();
  await health.gate();
  try {
    if (provider.poll === undefined) throw new Error(`${provider.name} has no jobs`);
    const job = await provider.poll(target.job_id, { place, waiting: work.stop.signal, signal: work.stop.abort });
    succeeded(lane, work);
    lane.unknown = undefined;
    await found(lane, work, target.call_id, job);
  } catch (error) {
    if (!isApiFailure(error)) throw error;
    work.runtime.log.debug('find failed', { run: work.run_id, target: target.id, job: target.job_id, code: error.code });
    if (error instanceof ApiError && error.code === 'NOT_FOUND_JOB_NOT_FOUND') {
      health.succeeded(); // the API answered, with a fact
      await unknown(lane, work);
      return;
    }
    if ((await judge(lane, work, error)) === 'fail') {
      // The job may still end well, and a later run asks for it first.
      const how = verdict(error) === 'fail' ? 'the API refuses to say' : `asked ${many(lane.attempts, 'time')} in vain`;
      await save(lane, work, { kind: 'gave_up', reason: `${how}: ${reasonOf(error)}` });
    }
  }
}

async function unknown(lane: Lane, work: Work): Promise<void> {
  const now = work.runtime.clock.now();
  const { since, asks } = lane.unknown ?? { since: now, asks: 0 };
  lane.unknown = { since, asks: asks + 1 };
  if (asks + 1 >= LOST_AFTER_ASKS && now - since >= LOST_AFTER_MS) {
    await jobEnded(lane, work, { kind: 'job_unknown', reason: 'the API no longer knows this job' });
  } else {
    lane.parkedUntil = now + (ASK_AGAIN_MS[asks] ?? 60_000);
  }
}

async function found(lane: Lane, work: Work, call_id: number, job: Job): Promise<void> {
  const now = work.runtime.clock.now();
  const ageMs = Math.max(work.now() - (lane.target.launched_at ?? work.now()), 0);
  if (job.status !== 'RUNNING' && lane.job !== undefined) {
    const tookMs = Date.parse(job.stop_date ?? '') - Date.parse(job.start_date ?? '');
    // None took longer than it is old, whatever the API's clock says: everybody else would wait for as long.
    work.pace.finished(lane.job, tookMs >= 0 ? Math.min(tookMs, ageMs) : undefined, now);
    work.turns.changed();
  }
  switch (job.status) {
    case 'RUNNING': {
      if (ageMs >= work.jobTimeoutMs) {
        const reason = `still RUNNING ${Math.round(ageMs / 1000)} s after its launch; a later run asks for it again`;
        await save(lane, work, { kind: 'gave_up', reason });
      } else if (lane.job !== undefined) {
        work.pace.stillRunning(lane.job, now);
      }
      return;
    }
    case 'SUCCEEDED': {
      const stopped = Date.parse(job.stop_date ?? '');
      const answer = job.output ?? {};
      // No date, or one before there were APIs: some of those no database could keep.
      const answered_at = stopped > 0 ? stopped : work.now();
      const cost_usd = billedUsd(answer.usage) ?? null;
      const { contacts } = await work.settle({ call_id, question: lane.target.question, answer, answered_at, at: work.now(), cost_usd });
      if (lane.target.state === 'following') {
        // The job that was followed had a smaller limit, and filled it: this question is asked by itself.
        const saved = await loadTarget(work.database, lane.target.id);
        if (saved.state === 'pending') {
          lane.target = saved;
          leaveLane(lane, work);
          return;
        }
      }
      // Of all who waited for the job, in this run and in others, one has its cost: whoever launched it, where it still waited.
      const isBooked = lane.target.state === 'launched' || (await holdsAnswer(work.database, lane.target.id));
      lane.target = { ...lane.target, state: contacts > 0 ? 'found' : 'no_contacts' };
      work.allowance.answered(lane.target.id, { contacts: answer.persons?.length ?? 0, cost_usd, usage: answer.usage, bookedElsewhere: !isBooked });
      settled(lane, work, contacts, isBooked ? cost_usd : 0);
      return;
    }
    case 'FAILED':
    case 'TIMED_OUT':
    case 'ABORTED':
      await jobEnded(lane, work, { kind: 'job_ended', reason: `the job ended ${job.status}` });
  }
}

async function jobEnded(lane: Lane, work: Work, event: TargetEvent & { kind: 'job_ended' | 'job_unknown' }): Promise<void> {
  const { state, call_id } = lane.target;
  if (state === 'following' && call_id !== null) {
    await endCall(work.database, { call_id, state: event.kind === 'job_ended' ? 'job_failed' : 'job_lost', reason: event.reason });
  }
  await save(lane, work, event);
}
