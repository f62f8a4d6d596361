/*
 * Waterfall's verifier in the sandbox, `POST /v1/verify/email`, and what it has billed. Unlike jobs, verifications are of this process:
 * they are over with their reply, so the state file does not keep them.
 */
import { z } from 'zod';
import { uuidOf } from './chance.ts';
import { lookAt } from './mailboxes.ts';
import { ApiProblem, dollars, jsonReply, timestamp, type Reply } from './replies.ts';

const body = z.object({ email: z.string(), custom_fields: z.record(z.string(), z.unknown()).nullish() });

/** Verifications in a span of time: those that were answered, and of them those that were billed. */
export type VerificationTally = { requests: number; verified: number };

/** Every `now` is epoch milliseconds. */
export type Verifications = {
  /** Looks at the address of a request, and bills it. `unknown` costs nothing. Throws `ApiProblem` (400) for what is not looked at. */
  verify(text: string, options: { now: number; balanceLeftUsd: () => number; badType: boolean }): Reply;
  billedUsd(): number;
  /** Counts those of [from, to). */
  tally(from: number, to: number): VerificationTally;
  /** Answered verifications by address. */
  byAddress(): Record<string, number>;
};

/** Makes a verifier that takes `priceUsd` for each address about which it knows something. */
export function createVerifications(priceUsd: number): Verifications {
  const done: { at: number; billed: boolean }[] = [];
  const byAddress = new Map<string, number>();
  let billed = 0;

  return {
    verify: (text, { now, balanceLeftUsd, badType }) => {
      const { email, custom_fields = null } = readRequest(text);
      const { waterfall, domain } = lookAt(email);
      if ('refused' in waterfall) throw new ApiProblem(400, waterfall.refused, 'The email address cannot be verified.', ['email: not verified']);
      if (balanceLeftUsd() <= 0) throw new ApiProblem(402, 'QUOTA_ACCOUNT_OVER_QUOTA', 'The balance is used up.');
      const { status } = waterfall;
      const costs = status === 'unknown' ? 0 : priceUsd;
      done.push({ at: now, billed: costs > 0 });
      byAddress.set(email, (byAddress.get(email) ?? 0) + 1);
      billed += costs;
      const job_id = uuidOf(`${email}|${done.length}`);
      const answers = status !== 'unknown';
      return jsonReply({
        status: 'SUCCEEDED',
        start_date: timestamp(now),
        stop_date: timestamp(now),
        input: { task: { email, custom_fields, job_id, context_id: job_id } },
        output: badType
          ? 'none'
          : {
              email: { email, domain, email_status: status, smtp_provider: answers ? 'Sandbox Mail' : null, mx_records: answers ? [`mx1.${domain}`, `mx2.${domain}`] : [] },
              usage: { total_usd: dollars(costs), balance_remaining_usd: dollars(balanceLeftUsd()) },
            },
      });
    },
    billedUsd: () => billed,
    tally: (from, to) => {
      const within = done.filter(({ at }) => at >= from && at < to);
      return { requests: within.length, verified: within.filter((one) => one.billed).length };
    },
    byAddress: () => Object.fromEntries(byAddress),
  };
}

function readRequest(text: string): z.infer<typeof body> {
  if (text.trim() === '') throw new ApiProblem(400, 'VALIDATION_MISSING_BODY', 'A request body is required.');
  const read = body.safeParse(parseOrUndefined(text));
  if (read.success) return read.data;
  const fields = read.error.issues.slice(0, 10).map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request is not valid.', fields);
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
