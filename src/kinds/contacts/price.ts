/*
 * What a contact costs, from the best source there is: what the user says, else earlier bills, else the account.
 * Unknown is undefined, never 0. What the user says is believed upwards only: many jobs are on their way before the
 * first bill could tell that the price is too low, and a cost cap would be passed by all of them.
 */
import type { Account } from '../../core/model.ts';
import { formatUsd } from '../../core/money.ts';

/** US dollars for one person and for one phone number; null where unknown. */
export type UnitPrices = { person_usd: number | null; phone_usd: number | null };

/**
 * What one contact of a run costs at most. `phone_usd` is 0 where no phones are asked for, and where the user said
 * what a contact costs: that includes its phone number.
 */
export type Price = { person_usd: number; phone_usd: number; source: 'given' | 'bills' | 'account' };

const SOURCES: Record<Price['source'], string> = {
  given: 'as --price says',
  bills: 'the dearest of earlier bills',
  account: "the account's price",
};

/** The price from the first source that knows all of it, the dearer one when the user says less; undefined when none does. */
export function choosePrice(known: {
  given: number | undefined;
  bills: UnitPrices | undefined;
  account: UnitPrices | undefined;
  includePhones: boolean;
}): Price | undefined {
  const seen = seenPrice(known);
  const { given } = known;
  if (given === undefined || (seen !== undefined && seen.person_usd + seen.phone_usd > given)) return seen;
  return { person_usd: given, phone_usd: 0, source: 'given' };
}

function seenPrice(known: Omit<Parameters<typeof choosePrice>[0], 'given'>): Price | undefined {
  for (const source of ['bills', 'account'] as const) {
    const person_usd = known[source]?.person_usd ?? null;
    const phone_usd = known.includePhones ? (known[source]?.phone_usd ?? null) : 0;
    if (person_usd !== null && phone_usd !== null) return { person_usd, phone_usd, source };
  }
  return undefined;
}

/** Prices in the reply of `GET /v2/account`, which only a master key is told. */
export function accountPrices(account: Account): UnitPrices {
  const read = (name: string) => {
    const value = account.price?.[name];
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
  };
  return { person_usd: read('persons_safe_usd'), phone_usd: read('mobile_phones_usd') };
}

/** What so many contacts cost at worst. */
export function worstCaseUsd(contacts: number, price: Price): number {
  return contacts * (price.person_usd + price.phone_usd);
}

/** The price in words, with where it comes from. */
export function priceText({ person_usd, phone_usd, source }: Price): string {
  const each = `${formatUsd(person_usd + phone_usd)} each`;
  return `${each}${phone_usd > 0 ? ' with a phone number' : ''}, ${SOURCES[source]}`;
}
