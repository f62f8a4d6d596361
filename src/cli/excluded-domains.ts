/* `--exclude-domain`: companies that one already has; `--allow-domain`: those that are asked whatever they look like. A file is read as a list is, or has one domain a line. */
import { companyDomain } from '../core/domain.ts';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { isNothing } from '../core/nothing.ts';
import { examineList } from '../lists/format.ts';
import { linesOf, unquoted } from '../lists/lines.ts';
import { openList } from '../lists/read.ts';
import { spool } from './spool.ts';

const EXCLUDE = '--exclude-domain';

/** What the option says: domains as they are understood, what is wrong with it, and what of a list was passed over. */
export type Excluded = { domains: Set<string>; problems: Problem[]; hints: string[] };

/** Reads the values of the option. Rows of a list without a company are passed over and told; a value, or a line, that is none is a problem. */
export async function excludedDomains(values: readonly string[] = [], option = EXCLUDE): Promise<Excluded> {
  const excluded: Excluded = { domains: new Set(), problems: [], hints: [] };
  for (const value of values) {
    try {
      if (value.startsWith('@')) await addFile(value.slice(1), excluded, option);
      else add(excluded.domains, value, (reason) => excluded.problems.push(notOne(reason, option)));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      excluded.problems.push(...error.problems.map((problem) => ({ ...problem, what: `${option}: ${problem.what}` })));
    }
  }
  return excluded;
}

/** @throws {UsageError} when the file cannot be read, or holds no company. */
async function addFile(path: string, { domains, problems, hints }: Excluded, option: string): Promise<void> {
  const file = await spool(path);
  try {
    const rows = await file.naming(rowsOf(file.path));
    let [companies, passedOver, first] = [0, 0, ''];
    for await (const { line, domain, isMailDomain, isInList } of rows) {
      if (isInList && isNothing(domain)) continue;
      const isOne = add(domains, domain, (reason) => {
        if (!isInList) problems.push(notOne(`line ${line} of ${path}: ${reason}`, option));
        else if (passedOver++ === 0) first = `line ${line}: ${reason}`;
      }, isMailDomain);
      if (isOne) companies += 1;
    }
    if (passedOver > 0) hints.push(`${option} ${path}: rows that name no company, and leave nobody out: ${passedOver}, the first in ${first}`);
    if (companies === 0 && problems.length === 0) problems.push({ what: `${option}: ${path} names no company`, fix: 'give a list with a column of domains, or one domain a line' });
  } finally {
    await file.remove();
  }
}

type Row = { line: number; domain: string; isMailDomain: boolean; isInList: boolean };

/** The rows of a list, or the lines of a file that has no column of domains. */
async function rowsOf(path: string): Promise<AsyncIterable<Row> | Row[]> {
  let list;
  let isWorkbook = false;
  try {
    const format = await examineList(path);
    isWorkbook = format.workbook !== undefined;
    list = await openList(path, format, { asList: true });
  } catch (error) {
    if (!(error instanceof UsageError) || isWorkbook) throw error;
    const lines = await linesOf(path, 'one domain a line');
    return lines.map((text, place) => ({ line: place + 1, domain: unquoted(text), isMailDomain: false, isInList: false }));
  }
  const { columns, rows } = list;
  return (async function* () {
    for await (const { line, cells } of rows) yield { line, domain: cells[columns.domain ?? -1] ?? '', isMailDomain: columns.isMailDomain ?? false, isInList: true };
  })();
}

function add(domains: Set<string>, text: string, refused: (reason: string) => void, isMailDomain = false): boolean {
  const company = companyDomain(text, { isMailDomain });
  if ('domain' in company) domains.add(company.domain);
  else refused(company.reason);
  return 'domain' in company;
}

function notOne(reason: string, option: string): Problem {
  return { what: `${option}: ${reason}`, fix: 'give the domain of a company, such as acme.example, or @file' };
}
