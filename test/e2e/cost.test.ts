/* What a run says of its cost before, during and after; dry runs; and runs that shall not begin. */
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { eventually, it, printedCommand, sql, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

/** Five companies with ten people each: a launch costs $0.50, which is its worst case too. */
const DOMAINS = companies(5, (people) => people === 10);
const RUN = ['run', 'list.csv'];

async function scene(open: (options?: { embedded?: boolean }) => Promise<Scene>, embedded = false): Promise<Scene> {
  const made = await open({ embedded });
  await made.write('list.csv', list([...DOMAINS, DOMAINS[0] ?? '', 'no domain']));
  return made;
}

describe.concurrent('a dry run', () => {
  it('needs no key, sends nothing, and creates nothing', async ({ open }) => {
    const { run, home, files, sandbox } = await scene(open, true);
    const { exit, stdout, stderr } = await run([...RUN, '--dry-run'], { env: { WATERFALL_API_KEY: undefined } });
    expect([exit, stdout]).toEqual([0, '']);
    expect(stderr).toContain('dry run of list.csv: 7 rows, 1 duplicate, 1 invalid, 5 to launch\n  line 8: ');
    expect(stderr).toContain('  at worst 50 contacts to be billed; the price is not known');
    expect(stderr).toContain(`  no database yet: the run would create the embedded PostgreSQL in ${home}/database\n`);
    expect([existsSync(home), await files()]).toEqual([false, ['list.csv']]);
    expect(await sandbox.stats()).toMatchObject({ launch_requests: 0, finds: 0, account: 0 });
  });

  it('leaves a database without our schema as it is, and one with it', async ({ open, newDatabase }) => {
    const { run, give } = await scene(open);
    const env = { DATABASE_URL: await newDatabase() };
    expect((await run([...RUN, '--dry-run'], { env })).stderr).toContain('nothing is answered yet: the run would create the schema');
    expect(await sql(env.DATABASE_URL, "select from pg_namespace where nspname = 'waterfall'")).toEqual([]);
    await give([...RUN], { env });
    const { exit, stderr } = await run([...RUN, '--dry-run'], { env });
    expect([exit, stderr]).toEqual([0, expect.stringContaining('7 rows, 1 duplicate, 1 invalid, 5 already answered, 0 to launch')]);
    expect(await sql(env.DATABASE_URL, 'select count(*)::integer as runs from waterfall.runs')).toEqual([{ runs: 1 }]);
    expect((await give([...RUN, '--dry-run', '--fresh'], { env })).stderr).toContain(
      '  at worst $2.50: 50 contacts at $0.05 each, the dearest of earlier bills\n  expected $2.50: 50 contacts (10 a company, hit rate 100 %, by the last 5 companies answered)\n',
    );
  });

  it('says, as the run does, what is asked again though it was answered', async ({ open, newDatabase }) => {
    const { run, give } = await scene(open);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await give(RUN, { env });
    const again = '\n  5 of them answered before, and asked again for $5.00 at worst: 5 to a smaller --limit\n';
    expect((await give([...RUN, '--limit', '20', '--dry-run'], { env })).stderr).toContain(again);
    expect((await run([...RUN, '--limit', '20'], { env })).stderr).toContain(again);
  });

  it.for([
    ['a database that cannot be reached', { DATABASE_URL: 'postgres://127.0.0.1:9/none' }, /what is already answered is not known: the database \(127\.0\.0\.1:9\/none\) cannot be used/],
  ] as const)('says so of %s', async ([, env, words], { open }) => {
    const { give } = await scene(open);
    const { exit, stderr } = await give([...RUN, '--dry-run'], { env });
    expect([exit, stderr]).toEqual([0, expect.stringMatching(words)]);
  });

  it('says so of an embedded database that another process uses', async ({ open }) => {
    const { run, start, sandbox } = await scene(open, true);
    await sandbox.setFaults({ silent: true });
    const running = start(RUN);
    await running.said('to launch');
    const { exit, stderr } = await run([...RUN, '--dry-run']);
    expect([exit, stderr]).toEqual([0, expect.stringMatching(/what is already answered is not known: another process \(pid \d+\) uses/)]);
    running.signal('SIGKILL');
    await running.ended;
  });

  it('refuses what the run would refuse', async ({ open }) => {
    const { give } = await scene(open);
    expect((await give(['run', 'none.csv', '--dry-run'])).exit).toBe(2);
    const { exit, stderr } = await give([...RUN, '--dry-run', '--price', '-1', '--max-cost', 'much']);
    expect([exit, stderr]).toEqual([2, 'error: --max-cost "much" is not an amount in US dollars\n  to do: write for instance --max-cost 25\n'
      + 'error: --price "-1" is not an amount in US dollars\n  to do: write for instance --price 0.05\n']);
  });

  it('takes the price from the user', async ({ open }) => {
    const { give } = await scene(open);
    expect((await give([...RUN, '--dry-run', '--price', '$0.10'])).stderr).toContain('  at worst $5.00: 50 contacts at $0.10 each, as --price says\n');
  });
});

describe.concurrent('a run', () => {
  it('says before what it may cost, and after what it cost and what the account counts', async ({ open, newDatabase }) => {
    const { run } = await scene(open);
    const { exit, stderr } = await run(RUN, { env: { DATABASE_URL: await newDatabase() } });
    expect(exit).toBe(3); // one row is invalid
    expect(stderr).toContain("  at worst $2.50: 50 contacts at $0.05 each, the account's price\n  balance: $1000000.00\n");
    expect(stderr).toContain('  spent: $2.50, $0.05 a contact\n  account: counts 5 requests and $2.50 since the start; we count 5 and $2.50\ncontacts: ');
  });

  it('under a cap stops with 4, keeps the cap whatever command goes on, and says which one is needed', async ({ open, newDatabase }) => {
    const { run, give, shell, sandbox } = await scene(open);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const first = await run([...RUN, '--max-cost', '1.20'], { env });
    expect([first.exit, (await sandbox.stats()).billed_usd]).toEqual([4, 1]);
    expect(first.stderr).toContain('stopped: the cost cap of $1.20 (--max-cost) allows no more launches: $1.00 is spent, and one more company could cost $0.50\n  to do: ');
    const command = printedCommand(first.stderr);
    expect(command).toMatch(/^waterfall-contacts resume \S+ --max-cost 1\.50$/);
    // A command that was refused has changed nothing: not the cap either.
    expect((await give([...RUN, '--confirm-above', '0.10'], { env })).exit).toBe(2);
    expect(printedCommand((await give(['status'], { env })).stdout)).toBe(command);
    for (const bare of [['resume'], [...RUN, '--dry-run']]) {
      const { exit, stderr } = await give(bare, { env });
      expect([exit, stderr]).toEqual([bare.includes('--dry-run') ? 0 : 4, expect.stringContaining('  stops before the run could cost more than $1.20 (--max-cost), of which $1.00 is spent or may be\n')]);
    }
    // What a program may give without looking stays within the cap.
    const { next_command } = JSON.parse((await give(['status', '--json'], { env })).stdout) as { next_command: string };
    expect(next_command).toBe(command.replace('1.50', '1.20'));
    expect([(await sandbox.stats()).billed_usd, (await shell(command, { env })).exit, (await sandbox.stats()).billed_usd]).toEqual([1, 4, 1.5]);
  });

  it('above --confirm-above does not begin where nobody can be asked, and leaves no run behind', async ({ open, newDatabase }) => {
    const { run, give, sandbox } = await scene(open);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const { exit, stderr } = await run([...RUN, '--confirm-above', '2'], { env });
    expect([exit, stderr]).toEqual([2, expect.stringContaining('error: the worst case is $2.50, and --confirm-above is $2.00: nothing was sent\n  to do: add --yes')]);
    expect((await sandbox.stats()).launch_requests).toBe(0);
    expect(await sql(env.DATABASE_URL, 'select from waterfall.runs')).toEqual([]);
    expect((await give([...RUN, '--confirm-above', '2', '--yes'], { env })).exit).toBe(3);
  });

  it('goes on when the account cannot be read, and says that the balance is unknown', async ({ open, newDatabase }) => {
    const { run, sandbox } = await scene(open);
    await sandbox.setFaults({ bareErrorRate: 1 });
    const running = run(RUN, { env: { DATABASE_URL: await newDatabase() } });
    // Once, and once again.
    await eventually(async () => expect((await sandbox.stats()).account).toBe(2));
    await sandbox.setFaults({ bareErrorRate: 0 });
    const { exit, stderr } = await running;
    expect([exit, stderr]).toEqual([3, expect.stringContaining('  balance: unknown, the account could not be read (HTTP_502)\n')]);
    expect(stderr).not.toContain('account:');
  });

  it('asks the account nothing when there is nothing to launch', async ({ open, newDatabase }) => {
    const { give, sandbox } = await scene(open);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await give(RUN, { env });
    const { account } = await sandbox.stats();
    await give(RUN, { env });
    expect([account, (await sandbox.stats()).account]).toEqual([2, 2]);
  });
});
