/*
 * Lets lanes launch as the budget allows: a lane waits here while others may still turn out cheaper than feared. When
 * nothing more may be launched and every job that is open has been collected, the run stops with exit 4.
 */
import { formatUsd, USD_NOISE } from '../core/money.ts';
import type { Budget, Spending } from './budget.ts';
import type { Stop, StopReason } from './stop.ts';

/** What adding fractions leaves of a whole cent. */
const CENTS_NOISE = USD_NOISE * 100;

/** The budget as the lanes of an invocation see it. */
export type Allowance = Omit<Budget, 'ask'> & {
  /** Resolves when this target may be launched; rejects with the reason of the stop. */
  mayLaunch(target_id: number): Promise<void>;
  /** A lane asks for a job, from now on; any job, whoever launched it. */
  opened(): void;
  /** A lane asks for its job no more. */
  closed(): void;
  /** How many jobs are asked for. */
  openJobs(): number;
  /** Why lanes wait here, for people; undefined when none does. */
  waitingFor(): string | undefined;
};

/** Makes the allowance of one invocation. */
export function createAllowance(budget: Budget, stop: Stop): Allowance {
  let [open, waiting] = [0, 0];
  let wake: () => void = () => undefined;
  let change = new Promise<void>((resolve) => (wake = resolve));
  const changed = () => {
    wake();
    change = new Promise((resolve) => (wake = resolve));
  };
  stop.signal.addEventListener('abort', changed, { once: true });

  /** The same, and whoever waits asks again. */
  const told =
    <Given extends unknown[]>(tell: (...given: Given) => void) =>
    (...given: Given) => {
      tell(...given);
      changed();
    };

  async function mayLaunch(target_id: number): Promise<void> {
    for (;;) {
      stop.signal.throwIfAborted();
      const permission = budget.ask(target_id);
      if (permission === 'yes') return;
      if (permission === 'no' && open === 0) stop.request(capReached(budget.spending()));
      else {
        waiting += 1;
        await change.finally(() => (waiting -= 1));
      }
    }
  }

  return {
    mayLaunch,
    launched: budget.launched,
    doubted: told(budget.doubted),
    notLaunched: told(budget.notLaunched),
    answered: told(budget.answered),
    ended: told(budget.ended),
    spending: budget.spending,
    opened: () => void (open += 1),
    closed: told(() => void (open -= 1)),
    openJobs: () => open,
    waitingFor() {
      if (waiting === 0) return undefined;
      return budget.spending().worst_usd === undefined ? 'an answer that tells the price' : 'jobs on their way, for the cost cap';
    },
  };
}

/** Why launching ends, and what to do. The cap is the run's: only a higher one lets it go on. */
function capReached({ cap_usd = 0, run_spent_usd, committed_usd, worst_usd }: Spending): StopReason {
  const cap = `the cost cap of ${formatUsd(cap_usd)} (--max-cost)`;
  const spent = formatUsd(run_spent_usd);
  if (worst_usd === undefined) {
    const message = `${cap} cannot be kept: ${spent} is known to be spent, and the price is not known`;
    return { exit: 4, message, fix: 'say what a contact costs with --price, or give a higher --max-cost', needs: 'price' };
  }
  const committed = committed_usd ?? run_spent_usd;
  const uncertain = committed - run_spent_usd;
  const doubtful = uncertain > 0 ? `, ${formatUsd(uncertain)} may have been` : '';
  const message = `${cap} allows no more launches: ${spent} is spent${doubtful}, and one more company could cost ${formatUsd(worst_usd)}`;
  const needed_usd = Math.ceil((committed + worst_usd) * 100 - CENTS_NOISE) / 100;
  const fix = `the cap is for the run, over all its commands: give --max-cost ${needed_usd.toFixed(2)} or more, or make a new run with a lower --limit`;
  return { exit: 4, message, fix, needs: { cap_usd: needed_usd } };
}
