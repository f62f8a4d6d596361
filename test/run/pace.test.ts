/* How close whole runs come to the request limit and to their slowest job: real lanes, limiter and database. */
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/model.ts';
import { gaussian, mulberry32 } from '../../src/sandbox/chance.ts';
import { done, domains, MINUTE, openLaboratory, SECOND, type Request, type Script } from './invocation.ts';

const { clock, database, invoke } = openLaboratory();

const LIMIT = 50;
const RUNNING: Job = { status: 'RUNNING' };

/** An API whose jobs take such times, and which counts its requests in sliding windows of a minute. */
function apiWith(times: (index: number) => number, replyMs = 50) {
  const launched = new Map<string, { at: number; tookMs: number }>();
  const arrivals: number[] = [];
  const startedAt = clock.now();
  const seen = { most: 0, slowestMs: 0 };
  const arrive = () => {
    arrivals.push(clock.now());
    seen.most = Math.max(seen.most, arrivals.filter((at) => at > clock.now() - MINUTE).length);
  };
  const script: Script = {
    launchMs: replyMs,
    findMs: replyMs,
    launch({ domain }: Request) {
      arrive();
      const job = { at: clock.now(), tookMs: times(launched.size) };
      launched.set(domain, job);
      seen.slowestMs = Math.max(seen.slowestMs, job.at + job.tookMs - startedAt);
      return undefined;
    },
    find({ domain }: Request) {
      arrive();
      const { at = 0, tookMs = 0 } = launched.get(domain) ?? {};
      if (clock.now() < at + tookMs) return RUNNING;
      return { ...done(domain), start_date: new Date(at).toISOString(), stop_date: new Date(at + tookMs).toISOString() };
    },
  };
  return { script, seen };
}

const logNormal = (medianMs: number, seed = 1) => {
  const random = mulberry32(seed);
  return () => medianMs * Math.exp(0.5 * gaussian(random));
};

describe('many companies', () => {
  it.each([
    { what: 'quick jobs', times: () => logNormal(5 * SECOND), most: 2.06 },
    { what: 'jobs of a minute', times: () => logNormal(MINUTE), most: 2.2 },
    {
      what: 'every second job ten times slower',
      most: 2.2,
      times: () => {
        const quick = logNormal(5 * SECOND);
        return (index: number) => quick() * (index % 2 === 0 ? 1 : 10);
      },
    },
  ])('with $what end within 5 percent of what the limit allows, ask few jobs twice, and draw no 429', async ({ times, most }) => {
    const { script, seen } = apiWith(times());
    const { result, requests } = await invoke('run', script, { domains: domains(110), limit: LIMIT });
    expect(result).toMatchObject({ exit: 0, requests: { launches: 110, throttled: 0 } });
    expect(seen.most).toBeLessThanOrEqual(LIMIT);
    expect(requests.length).toBeLessThan(most * 110);
    expect(result.duration_ms).toBeLessThan(1.05 * Math.max(4 * MINUTE, seen.slowestMs)); // five windows, less the last
  });
});

describe('20 companies, jobs of 5 s', () => {
  it.each([
    { limit: 0, most: 1.15 },
    { limit: LIMIT, most: 1.4 },
  ])('end within $most times the slowest job, on the average of 6 runs with a limit of $limit', async ({ limit, most }) => {
    const late: number[] = [];
    for (let seed = 1; seed <= 6; seed += 1) {
      clock.set(clock.now() + 2 * MINUTE);
      const { script, seen } = apiWith(logNormal(5 * SECOND, seed));
      const { result } = await invoke(`run-${seed}`, script, { domains: domains(20), limit, fresh: true });
      late.push(result.duration_ms / seen.slowestMs);
    }
    expect(late.reduce((sum, one) => sum + one, 0) / late.length).toBeLessThan(most);
  });
});

describe('a run right after another', () => {
  it('counts the requests of that one, so that the API never refuses any', async () => {
    const { script, seen } = apiWith(logNormal(SECOND));
    await invoke('first', script, { domains: domains(20), limit: LIMIT, remembers: true });
    await invoke('second', script, { domains: domains(20), limit: LIMIT, remembers: true, fresh: true });
    expect(seen.most).toBeLessThanOrEqual(LIMIT);
  });

  it('knows how long jobs take, so that it asks for the first ones about then', async () => {
    await invoke('first', apiWith(logNormal(40 * SECOND)).script, { domains: domains(20), limit: 500, remembers: true });
    clock.set(clock.now() + 5 * MINUTE);
    const { requests } = await invoke('second', apiWith(logNormal(40 * SECOND)).script, { domains: domains(20), limit: 500, remembers: true, fresh: true });
    const finds = requests.filter(({ kind }) => kind === 'find');
    expect(finds[0]?.at).toBeGreaterThan(3 * SECOND);
    expect(finds[0]?.at).toBeLessThan(60 * SECOND);
  });

  it.each([
    ['nonsense', `update waterfall.pace set taken = '"what"', job_times = '{"medianMs": -1}'`],
    ['far too many requests', `update waterfall.pace set taken = '[[1772442000000, 999999999]]'`],
    ['nothing', 'delete from waterfall.pace'],
    ['no such table', 'alter table waterfall.pace rename to gone'],
  ])('works when the database has %s', async (_what, sql) => {
    await invoke('first', {}, { domains: domains(2), remembers: true });
    await database().script(sql);
    try {
      const { result } = await invoke('second', {}, { domains: domains(3), remembers: true, fresh: true });
      expect(result.exit).toBe(0);
    } finally {
      if (sql.includes('rename')) await database().script('alter table waterfall.gone rename to pace');
    }
  });
});
