/*
 * What a cell holds, taken apart: words and addresses, without quotes, brackets, schemes, users, ports and symbols. What they
 * mean is not judged here. Every step is linear in the length of the cell, which may be anything.
 */
import { plainText } from './text.ts';

/** A word of a cell that may be a web or e-mail address. */
export type Address = {
  /** Lower case; may still be anything. */
  host: string;
  /** Begins with `/`, or is empty. */
  path: string;
  query: string;
  /** An e-mail address: there is a user, and neither scheme nor path. */
  isMail: boolean;
};

/**
 * A word of a cell as it was typed, and what parted it from the one before: a blank, a comma, a comma beside a blank (`pause`),
 * a quote or bracket, or a closing bracket that it is glued to.
 */
export type Word = { text: string; after: 'start' | 'blank' | 'comma' | 'pause' | 'wrapping' | 'closing' };

/** What may part words or begin a path: blanks, quotes and brackets of any script, commas of any script. */
const PARTING = /[\s\p{Ps}\p{Pe}\p{Pi}\p{Pf}"'`<>,;|\u3001\uFF64\u060C\u061B\uFE50\uFE51\uFE54/?#\\]/gu;
const COMMA = /[,;|\u3001\uFF64\u060C\u061B\uFE50\uFE51\uFE54]/;
const QUOTE = /[\p{Pi}\p{Pf}"'`]/u;
/** The end of `&uuml`: the semicolon behind it parts nothing. */
const ENTITY = /&(?:#x?[0-9a-f]{1,6}|[a-z][a-z0-9]{1,20})$/i;
/** Other ways to write an ellipsis, and dots of typography of which several in a row are one. */
const ELLIPSES = /[\u2025\u22EE\u22EF\u1801\uFE19\uFE30]|[\u2024\u00B7\u2022\u2027\u2219\u22C5\u30FB\uFF65]{2,}/g;
/** Whatever stands behind so many words is prose. */
const MOST_WORDS = 1_000;
/** Tags of HTML around or behind an address. */
const TAG = /^\/?(?:a|b|br|div|em|i|li|p|span|strong|td|u)\/?$/i;

/** The plain text of a cell; stops of other scripts are dots, a digit in a keycap is a bullet, every ellipsis is the same one, and a dotted capital I is an i. */
export function cleaned(text: string): string {
  return plainText(text)
    .replace(/[\u3002\uFF61]/g, '.')
    .replaceAll('\u0130', 'i')
    .replace(/[0-9#*]\u20E3/g, ' ')
    .replace(ELLIPSES, (_, at: number) => (at === 0 ? ' ' : '…'));
}

/**
 * The words of a cleaned cell. Brackets and quotes part words too, unless a quote stands in a name (`o'reilly.com`); commas,
 * semicolons and bars do, but not in a path, where only the beginning of another address parts.
 */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let after: Word['after'] = 'start';
  let start = 0;
  let inPath = false;
  const end = (at: number, next: Word['after']) => {
    if (at > start) words.push({ text: text.slice(start, at), after: words.length === 0 && after !== 'closing' ? 'start' : after });
    after = at > start ? next : together(after, next);
    start = at + 1;
    inPath = false;
  };
  for (const { 0: sign, index: at } of text.matchAll(PARTING)) {
    if (words.length === MOST_WORDS) return words;
    const before = text.slice(Math.max(start, at - 24), at);
    if (/[/?#\\]/.test(sign)) inPath ||= before !== '' && !/[:/]$|^https?$/i.test(before);
    else if (/\s/.test(sign)) end(at, 'blank');
    else if (/[\p{Pe}>]/u.test(sign)) end(at, TAG.test(before) ? 'wrapping' : 'closing');
    else if (/[\p{Ps}<]/u.test(sign) || (QUOTE.test(sign) && !isInName(text, at))) end(at, 'wrapping');
    else if (COMMA.test(sign) && (inPath ? /^[,;|]+(?:https?:|www\.)/i.test(text.slice(at, at + 20)) : sign !== ';' || !ENTITY.test(before))) end(at, 'comma');
  }
  end(text.length, 'blank');
  return words;
}

/** Of several things between two words the one that parts them most. */
function together(before: Word['after'], next: Word['after']): Word['after'] {
  if (next === 'wrapping' || next === 'closing') return next;
  if (before === 'wrapping' || before === 'closing') return 'wrapping';
  return before === next || before === 'start' ? next : 'pause';
}

function isInName(text: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(text[at - 1] ?? '') && /[\p{L}\p{N}]/u.test(text[at + 1] ?? '');
}

/** Takes a word apart: no scheme, user, port or symbols around the host. */
export function addressOf(word: string): Address {
  const whole = word.startsWith('%') ? unescaped(word) : word;
  let rest = isBareIpv6(whole) ? whole : withoutSymbolsBefore(whole);
  let hasScheme = false;
  // `http:acme.com` and `https//acme.com` are common slips; in `acme.com:8080` the colon is followed by a port.
  for (let round = 0; round < 4; round += 1) {
    const scheme = /^(?:[a-z][a-z0-9+-]{0,20}:(?!\d+(?:[/?#\\]|$))|https?(?=\/\/)|[/\\]+)/i.exec(rest)?.[0];
    if (scheme === undefined || isBareIpv6(rest)) break;
    hasScheme ||= !/^mailto:/i.test(scheme) && !/^[/\\]/.test(scheme);
    rest = rest.slice(scheme.length);
  }
  const [, first = '', path = '', query = ''] = /^([^/?#\\]*)([^?#]*)(?:\?([^#]*))?/.exec(rest) ?? [];
  const authority = withoutSymbolsBehind(first);
  const at = authority.lastIndexOf('@');
  const named = unescaped(authority.slice(at + 1));
  return {
    host: withoutSymbolsBehind(isBareIpv6(named) ? named : named.replace(/:\d{0,5}$/, '')).toLowerCase().normalize('NFC'),
    path: path.replaceAll('\\', '/'),
    query,
    isMail: at >= 0 && !hasScheme && (path === '' || path === '/'),
  };
}

/** `acme%2Ecom` is a name that a program has escaped; what cannot be read so stays as it is, and is no name. */
function unescaped(text: string): string {
  if (!text.includes('%') || text.length > 1_000) return text;
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text;
  }
}

function isBareIpv6(text: string): boolean {
  return /^[0-9a-f:.]*$/i.test(text) && text.indexOf(':') < text.lastIndexOf(':');
}

/**
 * Signs, punctuation, numbers in circles, NUL and private characters. Not what is read as letters (`ⓐcme.com`, `№1.com`), or
 * stands for a letter that was lost: without it the name would be another.
 */
function isSymbol(character: string): boolean {
  if (!/[\0\p{S}\p{P}\p{No}\p{Co}\p{Cn}]/u.test(character) || /[%\uFFFD]/.test(character)) return false;
  return /[\u2120\u2122]/.test(character) || !/[a-z]/i.test(character.normalize('NFKC')) && !/[\u{1F150}-\u{1F189}]/u.test(character);
}

/** What stands before an address in one word with it: bullets, check marks, numbers in circles. */
function withoutSymbolsBefore(word: string): string {
  let start = 0;
  for (const character of word) {
    if (!isSymbol(character) || /[/\\.@…?-]/.test(character)) break;
    start += character.length;
  }
  return word.slice(start);
}

function withoutSymbolsBehind(host: string): string {
  const characters = [...host];
  let end = characters.length;
  while (end > 0 && isSymbol(characters[end - 1] ?? '') && !/[.…-]/.test(characters[end - 1] ?? '')) end -= 1;
  return characters.slice(0, end).join('');
}
