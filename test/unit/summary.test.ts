/* The closing lines of a run: situations in, words out. */
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROWS_NAMED } from '../../src/cli/opening.ts';
import { OUTCOMES } from '../../src/core/model.ts';
import type { Outcome } from '../../src/core/model.ts';
import type { Spending } from '../../src/engine/budget.ts';
import { rowsOf } from '../../src/store/outcomes.ts';
import type { RunResult } from '../../src/service/execute.ts';
import type { Run } from '../../src/service/options.ts';
import { reasonLines, summaryLines, troubleLines } from '../../src/service/summary.ts';
import type { OutcomeCount, ReportRow } from '../../src/store/outcomes.ts';

const run = {
  id: 'r1',
  requests: 0,
  input_name: 'companies.csv',
  options: { question: { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false } },
} as Run;

const count = (outcome: Outcome, rows: number, more: Partial<OutcomeCount> = {}): OutcomeCount => ({ outcome, rows, contacts: 0, cost_usd: null, launches: 0, ...more });
const row = (more: Partial<ReportRow>): ReportRow => ({
  position: 0, row: 2, domain: 'acme.example', title_filter: 'CEO', outcome: 'job_failed', reason: null, contacts: 0, provider: null, asked_in_vain: null, cost_usd: null,
  job_id: null, launches: 0, cells: [], first_row: null, first_outcome: null, ...more,
});

const spending: Spending = { launched: 2, doubted: 0, spent_usd: 0.7, collected_usd: 0, unpriced: 0, unresolved: 0, run_spent_usd: 0, committed_usd: 0.7, worst_usd: 1, cap_usd: undefined };

const resultOf = (counts: OutcomeCount[], more: Partial<RunResult> = {}): RunResult => ({
  run, continued: false, counts, rows: (outcomes) => rowsOf(counts, outcomes), unknown_cost: 0, paid_contacts: 7, repeated: 0, verdicts: [], requests: { launches: 2, finds: 3, throttled: 0 }, spending,
  duration_ms: 65_000, stopped: undefined, written: undefined, writeFailure: undefined, exit: 0, ...more,
});

describe('summaryLines', () => {
  const close = (counts: OutcomeCount[], more: Partial<RunResult> = {}) => summaryLines(resultOf(counts, more));
  const found = [count('found', 2, { contacts: 7, cost_usd: '0.70', launches: 2 })];

  it('say how the run ended, the rows by outcome, the requests and the cost', () => {
    expect(close([count('not_launched', 0), count('invalid', 1), ...found])).toEqual([
      'run r1 finished after 1 min 5 s: 7 contacts', '  rows: found 2, invalid 1', '  hit rate: 100 %, 2 of 2 companies', '  requests: 2 launches, 3 finds',
      '  spent: $0.70, $0.10 a contact',
    ]);
  });

  it.each([
    ['requests that were throttled', { requests: { launches: 2, finds: 3, throttled: 4 } }, '  requests: 2 launches, 3 finds, 4 refused by the rate limit'],
    ['what became of launches that made no job', { requests: { launches: 6, finds: 3, throttled: 0 }, spending: { ...spending, doubted: 1 } }, '  requests: 6 launches (2 made a job, 1 in doubt, 3 made none), 3 finds'],
    ['what this command did of a run that goes on', { run: { ...run, requests: 9 }, spending: { ...spending, spent_usd: 0.2, collected_usd: 0.1 } }, '  requests: 2 launches, 3 finds (by this command)'],
    ['what this command spent of a run that goes on', { run: { ...run, requests: 9 }, spending: { ...spending, spent_usd: 0.2, collected_usd: 0.1 } }, '  spent: $0.70 by the whole run, $0.10 a contact; by this command $0.20 for jobs that it launched, $0.10 for jobs launched before'],
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

  it('say what may have been billed although nobody saw it', () => {
    const lines = close([...found, count('in_doubt', 3), count('job_lost', 2), count('timed_out', 1)]);
    expect(lines).toContain('  in doubt and not repeated: 3, at worst 30 contacts billed and not counted here');
    expect(lines).toContain('  jobs lost or given up: 3, at worst 30 contacts billed and not counted here');
  });

  it('say at how many of the companies that were answered there are contacts', () => {
    const counts = [count('found', 2, { contacts: 7 }), count('no_contacts', 1), count('cached', 4, { contacts: 9 }), count('job_failed', 1)];
    expect(close(counts)).toContain('  hit rate: 67 %, 2 of 3 companies');
  });

  it('say what a contact cost without those of earlier runs', () => {
    expect(close([...found, count('cached', 4, { contacts: 99, cost_usd: '0' })])).toContain('  spent: $0.70, $0.10 a contact');
  });

  it('say what a contact cost without those that another run paid for', () => {
    const followed = [count('found', 3, { contacts: 14, cost_usd: '0.70', launches: 2 })];
    expect(close(followed, { paid_contacts: 7 })).toContain('  spent: $0.70, $0.10 a contact');
  });

  it('say after the cost what the account counts', () => {
    expect(summaryLines(resultOf(found), ['  account: counts 2'])).toContain('  account: counts 2');
  });

  it('fit one screen with all that is said after them, when everything went wrong', () => {
    const counts = OUTCOMES.map((outcome) => count(outcome, 9, { contacts: 9, cost_usd: '1', launches: 9 }));
    const result = resultOf(counts, { repeated: 9, unknown_cost: 2, stopped: { exit: 4, message: 'm', fix: 'f' }, writeFailure: 'w', written: { contacts: '/a', report: '/b', partial: true } });
    const failures = reasonLines(Array.from({ length: ROWS_NAMED }, () => row({ reason: 'r' })));
    const lines = [...summaryLines(result, ['account', 'difference']), ...failures, '  and 40 more', ...troubleLines(result), 'go on with: ...'];
    expect(lines.join('\n').split('\n').length).toBeLessThanOrEqual(24);
  });

  it('say "stopped" of a run that did not finish', () => {
    expect(close(found, { stopped: { exit: 130, message: 'it got the signal SIGINT' } })[0]).toBe('run r1 stopped after 1 min 5 s: 7 contacts');
  });

  it('name no contacts file when they went to stdout', () => {
    expect(close(found, { written: { contacts: '-', report: null, partial: false } }).join('\n')).not.toMatch(/^(contacts|report):/m);
  });

  it('say $0.00 when everything was answered before', () => {
    expect(close([count('cached', 5, { contacts: 9, cost_usd: '0' })], { paid_contacts: 0 })).toContain('  spent: $0.00');
  });
});

describe('troubleLines', () => {
  it.each([
    ['nothing', {}, []],
    ['why it stopped', { stopped: { exit: 130, message: 'it got the signal SIGINT' } }, ['stopped: it got the signal SIGINT']],
    ['what to do about it', { stopped: { exit: 4, message: 'over quota', fix: 'top up the account' } }, ['stopped: over quota\n  to do: top up the account']],
    ['that the outputs failed, and where the contacts are', { writeFailure: 'ENOSPC: no space left' }, [
      'the outputs could not be written: ENOSPC: no space left',
      '  what was found is in the database',
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
