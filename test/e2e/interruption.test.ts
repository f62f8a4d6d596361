/* Runs that are cut off, by a signal or without one: nothing is lost, nothing is launched twice, and the next command goes on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect } from 'vitest';
import { eventually, it, printedCommand, sql, withoutJobs, type Running, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const DOMAINS = companies(24);
/** So a run stands still with rows left after 16 requests, however fast the machine is. */
const SIXTEEN = ['--rate-limit', '16/600', '--concurrency', '4'];
/** And so it goes on, by the command that it printed, without waiting for ten minutes. */
const HURRIED = '--rate-limit 50/60';

describe.concurrent('a run that is interrupted with SIGINT', () => {
  it('writes a partial file, and the printed command finishes it as if it had never stopped', async ({ open }) => {
    const whole = await open();
    await whole.write('list.csv', list(DOMAINS));
    await whole.give(['run', 'list.csv']);

    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    await scene.write('list.contacts.csv', 'the good file\n');
    const running = await standingStill(scene);
    running.signal('SIGINT');
    const stopped = await running.ended;
    expect(stopped.exit).toBe(130);
    expect(stopped.stderr).toContain('stopped: it got the signal SIGINT');
    expect(await scene.files()).toEqual(['list.contacts.csv', 'list.contacts.partial.csv', 'list.csv', 'list.report.partial.csv']);
    expect(await scene.read('list.contacts.csv')).toBe('the good file\n');
    const expected = withoutJobs(await whole.read('list.contacts.csv'));
    const partial = withoutJobs(await scene.read('list.contacts.partial.csv'));
    expect(partial.length).toBeGreaterThan(0);
    expect(expected).toEqual(expect.arrayContaining(partial));
    expect((await scene.rows('list.report.partial.csv')).map(({ outcome }) => outcome)).toContain('not_launched');

    const resume = printedCommand(stopped.stderr);
    expect(resume).toMatch(/^waterfall-contacts resume \d{8}-\d{6}-\w{4} --rate-limit 16\/600$/);
    const id = resume.split(' ')[2] ?? '';
    const exported = await scene.give(['export', id]);
    expect([exported.exit, exported.stderr]).toEqual([0, expect.stringMatching(new RegExp(`^run ${id} is not finished: \\d+ of 24 rows done\\n$`))]);
    expect((await scene.shell(`${resume} ${HURRIED}`)).exit).toBe(0);
    expect(withoutJobs(await scene.read('list.contacts.csv'))).toEqual(expected);
    expect(await scene.files()).toEqual(['list.contacts.csv', 'list.csv', 'list.report.csv']);
    expect(await launchesPerQuestion(scene)).toEqual(DOMAINS.map(() => 1));
  });
});

describe.concurrent('a run that was stopped, and whose output another run has written since', () => {
  it('is not gone on with over that, but to other files', async ({ open }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const running = await standingStill(scene);
    running.signal('SIGINT');
    const resume = printedCommand((await running.ended).stderr);
    await scene.write('list.csv', list(DOMAINS.slice(0, 5)));
    expect((await scene.give(['run', 'list.csv'])).exit).toBe(0);
    const [contacts, report] = [await scene.read('list.contacts.csv'), await scene.read('list.report.csv')];

    const asked = (await scene.sandbox.stats()).launch_requests;
    const { exit, stderr } = await scene.shell(resume);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^error: \S+list\.(contacts|report)\.csv is of run \S+, which is newer than run \S+\n {2}to do: write to other files: waterfall-contacts resume .+ -o <file> --report <file>\n$/);
    expect((await scene.sandbox.stats()).launch_requests).toBe(asked);

    // The report goes with the contacts.
    expect((await scene.shell(`${resume} ${HURRIED} -o old.csv`)).exit).toBe(0);
    expect((await scene.rows('old.report.csv')).map(({ outcome }) => ['found', 'cached'].includes(outcome ?? ''))).toEqual(DOMAINS.map(() => true));
    expect([await scene.read('list.contacts.csv'), await scene.read('list.report.csv')]).toEqual([contacts, report]);
  });
});

describe.concurrent('a run that is killed with -9', () => {
  it('is finished by the same command, and no question whose reply was saved is launched again', async ({ open, databaseUrl }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const running = await standingStill(scene);
    const host = new URL(scene.sandbox.url).host;
    await eventually(async () => {
      const launching = "select from waterfall.targets where question->>'api_host' = $1 and state = 'launching'";
      expect(await sql(databaseUrl, launching, [host])).toEqual([]);
    });
    running.signal('SIGKILL');
    expect((await running.ended).exit).toBeNull();

    const again = await scene.run(['run', 'list.csv']);
    expect(again.exit).toBe(0);
    expect(again.stderr).toContain('going on with run');
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(await launchesPerQuestion(scene)).toEqual(DOMAINS.map(() => 1));
  });

  it('leaves at most ten launches in doubt, which are repeated once and counted', async ({ open }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    await scene.sandbox.setFaults({ latencyMs: 600_000 });
    const running = scene.start(['run', 'list.csv']);
    await eventually(async () => expect((await scene.sandbox.stats()).launches).toBe(10));
    running.signal('SIGKILL');
    await running.ended;
    await scene.sandbox.setFaults({ latencyMs: 0 });

    const again = await scene.give(['run', 'list.csv']);
    expect(again.exit).toBe(0);
    expect(again.stderr).toMatch(/launches were cut off before their reply was seen: in doubt \(run=\S+ launches=10\)/);
    expect(again.stderr).toMatch(/in doubt and repeated: 10 of 34 launches, at worst 100 contacts billed twice/);
    const report = await scene.rows('list.report.csv');
    expect(report.map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect(report.map(({ launches }) => Number(launches))).toEqual(await launchesPerQuestion(scene));
    expect(await launchesPerQuestion(scene)).toEqual(DOMAINS.map((_, place) => (place < 10 ? 2 : 1)));
  });

  // The window of the killed process is carried over, so this may wait for a whole one.
  it('is finished by the same command on the embedded database too', { timeout: 180_000 }, async ({ open }) => {
    const scene = await open({ embedded: true });
    await scene.write('list.csv', list(DOMAINS));
    const running = await standingStill(scene);
    running.signal('SIGKILL');
    await running.ended;

    const again = await scene.run(['run', 'list.csv']);
    expect(again.exit).toBe(0);
    expect(again.stderr).toContain('going on with run');
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    const doubts = /launches were cut off .*launches=(\d+)\)/.exec(again.stderr)?.[1] ?? '0';
    expect((await scene.sandbox.stats()).launches).toBe(DOMAINS.length + Number(doubts));
  });
});

describe.concurrent('a signal', () => {
  it.for([
    { name: 'SIGTERM', exit: 143 },
    { name: 'SIGHUP', exit: 129 },
  ] as const)('$name ends a run with rows left with $exit', async ({ name, exit }, { open }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const running = await standingStill(scene);
    running.signal(name);
    const ended = await running.ended;
    expect(ended.exit).toBe(exit);
    expect(printedCommand(ended.stderr)).toMatch(/^waterfall-contacts resume /);
  });

  it('while a long list is saved ends that soon: nothing is kept of it, nothing is sent, and the same command is printed', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase() };
    await scene.write('long.csv', `domain\n${Array.from({ length: 60_000 }, (_, index) => `harbour-${index}.example\n`).join('')}`);
    const running = scene.start(['run', 'long.csv', '--title-filter', 'ceo'], { env });
    await running.said('created the schema');
    running.signal('SIGINT');
    const { exit, stderr } = await running.ended;
    expect(exit, stderr).toBe(130);
    expect(stderr).toMatch(/stopped: it got the signal SIGINT\ngo on with: waterfall-contacts run long.csv --title-filter ceo\n$/);
    expect((await scene.give(['runs', '--json'], { env })).stdout).toBe('[]\n');
    expect((await scene.sandbox.stats()).launch_requests).toBe(0);
    expect(await scene.files()).toEqual(['long.csv']);
  });

  it('that is the second ends the run at once, with a call in flight', async ({ open }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    await scene.sandbox.setFaults({ latencyMs: 600_000 });
    const running = scene.start(['run', 'list.csv']);
    await eventually(async () => expect((await scene.sandbox.stats()).launches).toBe(10));
    running.signal('SIGINT');
    await running.said('SIGINT: finishing what is on its way; again to end at once');
    running.signal('SIGINT');
    const { exit, stderr } = await running.ended;
    expect(exit).toBe(130);
    expect(stderr).toMatch(/ended at once; all answers are kept\ngo on with: waterfall-contacts resume /);
  });
});

describe.concurrent('a signal to a main thread that is busy for ever', () => {
  const deaf = join(import.meta.dirname, '../support/deaf.mjs');

  it.for([['loop', ['SIGTERM', 'SIGINT']], ['expression', ['SIGINT']]] as const)('ends the process all the same: %s', async ([kind, signals]) => {
    const child = spawn(process.execPath, [deaf, kind], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = text(child.stderr);
    await once(child.stdout, 'data');
    for (const signal of signals) child.kill(signal);
    expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
    expect(await said).toBe('ended by force\n');
  });
});

async function standingStill(scene: Scene): Promise<Running> {
  const running = scene.start(['run', 'list.csv', ...SIXTEEN]);
  await eventually(async () => {
    const { launch_requests, finds } = await scene.sandbox.stats();
    expect(launch_requests + finds).toBe(16);
  });
  return running;
}

async function launchesPerQuestion({ sandbox }: Scene): Promise<number[]> {
  const { launches_by_question } = await sandbox.stats();
  return DOMAINS.map((domain) => launches_by_question[`${domain}|ceo OR founder`] ?? 0);
}
