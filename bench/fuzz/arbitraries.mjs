/* What people and programs put into cells, and what breaks those who read it. */
import fc from 'fast-check';

const SYNTAX = [
  '"', '"', "'", ',', ';', '\t', '|', '\n', '\r', '\r\n', ' ', '\u00a0', '\u2028', '\u0085', '=', '+', '-', '@', '＝', '\\', '/', ':', '.', '…', '?', '#', '%', '%2E',
  '(', ')', '[', ']', '<', '>', '{', '}', 'AND', 'OR', 'NOT', 'or', ' and ', '*', '&', '_', '~', '$', '€', '\0', '\x1b', '\x7f', '\ufeff', '\u200b', '\u00ad', '\u202e',
  '\ufffd', '\ufffe', '\ud83d', '\udc00', '😀', '1️⃣', 'é', 'e\u0301', 'ß', 'İ', 'ı', 'ﬀ', '™', '²', 'Ⅷ', '株', 'ガ', 'ア\u3099', 'א', 'ا', '\u0640', '。', '．', '–', '‐', '−', 'ー',
];
const WORDS = [
  'a', 'x', '0', '1', '12', '007', '1e5', '1E+06', '-0.5', 'acme', 'Nordwind', 'nordwind.example', 'alderfinch.example', 'www.', 'm.', 'http', 'https://', 'HTTP:', 'mailto:', 'ida@',
  'com', '.com', '.co.uk', 'co', 'uk', 'de', 'facebook.com', 'linkedin.com/company/', 'google.com/url?q=', 'sites.google.com', 'web.archive.org/web/2020/', 'github.io', 'gmail.com',
  'xn--', 'xn--maana-pta.com', 'münchen', 'domain', 'title_filter', 'website', 'email', 'N/A', '#N/A', 'NULL', '\\N', 'sep=;', 'founder', 'ceo', 'TRUE', '2026-03-02',
];

/** A sign, a word, or a few characters of any script. */
export const piece = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...SYNTAX) }, { weight: 3, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ unit: 'binary', maxLength: 3 }));

/** Any text: lone surrogates and NUL too. */
export const anyText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: piece, maxLength: 12 }) },
  fc.string({ unit: fc.constantFrom(...SYNTAX), maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('a', '-', '.', '1'), maxLength: 300 }),
);

/** Text as a decoder leaves it, without what a file of text has none of. */
export const cellText = anyText.map((text) => text.toWellFormed().replace(/[\0-\x08\x0e-\x1f]/g, ''));

/** A short beginning, something again and again, and an end: where time grows faster than length, it does so for such texts. */
export const repetitive = fc.record({
  before: fc.string({ unit: piece, maxLength: 3 }),
  unit: fc.string({ unit: piece, minLength: 1, maxLength: 3 }).filter((unit) => unit !== ''),
  after: fc.string({ unit: piece, maxLength: 3 }),
});

/** A repetitive text of a length. */
export function longText({ before, unit, after }, length) {
  return `${before}${unit.repeat(Math.ceil(length / unit.length))}${after}`;
}

/** A domain, or something like it. */
export const domainText = fc.oneof(
  fc.constantFrom('nordwind.example', 'alderfinch.example', 'https://www.nordwind.example/about', 'ida@alderfinch.example', 'münchen.example'),
  fc.integer({ min: 0, max: 99 }).map((number) => `company-${number}.example`),
);
