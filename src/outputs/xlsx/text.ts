/* Text as a workbook can hold it, and addresses as it can open them. */
import { beginning } from '../../core/text.ts';

/** Excel's limit for the text of a cell, in UTF-16 units. */
const LONGEST_CELL = 32_767;
const CUT_MARK = ' [cut]';
/** Excel's limit for the address of a link. */
const LONGEST_LINK = 2_079;
/** What XML 1.0 cannot carry. */
const NO_XML = new RegExp('[\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ufffe\\uffff]', 'g');
/** What a URI may consist of (RFC 3986) without brackets. Excel calls a workbook damaged for one address that is not so. */
const URI = /^(?:[\w\-.~:/?@!$&'()*+,;=]|%[\da-f]{2})+(?:#(?:[\w\-.~:/?@!$&'()*+,;=]|%[\da-f]{2})*)?$/i;
const BARE_HOST = /^[a-z\d-]+(?:\.[a-z\d-]+)+(?:[/?#]|$)/i;

/** The text of a cell: without control characters, line ends as Excel has them, cut where a cell ends. */
export function sheetText(text: string): string {
  const clean = text.replace(/\r\n?/g, '\n').replace(NO_XML, '').toWellFormed();
  if (clean.length <= LONGEST_CELL) return clean;
  return beginning(clean, LONGEST_CELL - CUT_MARK.length) + CUT_MARK;
}

/** Text between tags or quotation marks of XML. `_x0041_` would be read as `A`, so its first `_` is written so itself. */
export function xmlText(text: string): string {
  return text
    .replace(/_(?=x[\da-f]{4}_)/gi, '_x005F_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Where a click on this text leads, if it is an address on the web that every spreadsheet accepts. */
export function linkTarget(text: string): string | undefined {
  const address = BARE_HOST.test(text) ? `https://${text}` : text;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const { href } = new URL(address);
  return href.length <= LONGEST_LINK && URI.test(href) ? href : undefined;
}
