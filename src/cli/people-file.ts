/* A file that names people by their addresses or ids: one a line, or a table that has a column of them. */
import { parse } from 'csv-parse/sync';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { readIdentifier } from '../core/forgotten.ts';
import type { Identifiers } from '../core/forgotten.ts';
import { linesOf } from '../lists/lines.ts';
import { spool } from './spool.ts';

/** Names of columns, without what is between their letters. */
const COLUMNS = new Set(['email', 'emails', 'mail', 'emailaddress', 'mailaddress', 'address', 'professionalemail', 'workemail', 'personalemail', 'personid']);
const PROBLEMS_NAMED = 5;

/**
 * Whom the file names. What stands in several such columns of a line is one person's.
 * @throws {UsageError} when the file cannot be read, or a line names nobody; the text of the line is not in it.
 */
export async function readPeople(path: string): Promise<Identifiers> {
  const file = await spool(path);
  const lines = await file.naming(linesOf(file.path, 'one address or person id a line')).finally(() => file.remove());
  const records = parse(lines.join('\n'), { delimiter: delimiterOf(lines[0] ?? ''), trim: true, relax_quotes: true, relax_column_count: true });
  const [first = []] = records;
  const hasHeader = !first.some((cell) => readIdentifier(cell) !== undefined);
  const places = first.length === 1 ? [0] : first.flatMap((name, place) => (hasHeader && COLUMNS.has(keyOf(name)) ? [place] : []));
  if (places.length === 0) {
    throw new UsageError({ what: `${file.name} has no column that is called "email" or "person_id"`, fix: 'give one address or id a line, or a table with such a column' });
  }

  const problems: Problem[] = [];
  const people: Identifiers = { ids: [], emails: [] };
  for (const [index, record] of records.entries()) {
    if (index === 0 && hasHeader) continue;
    const named = places.map((place) => record[place] ?? '').filter((cell) => cell !== '').map(readIdentifier);
    if (named.length === 0 || named.includes(undefined)) {
      problems.push({ what: `line ${index + 1} of ${file.name} (blank ones not counted) is neither an e-mail address nor a person id`, fix: 'correct or remove it: nobody was forgotten' });
    }
    for (const one of named) {
      people.ids.push(...(one?.ids ?? []));
      people.emails.push(...(one?.emails ?? []));
    }
  }
  if (records.length === (hasHeader ? 1 : 0)) problems.push({ what: `${file.name} names nobody`, fix: 'give one address or id a line' });
  if (problems.length > PROBLEMS_NAMED) problems.splice(PROBLEMS_NAMED, Infinity, { what: `and ${problems.length - PROBLEMS_NAMED} more such lines` });
  if (problems.length > 0) throw new UsageError(problems);
  return { ids: [...new Set(people.ids)], emails: [...new Set(people.emails)] };
}

/** The one that the first line has most of. */
function delimiterOf(line: string): string {
  const count = (delimiter: string) => line.split(delimiter).length;
  return [',', ';', '\t', '|'].reduce((most, delimiter) => (count(delimiter) > count(most) ? delimiter : most));
}

function keyOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}
