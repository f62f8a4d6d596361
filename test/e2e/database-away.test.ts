/* The database goes away in the middle, or refuses: what is in hand is kept and saved, and no row is lost or paid for twice. */
import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { eventually, it as base, printedCommand, sql, type Running, type Scene } from '../support/command.ts';
import { startServer } from '../support/postgres-server.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { fillUp, mountSmallDisk } from '../support/small-disk.ts';
import { expectHonestLaunches } from '../support/traces.ts';

const DOMAINS = companies(12);
/** Each request takes a while, so that the middle of the run is not over at once. */
const SLOW = { latencyMs: 150 };
/** Longer than it takes to make trouble on a busy machine. */
const HELD = { latencyMs: 2_000 };

/** `it` with a server of its own, which may be stopped, and a small disk. */
const it = base
  .extend('ownFolder', { scope: 'file' }, async ({}, { onCleanup }) => {
    const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-away-'));
    onCleanup(() => rm(folder, { recursive: true, force: true }));
    await chmod(folder, 0o711); // the server of a root user runs as `postgres`, which must get through to its data
    return folder;
  })
  .extend('smallDisk', { scope: 'file' }, async ({ ownFolder }, { onCleanup }) => {
    const folder = join(ownFolder, 'disk');
    await mkdir(folder);
    const mounting = mountSmallDisk(folder, 24);
    onCleanup(async () => {
      await mounting.then((disk) => disk.remove(), () => undefined);
    });
    return mounting.catch((error: Error) => ({ refused: error.message }));
  })
  .extend('ownServer', { scope: 'file' }, async ({ ownFolder, smallDisk: _mountedBefore }, { onCleanup }) => {
    const starting = startServer(join(ownFolder, 'data'));
    onCleanup(() => starting.then((server) => server.stop(), () => undefined));
    return starting;
  });

describe('a server that is stopped in the middle', () => {
  it('and started again costs no row and no launch', async ({ open, ownServer }) => {
    const scene = await open();
    const running = await inTheMiddle(scene, ownServer.url);
    await meanwhile(scene, () => ownServer.stop());
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
    await meanwhile(scene, () => ownServer.stop());
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

describe('a server whose disk is full in the middle', () => {
  it('and has room again after a while costs no row and no launch', async ({ open, smallDisk, ownServer, skip }) => {
    // Only where there is no way to a small disk: as another user than root on Linux without user name spaces, and on other systems.
    if ('refused' in smallDisk) return skip(`no disk to fill up: ${smallDisk.refused}`);
    const scene = await open();
    const url = await databaseOn(smallDisk.path, ownServer.url);
    const running = await inTheMiddle(scene, url);
    const makeRoom = await meanwhile(scene, () => fillUp(smallDisk.path));
    await running.said('sqlstate=53100'); // disk full
    await eventually(async () => expect((await scene.sandbox.stats()).open_jobs).toBe(0));
    await makeRoom();
    const ended = await running.ended;
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(await launches(scene)).toBe(DOMAINS.length);
  });
});

describe('a server that wants TLS', () => {
  it('is not said to have refused the password', async ({ ownServer, openWorkplace }) => {
    await sql(ownServer.url, 'create database of_tls');
    const [place] = await sql<{ hba_file: string }>(ownServer.url, 'show hba_file');
    // Everybody still gets into the server's own database.
    await writeFile(place?.hba_file ?? '', 'host postgres all all scram-sha-256\nhostssl all all all scram-sha-256\n');
    await sql(ownServer.url, 'select pg_reload_conf()');
    const { run } = await openWorkplace({ DATABASE_URL: Object.assign(new URL(ownServer.url), { pathname: '/of_tls' }).href });
    await eventually(async () => {
      const { exit, stderr } = await run(['migrate']); // the server may still be reading the file
      expect([exit, stderr]).toEqual([2, expect.stringMatching(/its pg_hba\.conf lets nobody in so from here without TLS\n {2}to do: write sslmode=require in DATABASE_URL if it wants TLS/)]);
    });
  });
});

describe.concurrent('a server that ends every session in the middle', () => {
  it('costs no row and no launch', async ({ open, newDatabase }) => {
    const scene = await open();
    const url = await newDatabase();
    const running = await inTheMiddle(scene, url);
    await meanwhile(scene, () => endSessions(url));
    const ended = await running.ended;
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(await launches(scene)).toBe(DOMAINS.length);
  });
});

describe.concurrent('a process that stands still for so long that it counts as dead', () => {
  it('loses the run to whoever asks for it: 75 when it wakes, and nothing is launched twice but what is in doubt', async ({ open, newDatabase }) => {
    const scene = await open();
    const url = await newDatabase();
    const running = await inTheMiddle(scene, url);
    running.signal('SIGSTOP');
    const other = scene.start(['run', 'list.csv', '--concurrency', '1'], { env: { DATABASE_URL: url } });
    await other.said('waiting for an earlier process');
    await other.said('going on with run');
    running.signal('SIGCONT');
    const [woken, taken] = await Promise.all([running.ended, other.ended]);
    expect(taken.exit, taken.stderr).toBe(0);
    expect(woken.exit, woken.stderr).toBe(75);
    expect(woken.stderr).toContain('another process works on this run now');
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    await expectHonestLaunches(scene, url);
  });
});

describe.concurrent('a user who may only read', () => {
  it.for([
    ['by right', /refuses: permission denied .+\n {2}to do: let its owner grant/, 'grant usage on schema waterfall to ROLE; grant select on all tables in schema waterfall to ROLE'],
    ['by setting', /is set to only read \(default_transaction_read_only\)\n {2}to do: set it to off/, 'grant all on schema waterfall to ROLE; grant all on all tables in schema waterfall to ROLE; alter role ROLE set default_transaction_read_only = on'],
  ] as const)('%s is refused in words, and nothing is sent', async ([, words, grants], { open, newDatabase }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const url = new URL(await newDatabase({ migrated: true }));
    const role = `reader_${randomUUID().replaceAll('-', '')}`;
    await sql(url.href, `create role ${role} login password 'reader'`);
    await sql(url.href, grants.replaceAll('ROLE', role));
    [url.username, url.password] = [role, 'reader'];
    const { exit, stderr } = await scene.run(['run', 'list.csv'], { env: { DATABASE_URL: url.href } });
    expect(exit, stderr).toBe(2);
    expect(stderr).toMatch(/error: the database \(.+\) /);
    expect(stderr).toMatch(words);
    expect(await launches(scene)).toBe(0);
  });
});

/** A run with answers, open jobs and rows that are not launched. */
async function inTheMiddle(scene: Scene, databaseUrl: string): Promise<Running> {
  await scene.write('list.csv', list(DOMAINS));
  await scene.sandbox.setFaults(SLOW);
  const running = scene.start(['run', 'list.csv', '--concurrency', '2', '--verbose'], { env: { DATABASE_URL: databaseUrl } });
  await running.said('target settled');
  return running;
}

/** Does something while the API keeps everybody waiting, so that the run is not over before it is done. */
async function meanwhile<Result>({ sandbox }: Scene, make: () => Promise<Result>): Promise<Result> {
  await sandbox.setFaults(HELD);
  try {
    return await make();
  } finally {
    await sandbox.setFaults(SLOW);
  }
}

/** A new database whose tables are on the small disk. */
async function databaseOn(disk: string, serverUrl: string): Promise<string> {
  const [place] = await sql<{ data_directory: string }>(serverUrl, 'show data_directory');
  const { uid, gid } = await stat(place?.data_directory ?? '');
  const folder = join(disk, 'tables');
  await mkdir(folder);
  await chown(folder, uid, gid); // the server's own
  await sql(serverUrl, `create tablespace small location '${folder}'`);
  await sql(serverUrl, 'create database on_small_disk tablespace small');
  return Object.assign(new URL(serverUrl), { pathname: '/on_small_disk' }).href;
}

async function endSessions(url: string): Promise<void> {
  await sql(url, 'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
}

async function launches({ sandbox }: Scene): Promise<number> {
  return (await sandbox.stats()).launches;
}
