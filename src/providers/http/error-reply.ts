/*
 * How an API says no is its own business (`ErrorReader`, one for each); what its readers share is here: the error of a page that is
 * not the API's own, and messages on one short line.
 */
import { ApiError } from '../../core/errors.ts';
import { beginning } from '../../core/text.ts';

/** A reply that is no answer. `body` is its text, `''` when it could not be read. */
export type ErrorReply = { host: string; status: number; body: string; retryAfterMs: number | undefined };

/** Reads the errors of one API. */
export type ErrorReader = {
  /** The error of a reply that is not 2xx. */
  readError: (reply: ErrorReply) => ApiError;
  /** The error that a 2xx reply holds in the API's own envelope; undefined for any other. */
  errorWithin?: (json: unknown, reply: Omit<ErrorReply, 'body'>) => ApiError | undefined;
};

/** `Retry-After`, as a member of an error that is to be made. */
export function waitOf({ retryAfterMs }: Pick<ErrorReply, 'retryAfterMs'>): { retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

/** The error of a page that is not the API's own (a proxy's). Its text is not shown. */
export function foreignError(reply: ErrorReply, category = 'HTTP'): ApiError {
  return new ApiError({
    ...waitOf(reply),
    status: reply.status,
    category,
    code: `HTTP_${reply.status}`,
    message: `${reply.host} answered with HTTP ${reply.status} and no error body of the API's own`,
    enveloped: false,
  });
}

/** Those of the parts that are texts, each once, on one line of at most 300 characters. */
export function errorLine(parts: readonly unknown[]): string {
  const texts = parts.filter(isText).map((part) => part.replace(/[\p{Cc}\s]+/gu, ' ').trim());
  const line = [...new Set(texts)].join(' | ');
  return line.length > 300 ? `${beginning(line, 299)}…` : line;
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

export function parseOrNothing(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
