/* The embedded database: one process at a time, whose data nobody else can read and no kill can harm. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BusyError, UsageError } from '../../src/core/errors.ts';
import { openDriver } from '../../src/store/open.ts';
import { testRuntime } from '../support/databases.ts';
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

  it('leaves the lock to somebody else when it could not be opened', async () => {
    await mkdir(folder('damaged', 'database'), { recursive: true });
    await writeFile(folder('damaged', 'database', 'PG_VERSION'), 'not a version');
    const first = await open(folder('damaged')).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(UsageError);
    const second = await open(folder('damaged')).catch((error: unknown) => error);
    expect(second).not.toBeInstanceOf(BusyError);
  });
});
