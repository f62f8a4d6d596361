/* The reply of `GET /v2/account`: what the one key of the sandbox's one account has used in a month. */
import type { Jobs, Prices } from './jobs.ts';
import { ApiProblem, dollars } from './replies.ts';
import type { Verifiers } from './verify.ts';

/** Whose account it is: what was asked, and what it costs. */
type Asked = { jobs: Jobs; verifiers: Verifiers; month: string | null; now: number; prices: Prices; balanceUsd: number };

/**
 * The account in the month of `now`, or in `month` (`YYYY-MM`). Counters of what is not
 * built here are there because the real reply has them. Throws `ApiProblem` (400) when `month` is none.
 */
export function accountReport({ jobs, verifiers, month, now, prices, balanceUsd }: Asked) {
  if (month !== null && !/^\d{4}-(?:0[1-9]|1[0-2])$/.test(month)) {
    throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'The request is not valid.', ['month: must look like 2026-03']);
  }
  const start = new Date(month === null ? now : `${month}-01T00:00:00Z`);
  const [from, to] = [0, 1].map((months) => Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + months)) as [number, number];
  jobs.settle(now);
  const tally = jobs.tally(from, to);
  const verifications = verifiers.tally(from, to);
  const usage = {
    start_date: new Date(from).toISOString().slice(0, 10),
    end_date: new Date(to).toISOString().slice(0, 10),
    prospector_requests: tally.launches,
    prospector_persons: tally.persons,
    prospector_persons_phones: tally.phones,
    enrichment_contact_requests: 0,
    enrichment_contact_persons: 0,
    enrichment_contact_persons_phones: 0,
    enrichment_phone_requests: 0,
    enrichment_phone_phones: 0,
    enrichment_company_requests: 0,
    enrichment_company_companies: 0,
    search_contact_requests: 0,
    search_contact_found: 0,
    search_company_requests: 0,
    search_company_found: 0,
    company_reveal_requests: 0,
    company_reveal_found: 0,
    job_change_requests: 0,
    job_change_found: 0,
    verify_email_requests: verifications.requests,
    verify_email_verified: verifications.verified,
  };
  return {
    key_usage: usage,
    account_usage: usage,
    balance_remaining_usd: dollars(balanceUsd - jobs.billedUsd() - verifiers.counts().verified_usd),
    price: { ...prices, search_contact_found_usd: 0.02 },
  };
}
