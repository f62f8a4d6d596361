/* The vendor's count beside ours: two readings of the account in, words out. */
import { describe, expect, it } from 'vitest';
import type { Spending } from '../../src/engine/budget.ts';
import { readingOf, reconcile, reconciliationLines } from '../../src/service/reconcile.ts';
import type { Reading } from '../../src/service/reconcile.ts';

const ours: Spending = { launched: 20, doubted: 0, spent_usd: 4.1, collected_usd: 0, unpriced: 0, unresolved: 0, run_spent_usd: 0, committed_usd: 4.1, worst_usd: 0.5, cap_usd: undefined };
const before: Reading = { requests: 100, balance_usd: 50, period: '2026-03-01' };
const after: Reading = { requests: 120, balance_usd: 45.9, period: '2026-03-01' };

const lines = (more: { before?: Partial<Reading>; after?: Partial<Reading>; ours?: Partial<Spending> }) => {
  const own = { ...ours, ...more.ours };
  const compared = reconcile({ ...before, ...more.before }, { ...after, ...more.after }, own);
  return compared === undefined ? [] : reconciliationLines(compared, own);
};
const line = (text: string) => `  account: counts ${text}`;
const difference = (text: string) => `    a difference may come from: ${text}`;

describe('the account and we', () => {
  it.each([
    ['agree', {}, [line('20 requests and $4.10 since the start; we count 20 and $4.10')]],
    ['differ by others who use the key', { after: { requests: 125, balance_usd: 45 } },
      [line('25 requests and $5.00 since the start; we count 20 and $4.10'), difference('others who use the key or the account')]],
    ['differ by launches in doubt', { after: { requests: 122 }, ours: { doubted: 2 } },
      [line('22 requests and $4.10 since the start; we count 20 and $4.10'), difference('2 launches in doubt; others who use the key or the account')]],
    ['differ by jobs of which nobody saw the bill', { after: { balance_usd: 45 }, ours: { unresolved: 2 } },
      [line('20 requests and $5.00 since the start; we count 20 and $4.10'), difference('2 jobs lost or given up; others who use the key or the account')]],
    ['differ by jobs of an earlier invocation', { after: { balance_usd: 45 }, ours: { collected_usd: 0.9 } },
      [line('20 requests and $5.00 since the start; we count 20 and $4.10'), difference('jobs launched earlier; others who use the key or the account')]],
    ['differ by what the API did not say', { ours: { unpriced: 3, spent_usd: 3 } },
      [line('20 requests and $4.10 since the start; we count 20 and at least $3.00'), difference('answers whose cost it did not say; others who use the key or the account')]],
    ['count one of each', { after: { requests: 101 }, ours: { launched: 0, doubted: 1 } },
      [line('1 request and $4.10 since the start; we count 0 and $4.10'), difference('1 launch in doubt; others who use the key or the account')]],
    ['differ because its counters lag', { after: { requests: 118, balance_usd: 46 } },
      [line('18 requests and $4.00 since the start; we count 20 and $4.10'), difference('its counters lag behind')]],
    ['count an amount owed, which rises', { before: { balance_usd: 5.9 }, after: { balance_usd: 10 } }, [line('20 requests and $4.10 since the start; we count 20 and $4.10')]],
    ['compare no balance that rose by something else', { after: { balance_usd: 150 } }, [line('20 requests since the start; we count 20')]],
    ['compare no requests over the end of a month', { after: { requests: 3, period: '2026-04-01' } }, [line('$4.10 since the start; we count $4.10')]],
    ['compare no balance where there is none', { before: { balance_usd: null } }, [line('20 requests since the start; we count 20')]],
    ['compare nothing where nothing is said', { before: { balance_usd: null, requests: null } }, []],
  ])('%s', (_what, more, expected) => {
    expect(lines(more)).toEqual(expected);
  });
});

describe('a reading', () => {
  it('takes the requests of our key, and the balance of the account', () => {
    const account = { key_usage: { start_date: '2026-03-01', prospector_requests: 5 }, account_usage: { prospector_requests: 9 }, balance_remaining_usd: 12.5 };
    expect(readingOf(account)).toEqual({ requests: 5, balance_usd: 12.5, period: '2026-03-01' });
  });

  it('of an account that says nothing is empty', () => {
    expect(readingOf({})).toEqual({ requests: null, balance_usd: null, period: null });
  });
});
