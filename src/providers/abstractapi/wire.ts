/*
 * The replies of AbstractAPI, what its words mean, and how it says no. Two products answer the same question in two shapes: Email
 * Reputation and the older Email Validation; which one it is, is seen by the reply. A field of another type than documented is read as
 * null, since the request was billed.
 */
import { z } from 'zod';
import { ApiError } from '../../core/errors.ts';
import { beginning } from '../../core/text.ts';
import { isTemporary, type EmailAnswer, type EmailVerdict } from '../../kinds/emails/verdict.ts';
import { errorLine, foreignError, isText, parseOrNothing, waitOf, type ErrorReader, type ErrorReply } from '../http/error-reply.ts';
import { text } from '../http/read-reply.ts';

/** A yes or no: plain, as text, or as `{ value, text }` of the older shape. Not said and not determined are null. */
const flag = z.preprocess(flagOf, z.boolean().nullable());
const word = text.transform((said) => {
  const trimmed = said?.trim() ?? '';
  return trimmed === '' ? null : beginning(trimmed, 100);
});

const deliverability = z.looseObject({ status: word, status_detail: word, is_format_valid: flag, is_smtp_valid: flag, is_mx_valid: flag });
const quality = z.looseObject({ is_free_email: flag, is_disposable: flag, is_catchall: flag, is_role: flag });
const orEmpty = (value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {});

/** What both shapes say, in the words of neither. */
type Findings = {
  status: string | null;
  detail: string | null;
  catchAll: boolean | null;
  format: boolean | null;
  mx: boolean | null;
  smtp: boolean | null;
  flags: Pick<EmailAnswer, 'is_role' | 'is_free' | 'is_disposable' | 'suggestion'>;
};

const reputation = z
  .looseObject({ email_deliverability: z.preprocess(orEmpty, deliverability), email_quality: z.preprocess(orEmpty, quality) })
  .transform(({ email_deliverability: said, email_quality: found }): Findings => ({
    status: said.status,
    detail: said.status_detail,
    catchAll: found.is_catchall,
    format: said.is_format_valid,
    mx: said.is_mx_valid,
    smtp: said.is_smtp_valid,
    flags: { is_role: found.is_role, is_free: found.is_free_email, is_disposable: found.is_disposable, suggestion: null },
  }));

const validation = z
  .looseObject({
    ...{ deliverability: word, autocorrect: word, is_valid_format: flag, is_mx_found: flag, is_smtp_valid: flag },
    ...{ is_free_email: flag, is_disposable_email: flag, is_role_email: flag, is_catchall_email: flag },
  })
  .transform((said): Findings => ({
    status: said.deliverability,
    detail: null,
    catchAll: said.is_catchall_email,
    format: said.is_valid_format,
    mx: said.is_mx_found,
    smtp: said.is_smtp_valid,
    flags: { is_role: said.is_role_email, is_free: said.is_free_email, is_disposable: said.is_disposable_email, suggestion: said.autocorrect },
  }));

/** Nobody asked for them, and they are about people: who it is, and where their data was stolen. */
const UNASKED = ['email_sender', 'email_breaches'];

/** A reply of either shape; `reply` is as it came, but without what nobody asked for. */
export const verifyReply = z.looseObject({}).transform((json, context) => {
  const shape = 'email_deliverability' in json || 'email_quality' in json ? reputation : 'deliverability' in json ? validation : undefined;
  const found = shape?.safeParse(json).data;
  if (found === undefined) {
    context.issues.push({ code: 'custom', input: json, message: 'neither email_deliverability nor deliverability is there' });
    return z.NEVER;
  }
  return { found, reply: Object.fromEntries(Object.entries(json).filter(([name]) => !UNASKED.includes(name))) };
});

/** What the reply says of the address. */
export function answerOf({ found, reply }: z.infer<typeof verifyReply>): EmailAnswer {
  return { ...judged(found), provider_status: found.status, ...found.flags, reply };
}

function judged({ status, detail, catchAll, format, mx, smtp, flags }: Findings): { verdict: EmailVerdict; reason: string | null } {
  if (flags.is_disposable === true) return { verdict: 'do_not_mail', reason: 'disposable domain' };
  // A greylisted mailbox may come with any status.
  if (isTemporary(detail ?? '') || isTemporary(status ?? '')) return { verdict: 'unknown', reason: `temporary: ${detail ?? status}` };
  switch (status?.toLowerCase()) {
    case 'deliverable':
      if (catchAll === false) return { verdict: 'deliverable', reason: null };
      return { verdict: 'catch_all', reason: catchAll ? 'catch-all domain' : 'catch-all not determined' };
    case 'undeliverable':
      return { verdict: 'undeliverable', reason: detail ?? whyNot({ format, mx, smtp }) };
    case 'risky':
      return { verdict: 'risky', reason: detail };
    case 'unknown':
      return { verdict: 'unknown', reason: detail };
    default:
      return { verdict: 'unknown', reason: status === null ? 'the provider gave no status' : 'the provider uses a word that is not known here' };
  }
}

function whyNot({ format, mx, smtp }: Pick<Findings, 'format' | 'mx' | 'smtp'>): string | null {
  if (format === false) return 'invalid format';
  if (mx === false) return 'no mail server';
  return smtp === false ? 'no such mailbox' : null;
}

function flagOf(said: unknown): boolean | null {
  if (typeof said === 'object' && said !== null && 'value' in said) return typeof said.value === 'object' ? null : flagOf(said.value);
  const plain = typeof said === 'string' ? said.trim().toLowerCase() : said;
  if (plain === true || plain === 'true' || plain === 1 || plain === '1') return true;
  return plain === false || plain === 'false' || plain === 0 || plain === '0' ? false : null;
}

const errorReply = z.object({
  error: z.looseObject({ code: z.string().regex(/^[\w.-]{1,60}$/), details: z.record(z.string(), z.unknown()).nullish().catch(null) }),
});

const CATEGORIES: Readonly<Record<number, string>> = {
  400: 'VALIDATION', 401: 'AUTH', 402: 'QUOTA', 403: 'PERMISSION', 404: 'NOT_FOUND',
  // The requests of the plan are used up; too many at once are 429.
  422: 'QUOTA',
  429: 'RATE_LIMIT',
};

/** How this API says no: `{ error: { message, code, details } }`. Its codes are given with the API's name before them. */
export const errors: ErrorReader = {
  readError: (reply: ErrorReply) => {
    const { status } = reply;
    const parsed = errorReply.safeParse(parseOrNothing(reply.body));
    // Nobody else on the way says 422: it is the quota whatever stands in it.
    if (!parsed.success) return foreignError(reply, status === 422 ? 'QUOTA' : undefined);
    const { code, message, details } = parsed.data.error;
    const fields = Object.entries(details ?? {});
    // A request without a key is no fault of the address.
    const isAboutKey = status === 400 && fields.length > 0 && fields.every(([field]) => field === 'api_key');
    const said = fields.slice(0, 3).map(([field, texts]) => `${field}: ${[texts].flat().filter(isText).slice(0, 3).join(' ')}`);
    return new ApiError({
      ...waitOf(reply),
      status,
      category: isAboutKey ? 'AUTH' : (CATEGORIES[status] ?? (status >= 500 ? 'INTERNAL' : 'HTTP')),
      code: `ABSTRACTAPI_${code.toUpperCase()}`,
      message: errorLine([message, ...said]) || code,
      enveloped: true,
    });
  },
};
