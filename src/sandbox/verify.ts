/*
 * The two verifiers of the fictional world: Waterfall's, which shares limit and account with the Prospector, and AbstractAPI's, which is
 * told apart by its path and has an envelope of its own.
 */
import { z } from 'zod';
import type { RequestFate } from './faults.ts';
import { abstractReply, waterfallWord } from './mailboxes.ts';
import { ApiProblem, bareReply, dollars, jsonReply, timestamp, type Reply } from './replies.ts';
import { createWindow } from './window.ts';

/**
 * What verifications were asked for (refused ones too), how many Waterfall answered, and what they cost. AbstractAPI bills every request,
 * and Waterfall no `unknown`. All are of this process: the state file keeps jobs.
 */
export type VerifyCounts = { verify_requests: number; verified: number; abstract_requests: number; verified_usd: number; verifications_by_address: Record<string, number> };

/** The verifiers of a sandbox. */
export type Verifiers = {
  waterfall: (text: string, fate: RequestFate, account: { now: number; balance_usd: number }) => Reply | undefined;
  abstract: (request: { email: string | null; key: string; now: number }, fate: RequestFate) => Reply | undefined;
  counts: () => VerifyCounts;
  /** Of Waterfall's answers in [from, to), how many there were and how many were billed. */
  tally: (from: number, to: number) => { requests: number; verified: number };
};

/** The fictional account at AbstractAPI, which has one of its own. */
export type AbstractOptions = {
  /** Requests per sliding window; without it there is no limit. */
  rate?: { limit: number; windowMs: number } | undefined;
  /** Answers until the plan is used up (422); without it there is no end. */
  quota?: number | undefined;
};

const body = z.object({ email: z.string().min(3).max(500) });
/** Refused by the real one too. */
const ROLES = /^(?:info|sales|support|admin|contact|office|hello|billing|noreply|postmaster|webmaster)@/i;

const LONGEST = 254;

/** Makes the verifiers. `price_usd` is of one verification by Waterfall. */
export function createVerifiers({ price_usd, rate, quota = Infinity }: AbstractOptions & { price_usd: number }): Verifiers {
  const answered: { at: number; usd: number }[] = [];
  const admitted = createWindow(rate?.windowMs ?? 0);
  let left = quota;
  const counts: VerifyCounts = { verify_requests: 0, verified: 0, abstract_requests: 0, verified_usd: 0, verifications_by_address: {} };
  const count = (provider: string, address: string) => {
    const key = `${provider}|${address}`;
    counts.verifications_by_address[key] = (counts.verifications_by_address[key] ?? 0) + 1;
  };

  return {
    waterfall(text, fate, { now, balance_usd }) {
      counts.verify_requests += 1;
      if (text.trim() === '') throw new ApiProblem(400, 'VALIDATION_MISSING_BODY', 'A request body is required.');
      const read = body.safeParse(parseOrUndefined(text));
      if (!read.success) throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request is not valid.', ['email: required']);
      const { email } = read.data;
      if (email.length > LONGEST) throw new ApiProblem(400, 'VALIDATION_BAD_EMAIL_TOO_LONG', 'The address cannot be used.', ['email: too long']);
      if (!/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(email) && !/^".+"@[^\s@]+$/.test(email)) throw new ApiProblem(400, 'VALIDATION_BAD_EMAIL_INVALID', 'The address cannot be used.', ['email: no address']);
      if (ROLES.test(email)) throw new ApiProblem(400, 'VALIDATION_BAD_EMAIL_ROLE', 'The address cannot be used.', ['email: a role account']);
      if (balance_usd <= counts.verified_usd) throw new ApiProblem(402, 'QUOTA_ACCOUNT_OVER_QUOTA', 'The balance is used up.');
      const word = waterfallWord(email);
      const usd = word === 'unknown' ? 0 : price_usd;
      counts.verified += 1;
      answered.push({ at: now, usd });
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

    abstract({ email, key, now }, fate) {
      counts.abstract_requests += 1;
      if (key === '') return refusal(401, 'unauthorized', 'Invalid API key provided.');
      if (rate !== undefined && rate.limit > 0) {
        if (admitted.count(now) >= rate.limit) return refusal(429, 'too_many_requests', 'Too many requests per second.');
        admitted.add(now);
      }
      if (fate.instead === 'bare') return bareReply(502, 'Bad Gateway');
      if (fate.instead === 'error') return refusal(500, 'internal_server_error', 'Something went wrong.');
      if (fate.instead !== undefined) return undefined;
      if (email === null || !email.includes('@')) return refusal(400, 'validation_error', 'Validation error.', { email: ['Not a valid email address.'] });
      if (left <= 0) return refusal(422, 'quota_reached', 'The requests of this plan are used up.');
      left -= 1;
      count('abstractapi', email);
      if (fate.after === 'drop') return undefined;
      if (fate.after === 'bare') return bareReply(502, 'Bad Gateway');
      const reply = abstractReply(email);
      return jsonReply(fate.badType ? { ...reply, email_deliverability: 'none' } : reply);
    },

    tally(from, to) {
      const within = answered.filter(({ at }) => at >= from && at < to);
      return { requests: within.length, verified: within.filter(({ usd }) => usd > 0).length };
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
