/* The records of a list in JSON Lines: an object on each line, whose members are the cells. */
import { UsageError } from '../core/errors.ts';
import { textOf, type ListFormat } from './format.ts';
import { LINE_END, membersOf, type ListRecord } from './records.ts';

type Line = { raw: string; line: number };

/**
 * Every line that is not blank; before them the names of all members, in the order in which they first stand there.
 * @throws {UsageError} when the first line is no object.
 */
export async function* jsonRecords(path: string, format: ListFormat, signal?: AbortSignal): AsyncGenerator<ListRecord> {
  // Any line may have a member that none before it has, so that all are looked at first.
  const names = new Set<string>();
  for await (const { raw, line } of linesOf(path, format, signal)) {
    const members = membersOf(raw);
    if (members === undefined && names.size === 0) throw new UsageError({ what: `line ${line} of ${path} is no JSON object`, fix: 'give one object a line, {"domain": "acme.example"}, or a CSV' });
    for (const name of Object.keys(members ?? {})) names.add(name);
  }
  yield { cells: [...names], line: 1, lines: 0, raw: '' };
  for await (const { raw, line } of linesOf(path, format, signal)) {
    const members = membersOf(raw);
    if (members === undefined) yield { cells: [], line, lines: 1, raw, problem: 'is no JSON object' };
    else yield { cells: [...names].map((name) => textOfValue(members[name])), line, lines: 1, raw };
  }
}

async function* linesOf(path: string, format: ListFormat, signal?: AbortSignal): AsyncGenerator<Line> {
  let line = 0;
  let rest = '';
  for await (const piece of textOf(path, format, signal)) {
    const lines = `${rest}${piece}`.split(LINE_END);
    // A line end of two characters may be cut in two by the pieces.
    rest = lines.pop() ?? '';
    if (piece.endsWith('\r')) rest = `${lines.pop() ?? ''}\r`;
    for (const raw of lines) {
      line += 1;
      if (raw.trim() !== '') yield { raw, line };
    }
  }
  if (rest.trim() !== '') yield { raw: rest, line: line + 1 };
}

/** As our own outputs write it into a cell. */
function textOfValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item !== 'object') ? value.map(textOfValue).join('; ') : JSON.stringify(value);
}
