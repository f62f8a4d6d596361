/* The embedded database: one process at a time, whose data nobody else can read and no kill can harm. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, open as openFile, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BusyError, DatabaseError, UsageError } from '../../src/core/errors.ts';
import { lockByCommand, lockFolder } from '../../src/store/folder-lock.ts';
import { openDriver } from '../../src/store/open.ts';
import { testRuntime } from '../support/databases.ts';
import { fillUp, mountSmallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BUILT = new URL('../../dist/store/embedded.js', import.meta.url);

/** Opens the database in its first argument, writes a row into it, and stays until it is killed. */
const HOLDER = `
  const { openEmbedded } = await import(process.argv[1]);
  const driver = await openEmbedded(process.argv[2]);
  await driver.script('create table notes (line text)');
  await driver.query('insert into notes values ($1)', ['committed by ' + process.pid]);
  console.log('ready');
  // What nobody refers to is collected, and its file closed: the lock would be free.
  setInterval(() => driver.place, 60_000);
`;

describe('the embedded database', () => {
  const folder = temporaryFolder();
  const open = async (home: string) => {
    const driver = await openDriver({ databaseUrl: undefined, home }, testRuntime());
    onTestFinished(() => driver.close());
    return driver;
  };

  /** A process of its own that has the database in `home` open. */
  async function holder(home: string): Promise<ChildProcess & { pid: number }> {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, BUILT.href, home], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') break;
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null) throw new Error('the process that holds the database did not start');
    return Object.assign(child, { pid });
  }

  it('is refused to a second process, which is told the first one', async () => {
    const { pid } = await holder(folder('shared'));
    const failure = await open(folder('shared')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BusyError);
    expect(String(failure)).toContain(`another process (pid ${pid}) uses the embedded database in ${folder('shared')}`);
  });

  it('is free as soon as its process was killed, with all that was committed', async () => {
    const child = await holder(folder('killed'));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const driver = await open(folder('killed'));
    expect(await driver.query('select line from notes')).toEqual([{ line: `committed by ${child.pid}` }]);
  });

  it('is refused to a second opener of the same process', async () => {
    await open(folder('twice'));
    await expect(open(folder('twice'))).rejects.toThrow(`(pid ${process.pid})`);
  });

  it('is free again when it was closed, and keeps what was in it', async () => {
    const first = await openDriver({ databaseUrl: undefined, home: folder('closed') }, testRuntime());
    await first.script(`create table notes (line text); insert into notes values ('kept')`);
    await first.close();
    expect(await (await open(folder('closed'))).query('select line from notes')).toEqual([{ line: 'kept' }]);
  });

  it('makes its home folder, with the folders above it, for nobody but its user', async () => {
    const home = folder('deep', 'down', 'home');
    await open(home);
    const modes = await Promise.all([home, join(home, 'database'), join(home, 'database.lock')].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes.map((mode) => mode.toString(8))).toEqual(['700', '700', '600']);
  });

  it('starts over where an earlier start broke off half-way', async () => {
    await mkdir(folder('broken', 'database.new', 'base'), { recursive: true });
    await writeFile(folder('broken', 'database.new', 'PG_VERSION'), 'half');
    expect(await (await open(folder('broken'))).query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['empty', ''],
    ['that of a process that lives', `${process.pid}\n/\n1795353242\n5432\n`],
  ])('opens whatever an earlier start has left in the lock file of PostgreSQL: %s', async (name, content) => {
    const home = folder(name);
    await (await openDriver({ databaseUrl: undefined, home }, testRuntime())).close();
    await writeFile(join(home, 'database', 'postmaster.pid'), content);
    expect(await (await open(home)).query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('says what to do when its home cannot be a folder', async () => {
    await writeFile(folder('a-file'), '');
    const failure = await open(folder('a-file')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure)).toContain(`the home folder ${folder('a-file')} cannot be used`);
    expect(String(failure)).toContain('choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL');
  });

  describe('whose folder is damaged', () => {
    let table = '';
    /** A database with one table of one row, made once. */
    beforeAll(async () => {
      const driver = await openDriver({ databaseUrl: undefined, home: folder('whole') }, testRuntime());
      await driver.script(`create table notes (line text); insert into notes values ('kept'); checkpoint`);
      [{ table = '' } = {}] = await driver.query<{ table: string }>(`select pg_relation_filepath('notes') as table`);
      await driver.close();
    });

    /** A copy of it in a home of its own: its folder, and the path of the table in it. */
    async function made(name: string): Promise<{ home: string; database: string; table: string }> {
      const home = folder(name);
      await cp(folder('whole'), home, { recursive: true });
      return { home, database: join(home, 'database'), table: join(home, 'database', table) };
    }

    const log = async (database: string) => (await readdir(join(database, 'pg_wal'))).filter((name) => name.startsWith('0')).map((name) => join(database, 'pg_wal', name));
    const damages: [name: string, words: RegExp, damage: (database: string) => Promise<unknown>][] = [
      ['by a missing control file', /global\/pg_control is missing or cut off/, (database) => rm(join(database, 'global/pg_control'))],
      ['by a control file that is cut off', /global\/pg_control is missing or cut off/, (database) => truncate(join(database, 'global/pg_control'), 100)],
      ['by a control file of zeros', /global\/pg_control is overwritten/, (database) => writeFile(join(database, 'global/pg_control'), Buffer.alloc(8192))],
      ['by a control file of another version', /was made by PostgreSQL 17, and this version has 18/, (database) => overwrite(join(database, 'global/pg_control'), 8, [0xa4, 0x06, 0, 0])],
      ['by a control file that fits no longer', /PostgreSQL does not start on it/, (database) => overwrite(join(database, 'global/pg_control'), 100, [1, 2, 3])],
      ['by a missing log', /its log \(pg_wal\) is missing/, async (database) => { for (const path of await log(database)) await rm(path); }],
      ['by a log of zeros', /PostgreSQL does not start on it/, async (database) => { for (const path of await log(database)) await writeFile(path, Buffer.alloc(1 << 24)); }],
      ['by a control file of anything', /global\/pg_control is overwritten/, (database) => writeFile(join(database, 'global/pg_control'), Buffer.alloc(8192, 'x'))],
      ['by somebody who has emptied it', /global\/pg_control is missing/, async (database) => { for (const name of await readdir(database)) await rm(join(database, name), { recursive: true }); }],
      ['by folders that are gone', /global\/pg_control is missing/, (database) => rm(join(database, 'global'), { recursive: true })],
    ];

    async function overwrite(path: string, at: number, bytes: number[]): Promise<void> {
      const file = await openFile(path, 'r+');
      await file.write(Buffer.from(bytes), 0, bytes.length, at);
      await file.close();
    }

    it.each(damages)('%s is refused in words, again and again, and left as it is', async (name, words, damage) => {
      const { home, database } = await made(name);
      await damage(database);
      const failures = [await open(home).catch((error: unknown) => error), await open(home).catch((error: unknown) => error)];
      for (const failure of failures) {
        expect(failure).toBeInstanceOf(DatabaseError);
        expect(String(failure)).toMatch(words);
        expect((failure as DatabaseError).fix).toMatch(/put back a copy|copy --to/);
      }
    });

    it.each([
      ['is missing', (path: string) => rm(path)],
      ['is empty', (path: string) => truncate(path, 0)],
      ['names another', (path: string) => writeFile(path, '14')],
    ])('is opened with all that is in it where only the file with its version %s', async (name, damage) => {
      const { home, database } = await made(`version ${name}`);
      await damage(join(database, 'PG_VERSION'));
      expect(await (await open(home)).query('select line from notes')).toEqual([{ line: 'kept' }]);
      expect(await readFile(join(database, 'PG_VERSION'), 'utf8')).toBe('18\n');
    });

    it.each([
      ['a torn page', (path: string) => overwrite(path, 0, [1, 2, 3])],
      ['a missing file', (path: string) => rm(path)],
    ])('is said to be so by the statement that meets %s, once and without waiting; the rest can be read', async (name, damage) => {
      const { home, table: damaged } = await made(name);
      await damage(damaged);
      const driver = await open(home);
      const failure = await driver.query('select line from notes').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DatabaseError);
      expect(String(failure)).toMatch(/ is damaged: /);
      expect((failure as DatabaseError).fix).toMatch(/^save what can still be read \(query, export/);
      expect(await driver.query('select 1 as one')).toEqual([{ one: 1 }]);
    });

  });

  it('waits for room where its disk is full, and keeps what was in it', async ({ skip }) => {
    const disk = await mountSmallDisk(await mkdir(folder('disk'), { recursive: true }).then(() => folder('disk')), 120).catch((error: Error) => ({ refused: error.message }));
    if ('refused' in disk) return skip(disk.refused);
    onTestFinished(() => disk.remove());
    const driver = await openDriver({ databaseUrl: undefined, home: join(disk.path, 'home') }, testRuntime());
    await driver.script(`create table notes (line text)`);
    const makeRoom = await fillUp(disk.path);
    await expect(driver.query(`insert into notes values ('lost')`)).rejects.toMatchObject({ code: '53100', message: 'less than 64 MB are left on its disk' });
    await makeRoom();
    await driver.query(`insert into notes values ('kept')`);
    expect(await driver.query('select line from notes')).toEqual([{ line: 'kept' }]);
    await driver.close();
  });

  it('leaves nothing half-made where there is no room for a first start', async ({ skip }) => {
    const disk = await mountSmallDisk(await mkdir(folder('tiny'), { recursive: true }).then(() => folder('tiny')), 20).catch((error: Error) => ({ refused: error.message }));
    if ('refused' in disk) return skip(disk.refused);
    onTestFinished(() => disk.remove());
    const home = join(disk.path, 'home');
    const failure = await open(home).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatabaseError);
    expect(failure).toMatchObject({ message: expect.stringContaining('less than 64 MB are left on its disk') as string, fix: 'make room on its disk' });
    expect(await readdir(home)).toEqual(['database.lock']);
  });

  it('is locked by the command where the library is not for the system', async () => {
    const home = folder('by-command');
    await mkdir(home);
    const first = await lockFolder(home, lockByCommand);
    await expect(lockFolder(home, lockByCommand)).rejects.toThrow(`another process (pid ${process.pid}) uses the embedded database`);
    first();
    (await lockFolder(home, lockByCommand))();
  });

  it('is refused where there is no way to lock it', async () => {
    const before = process.env.PATH;
    onTestFinished(() => void (process.env.PATH = before));
    process.env.PATH = '/nowhere';
    await mkdir(folder('unlocked'));
    const failure = await lockFolder(folder('unlocked'), lockByCommand).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure)).toContain('install the command flock, or set DATABASE_URL');
  });

  it('leaves the lock to somebody else when it could not be opened', async () => {
    await mkdir(folder('damaged', 'database'), { recursive: true });
    await writeFile(folder('damaged', 'database', 'PG_VERSION'), 'not a version');
    const first = await open(folder('damaged')).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(DatabaseError);
    const second = await open(folder('damaged')).catch((error: unknown) => error);
    expect(second).not.toBeInstanceOf(BusyError);
  });
});
