/* `runs` and `status`: what they tell of runs that are finished, worked on, stopped and killed; they only look. */
import { existsSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { eventually, it, sql, type Running, type Scene } from '../support/command.ts';
import { companies, FILTER, list } from '../support/sandbox-process.ts';

const DOMAINS = companies(3, (people) => people === 5);

describe.concurrent('status', () => {
  it('of a finished run tells rows, contacts, cost and requests, as text and as JSON', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('list.csv', `${list(DOMAINS)}not a domain,${FILTER}\n${DOMAINS[0]},${FILTER}\n`);
    const id = await idOf(scene.give(['run', 'list.csv'], { env }));
    const told = JSON.parse((await scene.run(['status', '--json'], { env })).stdout) as Record<string, unknown>;
    expect(told).toMatchObject({
      run_id: id, input: 'list.csv', state: 'finished', working_since: null, stop_reason: null, rows: 5, rows_done: 5,
      contacts: 15, cost_usd: 0.75, answers_of_unknown_cost: 0, companies_answered: 3, companies_with_contacts: 3, hit_rate: 1,
      launches: 3, launches_repeated_in_doubt: 0, filters_total: 1, failures_total: 1,
      filters: [{ title_filter: FILTER, questions: 3, answered: 3, with_contacts: 3, contacts: 15, cost_usd: 0.75 }],
      failures: [{ row: 5, domain: null, outcome: 'invalid' }],
      outputs: { contacts: `${scene.folder}/list.contacts.csv`, report: `${scene.folder}/list.report.csv` },
      next_command: null,
    });
    expect(told.outcomes).toMatchObject({ found: 3, duplicate: 1, invalid: 1, waiting: 0 });
    const { exit, stdout, stderr } = await scene.run(['status', id.slice(0, 12)], { env });
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`run ${id} (list.csv): finished, 1 without an answer\n`);
    expect(stdout).toMatch(/rows +5 of 5 done: found 3, duplicate 1, invalid 1\n +contacts +15, at 3 of 3 companies answered \(100 %\)\n +spent +\$0\.75 \(\$0\.05 a contact\)\n/);
    expect(stdout).toMatch(/without an answer:\n +line 5 invalid: .+\n/);
  });

  it('of a run whose jobs failed gives the command that asks again, which works', async ({ open, newDatabase }) => {
    const scene = await open({ faults: { failRate: 1 } });
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('my list.csv', list(DOMAINS));
    expect((await scene.give(['run', 'my list.csv'], { env })).exit).toBe(3);
    const { stdout } = await scene.run(['status'], { env });
    expect(stdout).toMatch(/ask again for those without an answer with: waterfall-contacts run 'my list\.csv'\n$/);
    await scene.sandbox.setFaults({ failRate: 0 });
    expect((await scene.shell(/with: (.*)/.exec(stdout)?.[1] ?? '', { env })).exit).toBe(0);
  });

  it('shows a run live while another process works on it, and afterwards how to go on', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const running = await busy(scene, env);
    const live = await scene.run(['status'], { env });
    expect(live.stdout).toMatch(/^run \S+ \(list\.csv\): being worked on since \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/);
    expect(live.stdout).not.toContain('waterfall-contacts resume');
    expect((await scene.give(['runs'], { env })).stdout).toMatch(/ running +0\/3 /);
    await eventually(async () => expect((await scene.give(['status'], { env })).stdout).toMatch(/ requests +1 in [1-9]\S* s of work\n/));

    running.signal('SIGKILL');
    await running.ended;
    const { stdout } = await scene.run(['status'], { env });
    expect(stdout).toContain('interrupted: it was ended before it could say why');
    expect(stdout).toMatch(/ requests +1 in [1-9]\S* s of work\n/);
    const goOn = /go on with: (.*)/.exec(stdout)?.[1] ?? '';
    expect((await scene.shell(`${goOn} --rate-limit 50/60`, { env })).exit).toBe(0);
    const told = JSON.parse((await scene.give(['status', '--json'], { env })).stdout) as { state: string; requests: number };
    expect(told.state).toBe('finished');
    // Those of the killed process and those of the one that went on.
    const { launch_requests, finds } = await scene.sandbox.stats();
    expect(told.requests).toBe(launch_requests + finds);
  });

  it('of a run that was stopped says why, until it is worked on again', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const running = await busy(scene, env);
    running.signal('SIGTERM');
    await running.ended;
    const { stdout } = await scene.run(['status'], { env });
    expect(stdout).toMatch(/^run \S+ \(list\.csv\): stopped: it got the signal SIGTERM\n[^]*\ngo on with: waterfall-contacts resume \S+ --rate-limit 1\/600\n$/);

    const again = scene.start(['resume', '--rate-limit', '1/600'], { env });
    await eventually(async () => expect((await scene.give(['status', '--json'], { env })).stdout).toMatch(/"state": "running"[^]*"stop_reason": null/));
    again.signal('SIGKILL');
    await again.ended;
    expect((await scene.give(['status', '--json'], { env })).stdout).toContain('"state": "interrupted"');
  });

  it('--watch ends when nobody works on the run any more', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const running = await busy(scene, env);
    const watching = scene.start(['status', '--watch'], { env });
    running.signal('SIGTERM');
    await running.ended;
    expect(await watching.ended).toMatchObject({ exit: 0, stdout: expect.stringMatching(/it got the signal SIGTERM[^]*go on with: /) as string });
  });

  it('on an embedded database in use is refused with 75, naming the process that has it', async ({ open }) => {
    const scene = await open({ embedded: true });
    const running = await busy(scene, {});
    for (const command of ['status', 'runs']) {
      const { exit, stderr } = await scene.run([command]);
      expect([exit, stderr]).toEqual([75, expect.stringContaining(`error: another process (pid ${running.pid}) uses the embedded database`)]);
    }
  });
});

describe.concurrent('runs', () => {
  it('lists the runs, newest first, as many as are asked for, as text and as JSON', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('first.csv', list(DOMAINS));
    await scene.write('second.csv', list(DOMAINS.slice(0, 2)));
    const first = await idOf(scene.give(['run', 'first.csv'], { env }));
    const second = await idOf(scene.give(['run', 'second.csv'], { env }));
    const { stdout } = await scene.run(['runs'], { env });
    const lines = stdout.trimEnd().split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['RUN', 'STARTED (UTC)', 'STATE', 'ROWS', 'CONTACTS', 'SPENT', 'INPUT'],
      [second, expect.any(String), 'finished', '2/2', '10', '$0.00', 'second.csv'],
      [first, expect.any(String), 'finished', '3/3', '15', '$0.75', 'first.csv'],
    ]);
    expect(JSON.parse((await scene.run(['runs', '--json', '--limit', '1'], { env })).stdout)).toMatchObject([{ run_id: second, rows: 2, contacts: 10, cost_usd: 0 }]);
  });

  it('says that there are none, and creates nothing', async ({ openWorkplace, newDatabase }) => {
    const url = await newDatabase();
    const { run, home } = await openWorkplace({});
    for (const command of ['runs', 'status', 'export', 'resume']) {
      expect(await run([command])).toMatchObject({ exit: 2, stdout: '', stderr: expect.stringMatching(/^error: there (are no runs yet|is no unfinished run)/) as string });
    }
    expect(existsSync(home)).toBe(false);
    expect(await run(['runs', '--json'], { env: { DATABASE_URL: url } })).toMatchObject({ exit: 0, stdout: '[]\n', stderr: '' });
    expect(await sql(url, "select from pg_namespace where nspname = 'waterfall'")).toEqual([]);
  });
});

async function idOf(ended: Promise<{ stderr: string }>): Promise<string> {
  return /run (\S+) finished/.exec((await ended).stderr)?.[1] ?? '';
}

/** A run that waits for its rate limit after one request. */
async function busy(scene: Scene, env: Record<string, string>): Promise<Running> {
  await scene.write('list.csv', list(DOMAINS));
  const running = scene.start(['run', 'list.csv', '--rate-limit', '1/600'], { env });
  await eventually(async () => expect((await scene.sandbox.stats()).launch_requests).toBe(1));
  return running;
}
