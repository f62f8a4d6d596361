/* Where in a text a mistake is, shown. */

/**
 * Two lines for people: the text, cut to about 76 columns around the place, and a caret under the place.
 * `column` is 1-based, in code points; one past the end is allowed.
 */
export function caret(text: string, column: number): string {
  const width = 76;
  const cells = Array.from(text, (cell) => (/[\s\p{Cc}\p{Zl}\p{Zp}]/u.test(cell) ? ' ' : cell));
  const place = Math.min(Math.max(column, 1), cells.length + 1) - 1;
  const from = cells.length <= width ? 0 : Math.min(Math.max(place - width / 2, 0), cells.length - width);
  const shown = cells.slice(from, from + width);
  if (from > 0) shown[0] = '…';
  if (from + width < cells.length) shown[width - 1] = '…';
  // Combining marks take no column of a terminal, East Asian letters and pictures take two.
  const indent = shown.slice(0, place - from).map((cell) => {
    if (/[\p{M}\p{Cf}]/u.test(cell)) return '';
    return /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}！-｠]/u.test(cell) ? '  ' : ' ';
  });
  return `${shown.join('').trimEnd()}\n${indent.join('')}^`;
}
