/*
 * Finds out whether a transaction pooler (PgBouncer, Supavisor, ...) is between us and the server. It gives each
 * transaction whatever session is free, so that a lock on a run, which belongs to a session, would guard nothing and
 * could outlive its owner in somebody else's hands. Its port or name proves nothing; how it behaves does.
 */
import type { Pool, PoolClient } from 'pg';
import { UsageError } from '../core/errors.ts';

/**
 * Makes sure that each connection has a session of its own.
 * @throws {UsageError} when something gives sessions out by transaction.
 */
export async function refusePooler(pool: Pool, place: string): Promise<void> {
  if (!(await sharesSessions(pool))) return;
  throw new UsageError({
    what: `the database (${place}) is behind a transaction pooler, on which the lock on a run does not hold`,
    fix: 'give DATABASE_URL the address of the server itself, or of the pooler in session mode (PgBouncer: pool_mode = session; Supabase: port 5432, not 6543)',
  });
}

/**
 * With a pooler that takes the session used last, the second connection gets that of the first; with one that takes
 * them in turn, a connection does not get the same one twice while another holds the next.
 */
async function sharesSessions(pool: Pool): Promise<boolean> {
  const first = await pool.connect();
  const second = await pool.connect().catch((error: unknown) => {
    first.release();
    throw error;
  });
  try {
    const ofFirst = await session(first);
    const ofSecond = await sessionInTransaction(second);
    // The order matters: a pooler with one session, which the second holds now, would let the first wait for ever.
    if (ofFirst === ofSecond || (await session(first)) !== ofFirst) return true;
    await second.query('commit');
    return (await sessionInTransaction(second)) !== ofSecond;
  } finally {
    await second.query('rollback').catch(() => undefined);
    second.release();
    first.release();
  }
}

async function session(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

async function sessionInTransaction(client: PoolClient): Promise<number> {
  await client.query('begin');
  return session(client);
}
