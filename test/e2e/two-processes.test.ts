/* A second process that wants what a first one has: it gives way with exit 75, before it sends anything. */
import { hostname } from 'node:os';
import { describe, expect } from 'vitest';
import { eventually, it, type Running, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { startPooler } from '../support/transaction-pooler.ts';

const DOMAINS = companies(3);

describe.concurrent('a second process', () => {
  it('on the same run is refused with 75, and the first one goes on', async ({ open }) => {
    const scene = await open();
    const first = await busy(scene);
    const second = await scene.run(['run', 'list.csv']);
    expect(second).toMatchObject({ exit: 75, stdout: '' });
    expect(second.stderr).toContain(`error: another process (pid ${first.pid} on ${hostname()}) works on this run (on `);
    expect(second.stderr).toMatch(/\n {2}to do: wait until it is done, then: waterfall-contacts run list\.csv\n$/);
    expect((await scene.sandbox.stats()).launch_requests).toBe(1);
    first.signal('SIGTERM');
    expect((await first.ended).exit).toBe(143);
  });

  it('on an embedded database in use is refused with 75, naming the process that has it', async ({ open }) => {
    const scene = await open({ embedded: true });
    const first = await busy(scene);
    await scene.write('other.csv', list(companies(1)));
    const second = await scene.run(['run', 'other.csv']);
    expect(second.exit).toBe(75);
    expect(second.stderr).toContain(`error: another process (pid ${first.pid}) uses the embedded database in ${scene.home}`);
    expect((await scene.run(['export'])).exit).toBe(75);
    expect((await scene.sandbox.stats()).launch_requests).toBe(1);
  });

  it('on another list of the same server works beside the first', async ({ open }) => {
    const scene = await open();
    await busy(scene);
    await scene.write('other.csv', list(companies(2, (people) => people === 5)));
    const second = await scene.run(['run', 'other.csv']);
    expect(second.exit).toBe(0);
    expect(await scene.rows('other.contacts.csv')).toHaveLength(10);
  });
});

describe.concurrent('a pooler that gives out sessions by transaction', () => {
  it('makes no difference: a run behind it ends, and a second process on the same run is refused', async ({ open, databaseUrl, onTestFinished }) => {
    const pooler = await startPooler(databaseUrl, { mode: 'transaction', sessions: 2, order: 'in turn' });
    onTestFinished(() => pooler.close());
    const scene = await open();
    const env = { DATABASE_URL: pooler.url };
    const first = await busy(scene, env);
    expect((await scene.run(['run', 'list.csv'], { env })).exit).toBe(75);
    first.signal('SIGTERM');
    expect((await first.ended).exit).toBe(143);
    expect((await scene.run(['run', 'list.csv'], { env })).exit).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
    expect((await scene.sandbox.stats()).launches).toBe(DOMAINS.length);
  });
});

/** A run that has the database and waits for its rate limit after one request. */
async function busy(scene: Scene, env?: Record<string, string>): Promise<Running> {
  await scene.write('list.csv', list(DOMAINS));
  const running = scene.start(['run', 'list.csv', '--rate-limit', '1/600'], { ...(env && { env }) });
  await eventually(async () => expect((await scene.sandbox.stats()).launch_requests).toBe(1));
  return running;
}
