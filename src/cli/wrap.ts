/* Text for people on a terminal, broken between words: the terminal itself breaks wherever its edge is. */
import type { WriteStream } from 'node:tty';

/** What is copied from the screen stays in one piece: commands of ours, and where the files are. */
const IS_COPIED = /(?<![\w./-])waterfall-contacts [-a-z]|^(?:contacts|report): /;
const IS_CARET = /^\s*\^$/;

/** The text as it is, or on a terminal wrapped to its width. */
export function fitting(text: string, stream: Pick<WriteStream, 'isTTY' | 'columns'>): string {
  return stream.isTTY && stream.columns > 0 ? wrapped(text, stream.columns) : text;
}

/** The text in lines of at most `columns` characters, as far as words allow; the rest of a line is indented behind it. */
export function wrapped(text: string, columns: number): string {
  const lines = text.split('\n');
  return lines.map((line, place) => (IS_COPIED.test(line) || IS_CARET.test(lines[place + 1] ?? '') ? line : wrapLine(line, columns))).join('\n');
}

function wrapLine(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const [indent = ''] = /^\s*/.exec(line) ?? [];
  const [first = '', ...words] = line.slice(indent.length).split(' ');
  const made = [`${indent}${first}`];
  for (const word of words) {
    const last = made.length - 1;
    const longer = `${made[last] ?? ''} ${word}`;
    if (longer.length <= columns) made[last] = longer;
    else made.push(`${indent}  ${word}`);
  }
  return made.join('\n');
}
