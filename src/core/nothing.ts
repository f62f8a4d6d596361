/* The words that programs and people write where there is nothing. */

const NOTHING = new Set([
  '', '-', '--', '---', '–', '—', '.', '?', '/', '\\n', 'n/a', 'na', 'n.a.', 'n.a', 'n/d', 'nan', 'nil', 'none', 'null', '(null)', '<null>',
  '(blank)', 'undefined', '(none)', '<none>', '[null]',
  // Errors of spreadsheets, German, French, Spanish and Italian ones too.
  '#n/a', '#n/a!', '#n/d', '#nv', '#null!', '#ref!', '#value!', '#name?', '#div/0!', '#num!', '#spill!', '#calc!', '#bezug!', '#wert!', '#error!',
]);

/** No word is longer than this, and a longer cell need not be looked at. */
const LONGEST = 12;

/** Whether a cell holds nothing, or one of the words for it: `N/A`, `-`, `#N/A`, `NULL`, `\N`, `nan`, ... */
export function isNothing(text: string): boolean {
  const bare = text.trim();
  return bare.length <= LONGEST && NOTHING.has(bare.toLowerCase());
}
