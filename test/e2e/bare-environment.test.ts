/* As cron starts it: no terminal, no HOME, hardly an environment, a `.env` beside the list. */
import { describe, expect } from 'vitest';
import { it } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const NOTHING = { PATH: undefined, HOME: undefined, TMPDIR: undefined, WATERFALL_CONTACTS_HOME: undefined, WATERFALL_API_KEY: undefined, WATERFALL_RATE_LIMIT: undefined, WATERFALL_BASE_URL: undefined, DATABASE_URL: undefined };
const NOTHING_BUT_PATH = { WATERFALL_API_KEY: undefined, DATABASE_URL: undefined };
const ESCAPE = '\u001b';

describe.concurrent('without an environment', () => {
  it('a run takes everything from .env, names the database in its first line, and writes plain lines', async ({ open, newDatabase }) => {
    const scene = await open();
    const url = await newDatabase();
    await scene.write('list.csv', list(companies(2)));
    await scene.write('.env', `WATERFALL_API_KEY=k\nWATERFALL_BASE_URL=${scene.sandbox.url}\nDATABASE_URL=${url}\nWATERFALL_RATE_LIMIT=0\n`);
    const { exit, stderr } = await scene.run(['run', 'list.csv'], { env: NOTHING });
    expect(exit).toBe(0);
    const lines = stderr.split('\n');
    const place = `${new URL(url).host}${new URL(url).pathname}`;
    expect(lines.slice(1, 3)).toEqual([`DATABASE_URL from .env: ${place}`, `created the schema "waterfall" in PostgreSQL at ${place}`]);
    expect(stderr).not.toContain(ESCAPE);
    expect(stderr).not.toContain('\r');
  });

  it('a home folder that cannot be made is named with what to do', async ({ openWorkplace }) => {
    const { run, write } = await openWorkplace({ ...NOTHING, HOME: '/dev/null' });
    await write('list.csv', list(companies(1)));
    const { exit, stderr } = await run(['run', 'list.csv', '--sandbox']);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/error: the home folder \/dev\/null\/\S+ cannot be used: .+\n {2}to do: choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL\n$/);
  });

  it('the version, the help and an empty list on stdin need none', async ({ openWorkplace }) => {
    const { run } = await openWorkplace(NOTHING);
    expect(await run(['--version'])).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' });
    expect(await run(['run', '--help'])).toMatchObject({ exit: 0, stderr: '' });
    expect(await run(['run', '-', '--sandbox'])).toMatchObject({ exit: 2, stderr: 'error: stdin is empty\n  to do: give a CSV with a header and at least one row\n' });
  });
});

describe.concurrent('as others start it', () => {
  it('a folder that was removed is told in words, also in JSON', async ({ openWorkplace }) => {
    const { shell } = await openWorkplace(NOTHING_BUT_PATH);
    const gone = (args: string) => shell(`mkdir gone && cd gone && rmdir ../gone && waterfall-contacts ${args}`);
    for (const command of ['run list.csv --sandbox', 'status', 'export']) {
      expect(await gone(command)).toMatchObject({ exit: 2, stderr: expect.stringMatching(/error: the folder in which this command was given is no longer there\n {2}to do: change to another one \(cd\), and give it again\n$/) as string });
    }
    // The shell itself may have a word to say before.
    const { stderr } = await gone('--log-format json status');
    expect(JSON.parse(stderr.slice(stderr.indexOf('{')))).toMatchObject({ level: 'error' });
  });

  it('what Node warns of is a line of the log', async ({ openWorkplace }) => {
    const { run } = await openWorkplace({});
    const { stderr } = await run(['check', '--log-format', 'json'], { env: { WATERFALL_BASE_URL: 'https://127.0.0.1:9', NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    const events = stderr.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'Node warns', text: expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED') as string }));
  });

  it('a run under nohup goes on after its terminal has gone', async ({ open }) => {
    const scene = await open({ faults: { latencyMs: 300 } });
    await scene.write('list.csv', list(companies(3)));
    const run = scene.start(['run', 'list.csv'], { env: { _: '/usr/bin/nohup' } });
    await run.said('3 to launch');
    run.signal('SIGHUP');
    run.signal('SIGHUP');
    expect((await run.ended).exit).toBe(0);
  });
});

describe.concurrent('on a terminal that can do little', () => {
  it.for([{ TERM: 'dumb' }, { NO_COLOR: '1' }])('%j gives no escape sequences', async (env, { open }) => {
    const scene = await open();
    await scene.write('list.csv', list(companies(2)));
    for (const args of [['run', 'list.csv'], ['status'], ['runs'], ['check'], ['--help']]) {
      const { exit, stdout, stderr } = await (args[0] === 'run' ? scene.run : scene.give)(args, { env });
      expect([exit, `${stdout}${stderr}`.includes(ESCAPE)]).toEqual([0, false]);
    }
  });
});
