/* What things are called, by kind: the same lines tell of companies and their contacts, and of addresses. */
import type { KindName } from '../kinds/kind.ts';

/** Words of a kind. Pairs are singular and plural. */
export type Words = {
  /** What a list has one of in each row. */
  subject: readonly [string, string];
  /** What is found. */
  found: readonly [string, string];
  /** What is billed. */
  billed: readonly [string, string];
  /** Of rows that are about to be asked. */
  toAsk: string;
  /** A paid request, and what it makes. */
  call: string;
  /** Requests that a question takes at least. */
  requestsEach: number;
  /** What the main output holds. */
  output: string;
};

export const WORDS: Record<KindName, Words> = {
  contacts: {
    subject: ['company', 'companies'],
    found: ['contact', 'contacts'],
    billed: ['contact', 'contacts'],
    toAsk: 'to launch',
    call: 'job',
    requestsEach: 2,
    output: 'contacts',
  },
  emails: {
    subject: ['address', 'addresses'],
    found: ['verdict', 'verdicts'],
    billed: ['verification', 'verifications'],
    toAsk: 'to ask',
    call: 'address',
    requestsEach: 1,
    output: 'verdicts',
  },
};
