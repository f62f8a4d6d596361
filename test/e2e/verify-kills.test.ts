/* `verify` that is killed at moments that nobody chose, and what goes on to the next provider. */
import { describe, expect } from 'vitest';
import { eventually, it, sql, type Scene } from '../support/command.ts';

const KILLS = 4;
const KINDS = ['', '', 'unknown.', 'catchall.', 'greylisted.', 'bounce.'];
const ADDRESSES = Array.from({ length: 72 }, (_, place) => `${KINDS[place % KINDS.length]}person${place}@acme${place % 5}.example`);
const listOf = (all: readonly string[]) => `email\n${all.join('\n')}\n`;

/** Leads both providers of the command to the sandbox of a scene. */
function apiAt(url: string) {
  return { WATERFALL_BASE_URL: url, ABSTRACTAPI_BASE_URL: `${url}/v1/`, ABSTRACTAPI_KEY: 'another-key', ABSTRACTAPI_RATE_LIMIT: '0' };
}
const verify = (...more: string[]) => ['verify', 'emails.csv', '--no-dns', '--rate-limit', '0', ...more];

async function paid({ sandbox }: Scene): Promise<number> {
  const { verify_requests, abstract_requests } = await sandbox.stats();
  return verify_requests + abstract_requests;
}

describe.concurrent('verify', () => {
  it(`pays twice for nothing but counted doubts when it is killed ${KILLS} times at random`, { timeout: 60_000 }, async ({ open, newDatabase }) => {
    const scene = await open({ faults: { latencyMs: 10, latencyJitterMs: 20 } });
    const databaseUrl = await newDatabase({ migrated: true });
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: databaseUrl };
    const command = verify('--provider', 'waterfall,abstractapi', '--concurrency', '2');
    await scene.write('emails.csv', listOf(ADDRESSES));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = await paid(scene);
      const running = scene.start(command, { env });
      const more = 1 + Math.floor(Math.random() * 8);
      await eventually(async () => expect(await paid(scene)).toBeGreaterThanOrEqual(before + more));
      running.signal('SIGKILL');
      const { exit, stderr } = await running.ended;
      expect(exit, stderr).toBeNull();
    }
    await scene.sandbox.setFaults({ latencyMs: 0, latencyJitterMs: 0 });
    const ended = await scene.give(command, { env });
    expect([0, 3], ended.stderr).toContain(ended.exit); // what was cut off twice is held
    const report = await scene.rows('emails.report.csv');
    expect(report.map(({ email }) => email)).toEqual(ADDRESSES);
    expect(report.filter(({ outcome }) => !['found', 'not_found', 'in_doubt'].includes(outcome ?? ''))).toEqual([]);

    const doubts = await sql<{ key: string; times: number }>(
      databaseUrl,
      `select call.provider || '|' || (target.question ->> 'email') as key, count(*)::integer as times
       from waterfall.calls as call join waterfall.call_targets as listed on listed.call_id = call.id join waterfall.targets as target on target.id = listed.target_id
       where call.state = 'in_doubt' group by 1`,
    );
    const counted = new Map(doubts.map(({ key, times }) => [key, times]));
    for (const [key, times] of Object.entries((await scene.sandbox.stats()).verifications_by_address)) expect(times, key).toBeLessThanOrEqual(1 + (counted.get(key) ?? 0));
  });

  it('passes a catch-all on to the next provider, and decides the policy at the output alone', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('emails.csv', listOf(['there.jane@acme.example', 'catchall.ida@acme.example', 'risky.paul@acme.example']));
    const strict = await scene.give(verify('--provider', 'abstractapi', '-o', 'strict.csv'), { env });
    expect(strict.exit, strict.stderr).toBe(0);
    await scene.give(verify('--provider', 'abstractapi', '--policy', 'loose', '-o', 'loose.csv'), { env });
    const [one, other] = [await scene.rows('strict.csv'), await scene.rows('loose.csv')];
    expect(one.map(({ good, policy }) => [good, policy])).toEqual([['true', 'strict'], ['false', 'strict'], ['false', 'strict']]);
    expect(other).toEqual(one.map((row) => ({ ...row, good: 'true', policy: 'loose' })));
    expect(await paid(scene)).toBe(3);
    // Known from the first, the catch-all is asked at the next one; the others are not.
    await scene.give(verify('--provider', 'abstractapi,waterfall', '-o', 'both.csv'), { env });
    expect((await scene.sandbox.stats()).verifications_by_address).toEqual({
      'abstractapi|there.jane@acme.example': 1,
      'abstractapi|catchall.ida@acme.example': 1,
      'abstractapi|risky.paul@acme.example': 1,
      'waterfall|catchall.ida@acme.example': 1,
    });
  });
});
