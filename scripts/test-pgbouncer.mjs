/*
 * `npm run test:pgbouncer`: runs, two at once, a kill and the way back, behind a real PgBouncer in transaction mode whose sessions
 * somebody else has set to anything. Outside `npm test`, since PgBouncer comes from no package of npm; as root it is installed from Debian's.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, domainAt, FILTER } from '../bench/companies.mjs';
import { freePort, startServices, withClient } from '../bench/services.mjs';

const COMPANIES = 60;
const KILLS = 3;
/** What a client of another program may leave in a session. */
const LEFT_BEHIND = ['default_transaction_read_only to on', 'search_path to elsewhere', "timezone to 'Asia/Kathmandu'", "datestyle to 'German, DMY'", 'default_transaction_isolation to serializable', "statement_timeout to '2s'"];

const isRoot = process.getuid?.() === 0;
if (spawnSync('pgbouncer', ['--version']).status !== 0) {
  if (isRoot) spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'pgbouncer'], { stdio: 'inherit' });
  if (spawnSync('pgbouncer', ['--version']).status !== 0) {
    console.error('PgBouncer is not there: install it, for instance with: apt-get install pgbouncer');
    process.exit(2);
  }
}

const services = await startServices();
const failures = [];
const same = (what, seen, expected) => {
  const [left, right] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (left !== right) failures.push(`${what}: ${left}, expected ${right}`);
  console.log(`${left === right ? 'ok  ' : 'FAIL'} ${what}`);
};

try {
  await services.withDatabase(async (url) => {
    const bouncer = await startPgBouncer(url);
    await poison(bouncer.url);
    const sandbox = await services.startSandbox(['--rate-limit', '0', '--job-time', '200ms', '--latency', '20ms']);
    const env = { ...services.environment(sandbox.url), DATABASE_URL: bouncer.url, WATERFALL_RATE_LIMIT: '0' };
    const give = (...args) => {
      const child = spawn(process.execPath, [CLI, ...args], { cwd: services.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const text = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr']) child[stream].on('data', (chunk) => (text[stream] += chunk));
      return { child, text, ended: once(child, 'exit').then(([exit]) => ({ exit, ...text })) };
    };
    const listOf = (from, to) => `domain,title_filter\n${Array.from({ length: to - from }, (_none, n) => `${domainAt(from + n)},${FILTER}\n`).join('')}`;
    writeFileSync(join(services.folder, 'one.csv'), listOf(0, COMPANIES));
    writeFileSync(join(services.folder, 'other.csv'), listOf(COMPANIES / 2, COMPANIES * 1.5));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const { child, text, ended } = give('run', 'one.csv', '--concurrency', '4', '--verbose');
      while (!text.stderr.includes('target settled') && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill('SIGKILL');
      await ended;
    }
    const both = await Promise.all(['one.csv', 'other.csv'].map((name) => give('run', name).ended));
    same('two runs at once behind it end', both.map(({ exit, stderr }) => (exit === 0 ? 0 : stderr)), [0, 0]);
    const { rows } = await withClient(url, (client) => client.query('select (sum(launches) - count(*) filter (where launches > 0))::integer as repeated from waterfall.targets'));
    const { launches } = await sandbox.stats();
    same('each question was launched once, but for counted doubts', launches >= COMPANIES * 1.5 && launches <= COMPANIES * 1.5 + rows[0].repeated, true);
    const again = await give('run', 'one.csv').ended;
    same('the same list again costs nothing', [again.exit, /(\d+) to launch/.exec(again.stderr)?.[1]], [0, '0']);
    const { exit, stdout } = await give('status', '--json').ended;
    same('status reads it', [exit, JSON.parse(stdout).state], [0, 'finished']);
    await sandbox.stop();
    await bouncer.stop();
  });
} finally {
  await services.stop();
}
if (failures.length > 0) {
  console.error(failures.join('\n'));
  process.exit(1);
}

/** Starts PgBouncer in front of the database of a URL, with two sessions for all. */
async function startPgBouncer(databaseUrl) {
  const { username, password, hostname, port, pathname } = new URL(databaseUrl);
  const listen = await freePort();
  const file = join(services.folder, 'pgbouncer.ini');
  writeFileSync(
    file,
    `[databases]\n* = host=${hostname} port=${port} user=${username} password=${password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${listen}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n`,
  );
  chmodSync(file, 0o644);
  // It does not run as root.
  const child = services.own(spawn('pgbouncer', [...(isRoot ? ['-u', 'nobody'] : []), '-q', file], { stdio: ['ignore', 'ignore', 'inherit'] }));
  const url = `postgres://${username}@127.0.0.1:${listen}${pathname}`;
  for (let tries = 0; ; tries += 1) {
    try {
      await withClient(url, (client) => client.query('select 1'));
      break;
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { url, stop };
}

/** Leaves in both sessions what others may leave there. */
async function poison(url) {
  await withClient(url, async (first) =>
    withClient(url, async (second) => {
      for (const client of [first, second]) await client.query('begin');
      for (const client of [first, second]) {
        for (const setting of LEFT_BEHIND) await client.query(`set ${setting}`);
        await client.query('commit');
      }
    }),
  );
}
