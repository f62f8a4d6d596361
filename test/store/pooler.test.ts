/* A pooler that gives sessions out by transaction is found out by how it behaves, and refused; one by session is not. */
import { expect, inject, it, onTestFinished } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { openDriver } from '../../src/store/open.ts';
import { testRuntime } from '../support/databases.ts';
import { startPooler, type PoolerOptions } from '../support/transaction-pooler.ts';

async function open(options: PoolerOptions) {
  const pooler = await startPooler(inject('postgresUrl'), options);
  onTestFinished(() => pooler.close());
  return openDriver({ databaseUrl: pooler.url, home: '' }, testRuntime());
}

it.each<PoolerOptions>([
  { mode: 'transaction', sessions: 1, order: 'last used' },
  { mode: 'transaction', sessions: 2, order: 'last used' },
  { mode: 'transaction', sessions: 2, order: 'in turn' },
  { mode: 'transaction', sessions: 3, order: 'in turn' },
  { mode: 'transaction', sessions: 20, order: 'in turn' },
])('is refused: $mode mode, $sessions sessions, $order', async (options) => {
  const failure: unknown = await open(options).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect((failure as UsageError).problems).toEqual([
    {
      what: expect.stringMatching(/^the database \(127\.0\.0\.1:\d+\/\w+\) is behind a transaction pooler, on which the lock on a run does not hold$/) as string,
      fix: 'give DATABASE_URL the address of the server itself, or of the pooler in session mode (PgBouncer: pool_mode = session; Supabase: port 5432, not 6543)',
    },
  ]);
});

it('is taken in session mode, where a connection keeps its session', async () => {
  const driver = await open({ mode: 'session', sessions: 4, order: 'in turn' });
  expect(await driver.query('select 1 as one')).toEqual([{ one: 1 }]);
  await driver.close();
});
