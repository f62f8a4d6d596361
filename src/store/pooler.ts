/*
 * Finds out whether a transaction pooler (PgBouncer, Supavisor, ...) is between us and the server. It gives each
 * transaction whatever session is free, so that a lock on a run, which belongs to a session, would guard nothing and
 * could outlive its owner in somebody else's hands. Its port or name proves nothing; how it behaves does.
 */
import { UsageError } from '../core/errors.ts';
import type { Connections, Session } from './connections.ts';

/**
 * Makes sure that each connection has a session of its own, and that there is more than one.
 * @throws {UsageError} when something gives sessions out by transaction, or only one.
 */
export async function refusePooler({ connect, place }: Connections, first: Session): Promise<void> {
  const second = await connect().catch((error: Error) => {
    throw new UsageError(
      {
        what: `the database (${place}) gives us one connection and not a second one: ${error.message}`,
        fix: 'allow it at least three: max_connections, the limit of the user (alter role ... connection limit), the pool size of a pooler',
      },
      { cause: error },
    );
  });
  try {
    if (!(await sharesSessions(first, second))) return;
  } finally {
    await second.ask('rollback').catch(() => undefined);
    second.release();
  }
  throw new UsageError({
    what: `the database (${place}) is behind a transaction pooler, on which the lock on a run does not hold`,
    fix: 'give DATABASE_URL the address of the server itself, or of the pooler in session mode (PgBouncer: pool_mode = session; Supabase: port 5432, not 6543)',
  });
}

/**
 * With a pooler that takes the session used last, the second connection gets that of the first; with one that takes
 * them in turn, a connection does not get the same one twice while another holds the next.
 */
async function sharesSessions(first: Session, second: Session): Promise<boolean> {
  const ofFirst = await pidOf(first);
  await second.ask('begin');
  const ofSecond = await pidOf(second);
  // The order matters: a pooler with one session, which the second holds now, would let the first wait for ever.
  if (ofFirst === ofSecond || (await pidOf(first)) !== ofFirst) return true;
  await second.ask('commit');
  await second.ask('begin');
  return (await pidOf(second)) !== ofSecond;
}

async function pidOf(session: Session): Promise<number> {
  const { rows } = await session.ask('select pg_backend_pid() as pid');
  return (rows[0] as { pid: number }).pid;
}
