/*
 * Text that PostgreSQL can keep. It refuses NUL anywhere (22P05 in jsonb) and lone surrogates in json and jsonb
 * (22P02): NULs are removed, lone surrogates become U+FFFD. Nothing the API sends can make a save fail.
 */

/** What the cheap look below is after, as JSON.stringify writes it. */
const SUSPECT = /\\u(?:0000|d[89a-f])/i;

/** JSON text of `value` that json and jsonb accept. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  return SUSPECT.test(text) ? JSON.stringify(cleaned(JSON.parse(text))) : text; // parsed: a Date is text by then
}

/** `text` without what a text column refuses. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [storableText(key), cleaned(member)]));
  }
  return value;
}
