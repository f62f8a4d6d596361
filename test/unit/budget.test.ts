/* The cost cap: who may launch, what is learnt of prices, and that no order of events passes the cap. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBudget } from '../../src/engine/budget.ts';
import type { Budget } from '../../src/engine/budget.ts';
import { createContactRates } from '../../src/kinds/contacts/rates.ts';
import type { Billed } from '../../src/kinds/kind.ts';
import type { Price } from '../../src/kinds/contacts/price.ts';
import type { SpentSoFar } from '../../src/store/bills.ts';

const LIMIT = 10;
const price = (person_usd: number, phone_usd = 0, source: Price['source'] = 'account'): Price => ({ person_usd, phone_usd, source });

const make = (options: { capUsd?: number | undefined; price?: Price | undefined; includePhones?: boolean }): Budget =>
  createBudget({ capUsd: options.capUsd, rates: createContactRates(options.price, { limit: LIMIT, includePhones: options.includePhones ?? false }) });

const bill = (persons: number, usd: number, phones = 0, phonesUsd = 0): Billed => ({
  contacts: persons,
  cost_usd: usd + phonesUsd,
  usage: { total_usd: usd + phonesUsd, persons_usd: usd, persons_count: persons, phones_usd: phonesUsd, phones_count: phones },
});

/** Asks for targets in turn, and launches them, until one may not. Returns how many may, and the word to the next. */
function launchAll(budget: Budget, first = 1): { launched: number; next: string } {
  for (let target = first; ; target += 1) {
    const word = budget.ask(target);
    if (word !== 'yes' || target > 1_000) return { launched: target - first, next: word };
    budget.launched(target);
  }
}

describe('a cap', () => {
  it('lets launch as many as could cost no more than it, at their worst', () => {
    expect(launchAll(make({ capUsd: 2, price: price(0.05) }))).toEqual({ launched: 4, next: 'later' });
  });

  it('is met exactly by sums that floating point gets wrong', () => {
    expect(launchAll(make({ capUsd: 0.3, price: price(0.01) })).launched).toBe(3);
  });

  it('counts the phone number of every contact', () => {
    expect(launchAll(make({ capUsd: 6, price: price(0.05, 0.25), includePhones: true })).launched).toBe(2);
  });

  it('that is missing lets launch everything', () => {
    const budget = make({ price: price(99) });
    expect(Array.from({ length: 500 }, (_, target) => budget.ask(target))).toEqual(Array(500).fill('yes'));
  });

  it('of 0 lets launch nothing, with a price or without', () => {
    expect(make({ capUsd: 0, price: price(0.05) }).ask(1)).toBe('no');
    expect(make({ capUsd: 0 }).ask(1)).toBe('no');
  });

  it('has room again for what was cheaper than feared', () => {
    const budget = make({ capUsd: 1, price: price(0.05) });
    launchAll(budget);
    budget.answered(1, bill(2, 0.1));
    expect(budget.ask(3)).toBe('later');
    budget.answered(2, bill(4, 0.2));
    expect(budget.ask(3)).toBe('yes');
  });

  it('says no when nothing is on its way that could make room', () => {
    const budget = make({ capUsd: 1, price: price(0.05) });
    launchAll(budget);
    budget.answered(1, bill(10, 0.5));
    budget.answered(2, bill(6, 0.3));
    expect(budget.ask(3)).toBe('no');
  });

  it.each([
    ['was not launched after all', (budget: Budget) => budget.notLaunched(1), 'yes'],
    ['ended FAILED', (budget: Budget) => budget.ended(1, 'job_failed'), 'yes'],
    ['was rejected', (budget: Budget) => budget.ended(1, 'rejected'), 'yes'],
    ['is in doubt', (budget: Budget) => budget.doubted(1), 'no'],
    ['is lost', (budget: Budget) => budget.ended(1, 'job_lost'), 'no'],
    ['was given up', (budget: Budget) => budget.ended(1, 'timed_out'), 'no'],
  ])('whose only launch %s', (_what, happen, word) => {
    const budget = make({ capUsd: 0.5, price: price(0.05) });
    expect(budget.ask(1)).toBe('yes');
    happen(budget);
    expect(budget.ask(2)).toBe(word);
  });

  it('counts the repeat of a launch in doubt once more', () => {
    const budget = make({ capUsd: 1, price: price(0.05) });
    expect(budget.ask(1)).toBe('yes');
    budget.doubted(1);
    expect(budget.ask(1)).toBe('yes');
    expect(budget.ask(2)).toBe('later');
  });

  it('counts an answer without a bill at the known price', () => {
    const budget = make({ capUsd: 1, price: price(0.05) });
    budget.ask(1);
    budget.answered(1, { contacts: 8, cost_usd: null, usage: null });
    expect(budget.spending()).toMatchObject({ spent_usd: 0, unpriced: 1, committed_usd: 0.4 });
  });

  it('does not count what others launched, but learns its price', () => {
    const budget = make({ capUsd: 1, price: price(0.05) });
    budget.answered(7, bill(10, 1));
    expect(budget.spending()).toMatchObject({ spent_usd: 0, collected_usd: 1, committed_usd: 0, worst_usd: 1 });
  });
});

describe('a cap and what earlier commands of the run launched', () => {
  const before: SpentSoFar = { spent_usd: 0, doubted: 0, unresolved: 0, unpriced: 0, unpriced_contacts: 0, open: [] };
  const goingOn = (earlier: Partial<SpentSoFar>, capUsd = 2, known: Price | null = price(0.05)) =>
    createBudget({ capUsd, rates: createContactRates(known ?? undefined, { limit: LIMIT, includePhones: false }), earlier: { ...before, ...earlier } });

  it.each<[string, Partial<SpentSoFar>, number]>([
    ['what was spent', { spent_usd: 1.2 }, 1],
    ['launches in doubt', { doubted: 2 }, 2],
    ['jobs that were lost or given up', { unresolved: 3 }, 1],
    ['answers without a bill, at the price', { unpriced: 2, unpriced_contacts: 20 }, 2],
    ['jobs on their way', { open: [8, 9] }, 2],
    ['everything, so that nothing may be launched', { spent_usd: 2 }, 0],
  ])('counts %s', (_what, earlier, launches) => {
    expect(launchAll(goingOn(earlier), 101).launched).toBe(launches);
  });

  it.each<[string, (budget: Budget) => void, number]>([
    ['answered', (budget) => budget.answered(8, bill(4, 0.2)), 0.7],
    ['answered without a bill', (budget) => budget.answered(8, { contacts: 4, cost_usd: null, usage: null }), 0.7],
    ['lost', (budget) => budget.ended(8, 'job_lost'), 1],
    ['failed', (budget) => budget.ended(8, 'job_failed'), 0.5],
  ])('counts a job on its way that is now %s as it ended', (_what, happen, committed) => {
    const budget = goingOn({ open: [8, 9] });
    happen(budget);
    expect(budget.spending().committed_usd).toBeCloseTo(committed);
    expect(budget.spending()).toMatchObject({ launched: 0, spent_usd: 0, unpriced: 0, unresolved: 0 });
  });

  it('waits for a job on its way while the price is unknown, and never launches more than ten without a bill', () => {
    expect(goingOn({ open: [8] }, 100, null).ask(1)).toBe('later');
    expect(goingOn({ unpriced: 10, unpriced_contacts: 30 }, 100, null).ask(1)).toBe('no');
  });
});

describe('a price', () => {
  it.each([
    ['of a person', bill(2, 0.2), 1],
    ['that is lower is not learnt', bill(2, 0.02), 0.5],
    ['of a person, from a total alone', { contacts: 2, cost_usd: 0.2, usage: { total_usd: 0.2 } }, 1],
    ['of a job besides its persons', { contacts: 1, cost_usd: 0.35, usage: { total_usd: 0.35, persons_usd: 0.05, persons_count: 1 } }, 0.8],
    ['of a job that found nobody', { contacts: 0, cost_usd: 0.3, usage: { total_usd: 0.3, persons_usd: 0 } }, 0.8],
    ['of an empty answer is none', { contacts: 0, cost_usd: 0, usage: { total_usd: 0, persons_usd: 0, persons_count: 0 } }, 0.5],
    ['of an answer that says nothing is none', { contacts: 9, cost_usd: null, usage: {} }, 0.5],
  ])('%s', (_what, answer, worst) => {
    const budget = make({ capUsd: 100, price: price(0.05) });
    budget.ask(1);
    budget.answered(1, answer);
    expect(budget.spending().worst_usd).toBeCloseTo(worst);
  });

  it('that the user gave includes the phone number: an answer raises it only when its contacts were dearer', () => {
    const budget = make({ capUsd: 100, price: price(0.3, 0, 'given'), includePhones: true });
    budget.answered(1, bill(4, 0.2, 2, 0.5));
    expect(budget.spending().worst_usd).toBeCloseTo(3);
    budget.answered(2, bill(2, 0.1, 2, 0.9));
    expect(budget.spending().worst_usd).toBeCloseTo(5);
  });
});

describe('while the price is unknown', () => {
  it('one job is on its way at a time, until a bill tells it', () => {
    const budget = make({ capUsd: 10 });
    expect(launchAll(budget)).toEqual({ launched: 1, next: 'later' });
    budget.answered(1, { contacts: 0, cost_usd: 0, usage: { total_usd: 0, persons_usd: 0, persons_count: 0 } });
    expect(launchAll(budget, 2)).toEqual({ launched: 1, next: 'later' });
    budget.answered(2, bill(10, 1));
    expect(launchAll(budget, 3)).toEqual({ launched: 9, next: 'later' });
  });

  it('of a phone number, too', () => {
    const budget = make({ capUsd: 100, includePhones: true });
    budget.ask(1);
    budget.answered(1, bill(5, 0.25));
    expect(launchAll(budget, 2)).toEqual({ launched: 1, next: 'later' });
    budget.answered(2, bill(5, 0.25, 1, 0.25));
    expect(launchAll(budget, 3).launched).toBeGreaterThan(1);
  });

  it('ten answers without a bill are enough', () => {
    const budget = make({ capUsd: 10 });
    for (let target = 1; target <= 10; target += 1) {
      expect(budget.ask(target)).toBe('yes');
      budget.answered(target, { contacts: 3, cost_usd: null, usage: undefined });
    }
    expect(budget.ask(11)).toBe('no');
  });

  it('an answer without a bill is counted as soon as the price is known', () => {
    const budget = make({ capUsd: 10 });
    budget.ask(1);
    budget.answered(1, { contacts: 10, cost_usd: null, usage: undefined });
    budget.ask(2);
    budget.answered(2, bill(1, 0.5));
    expect(budget.spending().committed_usd).toBeCloseTo(5.5);
  });
});

describe('in any order of launches, answers and doubts', () => {
  const CENT = 0.01;
  /** How a job ends, what it really costs a contact and besides, and whether the API says so. */
  const ending = fc.record({
    how: fc.constantFrom('answered', 'answered', 'answered', 'unbilled', 'doubted', 'job_lost', 'timed_out', 'job_failed', 'notLaunched'),
    contacts: fc.integer({ min: 0, max: LIMIT }),
    cents: fc.integer({ min: 1, max: 40 }),
    besides: fc.constantFrom(0, 0, 0, 5),
  });
  const events = fc.array(fc.record({ end: fc.boolean(), which: fc.nat(), ending }), { maxLength: 150 });
  const start = fc.option(fc.record({ cents: fc.integer({ min: 1, max: 30 }), source: fc.constantFrom<Price['source']>('given', 'bills') }), { nil: undefined });

  it('the cap is passed by no more than what prices rose after a launch, and nobody waits for nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), start, events, (capCents, known, steps) => {
        const capUsd = capCents * CENT;
        const budget = make({ capUsd, price: known && price(known.cents * CENT, 0, known.source) });
        /** Jobs on their way, with what one could cost at most as far as was known at the launch. */
        const open: { target: number; rate: number; besides: number }[] = [];
        let [cost, rises, target, seen] = [0, 0, 0, (known?.cents ?? 0) * CENT];
        let seenBesides = 0;
        for (const { end, which, ending: { how, contacts, cents, besides } } of steps) {
          if (!end) {
            target += 1;
            const unpriced = budget.spending().worst_usd === undefined;
            const word = budget.ask(target);
            if (word === 'yes') {
              if (unpriced) expect(open).toEqual([]);
              open.push({ target, rate: seen, besides: seenBesides });
              if (how !== 'notLaunched') budget.launched(target);
            } else expect(word === 'later').toBe(open.length > 0);
            continue;
          }
          const [job] = open.splice(which % Math.max(open.length, 1), 1);
          if (job === undefined) continue;
          const isBilled = !['job_failed', 'notLaunched'].includes(how);
          const real = isBilled ? (contacts * cents + besides) * CENT : 0;
          cost += real;
          rises += isBilled ? contacts * Math.max(cents * CENT - job.rate, 0) + Math.max(besides * CENT - job.besides, 0) : 0;
          if (how === 'answered') {
            budget.answered(job.target, { contacts, cost_usd: real, usage: { total_usd: real, persons_usd: contacts * cents * CENT, persons_count: contacts } });
            if (contacts > 0) seen = Math.max(seen, known?.source === 'given' ? real / contacts : cents * CENT);
            if (known?.source !== 'given' || contacts === 0) seenBesides = Math.max(seenBesides, besides * CENT);
          } else if (how === 'unbilled') budget.answered(job.target, { contacts, cost_usd: null, usage: null });
          else if (how === 'doubted') budget.doubted(job.target);
          else if (how === 'notLaunched') budget.notLaunched(job.target);
          else budget.ended(job.target, how);
        }
        // What is still on its way may cost as much as was known at its launch.
        for (const { rate, besides } of open) cost += LIMIT * rate + besides;
        expect(cost).toBeLessThanOrEqual(capUsd + rises + 1e-4);
      }),
      { numRuns: 1_000 },
    );
  });
});
