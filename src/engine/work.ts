/* What the lanes of one invocation share, made once and handed down. */
import type { SettledState } from '../core/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../store/database.ts';
import type { Ownership } from '../store/run-owner.ts';
import type { Settler } from '../store/saver.ts';
import type { AnyAnswer } from '../providers/provider.ts';
import type { Allowance } from './allowance.ts';
import type { Asker } from './asker.ts';
import type { Breaker } from './breaker.ts';
import type { Pace } from './pace.ts';
import type { Stop } from './stop.ts';
import type { Turns } from './turns.ts';

/** Told of every target that is settled: for the progress display, and for output that leaves as it comes. */
export type OnSettled = (settled: { state: SettledState; contacts: number; cost_usd: number | null }) => void;

/** The invocation's share of a run. */
export type Work = {
  run_id: string;
  runtime: Runtime;
  database: Database;
  /** The providers of the run, in order. */
  askers: readonly Asker[];
  settle: Settler<AnyAnswer>;
  /** Made sure of before every launch. */
  ownership: Ownership;
  /** The time of the database, which is all processes': epoch milliseconds. What this one waits for goes by the clock of `runtime`. */
  now: () => number;
  stop: Stop;
  breaker: Breaker;
  /** Asked before every launch, and told what became of it: keeps the cost cap. */
  allowance: Allowance;
  pace: Pace;
  turns: Turns;
  /** Jobs launched and not settled, at most. */
  concurrency: number;
  /** The title filter that rows without one of their own share; a mistake in it is not about a row. */
  sharedFilter: string | undefined;
  /** A job that is RUNNING so long after its launch is given up, in milliseconds. */
  jobTimeoutMs: number;
  onSettled: OnSettled;
};

/** At most so many launches are unanswered at any moment (contract, section 5). */
export const UNANSWERED_LAUNCHES = 10;
