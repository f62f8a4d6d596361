/*
 * The cost cap of a run, as a pure state machine: who may launch now, given what was spent and what is on its way, by this
 * invocation and by those before it. A launch reserves the most that its job can cost; the answer replaces that by its bill.
 * What nobody knows the end of (a launch in doubt, a job that was lost or given up) stays reserved. Prices are learnt, upwards only.
 *
 * While the price is unknown one job is on its way at a time, until a bill tells it.
 */
import type { SettledState } from '../core/model.ts';
import { USD_NOISE } from '../core/money.ts';
import type { SpentSoFar } from '../store/bills.ts';
import type { Billed, Rates } from '../kinds/kind.ts';

/** Answers without a bill, while no price is known: a cap cannot be kept by guessing (a guard like the others, of 10). */
export const UNPRICED_ANSWERS = 10;

/** `later`: when something that is on its way has ended; `no`: never again under this cap. */
export type Permission = 'yes' | 'later' | 'no';

/** What an answer brought, and what the API says that it cost. With `bookedElsewhere` that is in the sum of another run. */
export type Bill = Billed & { bookedElsewhere?: boolean };

const NOTHING: SpentSoFar = { spent_usd: 0, doubted: 0, unresolved: 0, unpriced: 0, unpriced_contacts: 0, open: [] };

/** What was launched and spent so far by this invocation, in jobs and US dollars; and by the run, where it is said. */
export type Spending = {
  /** Jobs that were made. */
  launched: number;
  /** Launches whose reply was never seen. */
  doubted: number;
  /** Bills of the jobs that this invocation launched. */
  spent_usd: number;
  /** Bills of jobs that were launched before it, or by others, and are booked on its run. */
  collected_usd: number;
  /** Answers to its own launches whose cost the API did not say. */
  unpriced: number;
  /** Its own jobs that were lost or given up: nobody saw what they cost. */
  unresolved: number;
  /** Bills of the jobs that the run launched, over all invocations. */
  run_spent_usd: number;
  /** All that the run has spent, or may still turn out to have; undefined while the price is unknown and needed. */
  committed_usd: number | undefined;
  /** The most that one job can cost; undefined while the price is unknown. */
  worst_usd: number | undefined;
  cap_usd: number | undefined;
};

/** The cap of a run. Targets are named by their id: telling the same twice does no harm. */
export type Budget = {
  /** May this target be launched now? With `yes` its worst case is reserved. */
  ask: (target_id: number) => Permission;
  /** A job was made. */
  launched: (target_id: number) => void;
  /** No reply was seen: it may have been billed. A repeat of it asks anew. */
  doubted: (target_id: number) => void;
  /** Certainly no job was made. */
  notLaunched: (target_id: number) => void;
  /** Its job was answered, whoever launched it. */
  answered: (target_id: number, bill: Bill) => void;
  /** It ended otherwise: what failed has brought nothing, of what was lost or given up nobody knows. */
  ended: (target_id: number, state: SettledState) => void;
  spending: () => Spending;
};

/** Makes the budget of one invocation; without `capUsd` it only counts. */
export function createBudget(options: {
  capUsd: number | undefined;
  rates: Rates;
  /** What earlier invocations of the run launched, and what became of it. */
  earlier?: SpentSoFar;
}): Budget {
  const { capUsd, rates, earlier = NOTHING } = options;
  const inFlight = new Set<number>();
  const openBefore = new Set(earlier.open);
  let [launched, doubted, unresolved, unpriced] = [0, 0, 0, 0];
  let [spent, collected] = [0, 0];
  /** Of the run. */
  const run = { spent: earlier.spent_usd, unresolved: earlier.doubted + earlier.unresolved, unpriced: earlier.unpriced, unpricedContacts: earlier.unpriced_contacts };

  const worst = () => rates.worst();
  const onTheirWay = () => inFlight.size + openBefore.size;
  const committed = () => {
    const most = worst();
    const reserved = onTheirWay() + run.unresolved;
    if (most === undefined) return reserved + run.unpriced > 0 ? undefined : run.spent;
    return run.spent + (rates.costOf(run.unpricedContacts, run.unpriced) ?? 0) + reserved * most;
  };

  function permission(cap: number): Permission {
    const most = worst();
    const fits =
      most === undefined
        ? run.spent + rates.least() < cap && onTheirWay() === 0 && run.unpriced < UNPRICED_ANSWERS
        : (committed() ?? 0) + most <= cap + USD_NOISE;
    return fits ? 'yes' : onTheirWay() > 0 ? 'later' : 'no';
  }

  /** A job that the run launched was answered. */
  function billed(contacts: number, cost: number | undefined): void {
    run.spent += cost ?? 0;
    if (cost !== undefined || contacts === 0) return;
    run.unpriced += 1;
    run.unpricedContacts += contacts;
  }

  return {
    ask(target_id) {
      if (capUsd === undefined || inFlight.has(target_id)) return 'yes';
      const answer = permission(capUsd);
      if (answer === 'yes') inFlight.add(target_id);
      return answer;
    },
    launched(target_id) {
      launched += 1;
      inFlight.add(target_id);
    },
    doubted(target_id) {
      doubted += 1;
      run.unresolved += 1;
      inFlight.delete(target_id);
    },
    notLaunched(target_id) {
      inFlight.delete(target_id);
    },
    answered(target_id, bill) {
      rates.learn(bill);
      const cost = bill.cost_usd ?? undefined;
      const wasOurs = inFlight.delete(target_id);
      if (openBefore.delete(target_id) || wasOurs) billed(bill.contacts, cost);
      if (wasOurs) {
        spent += cost ?? 0;
        if (cost === undefined && bill.contacts > 0) unpriced += 1;
      } else if (bill.bookedElsewhere !== true) {
        collected += cost ?? 0;
      }
    },
    ended(target_id, state) {
      const wasOurs = inFlight.delete(target_id);
      const isUnseen = state === 'job_lost' || state === 'timed_out';
      if ((openBefore.delete(target_id) || wasOurs) && isUnseen) run.unresolved += 1;
      if (wasOurs && isUnseen) unresolved += 1;
    },
    spending: () => ({
      ...{ launched, doubted, spent_usd: spent, collected_usd: collected, unpriced, unresolved },
      ...{ run_spent_usd: run.spent, committed_usd: committed(), worst_usd: worst(), cap_usd: capUsd },
    }),
  };
}
