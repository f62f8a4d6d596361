/*
 * What people type in a domain column -> the company's domain, or why there is none. Refused is only what names somebody else
 * and what is no domain: everything else is asked, and the API is the judge. docs/input.md has the rules as a table.
 * The endings come from the public suffix list inside tldts, private part included: two shops on one platform are two companies.
 */
import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { parse } from 'tldts';
import { addressOf, cleaned, isAllowedName, wordsOf } from './address.ts';
import type { Address, Word } from './address.ts';
import { isNothing } from './nothing.ts';
import { hasOnlyMailboxes, isMailProvider, mayRedirect, pageHostOf, pageOfOthers } from './public-hosts.ts';

/**
 * A company's domain in its canonical form (lower case, ASCII), or the reason why the text holds none. `hint` says what looks
 * odd in a domain that is asked all the same.
 */
export type DomainResult = { domain: string; hint?: string } | { reason: string };

/** The API takes 4 to 500 characters; the domain name system itself ends at 253. */
const SHORTEST = 4;
const LONGEST = 253;

const NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=[a-z0-9-]*[a-z])[a-z0-9][a-z0-9-]*[a-z0-9]$/;
/** Reserved for examples and tests (RFC 2606): nobody mistyped them. */
const RESERVED = new Set(['example', 'test', 'invalid', 'localhost']);
/** Endings that are so common that two words beside each other may be one domain. */
const COMMON = new Set(['com', 'net', 'org', 'io', 'co', 'de', 'fr', 'uk', 'eu', 'ch', 'at', 'nl', 'it', 'es', 'us', 'ca']);
/** A cell of more words is prose, and is not searched for slips of the pen. */
const MOST_WORDS = 20;
const LANGUAGE_OR_MOBILE = /^(?:www|m|mobile|[a-z]{2}(?:-[a-z]{2})?(?:\.m)?)$/;

/** What a word turned out to be. `weak`: it is no domain, and may be a word beside one. */
type Judged = DomainResult & { weak?: true; ending?: string; isKnown?: boolean };

/**
 * Reduces a domain, web address or e-mail address to the company's domain: `https://www.Acme.com/about`, `jane@acme.com`
 * and `ACME.com.` are all `acme.com`. Names in other scripts come out in their ASCII form (`xn--...`).
 * `isMailDomain`: the cell is of a column that holds the domains of e-mail addresses.
 * Takes any text and never throws; giving it its own result changes nothing.
 */
export function companyDomain(text: string, { isMailDomain = false } = {}): DomainResult {
  if (isNothing(text)) return { reason: 'the domain is empty' };
  const clean = cleaned(text);
  const words = wordsOf(clean);
  const whole = clean.trim() === '' ? text : clean;
  const judge = (word: string) => judgeAddress(addressOf(word), whole, isMailDomain);
  // What a bracket parts from the rest of its name (`{{x}}.acme.com`, `%(x)s.com`) is no name.
  const judged = words.map(({ text: word, after }) => judge(after === 'closing' ? '' : word));

  const slip = dotLeftOut(words, judged, judge);
  if (slip !== undefined) return { reason: `${notDomain(whole)}; ${slip}?` };
  const first = judged.findIndex(({ weak }) => weak === undefined);
  const found = judged[first];
  if (found === undefined) return { reason: notDomain(whole) };
  if ('reason' in found) return { reason: found.reason };
  if (/^[.…‥]+$/.test(words[first + 1]?.text.slice(0, 10) ?? '')) return { reason: cutOff(whole) };
  if (judged.some((other) => other.weak === undefined && 'domain' in other && other.domain !== found.domain)) {
    return { reason: `${quoted(whole)} holds more than one domain; give each its own row` };
  }
  const other = wrapped(words, judged, first, judge);
  if (other !== undefined) return { reason: `${quoted(whole)} has a blank in it; ${found.domain} or ${other}?` };
  return found.hint === undefined ? { domain: found.domain } : { domain: found.domain, hint: found.hint };
}

/** The domain that two or three words make with a dot between them, where it was typed as a comma or left out. */
function dotLeftOut(words: readonly Word[], judged: readonly Judged[], judge: (word: string) => Judged): string | undefined {
  for (let at = 1; at < Math.min(words.length, MOST_WORDS); at += 1) {
    const [before, word] = [words[at - 1], words[at]];
    if (before === undefined || word === undefined || word.after === 'wrapping' || word.after === 'closing') continue;
    const [own, next] = [judged[at - 1], judged[at]];
    if (next === undefined || 'domain' in next) continue;
    if (word.text.length + before.text.length > LONGEST || /[/?#@]/.test(before.text)) continue;
    const joined = judge(`${before.text}.${word.text}`);
    if (!('domain' in joined) || joined.isKnown !== true) continue;
    // Behind a whole domain only an ending of two parts is its rest (`acme.co uk`); anything else is a remark.
    const isWhole = own !== undefined && 'domain' in own;
    if (isWhole ? joined.ending?.includes('.') === true && next.weak === true : word.after === 'comma' || COMMON.has(joined.ending ?? '')) {
      return /^www\./i.test(before.text) ? `www.${joined.domain}` : joined.domain;
    }
  }
  return undefined;
}

/** What the domain would be without the blank or line end behind it, where that is another one: `acme.co m`. */
function wrapped(words: readonly Word[], judged: readonly Judged[], first: number, judge: (word: string) => Judged): string | undefined {
  if (words.some(({ text }) => text.length > LONGEST) || words.length > MOST_WORDS) return undefined;
  const found = judged[first];
  const own = found !== undefined && 'domain' in found ? found.domain : '';
  const next = words[first + 1];
  const readings: string[] = [];
  if (next?.after === 'blank' && judged[first + 1]?.weak === true) readings.push(`${words[first]?.text ?? ''}${next.text}`);
  const onlyBlanks = words.every(({ after }) => after === 'start' || after === 'blank');
  if (onlyBlanks && words.length > 1 && judged.every(({ weak }, at) => weak === true || at === first)) {
    readings.push(words.map(({ text }) => text).join(''));
  }
  for (const reading of readings) {
    const joined = judge(reading);
    if ('domain' in joined && joined.hint === undefined && joined.domain !== own) return joined.domain;
  }
  return undefined;
}

/** `whole` is what the reason quotes: people look for what they typed. `isTarget`: a redirect was followed already. */
function judgeAddress(address: Address, whole: string, isMailDomain: boolean, isTarget = false): Judged {
  const weak: Judged = { reason: notDomain(whole), weak: true };
  const { host } = address;
  if (host.length > 4 * LONGEST || !/[.:…‥]/.test(host)) return weak;
  if (isIP(host) !== 0) return { reason: `${quoted(whole)} is an IP address, not a domain` };
  if (/…|‥|\.{3}|\.{2}$|^\.{2}/.test(host)) {
    return /[^.…‥]/.test(host) ? { reason: cutOff(whole) } : weak;
  }
  const dashed = host.replace(/[\p{Pd}\u2212\u30FC]/gu, '-');
  if (dashed !== host && !isAllowedName(host)) {
    const meant = judgeAddress({ ...address, host: dashed }, whole, isMailDomain, true);
    return 'domain' in meant ? { reason: `${quoted(whole)} has a dash that is no hyphen; ${meant.domain}?` } : weak;
  }
  const bare = host.replace(/^\./, '').replace(/\.$/, '');
  if (!isAllowedName(bare)) return weak;
  // A number such as 12.5 is an address too, which nobody meant; it has no ending and is refused below.
  const ascii = domainToASCII(bare);
  if (!ascii.includes('.') || (ascii.includes('xn--') && !isAllowedName(domainToUnicode(ascii)))) return weak;

  const { domain, domainWithoutSuffix, hostname, isIcann, isPrivate, publicSuffix } = parse(ascii, { allowPrivateDomains: true });
  if (hostname === null || publicSuffix === null) return weak;
  const brand = isIcann === true ? (domainWithoutSuffix ?? undefined) : undefined;
  const named = { hostname, domain: domain ?? hostname, brand };
  const target = isTarget || !mayRedirect(named) ? undefined : redirectTarget(address.query);
  if (target !== undefined) return judgeAddress(addressOf(target), whole, isMailDomain, true);

  if (hostname === publicSuffix && isIcann === true) return { reason: `${quoted(hostname)} is an ending that many domains share, not a company` };
  const isMailbox = (address.isMail || isMailDomain) && isMailProvider(named);
  if (isMailbox || hasOnlyMailboxes(named)) return { reason: `${quoted(named.domain)} is a free e-mail provider, not a company` };
  const page = pageIn(named, address);
  if (page !== undefined) return { reason: `${quoted(address.path.length > 1 ? whole : hostname)} is ${page}` };

  const isPlatform = isPrivate === true && (hostname === publicSuffix || hostname === `www.${publicSuffix}`);
  const result = pageHostOf(hostname)?.host ?? (isPlatform ? publicSuffix : domain);
  if (result === null || !NAME.test(result)) return weak;
  const isKnown = isIcann === true || isPrivate === true;
  if (!isKnown && /^www\.[^.]+$/.test(result)) return { reason: `${quoted(whole)}: the ending is missing` };
  if (result.length < SHORTEST) return { reason: `${quoted(result)} is too short to be a company's domain` };
  if (result.length > LONGEST) return { reason: `${quoted(result)} is longer than a domain can be` };
  const isOdd = !isKnown && !RESERVED.has(publicSuffix);
  return { domain: result, ending: publicSuffix, isKnown, ...(isOdd && { hint: `${quoted(result)}: there is no such ending as .${publicSuffix}` }) };
}

/** What an address is at a host of pages, in words, where it is not the host's own home page. */
function pageIn(named: { hostname: string; domain: string; brand: string | undefined }, { path, isMail }: Address): string | undefined {
  if (isMail) return undefined;
  const isHome = path === '' || path === '/';
  const others = pageOfOthers(named, path);
  if (others !== undefined) return `${others}, not a company`;
  const at = pageHostOf(named.hostname);
  if (at === undefined) return undefined;
  const { before, kind } = at;
  const isOwn = before === '' || (LANGUAGE_OR_MOBILE.test(before) && (kind.hasLanguages === true || !/^[a-z]{2}(?:$|[-.])/.test(before)));
  if (isOwn && isHome) return undefined;
  const what = isHome || !isOwn ? (kind.part ?? kind.page) : kind.page;
  return `${what}, not a company${kind.advice === undefined ? '' : `; ${kind.advice}`}`;
}

/** The address that a redirect names in its query, if it names one. */
function redirectTarget(query: string): string | undefined {
  const parameters = new URLSearchParams(query);
  for (const name of ['url', 'q', 'u', 'uddg', 'z', 'to']) {
    const value = parameters.get(name)?.trim() ?? '';
    if (/^(?:https?:)?\/\/|^www\./i.test(value)) return value;
  }
  return undefined;
}

function cutOff(text: string): string {
  return `${quoted(text)} is cut off; give the whole domain`;
}

function notDomain(text: string): string {
  return `${quoted(text)} is not a domain`;
}

/** Short enough for one cell of the report, and on one line. */
function quoted(text: string): string {
  const cells = [...text.slice(0, 500).toWellFormed().replace(/[\s\p{Cc}]+/gu, ' ').trim()];
  return `"${cells.length > 60 ? `${cells.slice(0, 59).join('')}…` : cells.join('')}"`;
}
