/*
 * AbstractAPI's Email Reputation in the sandbox: `GET /v1/?email=`, which no path of Waterfall's API is, so that both live on one
 * server. It has its own key (`Authorization: Bearer`; in the address it is not taken, where it would stand in logs), its own limit
 * and its own way to say no.
 */
import type { RequestFate } from './faults.ts';
import { lookAt } from './mailboxes.ts';
import { bareReply, jsonReply, type Reply } from './replies.ts';
import { createWindow } from './window.ts';

/** How the fictional account behaves. */
export type AbstractapiOptions = {
  /** Per sliding window; a limit of 0 is none. */
  rateLimit: { limit: number; windowMs: number };
  /** The only right key. Without it any non-empty key is right. */
  apiKey?: string | undefined;
  /** Billed requests until it says that they are used up (422). Without it there is no end. */
  quota?: number | undefined;
};

/** Requests that came with a right key, those of them that were billed, and those that were too many (429). */
export type AbstractapiCounts = { requests: number; billed: number; throttled: number };

/** The API. `now` is epoch milliseconds. */
export type Abstractapi = {
  /** The reply to a request; undefined when the socket is to be closed without one. */
  reply(request: { bearer: string; params: URLSearchParams; now: number }, fate: RequestFate): Reply | undefined;
  counts(): AbstractapiCounts;
  /** Billed requests by address. */
  byAddress(): Record<string, number>;
};

/** Makes the API. */
export function createAbstractapi({ rateLimit, apiKey, quota = Infinity }: AbstractapiOptions): Abstractapi {
  const admitted = createWindow(rateLimit.windowMs);
  const counts: AbstractapiCounts = { requests: 0, billed: 0, throttled: 0 };
  const byAddress = new Map<string, number>();

  return {
    reply: ({ bearer, params, now }, fate) => {
      if (bearer === '' || (apiKey !== undefined && bearer !== apiKey)) return problem(401, 'unauthorized', 'Invalid API key provided.');
      counts.requests += 1;
      if (rateLimit.limit > 0 && admitted.count(now) >= rateLimit.limit) {
        counts.throttled += 1;
        return problem(429, 'too_many_requests', 'The number of requests per second is exceeded.');
      }
      admitted.add(now);
      if (fate.instead === 'drop') return undefined;
      if (fate.instead === 'bare') return bareReply(502, 'Bad Gateway');
      if (fate.instead === 'error') return problem(500, 'internal_server_error', 'Something went wrong on our side.');
      const email = params.get('email');
      if (email === null || email.trim() === '') return problem(400, 'validation_error', 'A validation error occurred.', { email: ['This field is required.'] });
      if (counts.billed >= quota) return problem(422, 'quota_reached', 'The requests of this plan are used up.');
      counts.billed += 1;
      byAddress.set(email, (byAddress.get(email) ?? 0) + 1);
      if (fate.after === 'drop') return undefined;
      if (fate.after === 'bare') return bareReply(502, 'Bad Gateway');
      return jsonReply({ ...reputationOf(email), ...(fate.badType && { email_deliverability: 'none' }) });
    },
    counts: () => ({ ...counts }),
    byAddress: () => Object.fromEntries(byAddress),
  };
}

function problem(status: number, code: string, message: string, details: Record<string, string[]> | null = null): Reply {
  return jsonReply({ error: { message, code, details } }, status);
}

/** The documented members. Nobody's name and no breach is invented: those members are empty as the real ones may be. */
function reputationOf(email: string) {
  const { abstractapi: said, domain, isRole, isFree } = lookAt(email);
  const { status, detail, catchAll, smtp, disposable = false, mx = true, format = true } = said;
  return {
    email_address: email,
    email_deliverability: {
      status,
      status_detail: detail,
      is_format_valid: format,
      is_smtp_valid: smtp,
      is_mx_valid: format && mx,
      mx_records: format && mx ? [`mx1.${domain}`, `mx2.${domain}`] : [],
    },
    email_quality: {
      score: status === 'deliverable' ? (catchAll === false ? 0.95 : 0.8) : 0.1,
      is_free_email: isFree,
      is_username_suspicious: false,
      is_disposable: disposable,
      is_catchall: catchAll,
      is_subaddress: email.includes('+'),
      is_role: isRole,
      is_dmarc_enforced: null,
      is_spf_strict: null,
      minimum_age: null,
    },
    email_sender: { first_name: null, last_name: null, email_provider_name: null, organization_name: null, organization_type: null },
    email_domain: { domain, domain_age: null, is_live_site: format && mx, registrar: null, registrar_url: null, date_registered: null, date_last_renewed: null, date_expires: null, is_risky_tld: false },
    email_risk: { address_risk_status: disposable ? 'high' : 'low', domain_risk_status: 'low' },
    email_breaches: { total_breaches: 0, date_first_breached: null, date_last_breached: null, breached_domains: [] },
  };
}
