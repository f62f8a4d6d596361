/* What a run may cost, by its kind: prices from the best source there is, before anything is sent. */
import type { Account } from '../core/model.ts';
import { formatUsd } from '../core/money.ts';
import { accountPrices, choosePrice, priceText } from '../kinds/contacts/price.ts';
import { createContactRates } from '../kinds/contacts/rates.ts';
import { createEmailRates } from '../kinds/emails/rates.ts';
import type { Rates } from '../kinds/kind.ts';
import { dearestBills, dearestChecks } from '../store/bills.ts';
import type { Queryable } from '../store/database.ts';
import { mostOf, providersOf } from './options.ts';
import type { RunOptions } from './options.ts';

/** What the user says that things cost, in US dollars: anything, or what a provider gives. */
export type GivenPrices = { all: number | undefined; of: Readonly<Record<string, number>> };

/** The prices of a run. */
export type Pricing = {
  rates: Rates;
  /** At most for one question; undefined: unknown. */
  worst_usd: number | undefined;
  /** For one contact, or verification by the first provider, and where that comes from; null: unknown. */
  price_usd: number | null;
  source: string | null;
  /** In words: what one costs, and who says so; undefined: unknown. */
  words: string | undefined;
  /** What an answer of each provider costs where its API does not say. */
  prices: readonly (number | undefined)[];
};

/** The prices of a run; `database` for earlier bills, `account` for what the API tells. */
export async function priceRun(options: RunOptions, known: { given: GivenPrices; database: Queryable | undefined; account: Account | undefined }): Promise<Pricing> {
  const { given, database, account } = known;
  if (options.kind === undefined) {
    const { question } = options;
    const price = choosePrice({
      given: given.of.waterfall ?? given.all,
      bills: database === undefined ? undefined : await dearestBills(database, question.api_host),
      account: account === undefined ? undefined : accountPrices(account),
      includePhones: question.include_phones,
    });
    const each = price === undefined ? undefined : price.person_usd + price.phone_usd;
    return {
      rates: createContactRates(price, { limit: question.limit, includePhones: question.include_phones }),
      worst_usd: each === undefined ? undefined : each * mostOf(options),
      price_usd: each ?? null,
      source: price?.source ?? null,
      words: price === undefined ? undefined : priceText(price),
      prices: [undefined],
    };
  }
  const found = await Promise.all(
    providersOf(options).map(async ({ name, api_host }) => {
      const billed = database === undefined ? undefined : await dearestChecks(database, { provider: name, api_host });
      const said = given.of[name] ?? given.all;
      // What the user says is believed upwards only: the first bill that tells better comes too late for many calls.
      const usd = said === undefined ? billed : Math.max(said, billed ?? 0);
      return { name, usd, source: said === undefined ? 'the dearest of earlier bills' : 'as --price says' };
    }),
  );
  const prices = found.map(({ usd }) => usd);
  const isKnown = prices.every((usd) => usd !== undefined);
  return {
    rates: createEmailRates(prices),
    worst_usd: isKnown ? prices.reduce<number>((sum, usd) => sum + (usd ?? 0), 0) : undefined,
    price_usd: prices[0] ?? null,
    source: found[0]?.usd === undefined ? null : found[0].source,
    words: isKnown ? found.map(({ name, usd, source }) => `${formatUsd(usd ?? 0)} each by ${name}, ${source}`).join('; ') : undefined,
    prices,
  };
}
