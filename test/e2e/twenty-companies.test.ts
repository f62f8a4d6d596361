/* The whole way, on both databases: twenty companies with ten people each, under a limit of 50 requests in 6 seconds. */
import { describe, expect } from 'vitest';
import { systemClock } from '../../src/runtime/runtime.ts';
import { openDriver } from '../../src/store/open.ts';
import { csvRows, it } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const DOMAINS = companies(20, (people) => people === 10);
const LIMIT = ['--rate-limit', '50/6'];
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe.concurrent.each([
  { database: 'PostgreSQL', embedded: false },
  { database: 'the embedded PostgreSQL', embedded: true },
])('twenty companies on $database', ({ embedded }) => {
  it('are found, found again for nothing, and asked anew with --fresh', async ({ open, databaseUrl }) => {
    const scene = await open({ embedded, sandbox: [...LIMIT, '--job-time', '50ms'] });
    await scene.write('companies.csv', list(DOMAINS));
    /** Contacts in the database, with when they changed. */
    const stored = async () => {
      const driver = await openDriver(
        { databaseUrl: embedded ? undefined : databaseUrl, home: scene.home },
        { clock: systemClock, random: Math.random, log },
      );
      try {
        return await driver.query<{ id: string; updated_at: Date }>('select id, updated_at from waterfall.contacts order by id');
      } finally {
        await driver.close();
      }
    };

    const first = await scene.run(['run', 'companies.csv', ...LIMIT]);
    expect(first).toMatchObject({ exit: 0, stdout: '' });
    expect(first.stderr).toContain('created the schema "waterfall"');
    const contacts = await scene.read('companies.contacts.csv');
    const lines = csvRows(contacts);
    expect(lines.map(({ domain }) => domain)).toEqual(DOMAINS.flatMap((domain) => Array<string>(10).fill(domain)));
    const before = await stored();
    expect(before.map(({ id }) => id)).toEqual(lines.map(({ person_id = '' }) => person_id).sort());
    const stats = await scene.sandbox.stats();
    expect(stats).toMatchObject({ launches: 20, persons_billed: 200, throttled: 0 });
    expect(stats.requests_per_window_max).toBeLessThanOrEqual(50);
    expect((await scene.rows('companies.report.csv')).map(({ outcome, contacts: count }) => [outcome, count])).toEqual(
      DOMAINS.map(() => ['found', '10']),
    );

    const again = await scene.run(['run', 'companies.csv', ...LIMIT]);
    expect(again.exit).toBe(0);
    expect(await scene.sandbox.stats()).toMatchObject({ launch_requests: 20, throttled: 0 });
    expect(await scene.read('companies.contacts.csv')).toBe(contacts.replaceAll(',found,', ',cached,'));

    const fresh = await scene.run(['run', 'companies.csv', '--fresh', ...LIMIT]);
    expect(fresh.exit).toBe(0);
    expect(await scene.sandbox.stats()).toMatchObject({ launches: 40 });
    expect(csvRows(await scene.read('companies.contacts.csv')).map(({ person_id }) => person_id)).toEqual(lines.map(({ person_id }) => person_id));
    expect(await stored()).toEqual(before);
    expect(await scene.files()).toEqual(['companies.contacts.csv', 'companies.csv', 'companies.report.csv']);
  });
});

function ignore(): void {
  // Nothing of this is looked at.
}
