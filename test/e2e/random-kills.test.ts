/*
 * `kill -9` at moments that nobody chose, again and again, on one run. RANDOM_KILLS sets how many on each database
 * (8 by default; 200 for the long form).
 */
import { describe, expect } from 'vitest';
import { eventually, it, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { expectHonestLaunches, tracesOf, withoutDomains } from '../support/traces.ts';

const KILLS = Number(process.env.RANDOM_KILLS ?? 8);
/** More than the killed processes get done together, so that each of them has work. */
const DOMAINS = companies(40 + 8 * KILLS);
const LONGEST_MS = 60_000 + 10_000 * KILLS;
/** So many requests after its start a process is killed, at most; it launches fewer than eight. */
const MOST_REQUESTS = 12;
/** Requests in flight at most times, few launches in doubt at any. */
const SLOWLY = ['--concurrency', '2'];
const LATENCY = { latencyMs: 10, latencyJitterMs: 20 };

describe.concurrent(`a run that is killed ${KILLS} times at random`, () => {
  it.for(['PostgreSQL', 'PGlite'] as const)(
    'leaves what an unbroken one leaves, on %s',
    { timeout: LONGEST_MS },
    async (kind, { open, newDatabase }) => {
      const databaseUrl = kind === 'PGlite' ? undefined : await newDatabase();
      const env = { DATABASE_URL: databaseUrl };
      const scene = await open({ embedded: true });
      await scene.write('list.csv', list(DOMAINS));
      await scene.sandbox.setFaults(LATENCY);
      for (let kill = 0; kill < KILLS; kill += 1) await killSomewhere(scene, env, kill % 4 === 0);
      await scene.sandbox.setFaults({ latencyMs: 0, latencyJitterMs: 0 });

      // What was cut off twice is held, and not asked again in this run.
      const ended = await scene.run(['run', 'list.csv'], { env, longestMs: LONGEST_MS });
      expect([0, 3], ended.stderr).toContain(ended.exit);
      const held = (await scene.rows('list.report.csv')).filter(({ outcome }) => outcome !== 'found');
      expect(new Set(held.map(({ outcome }) => outcome))).toEqual(new Set(held.length > 0 ? ['in_doubt'] : []));
      const doubts = await expectHonestLaunches(scene, databaseUrl);
      const heldDomains = held.map(({ domain }) => domain ?? '');
      expect(heldDomains.filter((domain) => !doubts.has(domain))).toEqual([]);
      expect(held.length).toBeLessThan(DOMAINS.length / 4);

      // On PostgreSQL for both: it does not matter which database, and a server takes less time.
      const whole = await open();
      const wholeUrl = await newDatabase({ migrated: true });
      await whole.write('list.csv', list(DOMAINS));
      expect((await whole.give(['run', 'list.csv'], { env: { DATABASE_URL: wholeUrl } })).exit).toBe(0);
      const unbroken = withoutDomains(await tracesOf(whole, wholeUrl), heldDomains);
      expect(withoutDomains(await tracesOf(scene, databaseUrl), heldDomains)).toEqual(unbroken);
    },
  );
});

/** Starts the command and kills it: some time after its start, or while it works on its rows. */
async function killSomewhere(scene: Scene, env: Record<string, string | undefined>, early: boolean): Promise<void> {
  const before = await requests(scene);
  const running = scene.start(['run', 'list.csv', ...SLOWLY], { env });
  if (!early) {
    await running.said('kept in');
    // Counted in requests: on a slow machine too there is work behind it.
    const more = Math.floor(Math.random() * MOST_REQUESTS);
    await eventually(async () => expect(await requests(scene)).toBeGreaterThanOrEqual(before + more));
  }
  await new Promise((resolve) => setTimeout(resolve, Math.random() * (early ? 800 : 40)));
  running.signal('SIGKILL');
  const { exit, stderr } = await running.ended;
  expect(exit, stderr).toBeNull(); // neither finished nor refused: the lock was free
}

async function requests({ sandbox }: Scene): Promise<number> {
  const { launch_requests, finds } = await sandbox.stats();
  return launch_requests + finds;
}
