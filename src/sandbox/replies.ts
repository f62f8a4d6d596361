/*
 * What the sandbox sends back: the API's error envelope, its timestamps, and the bare pages that a proxy in front of it
 * would send instead.
 */

/** A reply, ready to be written. */
export type Reply = { status: number; headers: Record<string, string>; body: string };

/** A refusal in the API's own envelope. Thrown by whatever reads a request; never leaves the sandbox as an exception. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly status: number;
  /** The stable name, such as `VALIDATION_BAD_DOMAIN`. Its first word is the category, but for the two-word ones below. */
  readonly code: string;
  readonly fields: readonly string[];

  constructor(status: number, code: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** Categories of two words; every other code begins with its category as one word. */
const LONG_CATEGORIES = ['RATE_LIMIT', 'NOT_FOUND'];

/** A good reply, or any other value as JSON. */
export function jsonReply(value: unknown, status = 200): Reply {
  return textReply(status, 'application/json', JSON.stringify(value));
}

/** The API's error envelope: `status`, `message`, `category`, `code`, and `error` where there are details. */
export function problemReply(problem: ApiProblem): Reply {
  const category = LONG_CATEGORIES.find((long) => problem.code.startsWith(long)) ?? problem.code.split('_', 1).join('');
  const error = problem.fields.length > 0 ? { error: problem.fields } : {};
  return jsonReply({ status: 'error', message: problem.message, ...error, category, code: problem.code }, problem.status);
}

/** An error page as a proxy writes it: no JSON, and no word on what the API behind it did. */
export function bareReply(status: number, reason: string): Reply {
  const title = `${status} ${reason}`;
  return textReply(status, 'text/html', `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`);
}

/** A moment as the API writes it, with microseconds and an offset. `moment` is epoch milliseconds. */
export function timestamp(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, -1)}000+00:00`;
}

/** US dollars without the dust of binary fractions. */
export function dollars(amount: number): number {
  return Math.round(amount * 10_000) / 10_000;
}

function textReply(status: number, type: string, body: string): Reply {
  return { status, headers: { 'content-type': `${type}; charset=utf-8`, 'content-length': String(Buffer.byteLength(body)) }, body };
}
