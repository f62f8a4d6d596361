/*
 * The encodings of lists: their names, and which of the old ones a text that is not Unicode is likely in. Every byte is a letter
 * in nearly each of them, so the one is taken in which the letters make words.
 */
import { TextDecoder } from 'node:util';

/** What programs call them and `TextDecoder` does not. `utf-16` leaves open which of the two. */
const OTHER_NAMES: Record<string, string> = {
  utf8bom: 'utf-8', utf8sig: 'utf-8', ascii: 'utf-8', unicode: 'utf-16', utf16: 'utf-16', utf16le: 'utf-16le', utf16be: 'utf-16be', ansi: 'windows-1252', latin1: 'windows-1252',
  macroman: 'macintosh', cp936: 'gbk', cp932: 'shift_jis', cp949: 'euc-kr', cp950: 'big5', win1250: 'windows-1250', win1251: 'windows-1251', win1252: 'windows-1252',
};

/** The likeliest first: of several that fit, it is taken. */
const OLD = ['windows-1252', 'windows-1250', 'windows-1251', 'macintosh', 'koi8-r', 'gbk', 'shift_jis', 'euc-kr', 'big5'];
/** So many characters that look wrong may be slips. */
const SLIPS = 0.05;

/** Words of letters of their own, where several in a row are usual. */
const OWN_LETTERS = String.raw`\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}`;
/** What no writer writes: the reading is wrong there. */
const ODD: readonly RegExp[] = [
  // No character at all, or one of a half-width keyboard.
  /[\ufffd\u0080-\u009f\uff61-\uff9f\p{Co}\p{Cn}]/gu,
  // A sign within a word; dashes and apostrophes belong there.
  /(?<=\p{L})[^\p{L}\p{M}\p{N}\p{Pd}\p{Z}\p{ASCII}‘’“”«»·…](?=\p{L})/gu,
  // A sign at the end of a word, and a key that nobody strikes behind a letter.
  /(?<=\p{L})(?![\p{ASCII}®©™°])[\p{Sm}\p{So}](?!\p{L})/gu,
  /(?<=\P{ASCII})[`\\^{|}~[\]]/gu,
  // A capital in the middle of a word.
  /(?<=\p{Ll})(?![A-Z])\p{Lu}/gu,
  /(?<=\p{Lu})(?![A-Z])\p{Lu}(?=\p{Ll})/gu,
  // Two scripts in one word.
  new RegExp(String.raw`(?<=\p{Script=Latin})[${OWN_LETTERS}]|(?<=[${OWN_LETTERS}])\p{Script=Latin}`, 'gu'),
  // Three accents side by side.
  new RegExp(String.raw`(?<=[^\p{ASCII}\s${OWN_LETTERS}]{2})[^\p{ASCII}\s${OWN_LETTERS}]`, 'gu'),
];

/** The encoding that people or programs call so; undefined for a name that nobody knows. */
export function namedEncoding(name: string): string | undefined {
  const other = OTHER_NAMES[name.toLowerCase().replace(/[\s_-]/g, '')];
  if (other !== undefined) return other;
  try {
    return new TextDecoder(name.trim().replaceAll('_', '-')).encoding;
  } catch {
    return undefined;
  }
}

/** The likeliest encoding of bytes that are not Unicode. Windows-1252, where none makes words of them. */
export function likeliestEncoding(bytes: Buffer): string {
  const judged = OLD.map((encoding) => {
    const decoder = new TextDecoder(encoding);
    // Node 20 decodes Windows-1252 rightly only with `stream`.
    const text = decoder.decode(bytes, { stream: true }) + decoder.decode();
    const letters = text.match(/\P{ASCII}/gu)?.length ?? 0;
    const odd = ODD.reduce((count, sign) => count + (text.match(sign)?.length ?? 0), 0) + (encoding === 'gbk' ? rareInGbk(bytes) : 0);
    return { encoding, odd: odd / Math.max(letters, 1) };
  });
  const best = judged.reduce((one, other) => (other.odd < one.odd ? other : one));
  return best.odd <= SLIPS ? best.encoding : 'windows-1252';
}

/** Pairs beyond the characters of GB 2312, with which Chinese is written: GBK has one for nearly every pair of bytes. */
function rareInGbk(bytes: Buffer): number {
  let rare = 0;
  for (let place = 0; place < bytes.length; place += 1) {
    const lead = bytes[place] ?? 0;
    if (lead < 0x80) continue;
    place += 1;
    if (lead < 0xa1 || lead > 0xf7 || (bytes[place] ?? 0) < 0xa1) rare += 1;
  }
  return rare;
}
