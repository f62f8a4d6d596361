/*
 * Which names IDNA2008 allows, by the Unicode properties of their characters (RFC 5892). `domainToASCII` maps by UTS 46, which
 * takes more: emoji stay, and what is read as letters (ligatures, trademark signs, superscripts) becomes them, and so another name.
 * Direction, joiners and marks at a beginning are left to `domainToASCII`, which refuses what is wrong there.
 */

const CLASSES = /^[\p{Ll}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]$/u;
/** Allowed though the rules say otherwise, or where `isMisplaced` finds nothing: sharp s, final sigma, dotless i, joiners, ... */
const EXCEPTIONS = new Set('-ßςı\u06FD\u06FE\u0F0B\u3007\u00B7\u0375\u05F3\u05F4\u30FB\u200C\u200D');
/** Forbidden though they are letters or marks, and the parts of Hangul syllables. */
const FORBIDDEN = /[\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]/;
/** A middle dot stands between two l, a Greek keraia before Greek, Hebrew geresh and gershayim behind Hebrew. */
const MISPLACED = /(?<!l)\u00B7|\u00B7(?!l)|\u0375(?!\p{sc=Greek})|(?<!\p{sc=Hebrew})[\u05F3\u05F4]/u;
/** The middle dot and the long vowel of Japanese, which a Japanese keyboard also gives for a dot and a hyphen. */
const JAPANESE = /[\u30FB\u30FC]/;

/** Whether IDNA2008 allows a lower-case name in NFC. Underscores, and hyphens at the ends of labels, are judged elsewhere. */
export function isAllowedName(name: string): boolean {
  if (/^[a-z0-9._-]*$/.test(name)) return true;
  for (const character of name) if (!/[._]/.test(character) && !isAllowed(character)) return false;
  return !name.split('.').some(isMisplaced);
}

function isAllowed(character: string): boolean {
  if (EXCEPTIONS.has(character)) return true;
  return CLASSES.test(character) && !FORBIDDEN.test(character) && isStable(character);
}

/** Whether a character stays as it is under compatibility mapping and folding of case. */
function isStable(character: string): boolean {
  return character.normalize('NFKC') === character && character.toUpperCase().toLowerCase().normalize('NFC') === character;
}

function isMisplaced(label: string): boolean {
  if (/^[a-z0-9_-]*$/.test(label)) return false;
  if (MISPLACED.test(label) || /^..--/u.test(label) || (/[\u0660-\u0669]/.test(label) && /[\u06F0-\u06F9]/.test(label))) return true;
  return JAPANESE.test(label) && !/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u.test(label);
}
