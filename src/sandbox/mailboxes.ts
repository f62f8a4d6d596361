/*
 * The mailboxes of the fictional world, and what the two verifiers say of each. What begins with one of the words below is of that kind
 * (`catchall.jane@acme.example`, `catchall@...`); all others are by chance of the address, so that they are the same tomorrow.
 */
import { mulberry32 } from './chance.ts';
import { sandboxMx } from './mail-exchange.ts';

/** What there is behind an address. */
export type Mailbox = 'there' | 'bounce' | 'catchall' | 'unclear' | 'risky' | 'unknown' | 'silent' | 'greylisted' | 'spamtrap' | 'newword';

/**
 * `unclear`: whether the domain is a catch-all could not be found out. `unknown`: to Waterfall, while AbstractAPI knows it; `silent`: to
 * both. `newword`: the word that is said has no documentation.
 */
const WORDS: readonly Mailbox[] = ['there', 'bounce', 'catchall', 'unclear', 'risky', 'unknown', 'silent', 'greylisted', 'spamtrap', 'newword'];
/** Shares of what is not named, in hundredths, from 0 on; the rest is there. */
const SHARES: readonly (readonly [below: number, Mailbox])[] = [[8, 'bounce'], [14, 'catchall'], [18, 'unknown'], [20, 'greylisted'], [22, 'risky']];

/** What is behind an address, whatever its case. */
export function mailboxOf(address: string): Mailbox {
  const name = address.toLowerCase();
  const named = WORDS.find((word) => name.startsWith(`${word}.`) || name.startsWith(`${word}@`));
  // Without mail servers nobody is there; where the look-up fails nobody answers.
  const mx = sandboxMx(name.slice(name.lastIndexOf('@') + 1));
  if (mx !== 'mail') return mx === 'no_mail' ? 'bounce' : 'silent';
  if (named !== undefined) return named;
  let seed = 7;
  for (const character of name) seed = (seed * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  const drawn = mulberry32(seed)() * 100;
  return SHARES.find(([below]) => drawn < below)?.[1] ?? 'there';
}

const WATERFALL: Readonly<Record<Mailbox, string>> = {
  ...{ there: 'valid', bounce: 'invalid', catchall: 'risky', unclear: 'risky', risky: 'risky', unknown: 'unknown', silent: 'unknown' },
  ...{ greylisted: 'unknown', spamtrap: 'risky', newword: 'probably' },
};

/** Status and its detail. Greylisting comes with any status. */
const ABSTRACT: Readonly<Record<Mailbox, readonly [status: string, detail: string]>> = {
  there: ['deliverable', 'valid_email'],
  bounce: ['undeliverable', 'invalid_mailbox'],
  catchall: ['deliverable', 'valid_email'],
  unclear: ['deliverable', 'valid_email'],
  risky: ['risky', 'low_quality'],
  unknown: ['deliverable', 'valid_email'],
  silent: ['unknown', 'no_answer'],
  greylisted: ['undeliverable', 'greylisted'],
  spamtrap: ['deliverable', 'valid_email'],
  newword: ['probably', 'new_detail'],
};

/** The word of Waterfall's verifier, which tells little of why. */
export function waterfallWord(address: string): string {
  return WATERFALL[mailboxOf(address)];
}

/** The reply of AbstractAPI's verifier, as its documentation shows it. It knows some that the other does not. */
export function abstractReply(address: string) {
  const mailbox = mailboxOf(address);
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  const [status, detail] = ABSTRACT[mailbox];
  return {
    email_address: address,
    email_deliverability: { status, status_detail: detail, is_format_valid: true, is_smtp_valid: mailbox !== 'bounce', is_mx_valid: true, mx_records: [`mx.${domain}`] },
    email_quality: {
      score: mailbox === 'there' ? 0.95 : 0.5,
      is_free_email: false,
      is_username_suspicious: false,
      is_disposable: mailbox === 'spamtrap',
      is_catchall: mailbox === 'unclear' || mailbox === 'silent' ? null : mailbox === 'catchall',
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
