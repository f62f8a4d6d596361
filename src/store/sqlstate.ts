/*
 * What an error of the database driver means, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)
 * or, where there was no server to give one, by the code of the socket error.
 */

/** The SQLSTATE or socket error code, where the error carries one. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // A refused connection to a name with several addresses is an AggregateError.
  if (error instanceof AggregateError) return sqlState(error.errors[0]);
  return undefined;
}

const TRANSIENT_CODES = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '53100', // disk full
  '53200', // out of memory
  '53300', // too many connections
  '55P03', // lock not available
  '57P01', // the administrator ended the connection
  '57P02', // crash of another session
  '57P03', // starting up or shutting down
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** Messages of pg for lost connections, which carry no code (pg 8: lib/client.js, lib/pg-pool). */
const LOST_CONNECTION = /connection terminated|connection ended|timeout expired|timeout exceeded when trying to connect|not queryable/i;

/** Whether the same statement may well succeed a little later. */
export function isTransient(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined) return TRANSIENT_CODES.has(code) || code.startsWith('08');
  return error instanceof Error && LOST_CONNECTION.test(error.message);
}

/**
 * Whether the database refuses this user or this kind of work, as set up: nothing that repeating would mend, and no bug.
 * A missing right, a session or server (a standby) that only reads, no more login, no more database, an I/O error.
 */
export function isRefusal(error: unknown): boolean {
  const code = sqlState(error) ?? '';
  return ['42501', '25006', '3D000', '55000'].includes(code) || code.startsWith('28') || code.startsWith('58');
}
