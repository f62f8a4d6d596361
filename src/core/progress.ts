/*
 * The state machine of a target: (target, event) -> target. Pure; the store saves what comes out with a
 * compare-and-set on what went in.
 *
 *            claimed               launched                 succeeded
 *   pending ---------> launching ------------> launched --------------> found | no_contacts
 *      ^                  |   no job was made, |    \ ended, lost, overdue
 *      |<-----------------+   or in doubt      |     `----------------> job_failed | job_lost | timed_out
 *      |                                       |
 *      |  met another run's launch             |
 *      +---------------------> following ------+   a job that brings nothing: back to pending, to launch itself
 *
 * A provider that answers at once goes from launching to the end, or to the next provider's turn: back to pending. That a provider
 * refuses the row does the same.
 *
 * A launch in doubt goes back to `pending` with one more doubt; who launches a target with doubts repeats it,
 * and may do so once (contract: a question is repeated at most once until it is answered).
 */
import type { Target, TargetState } from './model.ts';

/** What happened to a target. */
export type TargetEvent =
  | { kind: 'claimed'; at: number } // the intent to launch is about to be saved
  | { kind: 'launched'; job_id: string; at: number }
  | { kind: 'not_launched' } // certainly no job was made
  | { kind: 'in_doubt' } // a job may have been made
  | { kind: 'held'; reason: string } // in doubt, and not to be repeated
  | { kind: 'rejected'; reason: string }
  | { kind: 'met'; call_id: number; job_id: string; launched_at: number } // another run's call for the same question
  | { kind: 'job_ended'; reason: string } // FAILED, TIMED_OUT or ABORTED
  | { kind: 'job_unknown'; reason: string }
  | { kind: 'gave_up'; reason: string };

/** What a step may change of a target, apart from its answer. The call of a claim is given by the database. */
export type Progress = Pick<Target, 'state' | 'launches' | 'doubts' | 'turn' | 'call_id' | 'job_id' | 'launched_at'> & { reason: string | null };

/** Where the event takes the target. Throws for an event that its state does not allow: a bug. */
export function advance(target: Target, event: TargetEvent): Progress {
  const { state, launches, doubts, turn, call_id, job_id, launched_at } = target;
  const now = { state, launches, doubts, turn, call_id, job_id, launched_at, reason: null };
  const uncalled = { call_id: null, job_id: null, launched_at: null };
  switch (event.kind) {
    case 'claimed':
      expect(target, 'pending');
      return { ...now, state: 'launching', launches: launches + 1, launched_at: event.at };
    case 'launched':
      expect(target, 'launching');
      return { ...now, state: 'launched', job_id: event.job_id, launched_at: event.at };
    case 'not_launched':
      expect(target, 'launching');
      return { ...now, ...uncalled, state: 'pending', launches: launches - 1 };
    case 'in_doubt':
      expect(target, 'launching');
      return { ...now, ...uncalled, state: 'pending', doubts: doubts + 1 };
    case 'held':
      expect(target, 'pending');
      return { ...now, state: 'in_doubt', reason: event.reason };
    case 'rejected':
      expect(target, 'launching');
      // The next provider is asked; after the last one, what an earlier one knew is the answer.
      if (turn < target.last_turn) return { ...now, ...uncalled, state: 'pending', call_id, turn: turn + 1, doubts: 0, launches: launches - 1, reason: event.reason };
      return { ...now, state: target.contacts > 0 ? 'found' : 'rejected', launches: launches - 1, reason: event.reason };
    case 'met':
      expect(target, 'pending');
      return { ...now, state: 'following', call_id: event.call_id, job_id: event.job_id, launched_at: event.launched_at };
    case 'job_ended':
    case 'job_unknown':
      if (state === 'following') return { ...now, ...uncalled, state: 'pending' };
      expect(target, 'launched');
      return { ...now, state: event.kind === 'job_ended' ? 'job_failed' : 'job_lost', reason: event.reason };
    case 'gave_up':
      expect(target, 'launched', 'following');
      return { ...now, state: 'timed_out', reason: event.reason };
  }
}

/** Whether a target in this state still has something to be done. */
export function isOpen(state: TargetState): boolean {
  return state === 'pending' || state === 'launching' || state === 'launched' || state === 'following';
}

function expect(target: Target, ...states: TargetState[]): void {
  if (!states.includes(target.state)) {
    throw new Error(`target ${target.id} is ${target.state}, expected ${states.join(' or ')}`);
  }
}
