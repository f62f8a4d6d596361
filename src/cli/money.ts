/* The money side of `run` and `resume`: its options, the account, and the question before a costly run. */
import { createInterface } from 'node:readline';
import { ApiError, TransportError, UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import type { Account } from '../core/model.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Balance, Plan } from '../service/plan.ts';
import type { Clock } from '../runtime/runtime.ts';
import type { Client } from '../providers/waterfall/client.ts';
import type { GivenPrices } from '../service/pricing.ts';
import { boundIn, boundsIn } from './command-line.ts';

/** Options of money, as commander gives them. */
export type MoneyOptions = { maxCost?: string | undefined; price?: string | string[] | undefined; confirmAbove?: string; yes?: boolean };

/** The same, understood; in US dollars. */
export type MoneySettings = { capUsd: number | undefined; prices: GivenPrices; confirmAboveUsd: number | undefined; yes: boolean };

/** Where the user is asked, and answers. */
export type Screen = Pick<NodeJS.Process, 'stdin' | 'stderr'>;

/** Above so many US dollars at worst a run on a terminal is asked about, where nobody says another sum. */
const CONFIRM_ABOVE_USD = 100;

/** The account is free to ask and good to know, and nothing to wait for. */
const ACCOUNT_PATIENCE_MS = 5_000;

/** @throws {UsageError} with every amount that is none. */
export function readMoney(options: MoneyOptions): MoneySettings {
  const problems: Problem[] = [];
  const usd = (name: string, text: string | undefined, example: string, least = 0) => {
    const value = text === undefined ? undefined : parseUsd(text);
    if (text === undefined || (value !== undefined && value >= least)) return value;
    problems.push({ what: `${name} "${text}" is not an amount in US dollars`, fix: `write for instance ${name} ${example}` });
    return undefined;
  };
  const settings = {
    capUsd: usd('--max-cost', options.maxCost, '25'),
    prices: readPrices(options.price, usd),
    confirmAboveUsd: usd('--confirm-above', options.confirmAbove, '10'),
    yes: options.yes ?? false,
  };
  if (problems.length > 0) throw new UsageError(problems);
  return settings;
}

/** Prices as they are given: `0.05` for everything, `abstractapi=0.002` for what a provider gives; the last one counts. */
function readPrices(given: string | readonly string[] | undefined, usd: (name: string, text: string, example: string, least: number) => number | undefined): GivenPrices {
  let all: number | undefined;
  const of: Record<string, number> = {};
  for (const text of given === undefined ? [] : typeof given === 'string' ? [given] : given) {
    const [, provider, amount = text] = /^\s*([a-z]+)\s*=(.*)$/i.exec(text) ?? [];
    // Nothing costs nothing: a price of 0 would take the cap out of force.
    const value = usd('--price', amount, provider === undefined ? '0.05' : `${provider}=0.05`, 0.000_001);
    if (provider === undefined) all = value;
    else if (value !== undefined) of[provider.toLowerCase()] = value;
  }
  return { all, of };
}

/** The same with the cap and the price that a run keeps over its commands, as words. */
export function moneyOf(money: MoneySettings, bounds: readonly string[]): MoneySettings {
  const { capUsd, prices } = readMoney({ maxCost: boundIn(bounds, '--max-cost'), price: boundsIn(bounds, '--price') });
  return { ...money, capUsd, prices };
}

/** The account, or the error for which it is not known. Rejects only with the reason of `signal`. */
export async function askAccount(client: Client, clock: Clock, signal: AbortSignal): Promise<Account | ApiError | TransportError> {
  const patience = new AbortController();
  const ended = new AbortController();
  const tooLate = () =>
    new TransportError({ code: 'TIMEOUT', sent: true, message: `no answer within ${ACCOUNT_PATIENCE_MS / 1000} s` });
  clock.sleep(ACCOUNT_PATIENCE_MS, ended.signal).then(() => patience.abort(tooLate()), () => undefined);
  try {
    return await client.account({ signal: AbortSignal.any([signal, patience.signal]) });
  } catch (error) {
    if (error instanceof ApiError || error instanceof TransportError) return error;
    throw error;
  } finally {
    ended.abort();
  }
}

/** The balance in the reply, or why there is none. */
export function balanceOf(account: Account | ApiError | TransportError): Balance {
  if (account instanceof ApiError || account instanceof TransportError) return { unknown: `unknown, the account could not be read (${account.code})` };
  const usd = account.balance_remaining_usd ?? undefined;
  return usd === undefined ? { unknown: 'unknown, the account does not say' } : { usd };
}

/**
 * Asks once, on a terminal, when the worst case is higher than `--confirm-above`; elsewhere, or at a no, throws. Of a cap counts
 * what is left of it. Where nobody can be asked, and nobody said so, there is nothing to confirm.
 * @throws {UsageError} when the run shall not begin.
 */
export async function confirmCost(
  money: MoneySettings,
  plan: Pick<Plan, 'worst_case_usd'> & { committed_usd?: number },
  signal: AbortSignal,
  { stdin, stderr }: Screen = process,
): Promise<void> {
  const { yes, capUsd = Infinity } = money;
  const canAsk = stdin.isTTY && stderr.isTTY;
  const above = money.confirmAboveUsd ?? (canAsk ? CONFIRM_ABOVE_USD : Infinity);
  // Without a price the cap is kept only from the first bill on.
  const worst = plan.worst_case_usd === null ? Infinity : Math.min(plan.worst_case_usd, Math.max(capUsd - (plan.committed_usd ?? 0), 0));
  if (yes || worst <= above) return;
  const what = `${worst === Infinity ? 'the worst case is not known' : `the worst case is ${formatUsd(worst)}`}, and --confirm-above is ${formatUsd(above)}`;
  if (!canAsk) {
    throw new UsageError({ what: `${what}: nothing was sent`, fix: 'add --yes to go on without being asked, or bound it with --max-cost' });
  }
  if (!(await askYes(`${what}. Go on? [y/N] `, signal, { stdin, stderr }))) {
    signal.throwIfAborted();
    throw new UsageError({ what: 'nothing was sent, as you wish' });
  }
}

/** Whether the user says yes. Enter, Ctrl-C, Ctrl-D and a stop are a no. */
function askYes(question: string, signal: AbortSignal, { stdin, stderr }: Screen): Promise<boolean> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: stdin, output: stderr });
    const end = (yes: boolean) => {
      signal.removeEventListener('abort', refuse);
      resolve(yes); // before it is closed, which would be a no
      lines.close();
    };
    const refuse = () => {
      stderr.write('\n');
      end(false);
    };
    signal.addEventListener('abort', refuse, { once: true });
    lines.on('SIGINT', refuse);
    lines.on('close', () => resolve(false));
    lines.question(question, (answer) => end(/^\s*y(es)?\s*$/i.test(answer)));
  });
}
