/*
 * A reply checked against its shape, and fields that are read leniently: one of another type loses that field, since the answer was
 * paid for. Error texts show types, never values: values are people's data.
 */
import { z } from 'zod';
import { TransportError } from '../../core/errors.ts';

export const text = z.union([z.string(), z.number().transform(String)]).nullish().catch(null);
export const number = z.union([z.number(), numberInText()]).nullish().catch(null);

function numberInText() {
  return z.string().regex(/^-?\d{1,15}(?:\.\d{1,15})?$/).transform(Number);
}

/**
 * Checks the reply of `what` (such as `GET /v1/prospector`) and gives it back typed.
 * Throws a `TransportError` UNREADABLE_REPLY that names the first member which is not as documented.
 */
export function readReply<T>(schema: z.ZodType<T>, json: unknown, what: string): T {
  cutDeep(json);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue && issue.path.length > 0 ? `${z.core.toDotPath(issue.path)}: ` : '';
  throw new TransportError({
    code: 'UNREADABLE_REPLY',
    sent: true,
    message: `reply of ${what}: ${where}${issue ? describe(issue, json) : 'not as documented'}`,
  });
}

/** Answers nest five deep. At some thousands what writes JSON overflows its stack, and so does a database. */
const DEEPEST = 100;

/** Takes away what is nested so deep that the rest could not be kept. Level by level, since recursion would overflow too. */
function cutDeep(json: unknown): void {
  const objectsIn = (value: object) => Object.values(value).filter((inner): inner is object => typeof inner === 'object' && inner !== null);
  let level = objectsIn([json]);
  for (let depth = 1; depth < DEEPEST && level.length > 0; depth += 1) level = level.flatMap(objectsIn);
  for (const object of level) {
    for (const [key, inner] of Object.entries(object)) if (typeof inner === 'object') Reflect.set(object, key, null);
  }
}

function describe(issue: z.core.$ZodIssue, json: unknown): string {
  const got = typeName(issue.path.reduce(member, json));
  if (issue.code === 'invalid_type') return `expected ${issue.expected}, got ${got}`;
  if (issue.code === 'invalid_union') {
    const expected = issue.errors.flat().map((inner) => ('expected' in inner ? String(inner.expected) : 'something else'));
    return `expected ${expected.join(' or ')}, got ${got}`;
  }
  if (issue.code === 'invalid_value' && got !== 'string') return `expected string, got ${got}`;
  return issue.message;
}

function member(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
