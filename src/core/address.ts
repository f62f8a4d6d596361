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

/** A word of a cell as it was typed, and what parted it from the one before; `closing`: a bracket that it is glued to. */
export type Word = { text: string; after: 'start' | 'blank' | 'comma' | 'wrapping' | 'closing' };

/** Quotes and brackets of any script; `<`, `>` and the backtick count as such. */
const WRAPPING = /[\p{Ps}\p{Pe}\p{Pi}\p{Pf}"'`<>]/u;
const BELONGS = /[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}-]/u;
/** IDNA2008 forbids these though they are letters or marks (RFC 5892, 2.6); the ideographic zero is allowed though it is a number. */
const FORBIDDEN = /[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B]/;

/** The plain text of a cell; stops of other scripts are dots, and a digit in a keycap is a bullet. */
export function cleaned(text: string): string {
  return plainText(text)
    .replace(/[\u3002\uFF61]/g, '.')
    .replace(/[0-9#*]\u20E3/g, ' ');
}

/**
 * The words of a cleaned cell. Brackets and quotes part words too; commas, semicolons and bars do so where an address follows,
 * or before the path of one.
 */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let start = 0;
  let at = 0;
  let after: Word['after'] = 'start';
  let inPath = false;
  const end = (next: Word['after']) => {
    if (start < at) words.push({ text: text.slice(start, at), after: words.length === 0 && after !== 'closing' ? 'start' : after });
    // Of several things between two words the one that parts them most counts; a comma before a blank is a comma of prose.
    after = start < at || (after === 'comma' && next === 'blank') || next === 'wrapping' || next === 'closing' || after === 'closing' ? next : after;
    inPath = false;
  };
  while (at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const isComma = /[,;|\u3001\u060C]/.test(character) && (!inPath || /^[,;|]*(?:https?:|www\.)/i.test(text.slice(at, at + 20)));
    if (isComma) end('comma');
    else if (/\s/.test(character)) end('blank');
    else if (WRAPPING.test(character)) end(/[\p{Pe}>]/u.test(character) ? 'closing' : 'wrapping');
    else {
      inPath ||= /[/?#\\]/.test(character) && start < at && !/[:/]/.test(text.charAt(at - 1)) && !/^https?$/i.test(text.slice(start, Math.min(at, start + 6)));
      at += character.length;
      continue;
    }
    at += character.length;
    start = at;
  }
  end('blank');
  return words;
}

/** Takes a word apart: no scheme, user, port or symbols around the host. */
export function addressOf(word: string): Address {
  let rest = withoutSymbolsBefore(/^%/.test(word) ? unescaped(word) : word);
  let hasScheme = false;
  // `http:acme.com` and `https//acme.com` are common slips; in `acme.com:8080` the colon is followed by a port.
  for (let round = 0; round < 4; round += 1) {
    const scheme = /^(?:[a-z][a-z0-9+.-]{0,20}:(?!\d+(?:[/?#\\]|$))|https?(?=\/\/)|[/\\]+)/i.exec(rest)?.[0];
    if (scheme === undefined || isBareIpv6(rest)) break;
    hasScheme ||= !/^mailto:/i.test(scheme) && !/^[/\\]/.test(scheme);
    rest = rest.slice(scheme.length);
  }
  const [, authority = '', path = '', query = ''] = /^([^/?#\\]*)([^?#]*)(?:\?([^#]*))?/.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const named = unescaped(authority.slice(at + 1));
  return {
    host: withoutSymbolsBehind(isBareIpv6(named) ? named : named.replace(/:\d{0,5}$/, '')).toLowerCase().normalize('NFC'),
    path: path.replaceAll('\\', '/'),
    query,
    isMail: at >= 0 && !hasScheme && (path === '' || path === '/'),
  };
}

/**
 * Whether IDNA2008 allows each character of a lower-case name (dots and underscores apart, which are judged elsewhere): letters,
 * marks and digits that stay as they are under compatibility mapping. Emoji, superscripts and trademark signs do not belong.
 */
export function isAllowedName(name: string): boolean {
  for (const character of name) if (character !== '.' && character !== '_' && !belongs(character)) return false;
  return true;
}

function belongs(character: string): boolean {
  if (/^[a-z0-9-]$/.test(character)) return true;
  const isLetter = BELONGS.test(character) && !FORBIDDEN.test(character) && character.normalize('NFKC') === character.normalize('NFC');
  return isLetter || character === '\u3007' || character === '\u00B7' || character === '\u30FB';
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

/** Signs, punctuation and numbers in circles; a letter in a circle (`ⓐcme.com`) stands for a letter, and without it the name would be another. */
function isSymbol(character: string): boolean {
  return /[\p{S}\p{P}\p{No}]/u.test(character) && !/[\u24B6-\u24E9\u{1F130}-\u{1F189}]/u.test(character);
}

/** What stands before an address in one word with it: bullets, check marks, numbers in circles. */
function withoutSymbolsBefore(word: string): string {
  let start = 0;
  for (const character of word) {
    if (!isSymbol(character) || /[/\\.@…‥-]/.test(character)) break;
    start += character.length;
  }
  return word.slice(start);
}

function withoutSymbolsBehind(host: string): string {
  const characters = [...host];
  let end = characters.length;
  while (end > 0 && isSymbol(characters[end - 1] ?? '') && !/[.…‥-]/.test(characters[end - 1] ?? '')) end -= 1;
  return characters.slice(0, end).join('');
}
