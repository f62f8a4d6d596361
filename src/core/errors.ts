/*
 * The error classes, and what each means for the run (`verdict`).
 * Thrown when we could not learn what happened; bad news that we did learn (a rejected row, a job
 * that ended FAILED) is a value, not an exception. Only cli/main.ts turns errors into words and exit codes.
 */

/** One thing that is wrong with what the user gave, and how to mend it. */
export type Problem = { what: string; fix?: string };

/** Bad usage, settings or input file: exit 2, nothing was sent. Carries every problem that was found. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[], options?: ErrorOptions) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map((problem) => (problem.fix ? `${problem.what}: ${problem.fix}` : problem.what)).join('\n'), options);
    this.problems = list;
  }
}

/** Another process uses the embedded database, or works on the same run: exit 75. */
export class BusyError extends Error {
  override name = 'BusyError';
}

/** The database could not be used, after repeating what can be repeated: exit 2 at the start of a run, 4 later. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
  /** What to do about it. */
  readonly fix: string;

  constructor(message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.fix = fix;
  }
}

type ApiErrorFields = {
  status: number;
  /** The prefix of `code`, such as `VALIDATION`; `HTTP` when the reply was not the API's own. */
  category: string;
  /** The stable name of the error, such as `AUTH_BAD_API_KEY`; `HTTP_<status>` when the reply was not the API's own. */
  code: string;
  message: string;
  /** From `Retry-After`, in milliseconds from the moment of the reply. */
  retryAfterMs?: number;
  /** Whether it came as the API's own JSON with a `code`. A proxy's page did not, and says nothing of what the API did. */
  enveloped: boolean;
};

/** The server answered, with an error. Branch on `code`, else `category`; never on the message. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly category: string;
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  readonly enveloped: boolean;
  /** Requests that were made before giving up with this error. */
  attempts = 1;

  constructor(fields: ApiErrorFields) {
    super(fields.message);
    this.status = fields.status;
    this.category = fields.category;
    this.code = fields.code;
    this.retryAfterMs = fields.retryAfterMs;
    this.enveloped = fields.enveloped;
  }
}

/** No usable reply: refused, DNS, TLS, timeout, reset, redirect, cut or unreadable body. */
export class TransportError extends Error {
  override name = 'TransportError';
  /** A short stable name: `ECONNREFUSED`, `TIMEOUT`, `REDIRECT`, `UNREADABLE_REPLY`, ... */
  readonly code: string;
  /** Might the server have acted? `false` only when the request certainly never reached it. */
  readonly sent: boolean;
  /** Requests that were made before giving up with this error. */
  attempts = 1;

  constructor(fields: { code: string; message: string; sent: boolean; cause?: unknown }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.sent = fields.sent;
  }
}

/**
 * What an error of the API or the network means.
 * - `wait`: everybody is being throttled; all lanes wait as told, and it is no attempt.
 * - `retry`: passing; again with backoff.
 * - `fail`: about this row only; the row ends with it.
 * - `stop`: every other call would end the same; the run stops and can be resumed.
 */
export type Verdict = 'wait' | 'retry' | 'fail' | 'stop';

/** Decides by code first, then category, then HTTP status, so that codes which are new tomorrow have a verdict too. */
export function verdict(error: ApiError | TransportError): Verdict {
  if (error instanceof TransportError) return error.code === 'PROXY_REFUSED' ? 'stop' : 'retry';
  if (error.status === 429 || error.category === 'RATE_LIMIT') return 'wait';
  if (error.category === 'AUTH' || error.category === 'PERMISSION' || error.category === 'QUOTA') return 'stop';
  if (error.category === 'ROUTING') return 'stop';
  // A wrong path, or an account that is not set up; only an unknown job is about one row.
  if (error.category === 'NOT_FOUND' && error.code !== 'NOT_FOUND_JOB_NOT_FOUND') return 'stop';
  // Said within a 200 too.
  if (error.category === 'INTERNAL') return 'retry';
  // A firewall's page may be about the words of one row: while others are let through it is.
  if (error.status === 403 && !error.enveloped) return 'fail';
  if (error.status === 401 || error.status === 402 || error.status === 403 || error.status === 407) return 'stop';
  if (error.status === 408 || error.status === 425 || error.status >= 500) return 'retry';
  return 'fail';
}

/**
 * Whether a launch that ended with this error may have made a job (and a bill).
 * Certain not to: it never reached the server, or the API itself said no. A 4xx of a proxy did not reach the API either.
 */
export function isInDoubt(error: ApiError | TransportError): boolean {
  if (error instanceof TransportError) return error.sent;
  return !error.enveloped && error.status >= 500;
}
