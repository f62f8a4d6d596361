/*
 * What people type in a domain column -> the company's domain, or why there is none.
 * The endings come from the public suffix list inside tldts, private part included: two shops on one platform are two
 * companies. An ending that the list does not know is accepted; the API has the last word.
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';
import { kindOfPublicDomain } from './public-domains.ts';

/** A company's domain in its canonical form (lower case, ASCII), or the reason why the text holds none. */
export type DomainResult = { domain: string } | { reason: string };

/** The API takes 4 to 500 characters; the domain name system itself ends at 253. */
const SHORTEST = 4;
const LONGEST = 253;

/** Invisible characters that come along when text is copied: zero width, soft hyphen, direction marks. */
const INVISIBLE = /[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/g;
const WRAPPING = /^[\s\p{Cc}"'“”„‘’‚«»‹›`<>()[\]{},;|]+|[\s\p{Cc}"'“”„‘’‚«»‹›`<>()[\]{},;|]+$/gu;
const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9][a-z0-9-]*[a-z0-9]$/;

/**
 * Reduces a domain, web address or e-mail address to the company's domain: `https://www.Acme.com/about`, `jane@acme.com`
 * and `ACME.com.` are all `acme.com`. Names in other scripts come out in their ASCII form (`xn--...`).
 * Takes any text and never throws; giving it its own result changes nothing.
 */
export function companyDomain(text: string): DomainResult {
  // The plain case, most of any list, is spared the cleaning.
  if (/^[a-z0-9.-]+$/.test(text)) return ofHost(text, text);
  // Compatibility forms first: full-width letters, dots and slashes become plain ones; the ideographic stop does not.
  const wellFormed = text.toWellFormed().normalize('NFKC').replace(INVISIBLE, '').replaceAll('。', '.');
  const bracketed = /<([^<>]*[.@][^<>]*)>/.exec(wellFormed)?.[1];
  const clean = (bracketed ?? wellFormed).replace(WRAPPING, '');
  if (clean === '') return { reason: text.trim() === '' ? 'the domain is empty' : notDomain(text) };

  const hosts = clean.split(/\s+|[,;|]+(?=https?:|www\.)/i).flatMap((word) => hostOf(word).split(/[,;|]/));
  const results = hosts.filter((host) => host !== '').map((host) => ofHost(host, clean));
  const [first] = results;
  if (first === undefined) return { reason: `${quoted(clean)} has no domain in it` };
  if (results.length === 1) return first;
  const domains = new Set(results.flatMap((result) => ('domain' in result ? [result.domain] : [])));
  if (domains.size > 1) return { reason: `${quoted(clean)} holds more than one domain; give each its own row` };
  // What follows a domain may be a remark; what precedes it makes the cell something else than a domain.
  return 'domain' in first ? first : { reason: domains.size === 0 ? first.reason : notDomain(clean) };
}

/** The host of one word: no scheme, user, port or path. */
function hostOf(word: string): string {
  let rest = word.replace(WRAPPING, '');
  for (let before = ''; before !== rest; ) {
    before = rest;
    // `http:acme.com` and `https//acme.com` are common slips; in `acme.com:8080` the colon is followed by a port.
    rest = rest.replace(/^(?:[a-z][a-z0-9+.-]*:(?!\d+(?:[/?#\\]|$))|https?(?=\/\/)|[/\\]+)/i, '');
    if (isIP(rest) !== 0) return rest;
  }
  const authority = rest.replace(/[/?#\\].*$/s, '');
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(WRAPPING, '');
  // What is left of `[2001:db8::1]:443` keeps its colons, so that it is recognised as an IP address.
  return /:.*:/.test(host) ? host.replace(/\]:\d+$/, '') : host.replace(/:\d*$/, '');
}

/** `whole` is what the reason quotes: people look for what they typed. */
function ofHost(host: string, whole: string): DomainResult {
  const bare = host.replace(/^[*.]+|\.+$/g, '');
  if (isIP(bare.replace(/^\[|\]$/g, '')) !== 0) return { reason: `${quoted(whole)} is an IP address, not a domain` };
  // A number such as 12.5 is an address too, which nobody meant; it has no ending and is refused below.
  const ascii = domainToASCII(bare);
  if (!ascii.includes('.')) return { reason: notDomain(whole) };

  const { domain, domainWithoutSuffix, hostname, isIcann, isPrivate, publicSuffix } = parse(ascii, { allowPrivateDomains: true });
  if (publicSuffix !== null && (hostname === publicSuffix || (isPrivate && hostname === `www.${publicSuffix}`))) {
    if (!isPrivate) return { reason: `${quoted(publicSuffix)} is an ending that many domains share, not a company` };
    return { reason: `${quoted(publicSuffix)} is a platform, not a company; give the full name, such as acme.${publicSuffix}` };
  }
  if (domain === null || !NAME.test(domain)) return { reason: notDomain(whole) };
  if (domain.length < SHORTEST) return { reason: `${quoted(domain)} is too short to be a company's domain` };
  if (domain.length > LONGEST) return { reason: `${quoted(domain)} is longer than a domain can be` };
  const kind = kindOfPublicDomain(domain, isIcann ? (domainWithoutSuffix ?? undefined) : undefined);
  if (kind !== undefined) return { reason: `${quoted(domain)} is ${kind}, not a company` };
  return { domain };
}

function notDomain(text: string): string {
  return `${quoted(text)} is not a domain`;
}

/** Short enough for one cell of the report, and on one line. */
function quoted(text: string): string {
  const cells = [...text.toWellFormed().replace(/[\s\p{Cc}]+/gu, ' ').trim()];
  return `"${cells.length > 60 ? `${cells.slice(0, 59).join('')}…` : cells.join('')}"`;
}
