/* The vendor's count of requests and money beside ours, from the account before and after an invocation. */
import { many } from '../core/count.ts';
import type { Account } from '../core/model.ts';
import type { KindName } from '../kinds/kind.ts';
import { formatUsd, USD_NOISE } from '../core/money.ts';
import type { Spending } from '../engine/budget.ts';

/** What the account says at one moment; null for what it does not say. */
export type Reading = { requests: number | null; balance_usd: number | null; period: string | null };

/** What the vendor counted between two readings, null where that cannot be told, and what we count. */
export type Reconciliation = { requests: number | null; usd: number | null; our_requests: number; our_usd: number };

/** What is compared of the reply of `GET /v2/account`. Requests are those of our key, the balance is the account's. */
export function readingOf(account: Account, kind?: KindName): Reading {
  const start = account.key_usage?.start_date;
  return {
    requests: (kind === 'emails' ? account.key_usage?.verify_email_requests : account.key_usage?.prospector_requests) ?? null,
    balance_usd: account.balance_remaining_usd ?? null,
    period: typeof start === 'string' ? start : null,
  };
}

/** Compares two readings with our own spending; undefined when the account says nothing that could be compared. */
export function reconcile(before: Reading, after: Reading, ours: Spending): Reconciliation | undefined {
  // Counters begin anew with each month or billing period.
  const samePeriod = before.period === after.period;
  const requests = samePeriod && before.requests !== null && after.requests !== null ? after.requests - before.requests : null;
  const fallen = before.balance_usd !== null && after.balance_usd !== null ? before.balance_usd - after.balance_usd : null;
  // On pay-as-you-go plans the same member is the amount owed (vendor's documentation): it rises by what is spent.
  const isOwed = fallen !== null && fallen < 0 && Math.abs(-fallen - ours.spent_usd) < Math.abs(fallen - ours.spent_usd) / 2;
  const usd = fallen === null || fallen < 0 ? (isOwed && fallen !== null ? -fallen : null) : fallen;
  if (requests === null && usd === null) return undefined;
  const clean = (amount: number) => Math.round(amount * 1e6) / 1e6; // what adding fractions leaves behind
  return { requests, usd: usd === null ? null : clean(usd), our_requests: ours.launched, our_usd: clean(ours.spent_usd) };
}

/** The same in words, with what may explain a difference. */
export function reconciliationLines(compared: Reconciliation, ours: Spending): string[] {
  const { requests, usd, our_requests, our_usd } = compared;
  const theirs = [...(requests === null ? [] : [many(requests, 'request')]), ...(usd === null ? [] : [formatUsd(usd)])];
  const own = [...(requests === null ? [] : [String(our_requests)]), ...(usd === null ? [] : [`${ours.unpriced > 0 ? 'at least ' : ''}${formatUsd(our_usd)}`])];
  const line = `  account: counts ${theirs.join(' and ')} since the start; we count ${own.join(' and ')}`;
  const [requestsOver, usdOver] = [requests === null ? 0 : requests - our_requests, usd === null ? 0 : usd - our_usd];
  const more = requestsOver > 0 || usdOver > USD_NOISE;
  const fewer = requestsOver < 0 || usdOver < -USD_NOISE;
  const reasons = [
    ...(more && ours.doubted > 0 ? [`${many(ours.doubted, 'launch', 'launches')} in doubt`] : []),
    ...(more && ours.unpriced > 0 ? ['answers whose cost it did not say'] : []),
    ...(more && ours.unresolved > 0 ? [`${many(ours.unresolved, 'job')} lost or given up`] : []),
    ...(more && ours.collected_usd > 0 ? ['jobs launched earlier'] : []),
    ...(more ? ['others who use the key or the account'] : []),
    ...(fewer ? ['its counters lag behind'] : []),
  ];
  return reasons.length === 0 ? [line] : [line, `    a difference may come from: ${reasons.join('; ')}`];
}
