/* Text in columns under each other, as on a terminal. */

/** Cells under each other, two spaces between them; `sides` are those of all but the last, which is as long as it is. */
export function aligned(table: readonly (readonly string[])[], sides: readonly ('left' | 'right')[]): string[] {
  const widths = sides.map((_side, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return table.map((row) => {
    const cells = widths.map((width, column) => (sides[column] === 'left' ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)));
    return [...cells, row[sides.length] ?? ''].join('  ').trimEnd();
  });
}

/** The text, cut to so many characters. */
export function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
}
