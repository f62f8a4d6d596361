/* An API that loses replies, refuses the key, throttles, hangs or breaks: what it costs, and what is left. */
import { describe, expect } from 'vitest';
import { systemClock } from '../../src/runtime/runtime.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { it, printedCommand } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

describe.concurrent('lost replies to launches', () => {
  it('stop the run with 4 after about ten, and --in-doubt hold repeats none of them', async ({ open }) => {
    const { run, write, rows, shell, sandbox } = await open();
    await write('list.csv', list(companies(30)));
    await sandbox.setFaults({ loseReplies: true });
    const lost = await run(['run', 'list.csv']);
    expect(lost.exit).toBe(4);
    expect(lost.stderr).toMatch(/stopped: the replies to \d+ launches in a row were lost\n {2}to do: check the network/);
    const { launches } = await sandbox.stats();
    expect(launches).toBeGreaterThanOrEqual(10);
    expect(launches).toBeLessThan(20);

    await sandbox.setFaults({ loseReplies: false });
    const held = await shell(`${printedCommand(lost.stderr)} --in-doubt hold`);
    expect(held.exit).toBe(3);
    const outcomes = (await rows('list.report.csv')).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'in_doubt')).toHaveLength(launches);
    expect(outcomes.filter((outcome) => outcome === 'found')).toHaveLength(30 - launches);
    expect(Math.max(...Object.values((await sandbox.stats()).launches_by_question))).toBe(1);
  });
});

describe.concurrent('a key that is refused', () => {
  it('stops the run with 4, loses no row, and is never shown', async ({ openWorkplace, databaseUrl, onTestFinished }) => {
    const ignore = () => undefined;
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    const runtime = { clock: systemClock, random: Math.random, log };
    // The sandbox command takes any key; this one knows the right one.
    const api = await startSandbox({ runtime, apiKey: 'the-right-key', rateLimit: { limit: 0, windowMs: 1 }, jobTime: { medianMs: 0, spread: 0 } });
    onTestFinished(() => api.close());
    const { run, write, rows, read, shell } = await openWorkplace({ WATERFALL_BASE_URL: api.url, DATABASE_URL: databaseUrl });
    await write('list.csv', list(companies(5)));

    const key = 'a-key-with-a-slip';
    const refused = await run(['run', 'list.csv', '--verbose'], { env: { WATERFALL_API_KEY: key } });
    expect(refused.exit).toBe(4);
    expect(refused.stderr).toMatch(/stopped: the API refused: AUTH_BAD_API_KEY: .*\n {2}to do: correct WATERFALL_API_KEY/);
    expect(refused.stderr + (await read('list.report.partial.csv'))).not.toContain(key);
    expect((await rows('list.report.partial.csv')).map(({ outcome }) => outcome)).toEqual(Array(5).fill('not_launched'));

    const mended = await shell(printedCommand(refused.stderr), { env: { WATERFALL_API_KEY: 'the-right-key' } });
    expect(mended.exit).toBe(0);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(Array(5).fill('found'));
  });
});

describe.concurrent('a job that stays RUNNING past --job-timeout', () => {
  it('times out with 3, and the next run asks for the same job instead of launching again', async ({ open }) => {
    const { give, write, rows, sandbox } = await open({ faults: { stuckRate: 1 } });
    await write('list.csv', list(companies(1)));
    const first = await give(['run', 'list.csv', '--job-timeout', '1ms']);
    expect(first.exit).toBe(3);
    expect(first.stderr).toContain('timed_out 1');
    const [{ job_id = '' } = {}] = await rows('list.report.csv');
    const { finds } = await sandbox.stats();

    const second = await give(['run', 'list.csv', '--job-timeout', '1ms']);
    expect(second.stderr).toContain('1 job still open, 0 to launch');
    expect(second.exit).toBe(3);
    expect(await rows('list.report.csv')).toMatchObject([{ outcome: 'timed_out', job_id }]);
    const stats = await sandbox.stats();
    expect(stats.launches).toBe(1);
    expect(stats.finds).toBeGreaterThan(finds);
  });
});

describe.concurrent('an API that allows fewer requests than we think', () => {
  it('refuses some with 429, and no row is lost', async ({ open }) => {
    // Replies take long enough for ten launches to be on their way before one of them tells the limit.
    const { run, write, rows, sandbox } = await open({ sandbox: ['--rate-limit', '6/1', '--latency', '250ms'] });
    await write('list.csv', list(companies(12)));
    const { exit, stderr } = await run(['run', 'list.csv']);
    expect(exit).toBe(0);
    const { throttled, launches } = await sandbox.stats();
    expect(throttled).toBeGreaterThan(0);
    expect(launches).toBe(12);
    expect(stderr).toContain(`${throttled} refused by the rate limit`);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(Array(12).fill('found'));
  });
});

describe.concurrent('one request in ten that breaks and one job in twenty that fails', () => {
  it('leave every company whose job did not fail with its contacts, and name the others', async ({ open }) => {
    const { run, write, rows, sandbox } = await open({ faults: { errorRate: 0.1, failRate: 0.05 } });
    const domains = companies(50, (people) => people === 7);
    await write('list.csv', list(domains));
    const { exit, stderr } = await run(['run', 'list.csv']);
    expect(exit).toBe(3);
    const report = await rows('list.report.csv');
    const failed = report.filter(({ outcome }) => outcome !== 'found');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.map(({ outcome, reason }) => [outcome, reason])).toEqual(failed.map(() => ['job_failed', 'the job ended FAILED']));
    for (const { row, domain } of failed.slice(0, 5)) expect(stderr).toContain(`line ${row} (${domain}) job_failed`);
    const contacts = await rows('list.contacts.csv');
    const answered = report.filter(({ outcome }) => outcome === 'found').map(({ domain }) => domain);
    expect(contacts.map(({ domain }) => domain)).toEqual(answered.flatMap((domain) => Array<unknown>(7).fill(domain)));
    expect((await sandbox.stats()).launches).toBe(50);
  });
});
