/*
 * (c) No limit, no latency, jobs that take no time, 10 contacts at each company: how much of a bare client's speed is left when everything is
 * saved as it comes and exported. Rivals and command are processes of their own, start-up included, in turn against one sandbox.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { line, median, megabytes, perSecond, whole } from './figures.mjs';
import { measureChild } from './measured-child.mjs';

const SIZE = { full: { companies: 5000, rounds: 5 }, short: { companies: 1000, rounds: 1 }, tiny: { companies: 30, rounds: 1 } };
const BARE = fileURLToPath(new URL('./bare-client.mjs', import.meta.url));
const CONTACTS = 10;

/** Part (c). */
export async function benchThroughput(services, form) {
  const { companies, rounds } = SIZE[form];
  const sandbox = await services.startSandbox(['--rate-limit', '0', '--job-time', '0', '--persons', String(CONTACTS)]);
  const list = services.listOf(companies);
  const options = ['--rate-limit', '0', '--fresh'];
  const bare = (kind, count = companies) => measureChild([BARE, kind, sandbox.url, count], { services, env: { PATH: process.env.PATH } });
  const contenders = {
    fetch: () => bare('fetch'),
    request: () => bare('request'),
    PostgreSQL: () => services.withDatabase((databaseUrl) => services.run(list, { url: sandbox.url, databaseUrl, options })),
    embedded: () => services.run(list, { url: sandbox.url, home: 'throughput', options }),
  };
  // Warms the sandbox, and makes the embedded database.
  await bare('request', Math.min(companies, 200));
  await services.run(services.listOf(Math.min(companies, 10)), { url: sandbox.url, home: 'throughput', options });

  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, contend] of Object.entries(contenders)) results[name].push(await contend());
  }
  const { launches, persons_billed } = await sandbox.stats();
  await sandbox.stop();
  if (persons_billed !== launches * CONTACTS) throw new Error(`${persons_billed} contacts were found at ${launches} companies`);

  const middle = (name, of) => median(results[name].map((result) => result[of]));
  const rate = (name) => perSecond(companies, middle(name, 'wallMs'));
  const unit = (value) => `${whole(value)}/s`;
  return ['PostgreSQL', 'embedded'].flatMap((name) =>
    ['request', 'fetch'].map((rival) => {
      const same = rival === ownCall();
      return line({
        part: 'c',
        what: `${whole(companies)} companies, ${name}`,
        ours: rate(name),
        rival: rate(rival),
        unit,
        against: `bare ${rival}${same ? ' (the same function)' : ''}`,
        more: same ? `${(middle(name, 'cpuMs') / companies).toFixed(2)} ms cpu a company (bare ${(middle(rival, 'cpuMs') / companies).toFixed(2)}), peak ${megabytes(middle(name, 'peakBytes'))}` : '',
        reach: same && name === 'PostgreSQL' ? '>= 0.4, >= 600/s' : '',
      });
    }),
  );
}

/** Which of the two functions the command itself calls. */
function ownCall() {
  const transport = readFileSync(join(import.meta.dirname, '../dist/providers/http/transport.js'), 'utf8');
  return transport.includes('dispatcher.request(') ? 'request' : 'fetch';
}
