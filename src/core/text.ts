/* Text that people typed or copied, made plain before anything is read from it. */

/**
 * Invisible characters that come along when text is copied: zero width, soft hyphen, direction marks. A joiner between letters of
 * the scripts from Arabic to Sinhala is part of the word.
 */
const INVISIBLE =
  /[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0]|(?<![\u0600-\u0DFF])[\u200C\u200D]|[\u200C\u200D](?![\u0600-\u0DFF])/g;
const FULL_WIDTH = /[\uFF01-\uFF5E]/g;

/** The text without what nobody sees, full-width forms as plain ones, composed (NFC). Symbols stay symbols: a trademark sign is no `tm`. */
export function plainText(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, '')
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .normalize('NFC');
}

/** The same on one line, with one blank between words and none around them. NUL characters are left out. */
export function plainLine(text: string): string {
  return plainText(text).replaceAll('\0', '').replace(/\s+/g, ' ').trim();
}

/** The beginning of a text, where no character is cut in two: half of one is refused by databases, and shown as rubbish. */
export function beginning(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
