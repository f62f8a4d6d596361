/* How an invocation begins: price and balance, the opening lines, the question before a costly run, and the budget. */
import { ApiError, TransportError } from '../core/errors.ts';
import type { Account } from '../core/model.ts';
import { createAllowance } from '../engine/allowance.ts';
import type { Allowance } from '../engine/allowance.ts';
import { createBudget } from '../engine/budget.ts';
import type { InDoubtPolicy } from '../engine/breaker.ts';
import { stopReason } from '../engine/judge.ts';
import { mostOf, providersOf } from '../service/options.ts';
import type { Run } from '../service/options.ts';
import { priceRun } from '../service/pricing.ts';
import { WORDS } from '../service/words.ts';
import { countLocal } from '../store/local-answers.ts';
import { openingLines, planOf } from '../service/plan.ts';
import { readingOf } from '../service/reconcile.ts';
import type { Reading } from '../service/reconcile.ts';
import { answersSince } from '../service/start.ts';
import type { Stop } from '../engine/stop.ts';
import { answeredBeforeRun } from '../store/answered-before.ts';
import { countRepeatable, historyOf, spentSoFar } from '../store/bills.ts';
import type { Database } from '../store/database.ts';
import { askedElsewhere } from '../store/known.ts';
import { reportRows } from '../store/outcomes.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import { discardRun } from '../store/runs.ts';
import type { Client } from '../providers/waterfall/client.ts';
import { askAccount, balanceOf, confirmCost } from './money.ts';
import type { MoneySettings } from './money.ts';
import { rateLimitOf } from './providers.ts';
import { placeOf } from './session.ts';
import type { Session } from './session.ts';

/** How many rows are named in the opening lines, and at the end. */
export const ROWS_NAMED = 5;

/** The list of a new run; how old answers may be that it takes from the database, and none, where it shall be fresh. */
export type Taking = { maxAgeMs: number; fresh: boolean; list: { linesRead: () => number } };

/** What an invocation begins with. */
export type Beginning = {
  session: Session;
  database: Database;
  /** Who tells the balance, where there is an API that does. */
  client: Client | undefined;
  stop: Stop;
  money: MoneySettings;
  inDoubt: InDoubtPolicy;
  run: Run;
  continued: boolean;
  /** Which answers a new run takes. */
  taking?: Taking | undefined;
};

/**
 * Says what is about to be done and what it may cost, and asks where it must. `before` is the account at this moment.
 * @throws {UsageError} when the run shall not begin; a run that is new is then removed.
 */
export async function begin(
  beginning: Beginning,
  counts: readonly OutcomeCount[],
): Promise<{ allowance: Allowance; before: Reading | undefined; prices: readonly (number | undefined)[] }> {
  const { session, database, client, stop, money, run, continued, taking } = beginning;
  const rateLimit = rateLimitOf(providersOf(run.options)[0]?.name ?? 'waterfall', session.settings);
  const toRepeat = continued && beginning.inDoubt === 'relaunch' ? await countRepeatable(database, run.id) : 0;
  const isNew = (outcome: OutcomeCount) => outcome.outcome === 'not_launched' && outcome.rows > 0;
  const mayCost = toRepeat > 0 || counts.some(isNew);

  const account = mayCost ? await accountNow(beginning) : undefined;
  const pricing = await priceRun(run.options, { given: money.prices, database: mayCost ? database : undefined, account: account === undefined || isFailure(account) ? undefined : account });
  const earlier = continued ? await spentSoFar(database, run.id) : undefined;
  const budget = createBudget({ capUsd: money.capUsd, rates: pricing.rates, ...(earlier && { earlier }) });
  const committed_usd = budget.spending().committed_usd ?? 0;
  const { kind } = run.options;
  const answeredBefore = kind !== undefined || taking === undefined || !counts.some(isNew) ? undefined : await answeredBeforeRun(database, run.id, answersSince(taking, run.created_at.getTime()).since);
  const elsewhere = await askedElsewhere(database, run.id);
  const history = mayCost && run.options.kind === undefined ? await historyOf(database, run.options.question) : undefined;
  const words = WORDS[kind ?? 'contacts'];
  const most = kind === undefined ? mostOf(run.options) : providersOf(run.options).length;
  const local = kind === undefined ? undefined : await countLocal(database, run.id);
  const plan = planOf({ most, words, counts, rateLimit, toRepeat, pricing, ...(local && { local }), ...(answeredBefore && { answeredBefore }), ...(history && { history }) });
  const balance = account === undefined ? { unknown: client === undefined ? 'the API does not tell one' : 'not asked' } : balanceOf(account);
  const lines = openingLines({
    title: `${continued ? 'going on with run' : 'run'} ${run.id} (${nameOfList(run)})`,
    ...{ plan, rateLimit, pricing, balance, words },
    cap: money.capUsd === undefined ? undefined : { usd: money.capUsd, committed_usd },
    lines: taking?.list.linesRead(),
    invalidRows: continued ? [] : await reportRows(database, { run_id: run.id, after: -1, limit: ROWS_NAMED, outcomes: ['invalid'] }),
    hasReport: run.options.output.report !== null,
    ...{ limit: mostOf(run.options), fresh: taking?.fresh ?? false, elsewhere },
    database: `kept in ${placeOf(database)}`,
  });
  session.terminal.say(lines.join('\n'), {
    message: 'run started',
    run: run.id,
    continued,
    ...plan,
    asked_elsewhere: elsewhere.questions,
    price_usd: pricing.price_usd,
    price_source: pricing.source,
    balance_usd: 'usd' in balance ? balance.usd : null,
    max_cost_usd: money.capUsd ?? null,
  });

  if (!stop.signal.aborted) {
    try {
      await confirmCost(money, { ...plan, committed_usd }, stop.signal);
    } catch (error) {
      // A stop has its own words and its own exit code; the run is there to be gone on with.
      if (error !== stop.signal.reason) {
        if (!continued) await discardRun(database, run.id);
        throw error;
      }
    }
  }
  return {
    prices: pricing.prices,
    allowance: createAllowance(budget, stop),
    before: account === undefined || isFailure(account) ? undefined : readingOf(account),
  };
}

/** The account as it is now. A refused key stops the run, as it would at the first launch. */
async function accountNow({ client, session, stop }: Beginning): Promise<Account | ApiError | TransportError | undefined> {
  if (client === undefined) return undefined;
  const account = await askAccount(client, session.runtime.clock, stop.signal).catch((error: unknown) => {
    if (error !== stop.signal.reason) throw error;
    return undefined;
  });
  if (account instanceof ApiError && account.category === 'AUTH' && account.code !== 'AUTH_NEED_MASTER_API_KEY') {
    stop.request(stopReason(account));
  }
  return account;
}

/** With `--rows`, what is counted is the beginning of the list. */
function nameOfList({ input_name, options: { rows } }: Run): string {
  return rows === null ? input_name : `the beginning of ${input_name}, --rows ${rows}`;
}

function isFailure(account: Account | ApiError | TransportError): account is ApiError | TransportError {
  return account instanceof ApiError || account instanceof TransportError;
}
