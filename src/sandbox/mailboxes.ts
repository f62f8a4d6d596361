/*
 * What the sandbox's verifiers find out about an address: the same in every process, by its hash. An address whose local part begins
 * with one of the special words (`bounce.jo@northpier.example`, also `bounce@...` and `bounce+1@...`) is what the word says.
 */
import { hash32 } from './chance.ts';
import { sandboxMx } from './mail-exchange.ts';

/** What Waterfall says: one of its words, or the code with which it refuses to look. */
type Word = { status: string } | { refused: string };
/** What AbstractAPI says, in the words of its Email Reputation. */
export type Reputation = { status: string; detail: string; catchAll: boolean | null; disposable?: boolean; smtp: boolean | null; mx?: boolean; format?: boolean };

/** A sort of mailbox, and what the two verifiers make of it. */
export type Mailbox = { waterfall: Word; abstractapi: Reputation };

const DELIVERABLE: Reputation = { status: 'deliverable', detail: 'valid_email', catchAll: false, smtp: true };
const UNKNOWN: Reputation = { status: 'unknown', detail: 'no_reply', catchAll: null, smtp: null };

/** Special words of local parts, and in words what becomes of such an address. `share`: of all other addresses, the part that is alike; the rest is `good`. */
export const SPECIAL = {
  good: { words: 'deliverable at both', share: 0, mailbox: { waterfall: { status: 'valid' }, abstractapi: DELIVERABLE } },
  bounce: {
    words: 'undeliverable at both', share: 0.09,
    mailbox: { waterfall: { status: 'invalid' }, abstractapi: { status: 'undeliverable', detail: 'mailbox_not_found', catchAll: false, smtp: false } },
  },
  catchall: {
    words: 'a catch-all domain: `risky` at Waterfall, deliverable and catch-all at AbstractAPI', share: 0.05,
    mailbox: { waterfall: { status: 'risky' }, abstractapi: { ...DELIVERABLE, catchAll: true } },
  },
  unclear: {
    words: '`risky` at Waterfall, deliverable at AbstractAPI, which could not find out about a catch-all', share: 0.03,
    mailbox: { waterfall: { status: 'risky' }, abstractapi: { ...DELIVERABLE, catchAll: null } },
  },
  risky: {
    words: '`risky` at Waterfall, deliverable at AbstractAPI', share: 0.03,
    mailbox: { waterfall: { status: 'risky' }, abstractapi: DELIVERABLE },
  },
  slow: {
    words: '`unknown` at Waterfall, deliverable at AbstractAPI', share: 0.03,
    mailbox: { waterfall: { status: 'unknown' }, abstractapi: DELIVERABLE },
  },
  unknown: {
    words: '`unknown` at both', share: 0.02,
    mailbox: { waterfall: { status: 'unknown' }, abstractapi: UNKNOWN },
  },
  greylisted: {
    words: '`unknown` at Waterfall; AbstractAPI says undeliverable with the detail `greylisted`, which is no verdict', share: 0.01,
    mailbox: { waterfall: { status: 'unknown' }, abstractapi: { status: 'undeliverable', detail: 'greylisted', catchAll: null, smtp: null } },
  },
  spamtrap: {
    words: 'valid at Waterfall, of a disposable domain at AbstractAPI: not to be written to', share: 0.01,
    mailbox: { waterfall: { status: 'valid' }, abstractapi: { ...DELIVERABLE, disposable: true } },
  },
  newword: {
    words: 'a word that no documentation has, at both', share: 0,
    mailbox: { waterfall: { status: 'probably' }, abstractapi: { ...DELIVERABLE, status: 'probably', detail: 'new_detail' } },
  },
} as const satisfies Record<string, { words: string; share: number; mailbox: Mailbox }>;

/** Nobody in particular reads their mail. Waterfall does not look at them. */
const ROLES = new Set(['info', 'sales', 'support', 'admin', 'office', 'contact', 'postmaster', 'abuse', 'noreply', 'billing', 'hr', 'jobs', 'marketing', 'press']);
const LONGEST_ADDRESS = 254;
const ADDRESS = /^(?<local>[^\s@]{1,64}|"[^"\s]{1,62}")@(?<domain>[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)$/u;
const FREE = new Set(['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'icloud.com', 'gmx.de', 'proton.me']);

/** An address as the verifiers see it. */
export type Looked = Mailbox & { domain: string; isRole: boolean; isFree: boolean };

/** Looks at an address. */
export function lookAt(address: string): Looked {
  const { local = '', domain = '' } = ADDRESS.exec(address.trim().toLowerCase())?.groups ?? {};
  const isRole = ROLES.has(local);
  const about = { domain, isRole, isFree: FREE.has(domain) };
  if (address.length > LONGEST_ADDRESS) return { ...about, ...malformed('VALIDATION_BAD_EMAIL_TOO_LONG') };
  if (domain === '') return { ...about, ...malformed('VALIDATION_BAD_EMAIL_INVALID') };
  const box = mailboxOf(local, domain);
  return { ...about, ...box, ...(isRole && { waterfall: { refused: 'VALIDATION_BAD_EMAIL_ROLE' } }) };
}

function mailboxOf(local: string, domain: string): Mailbox {
  const mx = sandboxMx(domain);
  if (mx === 'no_mail') return { waterfall: { status: 'invalid' }, abstractapi: { status: 'undeliverable', detail: 'no_mx_record', catchAll: null, smtp: null, mx: false } };
  if (mx === 'failed') return SPECIAL.unknown.mailbox;
  const [word = ''] = local.split(/[.+]/, 1);
  if (Object.hasOwn(SPECIAL, word)) return SPECIAL[word as keyof typeof SPECIAL].mailbox;
  let left = hash32(`${local}@${domain}`) / 2 ** 32;
  for (const { share, mailbox } of Object.values(SPECIAL)) {
    left -= share;
    if (left < 0) return mailbox;
  }
  return SPECIAL.good.mailbox;
}

function malformed(code: string): Mailbox {
  return { waterfall: { refused: code }, abstractapi: { status: 'undeliverable', detail: 'invalid_format', catchAll: null, smtp: null, format: false } };
}
