/* Every event on every state of a target: where it leads, and that all others are refused as bugs. */
import { describe, expect, it } from 'vitest';
import type { Target, TargetState } from '../../src/core/model.ts';
import { advance, isOpen } from '../../src/core/progress.ts';
import type { Progress, TargetEvent } from '../../src/core/progress.ts';

const STATES: Record<TargetState, { open: boolean; launched_at: number | null; job_id: string | null }> = {
  pending: { open: true, launched_at: null, job_id: null },
  launching: { open: true, launched_at: 1_000, job_id: null },
  launched: { open: true, launched_at: 1_000, job_id: 'job-1' },
  following: { open: true, launched_at: 900, job_id: 'job-of-another-run' },
  found: { open: false, launched_at: 1_000, job_id: 'job-1' },
  no_contacts: { open: false, launched_at: 1_000, job_id: 'job-1' },
  not_found: { open: false, launched_at: 1_000, job_id: 'job-1' },
  cached: { open: false, launched_at: null, job_id: 'job-0' },
  excluded: { open: false, launched_at: null, job_id: null },
  rejected: { open: false, launched_at: 1_000, job_id: null },
  job_failed: { open: false, launched_at: 1_000, job_id: 'job-1' },
  job_lost: { open: false, launched_at: 1_000, job_id: 'job-1' },
  timed_out: { open: false, launched_at: 1_000, job_id: 'job-1' },
  in_doubt: { open: false, launched_at: null, job_id: null },
};
const states = Object.keys(STATES) as TargetState[];

const EVENTS: { [Kind in TargetEvent['kind']]: Extract<TargetEvent, { kind: Kind }> } = {
  claimed: { kind: 'claimed', at: 2_000 },
  launched: { kind: 'launched', job_id: 'job-2', at: 2_000 },
  not_launched: { kind: 'not_launched' },
  in_doubt: { kind: 'in_doubt' },
  held: { kind: 'held', reason: 'held back' },
  rejected: { kind: 'rejected', reason: 'refused' },
  met: { kind: 'met', call_id: 3, job_id: 'job-3', launched_at: 1_500 },
  job_ended: { kind: 'job_ended', reason: 'ended FAILED' },
  job_unknown: { kind: 'job_unknown', reason: 'unknown' },
  gave_up: { kind: 'gave_up', reason: 'overdue' },
};
const kinds = Object.keys(EVENTS) as TargetEvent['kind'][];

/** A target in the state, which was launched twice and was in doubt once: counters show what an event does to them. */
const targetIn = (state: TargetState): Target => ({
  id: 7,
  run_id: 'r1',
  question: { api_host: 'api.waterfall.example', domain: 'acme.example', limit: 10, include_phones: false, verified_only: true },
  question_hash: 'abc',
  state,
  ...{ turn: 0, last_turn: 0, contacts: 0 },
  launches: 2,
  doubts: 1,
  call_id: STATES[state].job_id === null && state !== 'launching' ? null : 1,
  job_id: STATES[state].job_id,
  launched_at: STATES[state].launched_at,
});

/** What each event changes, in the states that allow it. */
const ALLOWED: Record<TargetEvent['kind'], Partial<Record<TargetState, Partial<Progress>>>> = {
  claimed: { pending: { state: 'launching', launches: 3, launched_at: 2_000 } },
  launched: { launching: { state: 'launched', job_id: 'job-2', launched_at: 2_000 } },
  not_launched: { launching: { state: 'pending', launches: 1, call_id: null, launched_at: null } },
  in_doubt: { launching: { state: 'pending', doubts: 2, call_id: null, launched_at: null } },
  held: { pending: { state: 'in_doubt', reason: 'held back' } },
  rejected: { launching: { state: 'rejected', launches: 1, reason: 'refused' } },
  met: { pending: { state: 'following', call_id: 3, job_id: 'job-3', launched_at: 1_500 } },
  job_ended: {
    launched: { state: 'job_failed', reason: 'ended FAILED' },
    following: { state: 'pending', call_id: null, job_id: null, launched_at: null },
  },
  job_unknown: {
    launched: { state: 'job_lost', reason: 'unknown' },
    following: { state: 'pending', call_id: null, job_id: null, launched_at: null },
  },
  gave_up: {
    launched: { state: 'timed_out', reason: 'overdue' },
    following: { state: 'timed_out', reason: 'overdue' },
  },
};

const cases = kinds.flatMap((kind) => states.map((state) => ({ kind, state, change: ALLOWED[kind][state] })));

describe('advance', () => {
  it.each(cases.filter(({ change }) => change !== undefined))('$kind takes $state to $change.state', ({ kind, state, change }) => {
    const { launches, doubts, call_id, job_id, launched_at } = targetIn(state);
    expect(advance(targetIn(state), EVENTS[kind])).toEqual({ state, launches, doubts, call_id, job_id, launched_at, reason: null, ...change });
  });

  it.each(cases.filter(({ change }) => change === undefined))('$kind is a bug for a target that is $state', ({ kind, state }) => {
    expect(() => advance(targetIn(state), EVENTS[kind])).toThrow(`target 7 is ${state}, expected `);
  });

  it('leaves the target that it is given as it was', () => {
    const target = Object.freeze(targetIn('pending'));
    advance(target, EVENTS.claimed);
    expect(target).toEqual(targetIn('pending'));
  });

  it('counts as launches only those that made, or may have made, a job', () => {
    let target: Target = { ...targetIn('pending'), launches: 0, doubts: 0 };
    for (const kind of ['claimed', 'not_launched', 'claimed', 'in_doubt', 'claimed', 'launched'] as const) {
      target = { ...target, ...advance(target, EVENTS[kind]) };
    }
    expect(target).toMatchObject({ state: 'launched', launches: 2, doubts: 1 });
  });
});

describe('isOpen', () => {
  it.each(states.map((state) => ({ state, open: STATES[state].open })))('of $state is $open', ({ state, open }) => {
    expect(isOpen(state)).toBe(open);
  });
});
