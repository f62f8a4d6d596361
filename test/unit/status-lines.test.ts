/* What `runs` and `status` show: records in, lines out; and docs/status.md has the fields of their JSON. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OUTCOMES } from '../../src/core/model.ts';
import type { Outcome } from '../../src/core/model.ts';
import { runTable, statusLines } from '../../src/service/status-lines.ts';
import type { RunLine, RunStatus } from '../../src/service/status.ts';

const run: RunLine = {
  run_id: 'r1', input: 'companies.csv', state: 'finished', created_at: '2026-03-02T09:00:00.000Z', finished_at: '2026-03-02T09:05:00.000Z',
  rows: 4, rows_done: 4, contacts: 10, cost_usd: 0.5, answers_of_unknown_cost: 0, without_answer: 0,
};
const outcomes = (some: Partial<Record<Outcome, number>>) => Object.fromEntries(OUTCOMES.map((outcome) => [outcome, some[outcome] ?? 0])) as Record<Outcome, number>;
const status: RunStatus = {
  ...run, working_since: null, stop_reason: null, outcomes: outcomes({ found: 3, no_contacts: 1 }), companies_answered: 4, companies_with_contacts: 3, contacts_paid: 10, hit_rate: 0.75,
  launches: 4, launches_repeated_in_doubt: 0, requests: 9, worked_ms: 300_000, filters: [], filters_total: 1, failures: [], failures_total: 0,
  outputs: { contacts: '/data/companies.contacts.csv', report: null },
};
const told = (more: Partial<RunStatus>) => statusLines({ ...status, ...more }).join('\n');

describe('statusLines', () => {
  it('of a finished run', () => {
    expect(statusLines(status)).toEqual([
      'run r1 (companies.csv): finished',
      '  began     2026-03-02 09:00 UTC, finished 2026-03-02 09:05 UTC',
      '  rows      4 of 4 done: found 3, no_contacts 1',
      '  contacts  10, at 3 of 4 companies answered (75 %)',
      '  spent     $0.50 ($0.05 a contact)',
      '  launches  4',
      '  requests  9 in 5 min of work',
      '  output    /data/companies.contacts.csv',
    ]);
  });

  it.each<[string, Partial<RunStatus>, string | RegExp]>([
    ['worked on', { state: 'running', working_since: '2026-03-02T10:00:00.000Z', finished_at: null }, 'r1 (companies.csv): being worked on since 2026-03-02 10:00 UTC\n'],
    ['worked on by nobody knows whom', { state: 'running' }, 'being worked on\n'],
    ['stopped, with the first line of the reason', { state: 'stopped', stop_reason: 'no quota\n  to do: pay' }, /: stopped: no quota\n {2}began/],
    ['interrupted', { state: 'interrupted' }, 'interrupted: it was ended before it could say why'],
    ['finished with failures', { failures_total: 7, failures: [{ row: 3, domain: 'acme.example', outcome: 'job_failed', reason: 'the job ended FAILED' }] }, /finished, 7 without an answer[^]*\n {4}line 3 \(acme\.example\) job_failed: the job ended FAILED\n {4}and 6 more; all are in the report\n/],
    ['of unknown cost', { cost_usd: null, answers_of_unknown_cost: 4 }, 'spent     unknown\n'],
    ['of which another run paid a half', { contacts_paid: 5 }, 'spent     $0.50 ($0.10 a contact)'],
    ['of partly unknown cost', { answers_of_unknown_cost: 1 }, 'spent     $0.50 or more'],
    ['with nothing answered', { hit_rate: null, contacts: 0, cost_usd: null, companies_answered: 0 }, 'contacts  0\n  spent     $0.00\n'],
    ['with a doubt', { launches_repeated_in_doubt: 1 }, 'launches  4, 1 of them repeated after a doubt'],
    ['without a domain in a row', { failures_total: 1, failures: [{ row: 3, domain: null, outcome: 'invalid', reason: 'it is empty' }] }, '    line 3 invalid: it is empty\n'],
    ['unfinished, so that its files are still to come', { state: 'stopped', outputs: { contacts: '/data/c.csv', report: '/data/r.csv' } }, 'output    /data/c.csv (when it is finished)\n  report    /data/r.csv (when it is finished)'],
    ['to stdout', { outputs: { contacts: '-', report: null } }, /of work$/],
  ])('of a run that is %s', (_what, more, words) => {
    if (typeof words === 'string') expect(told(more)).toContain(words);
    else expect(told(more)).toMatch(words);
  });

  it('compares title filters when there are several, the long ones cut', () => {
    const filter = (title_filter: string) => ({ title_filter, questions: 2, answered: 2, with_contacts: 1, contacts: 5, cost_usd: null });
    const lines = told({ filters: [filter('ceo'), { ...filter('x'.repeat(100)), contacts: 12 }], filters_total: 9 }).split('\n');
    const at = lines.indexOf('  by title filter:');
    expect(lines.slice(at, at + 5)).toEqual([
      '  by title filter:',
      '    contacts  hits  answered  asked',
      '           5     1         2      2  ceo',
      `          12     1         2      2  ${'x'.repeat(39)}...`,
      '    and 7 more filters',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

it('runTable has a column for each thing, as wide as it must be', () => {
  expect(runTable([run, { ...run, run_id: 'r10', rows_done: 1, state: 'interrupted' }])).toEqual([
    'RUN  STARTED (UTC)     STATE        ROWS  CONTACTS  SPENT  INPUT',
    'r1   2026-03-02 09:00  finished      4/4        10  $0.50  companies.csv',
    'r10  2026-03-02 09:00  interrupted   1/4        10  $0.50  companies.csv',
  ]);
});

it('runTable fits a screen: the time gives way, then names of lists are cut', () => {
  const table = (columns?: number) => runTable([{ ...run, input: 'companies of the north.csv' }], columns)[1];
  expect(table()).toBe('r1   2026-03-02 09:00  finished   4/4        10  $0.50  companies of the north.csv');
  expect(table(82)).toBe(table());
  expect(table(81)).toBe('r1   finished   4/4        10  $0.50  companies of the north.csv');
  expect(table(50)).toBe('r1   finished   4/4        10  $0.50  companies...');
});

it('docs/status.md has each field of the JSON, and those of `runs` are marked', () => {
  const text = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/status.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` \| (yes)? ?\|/gm)].map(([, field, inRuns]) => ({ field, inRuns: inRuns !== undefined }));
  expect(rows.map(({ field }) => field)).toEqual([...Object.keys(status), 'next_command']);
  expect(rows.filter(({ inRuns }) => inRuns).map(({ field }) => field)).toEqual([...Object.keys(run), 'next_command']);
});
