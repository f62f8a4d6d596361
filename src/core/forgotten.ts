/* What a person is known by, and its hashes: all that is kept of somebody who is to be forgotten. */
import { hash } from 'node:crypto';
import type { Answer, Person } from './model.ts';

/** Ids and e-mail addresses, normalised: the same text means the same person. */
export type Identifiers = { ids: string[]; emails: string[] };

/** What of a person identifies them. */
export type Identity = Pick<Person, 'id' | 'professional_email' | 'personal_email'>;

const EMAIL = /^[^\s@<>%*]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u;
/** The API's ids are UUIDs. Whatever else is typed is a slip, and its hash would be kept for nobody. */
const PERSON_ID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const GMAIL = new Set(['gmail.com', 'googlemail.com']);

/** What tells addresses apart: in any case, and at Gmail without dots, since those are one mailbox there and nowhere else. */
export function mailboxOf(address: string): string {
  const [, local = '', domain = ''] = /^(.*)@([^@]*)$/s.exec(address.toLowerCase()) ?? [];
  return GMAIL.has(domain) ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`;
}

/** What the owner of an address is forgotten by: the address as it is, and as its mailbox. */
export function namesOf(address: string): string[] {
  return [...new Set([address.toLowerCase(), mailboxOf(address)])];
}

/** What people type to name a person: an e-mail address or an id. Undefined for text that is neither. */
export function readIdentifier(text: string): Identifiers | undefined {
  const word = text.trim();
  if (EMAIL.test(word)) return { ids: [], emails: namesOf(word) };
  return PERSON_ID.test(word) ? { ids: [...new Set([word, word.toLowerCase()])], emails: [] } : undefined;
}

/** Every id and address of these people, each once. */
export function identifiersOf(people: readonly Identity[]): Identifiers {
  const addresses = people.flatMap(({ professional_email, personal_email }) => [professional_email, personal_email]);
  return {
    ids: present(people.map(({ id }) => id)),
    emails: present(addresses.map((address) => address?.toLowerCase())),
  };
}

/** The hashes of what people are known by. One of them is enough to know a person again. */
export function hashesOf({ ids, emails }: Identifiers): string[] {
  return [...ids.map((id) => `id:${id}`), ...emails.map((email) => `email:${email}`)].map((identifier) =>
    hash('sha256', identifier),
  );
}

/** The keys of hashes, by which rows are found: 64 bits of each, signed, as text (sql/0012_forgetting.sql). */
export function keysOf(hashes: readonly string[]): string[] {
  return [...new Set(hashes.map((hash) => BigInt.asIntN(64, BigInt(`0x${hash.slice(0, 16)}`)).toString()))];
}

/** The answer without the people who are known by one of these hashes, and those people. */
export function withoutForgotten(answer: Answer, hashes: readonly string[]): { answer: Answer; dropped: Person[] } {
  const forgotten = new Set(hashes);
  const isForgotten = (person: Person) => hashesOf(identifiersOf([person])).some((hash) => forgotten.has(hash));
  const persons = answer.persons ?? [];
  return {
    answer: { ...answer, persons: persons.filter((person) => !isForgotten(person)) },
    dropped: persons.filter(isForgotten),
  };
}

function present(texts: readonly (string | null | undefined)[]): string[] {
  return [...new Set(texts.map((text) => text?.trim() ?? '').filter((text) => text !== ''))];
}
