/* What the progress display says it waits for, and how long it may take. */
import { describe, expect, it } from 'vitest';
import { createDisplay } from '../../src/cli/display.ts';
import type { Allowance } from '../../src/engine/allowance.ts';
import type { Health } from '../../src/engine/health.ts';
import type { Limiter } from '../../src/providers/http/limiter.ts';

/** 20 rows, of which all but `left` were settled after 9 s; asked again later, with so many jobs open. */
function shown({ left, openJobs = left, laterMs, limited = false, pausedSince, databaseAway = false, waitingFor }: {
  left: number; openJobs?: number; laterMs: number; limited?: boolean; pausedSince?: number; databaseAway?: boolean; waitingFor?: string;
}) {
  let now = 0;
  const state = () => ({ limit: 50, windowMs: 60_000, free: limited ? 0 : 50, waiting: limited ? 1 : 0, nextFreeInMs: 12_000 });
  const display = createDisplay({
    limiters: [{ state } as Limiter], now: () => now, requests: () => ({ launches: 20, finds: 20, throttled: 0 }), jobTimeoutMs: 600_000, isDatabaseAway: () => databaseAway,
  });
  const health = { pausedSince: () => pausedSince } as Health;
  const allowance = { openJobs: () => openJobs, waitingFor: () => waitingFor, spending: () => ({}) } as unknown as Allowance;
  const source = display.source([{ outcome: 'not_launched', rows: 20, contacts: 0, cost_usd: null, launches: 0 }], { health: [health], allowance });
  source();
  now = 9_000;
  for (let settled = 0; settled < 20 - left; settled += 1) display.settled({ state: 'found', contacts: 1, cost_usd: null });
  source();
  now += laterMs;
  return source();
}

describe('the display', () => {
  it('says the time left as long as jobs take as long as those before', () => {
    expect(shown({ left: 2, laterMs: 0 })).toMatchObject({ done: 18, total: 20, waitingFor: undefined, leftMs: 1_000 });
  });

  it.each([
    [{ left: 2, laterMs: 51_000 }, '2 jobs still RUNNING, 9 min at most'],
    [{ left: 1, laterMs: 51_000 }, '1 job still RUNNING, 9 min at most'],
    [{ left: 1, laterMs: 999_000 }, '1 job still RUNNING'],
  ])('instead says until when slow jobs are waited for: %j', (given, waitingFor) => {
    expect(shown(given)).toMatchObject({ waitingFor, leftMs: undefined });
  });

  it.each([
    ['an API that does not answer', { pausedSince: 1 }, 'the API does not answer'],
    ['a database that does not answer', { databaseAway: true }, 'the database does not answer'],
    ['the rate limit', { limited: true }, 'rate limit, 12 s'],
    ['the cost cap', { waitingFor: 'jobs on their way, for the cost cap' }, 'jobs on their way, for the cost cap'],
  ])('says first that everything waits for %s', (_what, more, waitingFor) => {
    expect(shown({ left: 2, laterMs: 51_000, ...more }).waitingFor).toBe(waitingFor);
  });

  it('counts what earlier commands found, spent and got no answer to', () => {
    const counts = (['found', 'job_failed', 'invalid', 'not_launched'] as const).map((outcome) => ({ outcome, rows: 2, contacts: outcome === 'found' ? 9 : 0, cost_usd: outcome === 'found' ? '0.45' : null, launches: 0 }));
    const state = () => ({ limit: 50, windowMs: 60_000, free: 50, waiting: 0, nextFreeInMs: 0 });
    const display = createDisplay({ limiters: [{ state } as Limiter], now: () => 0, requests: () => ({ launches: 0, finds: 0, throttled: 0 }), jobTimeoutMs: 600_000, isDatabaseAway: () => false });
    const parts = { health: [{ pausedSince: () => undefined } as Health], allowance: { openJobs: () => 0, waitingFor: () => undefined, spending: () => ({}) } as unknown as Allowance };
    const source = display.source(counts, parts);
    display.settled({ state: 'found', contacts: 1, cost_usd: 0.05 });
    expect(source()).toMatchObject({ done: 7, total: 8, contacts: 10, failed: 2, cost_usd: 0.5 });
  });

  it('doubts no end before all rows are launched', () => {
    expect(shown({ left: 9, openJobs: 2, laterMs: 51_000 })).toMatchObject({ waitingFor: undefined, leftMs: expect.any(Number) as number });
  });
});
