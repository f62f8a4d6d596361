/* The commands beside `run`: export, check, migrate. */
import { randomUUID } from 'node:crypto';
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
    const { exit, stdout, stderr } = await scene.give(['export', 'no-such-run']);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: there is no run no-such-run\n {2}to do: the latest are /);
    expect(stderr).toContain(id);
  });
});

describe.concurrent('export, query and copy', () => {
  it.for([
    [['export', 'some-run', '--all', '--report', 'r.csv', '--only-new'], /--all is every run, and some-run is one[^]*a report is of one run[^]*--all --only-new needs a moment since when/],
    [['export', '--since', '7d'], /--since is for --all/],
    [['export', '--all', '--since', 'last week'], /--since "last week" is no date/],
    [['copy', '--to', 'postgres://a:s3cret@b.example/x', '--from', 'postgres://c.example/x'], /give only one of --to and --from/],
    [['copy', '--to', 'postgres://a:s3cret@127.0.0.1:9/x'], /there is no embedded database in /],
    [['copy', '--from', 'postgres://a:s3cret@127.0.0.1:9/x'], /127\.0\.0\.1:9\/x\) cannot be used: connection refused\n {2}to do: start the server, or correct host and port in --from/],
    [['copy', '--to', 'postgres://a:s3cret@x.example/x', '--database-url', 'postgres://y.example/x'], /copy takes --to or --from, and no --database-url/],
    [['query', 'select 1'], /there are no runs yet: there is no database in /],
  ] as const)('refuse %j', async ([words, complaint], { openWorkplace }) => {
    const { give } = await openWorkplace({ DATABASE_URL: undefined });
    const { exit, stdout, stderr } = await give(words);
    expect([exit, stdout, stderr]).toEqual([2, '', expect.stringMatching(complaint)]);
    expect(stderr).not.toContain('s3cret');
  });

  it('query answers in CSV and JSON, and says where a mistake is', async ({ open }) => {
    const scene = await open();
    await finishedRun(scene);
    const statement = "select company_domain, count(*) as contacts, true as ok, '=1' as formula from contact_list group by 1 order by 1";
    const [csv, json, wrong] = await Promise.all([scene.run(['query', statement]), scene.run(['query', statement, '--json']), scene.run(['query', 'select id form contacts'])]);
    const rows = JSON.parse(json.stdout) as { company_domain: string; contacts: number; ok: boolean; formula: string }[];
    expect(rows[0]).toMatchObject({ contacts: expect.any(Number) as number, ok: true, formula: '=1' });
    expect(csv).toEqual({ exit: 0, stderr: '', stdout: `company_domain,contacts,ok,formula\n${rows.map((row) => `${row.company_domain},${row.contacts},true,'=1\n`).join('')}` });
    expect([wrong.exit, wrong.stderr]).toEqual([2, expect.stringContaining('line 1, character 16: syntax error at or near "contacts" (42601)\n    select id form contacts\n                   ^\n')]);
  });
});

describe.concurrent('check', () => {
  it('says ok in a line for each thing, and ends with 0', async ({ open, databaseUrl }) => {
    const scene = await open();
    await scene.give(['migrate']);
    const { exit, stdout } = await scene.run(['check']);
    expect(stdout.replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
      `ok settings API ${scene.sandbox.url}, no request limit`,
      'ok key accepted',
      'ok balance $1000000.00',
      `ok home not needed: DATABASE_URL is set (${scene.home})`,
      `ok database PostgreSQL at ${new URL(databaseUrl).host}${new URL(databaseUrl).pathname} (DATABASE_URL from the environment)`,
      expect.stringMatching(/^ok schema version \d+$/),
    ]);
    expect(exit).toBe(0);
    expect((await scene.sandbox.stats()).launch_requests).toBe(0);
  });

  it('creates nothing where there is no database yet', async ({ openWorkplace }) => {
    const { run, home } = await openWorkplace({});
    const { exit, stdout } = await run(['check', '--sandbox']);
    expect(stdout).toMatch(/^ok +settings +API: the sandbox, no request limit\nok +key +none needed: /);
    expect(stdout).toMatch(/ok +database +not there yet: the first run creates an embedded one in .*\nok +schema +not there yet/);
    expect([exit, existsSync(home)]).toEqual([0, false]);
  });

  it('names every problem, and ends with 2', async ({ openWorkplace }) => {
    const { give, write } = await openWorkplace({ WATERFALL_BASE_URL: 'http://127.0.0.1:8', DATABASE_URL: 'postgres://127.0.0.1:9/none' });
    await write('.env', 'LOG_LEVL=debug\n');
    const { exit, stdout } = await give(['check']);
    expect(exit).toBe(2);
    expect(stdout).toMatch(
      /^PROBLEM +settings +LOG_LEVL in \.env is no setting; to do: did you mean LOG_LEVEL\?\nPROBLEM +key .*check the network and WATERFALL_BASE_URL\nok +home .*\nPROBLEM +database .*connection refused.*\n$/,
    );
  });

  it('names each setting that is wrong', async ({ openWorkplace }) => {
    const { give } = await openWorkplace({ WATERFALL_RATE_LIMIT: 'fast', DATABASE_URL: 'mysql://db.example/x' });
    const { exit, stdout } = await give(['check']);
    expect([exit, stdout.replaceAll(/ +/g, ' ').trimEnd().split('\n')]).toEqual([
      2,
      [
        'PROBLEM settings the rate limit "fast" is not <requests>/<seconds>; to do: write for instance 50/60, or 0 for none',
        'PROBLEM settings DATABASE_URL is no PostgreSQL connection string; to do: write postgres://user:password@host:5432/database, or leave it out to use the embedded database',
      ],
    ]);
  });

  it('names a home folder that cannot be made', async ({ openWorkplace }) => {
    const { give, write, folder } = await openWorkplace({ WATERFALL_CONTACTS_HOME: 'file/home' });
    await write('file', '');
    expect((await give(['check', '--sandbox'])).stdout).toContain(`the home folder ${folder}/file/home/sandbox cannot be: ${folder}/file is no folder; to do: choose another one with --home`);
  });

  it('names a database in which the schema cannot be made', async ({ openWorkplace, newDatabase }) => {
    const url = new URL(await newDatabase());
    const role = `clerk_${randomUUID().replaceAll('-', '')}`;
    await sql(url.href, `create role ${role} login password 'clerk'`);
    [url.username, url.password] = [role, 'clerk'];
    const { give } = await openWorkplace({ DATABASE_URL: url.href });
    expect((await give(['check'])).stdout).toMatch(/PROBLEM +schema +this user may not create the schema "waterfall" in the database \(\S+\); to do: let its owner run: /);
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
    // Of psql alone, which goes on after an error else.
    const [first, script] = [stdout.slice(0, stdout.indexOf('\n')), stdout.slice(stdout.indexOf('\n'))];
    expect(first).toBe('\\set ON_ERROR_STOP on');
    await sql(url, script);
    expect((await run(['migrate', '--database-url', url])).stdout).toContain('is up to date');
  });
});

/** Finishes a run; returns its id. */
async function finishedRun(scene: Scene, env: Record<string, string> = {}): Promise<string> {
  await scene.write('list.csv', list(companies(3)));
  const { stderr } = await scene.give(['run', 'list.csv'], { env });
  return /run (\S+) finished/.exec(stderr)?.[1] ?? '';
}
