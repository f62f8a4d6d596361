/* The commands beside `run`: export, check, migrate. */
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { it, sql, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

describe.concurrent('export', () => {
  it('writes the contacts of the latest run to stdout, the same bytes as the run did, and asks nobody', async ({ open, newDatabase }) => {
    const scene = await open();
    const DATABASE_URL = await newDatabase();
    await finishedRun(scene, { DATABASE_URL });
    const { finds } = await scene.sandbox.stats();
    const { exit, stdout, stderr } = await scene.run(['export'], { env: { DATABASE_URL, WATERFALL_API_KEY: undefined } });
    expect({ exit, stdout, stderr }).toEqual({ exit: 0, stdout: await scene.read('list.contacts.csv'), stderr: '' });
    expect((await scene.sandbox.stats()).finds).toBe(finds);
  });

  it('writes the contacts and the report of a run to files', async ({ open }) => {
    const scene = await open();
    const id = await finishedRun(scene);
    const { exit, stdout } = await scene.run(['export', id, '-o', 'again.csv', '--report', 'again.report.csv']);
    expect([exit, stdout]).toEqual([0, '']);
    expect(await scene.read('again.csv')).toBe(await scene.read('list.contacts.csv'));
    expect(await scene.read('again.report.csv')).toBe(await scene.read('list.report.csv'));
  });

  it('of a run that does not exist names the latest', async ({ open }) => {
    const scene = await open();
    const id = await finishedRun(scene);
    const { exit, stdout, stderr } = await scene.run(['export', 'no-such-run']);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: there is no run no-such-run\n {2}to do: the latest are /);
    expect(stderr).toContain(id);
  });
});

describe.concurrent('check', () => {
  it('says ok in a line for each thing, and ends with 0', async ({ open, databaseUrl }) => {
    const scene = await open();
    await scene.run(['migrate']);
    const { exit, stdout } = await scene.run(['check']);
    expect(stdout.replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
      `ok settings API ${scene.sandbox.url}, no request limit, home folder ${scene.home}`,
      'ok key accepted, balance $1000000.00',
      `ok database PostgreSQL at ${new URL(databaseUrl).host}${new URL(databaseUrl).pathname}`,
      expect.stringMatching(/^ok schema version \d+$/),
    ]);
    expect(exit).toBe(0);
    expect((await scene.sandbox.stats()).launch_requests).toBe(0);
  });

  it('creates nothing where there is no database yet', async ({ openWorkplace }) => {
    const { run, home } = await openWorkplace({});
    const { exit, stdout } = await run(['check', '--sandbox']);
    expect(stdout).toMatch(/ok +database +not there yet: the first run creates an embedded one in .*\nok +schema +not there yet/);
    expect([exit, existsSync(home)]).toEqual([0, false]);
  });

  it('names every problem, and ends with 2', async ({ openWorkplace }) => {
    const { run } = await openWorkplace({ WATERFALL_BASE_URL: 'http://127.0.0.1:8', DATABASE_URL: 'postgres://127.0.0.1:9/none' });
    const { exit, stdout } = await run(['check']);
    expect(exit).toBe(2);
    expect(stdout).toMatch(/^ok +settings .*\nPROBLEM +key .*check the network and WATERFALL_BASE_URL\nPROBLEM +database .*connection refused.*\n$/);
  });
});

describe.concurrent('migrate', () => {
  it('creates the schema, and does nothing the second time', async ({ openWorkplace, newDatabase }) => {
    const { run } = await openWorkplace({});
    const url = await newDatabase();
    const args = ['migrate', '--database-url', url];
    expect((await run(args)).stdout).toMatch(/^schema "waterfall" in PostgreSQL at \S+\/e2e_\w+ was brought up to date: \d+ applied \(version \d+\)\n$/);
    expect((await run(args)).stdout).toMatch(/ is up to date \(version \d+\)\n$/);
    expect(await sql(url, 'select from waterfall.contact_list')).toEqual([]);
  });

  it('prints a script that makes the same schema by hand', async ({ openWorkplace, newDatabase }) => {
    const { run } = await openWorkplace({});
    const url = await newDatabase();
    const { exit, stdout } = await run(['migrate', '--print']);
    expect(exit).toBe(0);
    await sql(url, stdout);
    expect((await run(['migrate', '--database-url', url])).stdout).toContain('is up to date');
  });
});

/** Finishes a run; returns its id. */
async function finishedRun(scene: Scene, env: Record<string, string> = {}): Promise<string> {
  await scene.write('list.csv', list(companies(3)));
  const { stderr } = await scene.run(['run', 'list.csv'], { env });
  return /run (\S+) finished/.exec(stderr)?.[1] ?? '';
}
