/*
 * The two verifiers of the fictional world: Waterfall's, which shares limit and account with the Prospector, and AbstractAPI's, which is
 * told apart by its path and has an envelope of its own.
 */
import { z } from 'zod';
import type { RequestFate } from './faults.ts';
import { abstractReply, waterfallWord } from './mailboxes.ts';
import { ApiProblem, bareReply, dollars, jsonReply, timestamp, type Reply } from './replies.ts';

/** What verifications were asked for, and what they cost. AbstractAPI bills every request, and Waterfall no `unknown`. */
export type VerifyCounts = { verify_requests: number; verified: number; abstract_requests: number; verified_usd: number; verifications_by_address: Record<string, number> };

/** The verifiers of a sandbox. */
export type Verifiers = {
  waterfall: (text: string, fate: RequestFate, account: { now: number; balance_usd: number }) => Reply | undefined;
  abstract: (request: { email: string | null; key: string }, fate: RequestFate) => Reply | undefined;
  counts: () => VerifyCounts;
};

const body = z.object({ email: z.string().min(3).max(500) });
/** Refused by the real one too. */
const ROLES = /^(?:info|sales|support|admin|contact|office|hello|billing|noreply|postmaster|webmaster)@/i;

/** Makes the verifiers. `price_usd` is of one verification by Waterfall. */
export function createVerifiers({ price_usd }: { price_usd: number }): Verifiers {
  const counts: VerifyCounts = { verify_requests: 0, verified: 0, abstract_requests: 0, verified_usd: 0, verifications_by_address: {} };
  const count = (provider: string, address: string) => {
    const key = `${provider}|${address}`;
    counts.verifications_by_address[key] = (counts.verifications_by_address[key] ?? 0) + 1;
  };

  return {
    waterfall(text, fate, { now, balance_usd }) {
      const read = body.safeParse(parseOrUndefined(text));
      if (!read.success) throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request is not valid.', ['email: required']);
      const { email } = read.data;
      if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) && !/^".+"@[^\s@]+$/.test(email)) throw new ApiProblem(400, 'VALIDATION_BAD_EMAIL', 'The address cannot be used.', ['email: no address']);
      if (ROLES.test(email)) throw new ApiProblem(400, 'VALIDATION_BAD_EMAIL_ROLE_ACCOUNT', 'The address cannot be used.', ['email: a role account']);
      if (balance_usd <= counts.verified_usd) throw new ApiProblem(402, 'QUOTA_ACCOUNT_OVER_QUOTA', 'The balance is used up.');
      const word = waterfallWord(email);
      const usd = word === 'unknown' ? 0 : price_usd;
      counts.verified += 1;
      counts.verified_usd = dollars(counts.verified_usd + usd);
      count('waterfall', email);
      if (fate.after === 'drop') return undefined;
      if (fate.after === 'bare') return bareReply(502, 'Bad Gateway');
      const usage = { total_usd: usd, balance_remaining_usd: dollars(balance_usd - counts.verified_usd) };
      return jsonReply({
        status: 'SUCCEEDED',
        start_date: timestamp(now),
        stop_date: timestamp(now),
        input: { task: { email } },
        output: { email: fate.badType ? [email] : { email, domain: email.slice(email.lastIndexOf('@') + 1), email_status: word, smtp_provider: null, mx_records: [] }, usage },
      });
    },

    abstract({ email, key }, fate) {
      counts.abstract_requests += 1;
      if (key === '') return refusal(401, 'unauthorized', 'Invalid API key provided.');
      if (fate.instead === 'bare') return bareReply(503, 'Service Unavailable');
      if (fate.instead === 'error') return refusal(500, 'internal_server_error', 'Something went wrong.');
      if (fate.instead !== undefined) return undefined;
      if (email === null || !email.includes('@')) return refusal(400, 'validation_error', 'Validation error.', { email: ['Not a valid email address.'] });
      count('abstractapi', email);
      if (fate.after === 'drop') return undefined;
      if (fate.after === 'bare') return bareReply(502, 'Bad Gateway');
      const reply = abstractReply(email);
      return jsonReply(fate.badType ? { ...reply, email_deliverability: 'none' } : reply);
    },

    counts: () => ({ ...counts, verifications_by_address: { ...counts.verifications_by_address } }),
  };
}

function refusal(status: number, code: string, message: string, details: unknown = null): Reply {
  return jsonReply({ error: { message, code, details } }, status);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
