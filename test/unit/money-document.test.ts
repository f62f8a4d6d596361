/* docs/money.md: its numbers and what it says of the cap are those of the code. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { createBreaker } from '../../src/engine/breaker.ts';
import { createContactRates } from '../../src/kinds/contacts/rates.ts';
import { createBudget, type Budget } from '../../src/engine/budget.ts';
import { choosePrice } from '../../src/kinds/contacts/price.ts';
import { createStop } from '../../src/engine/stop.ts';
import { pageText, tableIn } from '../support/document-tables.ts';

const page = pageText('money');
const guards = tableIn(page, 'Guard', 'At most');

/** The number of the guard that begins so. */
const most = (beginning: string) => Number(guards.find(([guard = '']) => guard.startsWith(beginning))?.[1]);

const breaker = (targets: number) => {
  const stop = createStop();
  return { stop, ...createBreaker({ policy: 'relaunch', targets, stop }) };
};

/** How often something may be done until `over`. */
function times(act: () => void, over: () => boolean): number {
  let count = 0;
  while (!over() && count < 10_000) {
    act();
    count += 1;
  }
  return count;
}

function repeatsAllowed(targets: number): number {
  const one = breaker(targets);
  return times(() => undefined, () => one.refuseRepeat(1) !== undefined);
}

describe('docs/money.md', () => {
  it('has as many guards as are tested here', () => {
    expect(guards).toHaveLength(6);
  });

  it('says how many launches may be unanswered', () => {
    const source = readFileSync(resolve(import.meta.dirname, '../../src/engine/work.ts'), 'utf8');
    expect(source).toContain(`UNANSWERED_LAUNCHES = ${most('launches unanswered')};`);
  });

  it('says how often a question is repeated', () => {
    const doubts = most('repeats of one question');
    expect([breaker(20).refuseRepeat(doubts), breaker(20).refuseRepeat(doubts + 1)]).toEqual([undefined, expect.any(String)]);
  });

  it('says how many repeats an invocation may make, of a short list and of a long one', () => {
    expect(repeatsAllowed(20)).toBe(most('repeats by one invocation'));
    expect(repeatsAllowed(5_000)).toBe((5_000 * most('the same, of a longer list')) / 100);
  });

  it('says after how many launches in doubt a run stops', () => {
    const one = breaker(20);
    expect(times(() => one.doubted(), () => one.stop.signal.aborted)).toBe(most('launches in doubt'));
  });

  it('says after how many refusals a run stops', () => {
    const one = breaker(20);
    const refusal = new ApiError({ status: 400, category: 'VALIDATION', code: 'VALIDATION_BAD_REQUEST', message: 'no', enveloped: true });
    expect(times(() => void one.rejected(1, refusal), () => one.stop.signal.aborted)).toBe(most('rows refused'));
  });

  // $0.05 a contact, 10 of them: the worst case is $0.50. The answers bring 3 contacts.
  const usage = { total_usd: 0.15, persons_usd: 0.15, persons_count: 3 };
  const launched = (budget: Budget) => budget.launched(1);
  const CASES: Record<string, { act: ((budget: Budget) => void)[]; usd: number }> = {
    'a job on its way that a command of the run launched': { act: [launched], usd: 0.5 },
    'its answer': { act: [launched, (budget) => budget.answered(1, { contacts: 3, cost_usd: usage.total_usd, usage })], usd: 0.15 },
    'an answer whose cost the API does not say': { act: [launched, (budget) => budget.answered(1, { contacts: 3, cost_usd: null })], usd: 0.15 },
    'a launch in doubt': { act: [(budget) => budget.doubted(1), launched], usd: 1 },
    'a job that was lost or given up': {
      act: [launched, (budget) => budget.ended(1, 'job_lost'), (budget) => budget.launched(2), (budget) => budget.ended(2, 'timed_out')],
      usd: 1,
    },
    'a job that failed, a launch that was refused': {
      act: [launched, (budget) => budget.ended(1, 'job_failed'), (budget) => void budget.ask(2), (budget) => budget.notLaunched(2)],
      usd: 0,
    },
    'the answer of a job that another run launched': { act: [(budget) => budget.answered(1, { contacts: 3, cost_usd: usage.total_usd, usage })], usd: 0 },
  };

  it('says of each thing that counts against the cap what it counts as', () => {
    const counted = tableIn(page, 'What', 'Counts as').map(([what = '']) => {
      const budget = createBudget({ capUsd: 100, rates: createContactRates({ person_usd: 0.05, phone_usd: 0, source: 'account' }, { limit: 10, includePhones: false }) });
      for (const act of CASES[what]?.act ?? []) act(budget);
      return { what, usd: Number(budget.spending().committed_usd?.toFixed(6)) };
    });
    expect(counted).toEqual(Object.entries(CASES).map(([what, { usd }]) => ({ what, usd })));
  });

  it('has the sources of a price in their order', () => {
    const prices = { given: 4, bills: { person_usd: 2, phone_usd: null }, account: { person_usd: 3, phone_usd: null }, includePhones: false };
    const order = [prices, { ...prices, given: undefined }, { ...prices, given: undefined, bills: undefined }].map((known) => choosePrice(known)?.source);
    expect(tableIn(page, 'Source', 'What it says').map(([source]) => source)).toEqual(order);
  });
});
