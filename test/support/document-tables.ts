/* The tables of a page of docs/, for tests that hold it to the code. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const DOCS = resolve(import.meta.dirname, '../../docs');

/** The text of a page, by its name without `.md`. */
export function pageText(name: string): string {
  return readFileSync(resolve(DOCS, `${name}.md`), 'utf8');
}

/** The cells of the rows of the table whose header begins with these cells; back-ticks around a whole cell are left out. */
export function tableIn(text: string, ...header: string[]): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${header.join(' | ')} |`));
  if (start < 0) throw new Error(`there is no table that begins with ${header.join(', ')}`);
  const rest = lines.slice(start + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')));
}

/** The words of a cell that are in back-ticks. */
export function quotedIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}
