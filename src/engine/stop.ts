/*
 * Why and how a run stops before its end. The first reason wins. A stop ends waiting and launching at once and lets
 * HTTP calls in flight end; `abort` ends those too.
 */

import { setMaxListeners } from 'node:events';
import type { DatabaseError } from '../core/errors.ts';

/**
 * Why a run stopped early, in words for the user, and the exit code (contract, section 3). `needs`: the bounds without
 * which the same command would launch nothing either; a cap in US dollars, or the price.
 */
export type StopReason = { exit: number; message: string; fix?: string; needs?: { cap_usd: number } | 'price' };

/** The stop of a run whose database is gone, or refuses its work. */
export function databaseStop(error: DatabaseError): StopReason {
  return { exit: 4, message: error.message, fix: error.fix };
}

/** One per invocation, shared by everything that can wait. */
export type Stop = {
  /** Aborted, with the StopReason, when no further request may start. */
  readonly signal: AbortSignal;
  /** Aborted when calls in flight shall end too. */
  readonly abort: AbortSignal;
  /** The first reason, once there is one. */
  reason(): StopReason | undefined;
  request(reason: StopReason): void;
  /** Also ends the calls in flight. */
  abortCalls(): void;
};

/** Makes the stop of one invocation. */
export function createStop(): Stop {
  const draining = new AbortController();
  const aborting = new AbortController();
  // Every lane that waits listens to them; Node warns of a leak at the eleventh listener.
  setMaxListeners(0, draining.signal, aborting.signal);
  let first: StopReason | undefined;
  return {
    signal: draining.signal,
    abort: aborting.signal,
    reason: () => first,
    request(reason) {
      first ??= reason;
      draining.abort(first);
    },
    abortCalls() {
      draining.abort(first);
      aborting.abort(first);
    },
  };
}
