/* The database goes away in the middle, or refuses: what is in hand is kept and saved, and no row is lost or paid for twice. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect } from 'vitest';
import { eventually, it as base, printedCommand, sql, type Running, type Scene } from '../support/command.ts';
import { startServer } from '../support/postgres-server.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { expectHonestLaunches } from '../support/traces.ts';

const DOMAINS = companies(12);
/** Each request takes a while, so that the middle of the run is not over at once. */
const SLOW = { latencyMs: 150 };

/** `it` with a server of its own, which may be stopped. */
const it = base.extend('ownServer', { scope: 'file' }, async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-away-'));
  await chmod(folder, 0o711); // the server of a root user runs as `postgres`, which must get through to its data
  const starting = startServer(join(folder, 'data'));
  onCleanup(async () => {
    await starting.then((server) => server.stop(), () => undefined);
    await rm(folder, { recursive: true, force: true });
  });
  return starting;
});

describe('a server that is stopped in the middle', () => {
  it('and started again costs no row and no launch', async ({ open, ownServer }) => {
    const scene = await open();
    const running = await inTheMiddle(scene, ownServer.url);
    await ownServer.stop();
    try {
      await running.said('database call repeated');
      // Long enough for all that is on its way to come in.
      await eventually(async () => expect((await scene.sandbox.stats()).open_jobs).toBe(0));
    } finally {
      await ownServer.start();
    }
    const ended = await running.ended;
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(await launches(scene)).toBe(DOMAINS.length);
  });

  it('and stays away does not keep a user who presses Ctrl-C, and the printed command goes on when it is back', async ({ open, ownServer }) => {
    const scene = await open();
    const running = await inTheMiddle(scene, ownServer.url);
    await ownServer.stop();
    let ended;
    try {
      await running.said('database call repeated');
      running.signal('SIGINT');
      ended = await running.ended;
    } finally {
      await ownServer.start();
    }
    expect(ended.exit, ended.stderr).toBe(130);
    expect(ended.stderr).not.toContain('bug in waterfall');
    const again = await scene.shell(printedCommand(ended.stderr), { env: { DATABASE_URL: ownServer.url } });
    expect(again.exit, again.stderr).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    await expectHonestLaunches(scene, ownServer.url);
  });
});

describe.concurrent('a server that ends every session in the middle', () => {
  it('costs no row and no launch, and the lock is ours again before anything is launched', async ({ open, newDatabase }) => {
    const scene = await open();
    const url = await newDatabase();
    const running = await inTheMiddle(scene, url);
    await endSessions(url);
    // Launches go on: whoever else wants the run is refused.
    const before = await launches(scene);
    await eventually(async () => expect(await launches(scene)).toBeGreaterThan(before + 2));
    expect(await sql(url, `select pid ${LOCK}`)).toHaveLength(1);
    const ended = await running.ended;
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(await launches(scene)).toBe(DOMAINS.length);
  });

  it('loses the run to whoever took the lock meanwhile: 75, and nothing more is launched', async ({ open, newDatabase }) => {
    const scene = await open();
    const url = await newDatabase();
    const running = await inTheMiddle(scene, url);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    try {
      // The other waits for the lock as a process does, and has it as soon as the first one's session has gone.
      const [lock] = await sql<{ key: string }>(url, `select ((classid::bigint << 32) | objid::bigint)::text as key ${LOCK}`);
      const taken = other.query('select pg_advisory_lock($1::bigint)', [lock?.key]);
      await sql(url, `select pg_terminate_backend(pid) ${LOCK}`);
      await taken;
      const ended = await running.ended;
      expect(ended.exit, ended.stderr).toBe(75);
      expect(ended.stderr).toContain('another process works on this run');
      expect(await launches(scene)).toBeLessThan(DOMAINS.length);
    } finally {
      await other.end();
    }
    await scene.sandbox.setFaults({ latencyMs: 0 });
    expect((await scene.run(['run', 'list.csv'], { env: { DATABASE_URL: url } })).exit).toBe(0);
    await expectHonestLaunches(scene, url);
  });
});

describe.concurrent('a user who may only read', () => {
  it.for([
    ['by right', 'grant usage on schema waterfall to ROLE; grant select on all tables in schema waterfall to ROLE'],
    ['by setting', 'grant all on schema waterfall to ROLE; grant all on all tables in schema waterfall to ROLE; alter role ROLE set default_transaction_read_only = on'],
  ] as const)('%s is refused in words, and nothing is sent', async ([, grants], { open, newDatabase }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const url = new URL(await newDatabase({ migrated: true }));
    const role = `reader_${randomUUID().replaceAll('-', '')}`;
    await sql(url.href, `create role ${role} login password 'reader'`);
    await sql(url.href, grants.replaceAll('ROLE', role));
    [url.username, url.password] = [role, 'reader'];
    const { exit, stderr } = await scene.run(['run', 'list.csv'], { env: { DATABASE_URL: url.href } });
    expect(exit, stderr).toBe(2);
    expect(stderr).toMatch(/error: the database \(.+\) refuses: .+\n {2}to do: /);
    expect(await launches(scene)).toBe(0);
  });
});

/** The session that holds a lock on a run, and others that have one. */
const LOCK = `from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())`;

/** A run with answers, open jobs and rows that are not launched. */
async function inTheMiddle(scene: Scene, databaseUrl: string): Promise<Running> {
  await scene.write('list.csv', list(DOMAINS));
  await scene.sandbox.setFaults(SLOW);
  const running = scene.start(['run', 'list.csv', '--concurrency', '2', '--verbose'], { env: { DATABASE_URL: databaseUrl } });
  await running.said('target settled');
  return running;
}

async function endSessions(url: string): Promise<void> {
  await sql(url, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
}

async function launches({ sandbox }: Scene): Promise<number> {
  return (await sandbox.stats()).launches;
}
