/*
 * (a) Bound by the request limit, with the time scaled down: a window of 3 s stands for one of 60 s. The command on PostgreSQL, start-up
 * and files included, against the floor, and beside naive clients whose waits are scaled likewise.
 * (b) Few companies: against the slowest job.
 * Everybody gets a sandbox of his own with the same dice, so the jobs take the same times for all.
 */
import { drawJob, NO_FAULTS } from '../dist/sandbox/faults.js';
import { questionKey } from '../dist/sandbox/launch-request.js';
import { domainAt, FILTER } from './companies.mjs';
import { duration, floorMs, line } from './figures.mjs';
import { runStrategy, STRATEGIES } from './naive-clients.mjs';

const SEED = 1;
const SPREAD = 0.5;
const WINDOW_MS = 3000;
/** How much smaller the short and the tiny form are. */
const SHARE = { full: 1, short: 0.3, tiny: 0.06 };

/** Part (a). */
export async function benchLimit(services, form) {
  const size = (companies) => Math.round(companies * SHARE[form]);
  const late = '<= 1.08 x floor + the slowest job, <= 2.20 requests';
  const cases = [
    { companies: size(216), limit: 50, medianMs: 250, slowShare: 0, reach: '<= 1.05 x floor, <= 2.06 requests, no 429' },
    { companies: size(2000), limit: 500, medianMs: 250, slowShare: 0, reach: '<= 1.05 x floor, <= 2.06 requests, no 429' },
    { companies: size(216), limit: 50, medianMs: 2500, slowShare: 0, reach: late },
    { companies: size(216), limit: 50, medianMs: 250, slowShare: 0.5, reach: late },
  ];
  const lines = [];
  for (const one of cases) {
    // All at once is quicker, and fair where they mostly wait; with 500 requests in 3 s they would take the processor from each other.
    const strategies = form === 'full' || one.limit === 50 ? Object.keys(STRATEGIES) : [];
    lines.push(...(await compare(services, { ...one, part: 'a', windowMs: WINDOW_MS, strategies, atOnce: form !== 'full' })));
  }
  return lines;
}

/** Part (b). The naive clients take a minute each, and wait for most of it: all at once, and only in the full form. */
export async function benchFew(services, form) {
  const few = { part: 'b', companies: form === 'tiny' ? 3 : 20, medianMs: form === 'tiny' ? 200 : 5000, slowShare: 0, atOnce: true };
  const limited = { ...few, limit: 50, windowMs: 60_000, strategies: form === 'full' ? Object.keys(STRATEGIES) : [], reach: '<= 1.4 x the slowest job' };
  const unlimited = { ...few, limit: 0, windowMs: 60_000, strategies: [], reach: '<= 1.15 x the slowest job' };
  // They wait nearly all the time, so they do not disturb each other.
  return (await Promise.all([compare(services, unlimited), compare(services, limited)])).flat();
}

/** The slowest job of the sandboxes here, in milliduration: rolled with their dice. */
export function slowestJobMs({ companies, medianMs, slowShare }) {
  const times = Array.from({ length: companies }, (_, at) => {
    const question = questionKey({ domain: domainAt(at), title_filter: FILTER });
    return drawJob(NO_FAULTS, { medianMs, spread: SPREAD, slowShare }, SEED, question, 0).takes_ms;
  });
  return Math.max(...times);
}

/** The command against the floor, then against each strategy. */
async function compare(services, { part, strategies, atOnce, reach, ...scenario }) {
  const { companies, limit, windowMs, medianMs, slowShare } = scenario;
  const slowestMs = slowestJobMs(scenario);
  const floor = floorMs({ companies, limit, windowMs, slowestJobMs: slowestMs });
  const jobs = `jobs ${medianMs / 1000} s${slowShare > 0 ? ', every second 10 x' : ''}`;
  const what = `${companies} companies, ${limit === 0 ? 'no limit' : `${limit} per ${windowMs / 1000} s`}, ${jobs}`;

  const tasks = [
    () => withSandbox(services, scenario, (url) => services.withDatabase(async (databaseUrl) => {
      const options = ['--rate-limit', limit === 0 ? '0' : `${limit}/${windowMs / 1000}`];
      return (await services.run(services.listOf(companies), { url, databaseUrl, options })).wallMs;
    })),
    ...strategies.map((name) => () => withSandbox(services, scenario, (url) => runStrategy(name, { url, companies, limit, windowMs }))),
  ];
  const [ours, ...rivals] = atOnce ? await Promise.all(tasks.map((task) => task())) : await inOrder(tasks);
  const more = ({ requests, throttled }) => `${(requests / companies).toFixed(2)} requests a company, ${throttled} x 429`;
  return [
    line({ part, what, ours: ours.ms, rival: floor, unit: duration, against: floor === slowestMs ? '(slowest job)' : '(floor)', more: `${more(ours)}, slowest job ${duration(slowestMs)}`, reach }),
    ...rivals.map((rival, index) => line({ part, what: '  beside', ours: ours.ms, rival: rival.ms, unit: duration, against: strategies[index], more: `theirs: ${more(rival)}` })),
  ];
}

/** What `work` measures (milliduration), and what its sandbox has seen. */
async function withSandbox(services, { limit, windowMs, medianMs, slowShare }, work) {
  const options = ['--seed', SEED, '--job-time', `${medianMs}ms`, '--job-spread', SPREAD, '--slow-jobs', slowShare];
  const sandbox = await services.startSandbox([...options, '--rate-limit', limit === 0 ? '0' : `${limit}/${windowMs / 1000}`].map(String));
  try {
    const ms = await work(sandbox.url);
    const { launch_requests, finds, throttled } = await sandbox.stats();
    return { ms, requests: launch_requests + finds, throttled };
  } finally {
    await sandbox.stop();
  }
}

async function inOrder(tasks) {
  const results = [];
  for (const task of tasks) results.push(await task());
  return results;
}
