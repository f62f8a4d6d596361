/*
 * The mailboxes of the fictional world, and what the two verifiers say of each. What begins with one of the words below is of that kind
 * (`catchall.jane@acme.example`); all others are by chance of the address, so that they are the same tomorrow.
 */
import { mulberry32 } from './chance.ts';

/** What there is behind an address. */
export type Mailbox = 'there' | 'bounce' | 'catchall' | 'risky' | 'unknown' | 'greylisted' | 'spamtrap';

const WORDS: readonly Mailbox[] = ['bounce', 'catchall', 'risky', 'unknown', 'greylisted', 'spamtrap'];
/** Shares of what is not named, in hundredths, from 0 on; the rest is there. */
const SHARES: readonly (readonly [below: number, Mailbox])[] = [[8, 'bounce'], [14, 'catchall'], [18, 'unknown'], [20, 'greylisted'], [22, 'risky']];

/** What is behind an address, whatever its case. */
export function mailboxOf(address: string): Mailbox {
  const name = address.toLowerCase();
  const named = WORDS.find((word) => name.startsWith(`${word}.`) || name.startsWith(`${word}@`));
  if (named !== undefined) return named;
  let seed = 7;
  for (const character of name) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  const drawn = mulberry32(seed)() * 100;
  return SHARES.find(([below]) => drawn < below)?.[1] ?? 'there';
}

const WATERFALL: Readonly<Record<Mailbox, 'valid' | 'risky' | 'invalid' | 'unknown'>> = {
  there: 'valid', bounce: 'invalid', catchall: 'risky', risky: 'risky', unknown: 'unknown', greylisted: 'unknown', spamtrap: 'risky',
};

/** The word of Waterfall's verifier, which tells little of why. */
export function waterfallWord(address: string): 'valid' | 'risky' | 'invalid' | 'unknown' {
  return WATERFALL[mailboxOf(address)];
}

/** The reply of AbstractAPI's verifier, as its documentation shows it. It knows some that the other does not. */
export function abstractReply(address: string) {
  const mailbox = mailboxOf(address);
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const [status, detail] =
    mailbox === 'bounce' ? ['undeliverable', 'invalid_mailbox'] : mailbox === 'greylisted' ? ['unknown', 'greylisted'] : mailbox === 'risky' ? ['risky', 'low_quality'] : ['deliverable', 'valid_email'];
  return {
    email_address: address,
    email_deliverability: { status, status_detail: detail, is_format_valid: true, is_smtp_valid: mailbox !== 'bounce', is_mx_valid: true, mx_records: [`mx.${domain}`] },
    email_quality: {
      score: mailbox === 'there' ? 0.95 : 0.5,
      is_free_email: false,
      is_username_suspicious: false,
      is_disposable: mailbox === 'spamtrap',
      is_catchall: mailbox === 'catchall',
      is_subaddress: address.includes('+'),
      is_role: false,
      is_dmarc_enforced: true,
      is_spf_strict: true,
      minimum_age: null,
    },
    email_sender: { first_name: null, last_name: null, email_provider_name: null, organization_name: null, organization_type: null },
    email_domain: { domain, domain_age: 4000, is_live_site: true, registrar: null, is_risky_tld: false },
    email_risk: { address_risk_status: 'low', domain_risk_status: 'low' },
    email_breaches: { total_breaches: 0, date_first_breached: null, date_last_breached: null, breached_domains: [] },
  };
}
