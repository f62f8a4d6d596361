/*
 * (f) Growth: time per company and peak memory of a whole run, launched, saved and exported, as the list grows. On PostgreSQL, without limit, latency
 * or job time, 10 contacts at each company. Each size is compared with the one before: nothing may grow with the list but the list.
 */
import { line, median, megabytes, perSecond, whole } from './figures.mjs';

const SIZE = {
  full: { sizes: [1000, 10_000, 100_000], rounds: [3, 1, 1] },
  short: { sizes: [500, 2000], rounds: [1, 1] },
  tiny: { sizes: [20, 60], rounds: [1, 1] },
};

/** Part (f). */
export async function benchGrowth(services, form) {
  const { sizes, rounds } = SIZE[form];
  const measured = [];
  for (const [index, companies] of sizes.entries()) {
    const results = [];
    for (let round = 0; round < rounds[index]; round += 1) results.push(await runOnce(services, companies));
    const middle = (of) => median(results.map((result) => result[of]));
    measured.push({ companies, usPerCompany: (middle('wallMs') / companies) * 1000, peakBytes: middle('peakBytes') });
  }
  return measured.flatMap((one, index) => linesOf(one, measured[index - 1], index === sizes.length - 1));
}

async function runOnce(services, companies) {
  const sandbox = await services.startSandbox(['--rate-limit', '0', '--job-time', '0', '--persons', '10']);
  try {
    return await services.withDatabase((databaseUrl) => services.run(services.listOf(companies), { url: sandbox.url, databaseUrl, options: ['--rate-limit', '0'] }));
  } finally {
    await sandbox.stop();
  }
}

function linesOf({ companies, usPerCompany, peakBytes }, smaller, isLargest) {
  const against = smaller === undefined ? '' : `at ${whole(smaller.companies)}`;
  const compared = { part: 'f', what: `${whole(companies)} companies`, against };
  return [
    line({ ...compared, ours: usPerCompany, rival: smaller?.usPerCompany, unit: (us) => `${whole(us)} us a company`, more: `${whole(perSecond(1, usPerCompany / 1000))}/s, start-up included`, reach: isLargest ? 'ratio 0.85 to 1.15' : '' }),
    line({ ...compared, ours: peakBytes, rival: smaller?.peakBytes, unit: (bytes) => `peak ${megabytes(bytes)}`, reach: isLargest ? '<= 250 MB, ratio <= 1.10' : '' }),
  ];
}
