/* A pooler that gives sessions out by transaction, as PgBouncer does: everything works behind it, whatever others have left in its sessions. */
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { patient, type Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDriver } from '../../src/store/open.ts';
import { readOnly } from '../../src/store/read-only.ts';
import { joinProcesses } from '../../src/store/processes.ts';
import { takeRun } from '../../src/store/run-owner.ts';
import { createPostgresDatabase, testRuntime } from '../support/databases.ts';
import { answeredRun, answerOf, person, startedRun, taker } from '../support/runs.ts';
import { startPooler, type PoolerOptions } from '../support/transaction-pooler.ts';

/** What clients of other programs leave behind in the sessions that they had. */
const LEFT_BEHIND = ['default_transaction_read_only to on', 'search_path to elsewhere', "timezone to 'Asia/Kathmandu'", "datestyle to 'German, DMY'", 'default_transaction_isolation to serializable', "lock_timeout to '1ms'"];

async function openBehind(options: PoolerOptions): Promise<Database> {
  const { url, drop } = await createPostgresDatabase();
  const pooler = await startPooler(url, options);
  const others = Array.from({ length: options.sessions }, () => new pg.Client({ connectionString: pooler.url }));
  for (const other of others) await other.connect();
  // Each holds a session until all have one.
  for (const other of others) await other.query('begin');
  for (const other of others) {
    await other.query('commit');
    for (const setting of LEFT_BEHIND) await other.query(`set ${setting}`);
  }
  for (const other of others) await other.end();
  const driver = await openDriver({ databaseUrl: pooler.url, home: '' }, testRuntime());
  onTestFinished(async () => {
    await driver.close();
    await pooler.close();
    await drop();
  });
  return patient(driver, { runtime: testRuntime(), patienceMs: 0 });
}

describe.each<PoolerOptions>([
  { mode: 'transaction', sessions: 1, order: 'last used' },
  { mode: 'transaction', sessions: 2, order: 'in turn' },
  { mode: 'transaction', sessions: 20, order: 'in turn' },
  { mode: 'session', sessions: 12, order: 'in turn' },
])('behind a pooler in $mode mode with $sessions sessions, $order', (options) => {
  it('a run is made, taken, answered and read, by many at once', async () => {
    const database = await openBehind(options);
    await migrate(database);
    const process = await joinProcesses(database, { pid: 1, host: 'here', machine: null }, testRuntime());
    const ids = Array.from({ length: 8 }, (_none, n) => `run-${n}`);
    await Promise.all(ids.map((id) => answeredRun(database, id, `${id}.example`, answerOf([person(`person of ${id}`)]))));
    await startedRun(database, 'all', ids.map((id) => `${id}.example`));
    expect(await takeRun(database, 'all', { ...taker(), process_id: process.id })).toMatchObject({ id: 'all', finished_at: null });
    expect(await database.query(`select state, count(*)::integer as targets, sum(contacts)::integer as contacts from waterfall.targets where run_id = 'all' group by 1`)).toEqual([{ state: 'cached', targets: 8, contacts: 8 }]);
    const read: unknown[] = [];
    await readOnly(database, 'select count(*) from contacts', { asJson: false }, async ({ pages }) => {
      for await (const page of pages) read.push(...page);
    });
    expect(read).toEqual([['8']]);
    await process.leave();
  });

  it('each transaction has its own settings, and leaves none', async () => {
    const database = await openBehind(options);
    const shown = () => database.query(`select '2026-03-02 09:00Z'::timestamptz::text as at, current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only, current_setting('search_path') as path`);
    const alike = [{ at: '2026-03-02 09:00:00+00', isolation: 'read committed', read_only: 'off', path: 'pg_catalog' }];
    expect(await Promise.all([shown(), shown(), shown()])).toEqual([alike, alike, alike]);
  });
});
