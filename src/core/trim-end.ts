/* Taking a character off the end of a text: the expression `x+$` looks at each run of x anew, which takes quadratic time. */

/** The text without this character at its end, however often it stands there. */
export function trimEnd(text: string, character: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
}
