/* The opening and closing lines of a run: situations in, words out. */
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/core/model.ts';
import { rowsOf } from '../../src/run/execute.ts';
import type { RunResult } from '../../src/run/execute.ts';
import type { Run } from '../../src/run/options.ts';
import { openingLines, planOf, reasonLines, summaryLines, troubleLines } from '../../src/run/summary.ts';
import type { OutcomeCount, ReportRow } from '../../src/store/outcomes.ts';

const run = {
  id: 'r1',
  input_name: 'companies.csv',
  options: { question: { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false } },
} as Run;

const count = (outcome: Outcome, rows: number, more: Partial<OutcomeCount> = {}): OutcomeCount => ({ outcome, rows, contacts: 0, cost_usd: null, launches: 0, ...more });
const perMinute = (limit: number) => ({ limit, windowMs: 60_000 });

const row = (more: Partial<ReportRow>): ReportRow => ({
  position: 0, row: 2, domain: 'acme.example', title_filter: 'CEO', outcome: 'job_failed', reason: null, contacts: 0, cost_usd: null,
  job_id: null, launches: 0, cells: [], first_row: null, first_outcome: null, ...more,
});

describe('planOf', () => {
  it.each([
    ['nothing to ask', [count('found', 3)], 50, { to_launch: 0, requests: 0, least_ms: 0, worst_case_contacts: 0 }],
    ['one window', [count('not_launched', 25)], 50, { to_launch: 25, requests: 50, least_ms: 0, worst_case_contacts: 250 }],
    ['a window and one request', [count('not_launched', 25), count('waiting', 1)], 50, { to_ask_again: 1, requests: 51, least_ms: 60_000 }],
    ['many windows', [count('not_launched', 1_000)], 50, { requests: 2_000, least_ms: 39 * 60_000 }],
    ['no limit', [count('not_launched', 1_000)], 0, { requests: 2_000, least_ms: 0 }],
  ])('of %s', (_what, counts, limit, expected) => {
    expect(planOf(run, counts, perMinute(limit))).toMatchObject(expected);
  });

  it('puts every row in exactly one place', () => {
    const outcomes: Outcome[] = ['found', 'no_contacts', 'cached', 'duplicate', 'invalid', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt', 'waiting', 'not_launched'];
    const plan = planOf(run, outcomes.map((outcome, place) => count(outcome, 2 ** place)), perMinute(50));
    expect(plan).toMatchObject({ rows: 2 ** 12 - 1, answered: 1 + 2 + 4, duplicates: 8, invalid: 16, ended: 32 + 64 + 128 + 256 + 512, to_ask_again: 1_024, to_launch: 2_048 });
    const { rows, duplicates, invalid, answered, ended, to_ask_again, to_launch } = plan;
    expect(duplicates + invalid + answered + ended + to_ask_again + to_launch).toBe(rows);
  });
});

describe('openingLines', () => {
  const open = (counts: OutcomeCount[], more: { limit?: number; continued?: boolean; invalidRows?: ReportRow[] } = {}) => {
    const rateLimit = perMinute(more.limit ?? 50);
    return openingLines({ run, plan: planOf(run, counts, rateLimit), continued: more.continued ?? false, database: 'PostgreSQL at db.example/x', invalidRows: more.invalidRows ?? [], rateLimit });
  };

  it.each([
    ['only rows to launch', [count('not_launched', 8)], {}, 'run r1 (companies.csv): 8 rows, 8 to launch'],
    ['one of each', [count('not_launched', 1), count('duplicate', 1), count('invalid', 1), count('cached', 1), count('timed_out', 1), count('waiting', 1)], {},
      'run r1 (companies.csv): 6 rows, 1 duplicate, 1 invalid, 1 already answered, 1 ended without an answer, 1 job still open, 1 to launch'],
    ['several of each', [count('not_launched', 2), count('duplicate', 3), count('waiting', 4)], {},
      'run r1 (companies.csv): 9 rows, 3 duplicates, 4 jobs still open, 2 to launch'],
    ['a continued run', [count('found', 5), count('not_launched', 3)], { continued: true },
      'going on with run r1 (companies.csv): 8 rows, 5 already answered, 3 to launch'],
  ])('count %s', (_what, counts, more, line) => {
    expect(open(counts, more)[0]).toBe(line);
  });

  it('say where everything is kept', () => {
    expect(open([count('found', 1)])).toContain('  kept in PostgreSQL at db.example/x');
  });

  it.each([
    ['within a window', 8, 50, ['  at least 16 requests (limit 50 per 60 s)', '  at worst 80 contacts to be billed; the price is not known']],
    ['over several windows', 100, 50, ['  at least 200 requests (limit 50 per 60 s), 3 min or more', '  at worst 1000 contacts to be billed; the price is not known']],
    ['without a limit', 100, 0, ['  at least 200 requests (no limit)', '  at worst 1000 contacts to be billed; the price is not known']],
  ])('say what is asked %s, and that the price is not known', (_what, rows, limit, lines) => {
    expect(open([count('not_launched', rows)], { limit }).slice(1, -1)).toEqual(lines);
  });

  it('say nothing of requests when there are none', () => {
    expect(open([count('cached', 8)]).join('\n')).not.toContain('request');
  });

  it('name the first invalid rows, with the caret under the mistake, and how many more there are', () => {
    const invalidRows = [row({ row: 3, reason: 'title filter, character 1: "(" is never closed\n(CEO\n^' }), row({ row: 9, reason: 'the domain is empty' })];
    expect(open([count('invalid', 5)], { invalidRows }).slice(1, -1)).toEqual([
      '  line 3: title filter, character 1: "(" is never closed', '    (CEO', '    ^', '  line 9: the domain is empty', '  and 3 more; all are in the report',
    ]);
  });
});

const resultOf = (counts: OutcomeCount[], more: Partial<RunResult> = {}): RunResult => ({
  run, counts, rows: (outcomes) => rowsOf(counts, outcomes), unknown_cost: 0, repeated: 0, requests: { launches: 2, finds: 3, throttled: 0 },
  duration_ms: 65_000, stopped: undefined, written: undefined, writeFailure: undefined, exit: 0, ...more,
});

describe('summaryLines', () => {
  const close = (counts: OutcomeCount[], more: Partial<RunResult> = {}) => summaryLines(resultOf(counts, more));
  const found = [count('found', 2, { contacts: 7, cost_usd: '0.70', launches: 2 })];

  it('say how the run ended, the rows by outcome, the requests and the cost', () => {
    expect(close([count('not_launched', 0), count('invalid', 1), ...found])).toEqual([
      'run r1 finished after 1 min 5 s: 7 contacts', '  rows: found 2, invalid 1', '  requests: 2 launches, 3 finds', '  spent: $0.70',
    ]);
  });

  it.each([
    ['requests that were throttled', { requests: { launches: 2, finds: 3, throttled: 4 } }, '  requests: 2 launches, 3 finds, 4 refused by the rate limit'],
    ['a cost that is unknown, never $0', { unknown_cost: 2 }, '  spent: unknown (the API did not say)'],
    ['a cost that is known in part', { unknown_cost: 1 }, '  spent: $0.70, and 1 answer whose cost the API did not say'],
    ['launches that were repeated', { repeated: 1 }, '  in doubt and repeated: 1 of 2 launches, at worst 10 contacts billed twice'],
    ['the files', { written: { contacts: '/x/a.contacts.csv', report: '/x/a.report.csv', partial: false } }, 'contacts: /x/a.contacts.csv'],
    ['the files by their short names', { written: { contacts: resolve('list/a.contacts.csv'), report: null, partial: false } }, `contacts: ${join('list', 'a.contacts.csv')}`],
    ['the report', { written: { contacts: '-', report: '/x/a.report.csv', partial: false } }, 'report:   /x/a.report.csv'],
    ['files of an unfinished run', { written: { contacts: '/x/a.contacts.partial.csv', report: null, partial: true } }, 'contacts: /x/a.contacts.partial.csv (what there is so far)'],
  ])('mention %s', (_what, more, line) => {
    expect(close(found, more)).toContain(line);
  });

  it('say "stopped" of a run that did not finish', () => {
    expect(close(found, { stopped: { exit: 130, message: 'stopped by SIGINT' } })[0]).toBe('run r1 stopped after 1 min 5 s: 7 contacts');
  });

  it('name no contacts file when they went to stdout', () => {
    expect(close(found, { written: { contacts: '-', report: null, partial: false } }).join('\n')).not.toMatch(/^(contacts|report):/m);
  });

  it('say $0.00 when everything was answered before', () => {
    expect(close([count('cached', 5, { contacts: 9, cost_usd: '0' })])).toContain('  spent: $0.00');
  });
});

describe('troubleLines', () => {
  it.each([
    ['nothing', {}, []],
    ['why it stopped', { stopped: { exit: 130, message: 'stopped by SIGINT' } }, ['stopped: stopped by SIGINT']],
    ['what to do about it', { stopped: { exit: 4, message: 'over quota', fix: 'top up the account' } }, ['stopped: over quota\n  to do: top up the account']],
    ['that the outputs failed, and where the contacts are', { writeFailure: 'ENOSPC: no space left' }, [
      'the outputs could not be written: ENOSPC: no space left',
      '  all contacts are in the database',
    ]],
  ])('say %s', (_what, more, lines) => {
    expect(troubleLines(resultOf([], more))).toEqual(lines);
  });
});

describe('reasonLines', () => {
  it.each([
    [row({ row: 4, reason: 'the job ended FAILED' }), '  line 4 (acme.example) job_failed: the job ended FAILED'],
    [row({ row: 5, domain: null, outcome: 'invalid', reason: 'first line\nsecond' }), '  line 5 (?) invalid: first line'],
    [row({ row: 6, outcome: 'duplicate', first_row: 2, first_outcome: 'found' }), '  line 6 (acme.example) duplicate: same as line 2: found'],
  ])('%#', (given, line) => {
    expect(reasonLines([given])).toEqual([line]);
  });
});
