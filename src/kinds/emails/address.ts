/*
 * What people type in a column of addresses -> the address that is asked for, or why there is none. Refused is only what can be no
 * address (RFC 5321); what is legal and odd is asked, and the provider is the judge.
 */
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';
import { cleaned } from '../../core/address.ts';
import { mailboxOf } from '../../core/forgotten.ts';
import { isNothing } from '../../core/nothing.ts';

/**
 * An address as it is asked for: its local part as it was written, its domain in lower-case ASCII. `key` tells addresses apart: in any
 * case, and at Gmail without dots, since those are one mailbox there and nowhere else.
 */
export type ReadAddress = { address: string; domain: string; key: string } | { reason: string };

/** RFC 5321, 4.5.3.1. */
const LONGEST_LOCAL = 64;
const LONGEST = 254;
const ATOM = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
/** What stands behind an address in a cell, and is none of it. */
const BEHIND = ' \t\n\r,;.>)\u2019\u201D';
const NO_ATOM = /[^\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]/u;
const QUOTED = /^"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])+"$/u;
const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Reads a cell. Takes any text and never throws. */
export function readAddress(cell: string): ReadAddress {
  if (isNothing(cell)) return { reason: 'the address is empty' };
  const text = unwrapped(cleaned(cell).normalize('NFC').trim().replaceAll('\uFF20', '@'));
  const at = text.lastIndexOf('@');
  if (at < 0) return { reason: LABELS.test(text.toLowerCase()) && parse(text).isIcann === true ? 'this is a domain, not an address: there is no @ in it' : 'there is no @ in it' };
  const [local, host] = [text.slice(0, at), text.slice(at + 1)];
  if (local === '') return { reason: 'there is nothing in front of the @' };
  if (host === '') return { reason: 'there is nothing behind the @' };
  const isQuoted = QUOTED.test(local);
  if (!isQuoted && /@/.test(local)) return { reason: /[\s,;/|]/.test(text) ? 'there are several addresses in one cell' : 'there are two @ in it' };
  if (!isQuoted && /\s/.test(local)) return { reason: 'there is a blank in front of the @' };
  if (/^\.|\.$|\.\./.test(local) && !isQuoted) return { reason: 'a dot in front of the @ stands at an end, or beside another' };
  if (!isQuoted && !ATOM.test(local)) return { reason: `"${NO_ATOM.exec(local)?.[0] ?? local}" cannot stand in front of the @` };
  if (/\s/.test(host)) return { reason: 'there is a blank behind the @' };
  const domain = domainToASCII(host.toLowerCase());
  if (domain === '' || !LABELS.test(domain)) return { reason: host.includes('.') ? 'what stands behind the @ is no domain' : 'the domain behind the @ has no ending' };
  if (/\.\d+$/.test(domain) || parse(domain).isIp === true) return { reason: 'there is a number behind the @, and no domain' };
  if (Buffer.byteLength(local) > LONGEST_LOCAL) return { reason: `there are more than ${LONGEST_LOCAL} characters in front of the @` };
  const address = `${local}@${domain}`;
  if (Buffer.byteLength(address) > LONGEST) return { reason: `it has more than ${LONGEST} characters` };
  return { address, domain, key: mailboxOf(address) };
}

/** `Jane Doe <jane@acme.example>`, `mailto:jane@acme.example?subject=Hi`, `jane@acme.example;` */
function unwrapped(text: string): string {
  const open = text.lastIndexOf('<');
  const close = text.indexOf('>', open);
  const bare = open >= 0 && close > open && text.slice(open, close).includes('@') ? text.slice(open + 1, close) : text;
  const [plain = ''] = /^mailto:/i.test(bare) ? bare.slice('mailto:'.length).split('?', 1) : [bare];
  let end = plain.length;
  while (end > 0 && BEHIND.includes(plain[end - 1] ?? '')) end -= 1;
  return plain.slice(0, end).replace(/^[\s<(\u2018\u201C]+/, '');
}
