/*
 * The cost cap of one invocation, as a pure state machine: who may launch now, given what was spent and what is on its
 * way. A launch reserves the most that its job can cost; the answer replaces that by its bill. What nobody knows the
 * end of (a launch in doubt, a job that was lost or given up) stays reserved. Prices are learnt, upwards only.
 *
 * While the price is unknown one job is on its way at a time, until a bill tells it.
 */
import type { SettledState, Usage } from '../core/model.ts';
import { billedUsd, USD_NOISE } from '../core/money.ts';
import type { Price } from './price.ts';

/** Answers without a bill, while no price is known: a cap cannot be kept by guessing (a guard like the others, of 10). */
export const UNPRICED_ANSWERS = 10;

/** `later`: when something that is on its way has ended; `no`: never again in this invocation. */
export type Permission = 'yes' | 'later' | 'no';

/** What an answer brought, and what the API says that it cost. With `bookedElsewhere` that is in the sum of another run. */
export type Bill = { contacts: number; usage: Usage | null | undefined; bookedElsewhere?: boolean };

/** What was launched and spent so far by this invocation, in jobs and US dollars. */
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
  /** All that is spent, or may still turn out to be; undefined while the price is unknown and needed. */
  committed_usd: number | undefined;
  /** The most that one job can cost; undefined while the price is unknown. */
  worst_usd: number | undefined;
  cap_usd: number | undefined;
};

/** The cap of one invocation. Targets are named by their id: telling the same twice does no harm. */
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

/** Makes the budget of one invocation; without `capUsd` it only counts. `limit` is contacts per job. */
export function createBudget(options: {
  capUsd: number | undefined;
  price: Price | undefined;
  limit: number;
  includePhones: boolean;
}): Budget {
  const { capUsd, price, limit } = options;
  const rates = createRates(price, options.includePhones);
  const inFlight = new Set<number>();
  let [launched, doubted, unresolved] = [0, 0, 0];
  let [spent, collected] = [0, 0];
  const unpriced = { jobs: 0, contacts: 0 };

  const worst = () => rates.costOf(limit);
  const committed = () => {
    const most = worst();
    const reserved = inFlight.size + doubted + unresolved;
    if (most === undefined) return reserved + unpriced.jobs > 0 ? undefined : spent;
    return spent + (rates.costOf(unpriced.contacts, unpriced.jobs) ?? 0) + reserved * most;
  };

  function permission(cap: number): Permission {
    const most = worst();
    const fits =
      most === undefined
        ? spent + rates.leastCostOf(limit) < cap && inFlight.size === 0 && unpriced.jobs < UNPRICED_ANSWERS
        : (committed() ?? 0) + most <= cap + USD_NOISE;
    return fits ? 'yes' : inFlight.size > 0 ? 'later' : 'no';
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
      inFlight.delete(target_id);
    },
    notLaunched(target_id) {
      inFlight.delete(target_id);
    },
    answered(target_id, bill) {
      rates.learn(bill);
      const cost = billedUsd(bill.usage);
      if (!inFlight.delete(target_id)) {
        if (bill.bookedElsewhere !== true) collected += cost ?? 0;
        return;
      }
      spent += cost ?? 0;
      if (cost === undefined && bill.contacts > 0) {
        unpriced.jobs += 1;
        unpriced.contacts += bill.contacts;
      }
    },
    ended(target_id, state) {
      const wasOurs = inFlight.delete(target_id);
      if (wasOurs && (state === 'job_lost' || state === 'timed_out')) unresolved += 1;
    },
    spending: () => ({
      ...{ launched, doubted, spent_usd: spent, collected_usd: collected, unpriced: unpriced.jobs, unresolved },
      ...{ committed_usd: committed(), worst_usd: worst(), cap_usd: capUsd },
    }),
  };
}

/** What persons and phones cost, and what a job costs besides; the dearest of all bills and of what was known before. */
function createRates(price: Price | undefined, includePhones: boolean) {
  const allIn = price?.source === 'given';
  let person: number | undefined = price?.person_usd;
  let phone: number | undefined = price?.phone_usd ?? (includePhones ? undefined : 0);
  let besides = 0;
  const dearer = (known: number | undefined, usd: number | undefined, count: number) =>
    usd === undefined || count <= 0 || usd <= 0 ? known : Math.max(known ?? 0, usd / count);

  return {
    /** Undefined while a price is missing. */
    costOf: (contacts: number, jobs = 1) =>
      person === undefined || phone === undefined ? undefined : contacts * (person + phone) + jobs * besides,
    /** By the prices that are known, the others being nothing. */
    leastCostOf: (contacts: number) => contacts * ((person ?? 0) + (phone ?? 0)),

    learn({ contacts, usage }: Bill) {
      const cost = billedUsd(usage);
      if (cost === undefined) return;
      const phones = usage?.phones_usd ?? 0;
      const persons = usage?.persons_usd ?? cost - phones - (usage?.companies_usd ?? 0);
      const rest = Math.max(cost - persons - phones, 0);
      if (allIn) {
        person = dearer(person, cost, contacts);
        if (contacts === 0) besides = Math.max(besides, cost);
        return;
      }
      person = dearer(person, persons, usage?.persons_count ?? contacts);
      phone = dearer(phone, phones, usage?.phones_count ?? contacts);
      besides = Math.max(besides, rest > USD_NOISE ? rest : 0);
    },
  };
}
