/* The lines of a file that an option names with `@file`. Encodings, marks and line ends are those of lists. */
import { UsageError } from '../core/errors.ts';
import { examineList, textOf } from './format.ts';

/**
 * The lines that are neither blank nor remarks (`#`), without blanks around them.
 * @throws {UsageError} when the file cannot be read, holds nothing, or has characters that were lost before it was saved.
 */
export async function linesOf(path: string, content: string): Promise<string[]> {
  const format = await examineList(path, { content });
  if (format.workbook !== undefined) throw new UsageError({ what: `${path} is a workbook`, fix: `save it as text: ${content}` });
  let text = '';
  for await (const piece of textOf(path, format)) text += piece;
  const lines = text.split(/\r\n|\n|\r/);
  const lost = lines.findIndex((line) => line.includes('\uFFFD'));
  if (lost >= 0) throw new UsageError({ what: `line ${lost + 1} of ${path} has a character that was lost (\uFFFD)`, fix: 'save the file anew, as UTF-8' });
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** A line as spreadsheets quote it: `"Ida ""Io"" Fjord"`. */
export function unquoted(line: string): string {
  const isQuoted = line.length > 1 && line.startsWith('"') && line.endsWith('"');
  return isQuoted ? line.slice(1, -1).replaceAll('""', '"').trim() : line;
}
