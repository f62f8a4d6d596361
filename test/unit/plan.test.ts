/* The opening lines of a run and of a dry run: counts and prices in, words out. */
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/core/model.ts';
import { openingLines, planOf } from '../../src/service/plan.ts';
import type { Balance } from '../../src/service/plan.ts';
import { priceText } from '../../src/kinds/contacts/price.ts';
import type { Price } from '../../src/kinds/contacts/price.ts';
import { NOTHING_BEFORE } from '../../src/store/answered-before.ts';
import type { AnsweredBefore } from '../../src/store/answered-before.ts';
import type { History } from '../../src/store/bills.ts';
import type { Elsewhere } from '../../src/store/known.ts';
import type { OutcomeCount } from '../../src/store/outcomes.ts';

const count = (outcome: Outcome, rows: number): OutcomeCount => ({ outcome, rows, contacts: 0, cost_usd: null, launches: 0 });
const perMinute = (limit: number) => ({ limit, windowMs: 60_000 });
const most = 10;
/** The price of a question, as a run knows it. */
const pricing = (known: Price | undefined) => (known === undefined ? { worst_usd: undefined, words: undefined } : { worst_usd: most * (known.person_usd + known.phone_usd), words: priceText(known) });
const price: Price = { person_usd: 0.05, phone_usd: 0, source: 'account' };

describe('planOf', () => {
  const plan = (counts: OutcomeCount[], limit = 50, { toRepeat = 0, price: known }: { toRepeat?: number; price?: Price } = {}) =>
    planOf({ most, counts, rateLimit: perMinute(limit), toRepeat, pricing: pricing(known) });

  it.each([
    ['nothing to ask', [count('found', 3)], 50, { to_launch: 0, requests: 0, least_ms: 0, worst_case_contacts: 0, worst_case_usd: 0 }],
    ['one window', [count('not_launched', 25)], 50, { to_launch: 25, requests: 50, least_ms: 0, worst_case_contacts: 250 }],
    ['a window and one request', [count('not_launched', 25), count('waiting', 1)], 50, { to_ask_again: 1, requests: 51, least_ms: 60_000 }],
    ['many windows', [count('not_launched', 1_000)], 50, { requests: 2_000, least_ms: 39 * 60_000 }],
    ['no limit', [count('not_launched', 1_000)], 0, { requests: 2_000, least_ms: 0 }],
  ])('of %s', (_what, counts, limit, expected) => {
    expect(plan(counts, limit)).toMatchObject(expected);
  });

  it('knows the worst case only with a price: unknown is null, never 0', () => {
    expect(plan([count('not_launched', 8)]).worst_case_usd).toBeNull();
    expect(plan([count('not_launched', 8)], 50, { price }).worst_case_usd).toBeCloseTo(4);
  });

  it('counts the phone numbers in the worst case where they are asked for', () => {
    expect(plan([count('not_launched', 8)], 50, { price: { ...price, phone_usd: 0.25 } }).worst_case_usd).toBeCloseTo(24);
  });

  it('counts repeats of launches in doubt as launches', () => {
    expect(plan([count('waiting', 5)], 50, { toRepeat: 2, price })).toMatchObject({ requests: 7, worst_case_contacts: 20, worst_case_usd: 1 });
  });

  it('puts every row in exactly one place', () => {
    const outcomes: Outcome[] = ['found', 'no_contacts', 'cached', 'duplicate', 'invalid', 'excluded', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt', 'waiting', 'not_launched'];
    const made = plan(outcomes.map((outcome, place) => count(outcome, 2 ** place)));
    expect(made).toMatchObject({ rows: 2 ** 13 - 1, answered: 1 + 2 + 4, duplicates: 8, invalid: 16, excluded: 32, ended: 64 + 128 + 256 + 512 + 1_024, to_ask_again: 2_048, to_launch: 4_096 });
    const { rows, duplicates, invalid, excluded, answered, ended, to_ask_again, to_launch } = made;
    expect(duplicates + invalid + excluded + answered + ended + to_ask_again + to_launch).toBe(rows);
  });
});

describe('openingLines', () => {
  type More = { limit?: number; toRepeat?: number; price?: Price; balance?: Balance; capUsd?: number; committedUsd?: number; history?: History; hasReport?: boolean; answeredBefore?: AnsweredBefore; elsewhere?: Elsewhere; fresh?: boolean; invalidRows?: { row: number; reason: string | null }[] };
  const open = (counts: OutcomeCount[], more: More = {}) => {
    const { toRepeat = 0, invalidRows = [], hasReport = true, balance = { usd: 100 }, capUsd, committedUsd = 0, history, answeredBefore, fresh = false } = more;
    const cap = capUsd === undefined ? undefined : { usd: capUsd, committed_usd: committedUsd };
    const shared = { rateLimit: perMinute(more.limit ?? 50), pricing: pricing(more.price) };
    return openingLines({ title: 'run r1 (companies.csv)', plan: planOf({ most, counts, toRepeat, ...shared, ...(answeredBefore && { answeredBefore }), ...(history && { history }) }), ...shared, limit: most, fresh, balance, cap, invalidRows, hasReport, elsewhere: more.elsewhere, database: 'kept in PostgreSQL at db.example/x' });
  };
  const toLaunch = [count('not_launched', 8)];

  it.each([
    ['only rows to launch', toLaunch, {}, '8 rows, 8 to launch'],
    ['one of each', [count('not_launched', 1), count('duplicate', 1), count('invalid', 1), count('cached', 1), count('timed_out', 1), count('waiting', 1)], {},
      '6 rows, 1 duplicate, 1 invalid, 1 already answered, 1 ended without an answer, 1 job still open, 1 to launch'],
    ['several of each', [count('not_launched', 2), count('duplicate', 3), count('waiting', 4)], {}, '9 rows, 3 duplicates, 4 jobs still open, 2 to launch'],
    ['launches in doubt', [count('not_launched', 2), count('waiting', 4)], { toRepeat: 3 }, '6 rows, 1 job still open, 3 in doubt, 2 to launch'],
  ])('count %s', (_what, counts, more, line) => {
    expect(open(counts, more)[0]).toBe(`run r1 (companies.csv): ${line}`);
  });

  it.each([
    [{ questions: 0, runs: [] }, []],
    [{ questions: 1, runs: ['r7'] }, ['  waits for the answers to 1 question that run r7 asks already']],
    [{ questions: 12, runs: ['r7', 'r8', 'r9'] }, ['  waits for the answers to 12 questions that run r7 and 2 others ask already']],
  ])('say at once what other runs are waited for: %j', (elsewhere, lines) => {
    expect(open([count('waiting', 12)], { elsewhere }).filter((line) => line.includes('waits'))).toEqual(lines);
  });

  it('say where everything is kept', () => {
    expect(open([count('found', 1)])).toEqual(['run r1 (companies.csv): 1 row, 1 already answered, 0 to launch', '  kept in PostgreSQL at db.example/x']);
  });

  it.each([
    ['within a window', 8, 50, '  at least 16 requests (limit 50 per 60 s)'],
    ['over several windows', 100, 50, '  at least 200 requests (limit 50 per 60 s), 3 min or more'],
    ['without a limit', 100, 0, '  at least 200 requests (no limit)'],
  ])('say what is asked %s', (_what, rows, limit, line) => {
    expect(open([count('not_launched', rows)], { limit })[1]).toBe(line);
  });

  it.each<[string, More, string[]]>([
    ['the worst case and where the price comes from', { price }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price', '  balance: $100.00']],
    ['a price of earlier bills', { price: { ...price, source: 'bills' } }, ['  at worst $4.00: 80 contacts at $0.05 each, the dearest of earlier bills', '  balance: $100.00']],
    ['a price that was given', { price: { ...price, source: 'given' } }, ['  at worst $4.00: 80 contacts at $0.05 each, as --price says', '  balance: $100.00']],
    ['a price with phones', { price: { ...price, phone_usd: 0.25 } }, ['  at worst $24.00: 80 contacts at $0.30 each with a phone number, the account\'s price', '  balance: $100.00']],
    ['that the price is unknown, never 0', {}, ['  at worst 80 contacts to be billed; the price is not known (--price tells it)', '  balance: $100.00']],
    ['the cap', { price, capUsd: 2 }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price', '  stops before the run could cost more than $2.00 (--max-cost)', '  balance: $100.00']],
    ['what of the cap earlier commands have used, and warns of a balance below the rest', { price, capUsd: 2, committedUsd: 0.5, balance: { usd: 1.4 } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price',
      '  stops before the run could cost more than $2.00 (--max-cost), of which $0.50 is spent or may be', '  balance: $1.40',
      '  warning: that is less than the worst case; if it is prepaid, the API may refuse launches before the end']],
    ['what is expected by what companies brought before', { price, history: { companies: 20, with_contacts: 18, contacts: 119, usd_a_contact: 0.04 } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price',
      '  expected $1.90: 48 contacts (6 a company, hit rate 90 %, by the last 20 companies answered)', '  balance: $100.00']],
    ['what is expected where no bill was seen', { history: { companies: 1, with_contacts: 0, contacts: 0, usd_a_contact: null } }, ['  at worst 80 contacts to be billed; the price is not known (--price tells it)',
      '  expected 0 contacts (0 a company, hit rate 0 %, by the last 1 company answered)', '  balance: $100.00']],
    ['nothing of what is expected without a history', { price, history: { companies: 0, with_contacts: 0, contacts: 0, usd_a_contact: null } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price', '  balance: $100.00']],
    ['how a cap is kept without a price', { capUsd: 2 }, ['  at worst 80 contacts to be billed; the price is not known (--price tells it)',
      '  stops before the run could cost more than $2.00 (--max-cost); one job at a time until a bill tells the price', '  balance: $100.00']],
    ['why the balance is unknown', { price, balance: { unknown: 'unknown (HTTP_503)' } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price', '  balance: unknown (HTTP_503)']],
    ['a balance below the worst case', { price, balance: { usd: 3.99 } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price', '  balance: $3.99',
      '  warning: that is less than the worst case; if it is prepaid, the API may refuse launches before the end']],
    ['no warning where the cap is within the balance', { price, capUsd: 2, balance: { usd: 3 } }, ['  at worst $4.00: 80 contacts at $0.05 each, the account\'s price',
      '  stops before the run could cost more than $2.00 (--max-cost)', '  balance: $3.00']],
  ])('say %s', (_what, more, lines) => {
    expect(open(toLaunch, more).slice(2, -1)).toEqual(lines);
  });

  it.each<[string, Partial<AnsweredBefore>, More, string]>([
    ['to another spelling', { other_spelling: 2, spelling: 'CEO OR Founder' }, { price }, '  2 of them answered before, and asked again for $1.00 at worst: 2 to another spelling of the filter (CEO OR Founder)'],
    ['in every way', { other_spelling: 1, smaller_limit: 2, too_old: 3 }, { price },
      '  6 of them answered before, and asked again for $3.00 at worst: 1 to another spelling of the filter, 2 to a smaller --limit, 3 longer ago than --max-age'],
    ['at a price that is not known', { smaller_limit: 1 }, {}, '  1 of them answered before, and asked again for 10 contacts at worst: 1 to a smaller --limit'],
    ['that the user does not want', { too_old: 8 }, { price, fresh: true }, '  8 of them answered before, and asked again for $4.00 at worst: 8 not taken, as --fresh says'],
  ])('say what is asked again though it was answered %s', (_what, before, more, line) => {
    expect(open(toLaunch, { ...more, answeredBefore: { ...NOTHING_BEFORE, ...before } }).at(-2)).toBe(line);
  });

  it('name the first invalid rows, with the caret under the mistake, and how many more there are', () => {
    const invalidRows = [{ row: 3, reason: 'title filter, character 1: "(" is never closed\n(CEO\n^' }, { row: 9, reason: 'the domain is empty' }];
    expect(open([count('invalid', 5)], { invalidRows }).slice(1, -1)).toEqual([
      '  line 3: title filter, character 1: "(" is never closed', '    (CEO', '    ^', '  line 9: the domain is empty', '  and 3 more; all are in the report',
    ]);
    expect(open([count('invalid', 5)], { invalidRows, hasReport: false })).toContain('  and 3 more; with --report <file> all are named there');
  });
});
