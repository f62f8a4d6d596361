/*
 * What people type in a domain column -> the company's domain, or why there is none. Refused is only what names somebody else
 * and what is no domain: everything else is asked, and the API is the judge. docs/input.md has the rules as a table.
 * The endings come from the public suffix list inside tldts, private part included: two shops on one platform are two companies.
 */
import { isIP } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { parse } from 'tldts';
import { addressOf, cleaned, wordsOf } from './address.ts';
import type { Address, Word } from './address.ts';
import { isAllowedName } from './idna.ts';
import { hasOnlyMailboxes, isMailProvider } from './mail-providers.ts';
import { isNothing } from './nothing.ts';
import { homeDomain, mayRedirect, pageIn } from './page-hosts.ts';

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
/** Pages that lead on to what their query names. */
const REDIRECT = /^\/(?:url|aclk|l|l\.php|link|away|away\.php|redir|redirect|linkfilter)(?:\/|$)/;
const DASHES = /[\p{Pd}\u2212\u30FC\uFF70\u2043\u02D7\u2796\u2500]/gu;
/** Dots that are none, and quotes that stand in a name. */
const DOTS = /[\u2024\u00B7\u2022\u2027\u2219\u22C5\u30FB\u02D9\u066B\u06D4]/g;
const QUOTES = /[\p{Pi}\p{Pf}"'`\u00B4\u2032\u2033]/gu;
/** Whatever has none of these is no address. */
const LIKE_ADDRESS = /[.:…%\u2024\u00B7\u2022\u2027\u2219\u22C5\u30FB\u02D9\u066B\u06D4]/;

/** What an address turned out to be: what is said of it, and the domain that it names, though it may be refused. */
type Judged = { result: DomainResult; names?: string; ending?: string; isKnown?: boolean };

/** Undefined for what is no address, and may be a word beside one. */
type Judge = (word: string) => Judged | undefined;

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
  const judge = (word: string) => (LIKE_ADDRESS.test(word) ? judgeAddress(addressOf(word), whole, isMailDomain) : undefined);
  const judged = words.map(({ text: word, after }, at) => {
    // What a bracket parts from the rest of its name (`{{x}}.acme.com`, `%(x)s.com`) is no name.
    const one = after === 'closing' ? undefined : judge(word);
    const isFile = after === 'blank' && one !== undefined && 'hint' in one.result && /[^:/]\/./.test(words[at - 1]?.text ?? '');
    return isFile ? undefined : one;
  });

  const slip = dotLeftOut(words, judged, judge);
  if (slip !== undefined) return { reason: `${notDomain(whole)}; ${slip}?` };
  const found = judged.find((one) => one?.names !== undefined) ?? judged.find((one) => one !== undefined);
  if (judged.some((one) => one?.names !== undefined && one.names !== found?.names)) {
    return { reason: `${quoted(whole)} holds more than one domain; give each its own row` };
  }
  const first = judged.indexOf(found);
  const other = wrapped(words, judged, first, judge);
  if (other !== undefined) {
    const own = found !== undefined && 'domain' in found.result ? found.result.domain : undefined;
    return { reason: own === undefined ? `${notDomain(whole)}; ${other}?` : `${quoted(whole)} has a blank in it; ${own} or ${other}?` };
  }
  if (found === undefined) return { reason: notDomain(whole) };
  if ('domain' in found.result && /^(?:\.{2,}|…+)$/.test(words[first + 1]?.text.slice(0, 10) ?? '')) return { reason: cutOff(whole) };
  return found.result;
}

/** The domain that words make with dots between them, where they were typed as commas or left out. */
function dotLeftOut(words: readonly Word[], judged: readonly (Judged | undefined)[], judge: Judge): string | undefined {
  for (let at = 1; at < Math.min(words.length, MOST_WORDS); at += 1) {
    const [before, word] = [words[at - 1], words[at]];
    if (before === undefined || word === undefined || word.after === 'wrapping' || word.after === 'closing') continue;
    const [own, next] = [judged[at - 1], judged[at]];
    if (next !== undefined && 'domain' in next.result) continue;
    if (word.text.length + before.text.length > LONGEST || /[/?#]/.test(before.text)) continue;
    const rest = words[at + 1]?.after === 'comma' ? `.${words[at + 1]?.text ?? ''}` : '';
    const joined = [rest, ''].map((more) => judge(`${before.text}.${word.text}${more}`)).find((one) => one?.isKnown === true);
    if (joined?.names === undefined || !('domain' in joined.result)) continue;
    // Behind a whole domain only an ending of two parts is its rest (`acme.co uk`); anything else is a remark.
    const isRest = joined.ending?.includes('.') === true && next === undefined && at === words.length - 1;
    if (own !== undefined && 'domain' in own.result ? isRest : word.after === 'comma' || COMMON.has(joined.ending ?? '')) {
      return /^www\./i.test(before.text) ? `www.${joined.names}` : joined.names;
    }
  }
  return undefined;
}

/** What the domain would be without the blank or line end in it, where that is another one: `acme.co m`. */
function wrapped(words: readonly Word[], judged: readonly (Judged | undefined)[], first: number, judge: Judge): string | undefined {
  if (words.length > MOST_WORDS || words.some(({ text }) => text.length > LONGEST)) return undefined;
  const names = judged[first]?.names;
  if (names !== undefined && judged.some((one, at) => at !== first && one?.names === names)) return undefined;
  const [own, next] = [words[first], words[first + 1]];
  const readings: string[] = [];
  if (words.length > 1 && words.every(({ after }) => after === 'start' || after === 'blank')) readings.push(words.map(({ text }) => text).join(''));
  if (own !== undefined && next?.after === 'blank') readings.push(own.text + next.text);
  return readings.map(judge).find((joined) => joined?.isKnown === true && joined.names !== names)?.names;
}

/** `whole` is what the reason quotes: people look for what they typed. `isTarget`: a redirect was followed already. */
function judgeAddress(address: Address, whole: string, isMailDomain: boolean, isTarget = false): Judged | undefined {
  const { host } = address;
  if (host.length > 4 * LONGEST) return undefined;
  if (isIP(host) !== 0) return { result: { reason: `${quoted(whole)} is an IP address, not a domain` } };
  if (/…|\.{3}|\.{2}$|^\.{2}/.test(host)) return /[^.…]/.test(host) ? { result: { reason: cutOff(whole) }, names: host } : undefined;
  const bare = host.replace(/^\./, '').replace(/\.$/, '');
  if (!isAllowedName(bare)) {
    const meant = likely(bare);
    const judged = meant === bare ? undefined : judgeAddress({ ...address, host: meant }, whole, isMailDomain, true);
    if (judged?.names === undefined || !('domain' in judged.result) || 'hint' in judged.result) return undefined;
    const why = bare.replace(DASHES, '-') === meant ? `${quoted(whole)} has a dash that is no hyphen` : notDomain(whole);
    return { result: { reason: `${why}; ${judged.names}?` }, names: host };
  }
  // A number such as 12.5 is an address too, which nobody meant; it has no ending and is refused below.
  const ascii = domainToASCII(bare);
  if (!ascii.includes('.') || (ascii.includes('xn--') && !isAllowedName(domainToUnicode(ascii)))) return undefined;

  const { domain, domainWithoutSuffix, hostname, isIcann, isPrivate, publicSuffix } = parse(ascii, { allowPrivateDomains: true });
  if (hostname === null || publicSuffix === null) return undefined;
  const brand = isIcann === true ? (domainWithoutSuffix ?? undefined) : undefined;
  const named = { hostname, domain: domain ?? hostname, brand };
  const target = isTarget || !mayRedirect(named) ? undefined : redirectTarget(address);
  if (target !== undefined) return judgeAddress(addressOf(target), whole, isMailDomain, true);

  const refused = (reason: string): Judged => ({ result: { reason }, names: named.domain, isKnown: true });
  if (hostname === publicSuffix && isIcann === true) return refused(`${quoted(hostname)} is an ending that many domains share, not a company`);
  const isMailbox = (address.isMail || isMailDomain) && isMailProvider(named);
  if (isMailbox || hasOnlyMailboxes(named)) return refused(`${quoted(named.domain)} is a free e-mail provider, not a company`);
  const page = pageIn(named, address);
  if (page !== undefined) return refused(`${quoted(address.path.length > 1 ? whole : hostname)} is ${page}`);

  const isPlatform = isPrivate === true && hostname.replace(/^(?:www\.)+/, '') === publicSuffix;
  const result = homeDomain(named) ?? (isPlatform ? publicSuffix : domain);
  if (result === null || !NAME.test(result)) return undefined;
  const isListed = isIcann === true || isPrivate === true;
  const no = (reason: string): Judged => ({ result: { reason }, names: result });
  if (!isListed && /^www\.[^.]+$/.test(result)) return no(`${quoted(whole)}: the ending is missing`);
  if (result.length < SHORTEST) return no(`${quoted(result)} is too short to be a company's domain`);
  if (result.length > LONGEST) return no(`${quoted(result)} is longer than a domain can be`);
  const isKnown = isListed || RESERVED.has(publicSuffix);
  const hint = isKnown ? {} : { hint: `${quoted(result)}: there is no such ending as .${publicSuffix}` };
  return { result: { domain: result, ...hint }, names: result, ending: publicSuffix, isKnown };
}

/** The name that was probably meant by one with dashes, dots or quotes of typography in it. */
function likely(host: string): string {
  return host.replace(DASHES, '-').replace(DOTS, '.').replace(QUOTES, '');
}

/** The address that a redirect names in its query, if it names one. */
function redirectTarget({ path, query }: Address): string | undefined {
  const parameters = new URLSearchParams(query);
  for (const name of ['url', 'q', 'u', 'uddg', 'z', 'to', 'adurl', 'imgrefurl']) {
    const value = parameters.get(name)?.trim() ?? '';
    // What is searched for is no address, unless it looks like one.
    if (/^(?:https?:)?\/\/|^www\./i.test(value) || (REDIRECT.test(path) && /^[^\s/]+\.[^\s/]/.test(value))) return value;
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
