/*
 * What an error of the database driver means, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html)
 * or, where there was no server to give one, by the code of the socket error.
 */

/** No connection could be made, for whatever reason: it may be another in a moment. Has the code and words of its cause. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: string | undefined;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.code = sqlState(cause);
  }
}

/** The SQLSTATE or socket error code, where the error carries one. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // A refused connection to a name with several addresses is an AggregateError.
  if (error instanceof AggregateError) return sqlState(error.errors[0]);
  return undefined;
}

const TRANSIENT_CODES = new Set([
  '25006', // it only reads: a primary that has become a standby
  '25P03', // idle in a transaction for too long
  '25P04', // the transaction took too long
  '40001', // serialization failure
  '40P01', // deadlock
  '55006', // object in use
  '55P03', // lock not available
  '57014', // cancelled, by a time limit or by somebody
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** What was prepared on a connection is no longer so: the statement has to be prepared anew, on another one. */
const STALE_CODES = new Set([
  '0A000', // a cached plan whose result has another type now; a standby that is to write
  '26000', // a pooler has put another session behind the connection
  '42P05',
]);

/**
 * Classes of which every code may pass: connection exceptions, too few resources, the operator's intervention, trouble of the
 * system around it, and internal errors, which poolers make of theirs too.
 */
const TRANSIENT_CLASSES = ['08', '53', '57P', '58', 'XX'];

/** Messages of pg for lost connections, which carry no code (pg 8: lib/client.js, lib/pg-pool). */
const LOST_CONNECTION = /connection terminated|connection ended|timeout expired|timeout exceeded when trying to connect|not queryable/i;

/** Whether the same statement may well succeed a little later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof ConnectionError) return true;
  const code = sqlState(error);
  if (code === undefined) return error instanceof Error && LOST_CONNECTION.test(error.message);
  return TRANSIENT_CODES.has(code) || STALE_CODES.has(code) || (/^[\dA-Z]{5}$/.test(code) && TRANSIENT_CLASSES.some((start) => code.startsWith(start)));
}

/** Whether the connection that it came from is of no more use, or what was prepared on it. */
export function endsConnection(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || STALE_CODES.has(code) || /^(?:08|57P|25006|E[A-Z]+$)/.test(code);
}

/**
 * Whether the database refuses this user or this kind of work, as set up: nothing that repeating would mend, and no bug. A
 * missing right, or a schema that somebody has changed under us: our statements are the same everywhere.
 */
export function isRefusal(error: unknown): boolean {
  return ['42501', '55000', '3F000', '42P01', '42703', '42883'].includes(sqlState(error) ?? '');
}
