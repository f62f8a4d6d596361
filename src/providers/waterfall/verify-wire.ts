/*
 * The reply of `POST /v1/verify/email`, and what its words mean. The API says neither why an address is `risky` (often a catch-all
 * domain) nor whether it is a role, free or disposable.
 */
import { z } from 'zod';
import { billedUsd } from '../../core/money.ts';
import { beginning } from '../../core/text.ts';
import { isTemporary, type EmailAnswer, type EmailVerdict } from '../../kinds/emails/verdict.ts';
import { text } from '../http/read-reply.ts';
import { usage } from './wire.ts';

const WORDS: Readonly<Record<string, EmailVerdict>> = { valid: 'deliverable', invalid: 'undeliverable', risky: 'risky', unknown: 'unknown' };

/** States in which a job ends without a result. */
const ENDED = /^(?:failed|timed_out|aborted)$/i;

/** The envelope of a job with its answer in it; or a job that ended without one. Anything else is no answer. */
export const verifyReply = z
  .looseObject({
    status: text,
    output: z.looseObject({ email: z.looseObject({ email_status: text }).nullish().catch(null), usage: usage.nullish().catch(null) }).nullish().catch(null),
  })
  .refine(({ status, output }) => (output ?? undefined) !== undefined || ENDED.test(status ?? ''), { path: ['output'], error: 'missing, though the verification has not failed' });

/** The answer of a reply, kept as it came in `json`, and its cost. `unknown` is not billed; of anything else the cost is what the reply says. */
export function verification(reply: z.infer<typeof verifyReply>, json: unknown): { answer: EmailAnswer; cost_usd: number | null } {
  const said = reply.output?.email?.email_status?.trim() ?? '';
  const word = said.toLowerCase();
  const known = Object.hasOwn(WORDS, word) && !isTemporary(word) ? WORDS[word] : undefined;
  const answer: EmailAnswer = {
    verdict: known ?? 'unknown',
    reason: known === undefined ? whyUnknown(said, reply.status ?? '') : known === 'unknown' ? 'the mail domain did not answer' : null,
    provider_status: said === '' ? null : beginning(said, 100),
    is_role: null,
    is_free: null,
    is_disposable: null,
    suggestion: null,
    reply: json as Record<string, unknown>,
  };
  return { answer, cost_usd: word === 'unknown' ? 0 : (billedUsd(reply.output?.usage) ?? null) };
}

function whyUnknown(said: string, status: string): string {
  if (isTemporary(said)) return 'temporary';
  if (said !== '') return 'the provider uses a word that is not known here';
  return ENDED.test(status) ? `the verification ended ${status.toUpperCase()}` : 'the provider gave no status';
}
