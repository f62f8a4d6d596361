/* Dollars as people write and read them, the options that take them, and prices from each source. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askAccount, balanceOf, confirmCost, readMoney } from '../../src/cli/money.ts';
import type { MoneySettings, Screen } from '../../src/cli/money.ts';
import { ApiError } from '../../src/core/errors.ts';
import { formatUsd, parseUsd } from '../../src/core/money.ts';
import { accountPrices, choosePrice } from '../../src/kinds/contacts/price.ts';
import type { Client } from '../../src/providers/waterfall/client.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

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
    expect(readMoney({ maxCost: '0' })).toMatchObject({ capUsd: 0, prices: { all: undefined, of: {} }, yes: false });
    expect(() => readMoney({ price: '0' })).toThrow('--price "0" is not an amount');
  });
});

describe('choosePrice', () => {
  const bills = { person_usd: 0.04, phone_usd: null };
  const account = { person_usd: 0.05, phone_usd: 0.25 };

  it.each([
    ['what the user says', { given: 0.4, bills, account, includePhones: true }, { person_usd: 0.4, phone_usd: 0, source: 'given' }],
    ['a dearer price that is known, whatever the user says', { given: 0.001, bills, account, includePhones: false }, { person_usd: 0.04, phone_usd: 0, source: 'bills' }],
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

describe('--confirm-above', () => {
  const settings: MoneySettings = { capUsd: undefined, prices: { all: undefined, of: {} }, confirmAboveUsd: 5, yes: false };
  const never = new AbortController().signal;

  /** Asks on a terminal whose user types this; resolves with what was asked. */
  async function ask(typed: string, more: { money?: Partial<MoneySettings>; worst?: number | null; committed?: number; isTTY?: boolean; signal?: AbortSignal } = {}) {
    const { isTTY = true, worst = 6, committed = 0, signal = never } = more;
    const [stdin, stderr] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY, columns: 200 })];
    stdin.write(typed);
    await confirmCost({ ...settings, ...more.money }, { worst_case_usd: worst, committed_usd: committed }, signal, { stdin, stderr } as unknown as Screen);
    return String(stderr.read() ?? '').replace(/\x1b\[\d*\w/g, '');
  }

  it.each([
    ['is within it', { worst: 5 }],
    ['is nothing', { worst: 0 }],
    ['is bounded by --max-cost', { money: { capUsd: 5 } }],
    ['is accepted with --yes', { money: { yes: true } }],
    ['is not above $100, where no bound is given', { money: { confirmAboveUsd: undefined }, worst: 100 }],
    ['is above it, and nobody is there to be asked', { money: { confirmAboveUsd: undefined }, worst: null, isTTY: false }],
    ['is bounded by what is left of --max-cost', { money: { capUsd: 9 }, committed: 4 }],
  ])('asks nothing when the worst case %s', async (_what, more) => {
    expect(await ask('', more)).toBe('');
  });

  it.each(['y\n', 'Yes\n', ' y \r'])('goes on after %j', async (typed) => {
    expect(await ask(typed)).toContain('the worst case is $6.00, and --confirm-above is $5.00. Go on? [y/N] ');
  });

  it.each([
    ['Enter', '\n'],
    ['n', 'n\n'],
    ['anything else', 'yesterday\n'],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('takes %s for a no', async (_what, typed) => {
    await expect(ask(typed)).rejects.toMatchObject({ problems: [{ what: 'nothing was sent, as you wish' }] });
  });

  it('asks on a terminal above $100, where no bound is given', async () => {
    expect(await ask('y\n', { money: { confirmAboveUsd: undefined }, worst: 100.5 })).toContain('the worst case is $100.50, and --confirm-above is $100.00. Go on? [y/N] ');
  });

  it('takes an unknown worst case for higher, with a cap too', async () => {
    await expect(ask('\n', { worst: null, money: { capUsd: 1 } })).rejects.toThrow('as you wish');
  });

  it('refuses where nobody can be asked', async () => {
    await expect(ask('y\n', { isTTY: false, worst: null })).rejects.toMatchObject({
      problems: [{ what: 'the worst case is not known, and --confirm-above is $5.00: nothing was sent', fix: 'add --yes to go on without being asked, or bound it with --max-cost' }],
    });
  });

  it('ends with the stop of the run', async () => {
    const stop = new AbortController();
    const asked = ask('', { signal: stop.signal });
    stop.abort(new Error('SIGTERM'));
    await expect(asked).rejects.toThrow('SIGTERM');
  });
});

describe('the account', () => {
  const never = new AbortController().signal;
  const clientOf = (account: Client['account']) => ({ account }) as Client;

  it('is waited for 5 seconds, no longer', async () => {
    const clock = createVirtualClock();
    const silent = clientOf(({ signal } = {}) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))));
    const asked = askAccount(silent, clock, never);
    await clock.advance(5_000);
    expect(balanceOf(await asked)).toEqual({ unknown: 'unknown, the account could not be read (TIMEOUT)' });
    expect(clock.sleepers()).toBe(0);
  });

  it.each([
    ['its balance', () => Promise.resolve({ balance_remaining_usd: 12.5 }), { usd: 12.5 }],
    ['that it has none', () => Promise.resolve({}), { unknown: 'unknown, the account does not say' }],
    ['why it could not be asked', () => Promise.reject(new ApiError({ status: 503, category: 'HTTP', code: 'HTTP_503', message: 'answered with HTTP 503', enveloped: false })),
      { unknown: 'unknown, the account could not be read (HTTP_503)' }],
  ])('tells %s', async (_what, account, balance) => {
    const clock = createVirtualClock();
    expect(balanceOf(await askAccount(clientOf(account), clock, never))).toEqual(balance);
    expect(clock.sleepers()).toBe(0);
  });
});
