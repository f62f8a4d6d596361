/* Dollars as people write and read them, the options that take them, and prices from each source. */
import { describe, expect, it } from 'vitest';
import { readMoney } from '../../src/cli/money.ts';
import { formatUsd, parseUsd } from '../../src/core/money.ts';
import { accountPrices, choosePrice } from '../../src/run/price.ts';

describe('parseUsd', () => {
  it.each([['5', 5], ['0', 0], ['0.05', 0.05], ['.5', 0.5], ['5.', 5], ['$12.50', 12.5], [' 3 ', 3]])('reads %j', (text, usd) => {
    expect(parseUsd(text)).toBe(usd);
  });

  it.each(['', '-1', '1,000', '1e3', 'NaN', 'Infinity', '5 USD', '0x10', '1.2.3', '9'.repeat(400)])('takes %j for no amount', (text) => {
    expect(parseUsd(text)).toBeUndefined();
  });
});

describe('formatUsd', () => {
  it.each([[0, '$0.00'], [4.1, '$4.10'], [0.1 + 0.2, '$0.30'], [0.0125, '$0.0125'], [5.949999999, '$5.95'], [1_000_000, '$1000000.00'], [1.23456, '$1.23'], [-3, '-$3.00'], [-1e-12, '$0.00']])('writes %d as %s', (usd, text) => {
    expect(formatUsd(usd)).toBe(text);
  });
});

describe('the options of money', () => {
  it('are read together, and every wrong one is named with its fix', () => {
    expect(() => readMoney({ maxCost: '-5', price: 'cheap', confirmAbove: '1,000' })).toThrow(
      expect.objectContaining({
        problems: [
          { what: '--max-cost "-5" is not an amount in US dollars', fix: 'write for instance --max-cost 25' },
          { what: '--price "cheap" is not an amount in US dollars', fix: 'write for instance --price 0.05' },
          { what: '--confirm-above "1,000" is not an amount in US dollars', fix: 'write for instance --confirm-above 10' },
        ],
      }),
    );
  });

  it('allow a cap of 0, and no price of 0', () => {
    expect(readMoney({ maxCost: '0' })).toMatchObject({ capUsd: 0, priceUsd: undefined, yes: false });
    expect(() => readMoney({ price: '0' })).toThrow('--price "0" is not an amount');
  });
});

describe('choosePrice', () => {
  const bills = { person_usd: 0.04, phone_usd: null };
  const account = { person_usd: 0.05, phone_usd: 0.25 };

  it.each([
    ['what the user says', { given: 0.1, bills, account, includePhones: true }, { person_usd: 0.1, phone_usd: 0, source: 'given' }],
    ['then earlier bills', { given: undefined, bills, account, includePhones: false }, { person_usd: 0.04, phone_usd: 0, source: 'bills' }],
    ['then the account', { given: undefined, bills: undefined, account, includePhones: false }, { person_usd: 0.05, phone_usd: 0, source: 'account' }],
    ['no bills without phones where phones are asked for', { given: undefined, bills, account, includePhones: true }, { ...account, source: 'account' }],
    ['nothing where nobody knows', { given: undefined, bills, account: undefined, includePhones: true }, undefined],
  ])('takes %s', (_what, known, price) => {
    expect(choosePrice(known)).toEqual(price);
  });
});

describe('accountPrices', () => {
  it.each([
    ['a master key', { price: { persons_safe_usd: 0.05, mobile_phones_usd: 0.25 } }, { person_usd: 0.05, phone_usd: 0.25 }],
    ['another key', {}, { person_usd: null, phone_usd: null }],
    ['odd values', { price: { persons_safe_usd: '0.05', mobile_phones_usd: -1 } }, { person_usd: null, phone_usd: null }],
  ])('of %s', (_what, account, prices) => {
    expect(accountPrices(account)).toEqual(prices);
  });
});
