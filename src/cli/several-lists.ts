/* Several lists in one command: what is looked at before the first of them is asked for. */
import { basename } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { refuse } from '../core/problems.ts';
import type { KindName } from '../kinds/kind.ts';
import type { ColumnOptions } from '../lists/columns.ts';
import { examineList } from '../lists/format.ts';
import { openList } from '../lists/read.ts';
import { chooseOutput, isFolder } from '../service/output-choice.ts';
import type { ListCommandOptions } from './ask-list.ts';

/**
 * Makes sure that each of the lists can be read, and is written to files of its own: else the first would be paid for, and the
 * second refused or written over it.
 * @throws {UsageError} with every problem.
 */
export async function refuseClashes(inputs: readonly string[], options: ListCommandOptions, reading: ColumnOptions, kind: KindName | undefined): Promise<void> {
  const problems: Problem[] = [];
  if (inputs.includes('-')) problems.push({ what: 'stdin is one list, and there are several', fix: 'give it alone, or a file in its place' });
  for (const [option, path] of [['-o', options.output], ['--report', options.report]] as const) {
    if (path === undefined || isFolder(path)) continue;
    problems.push({ what: `${option} ${path} is one file, and there are several lists`, fix: `name a folder: ${option} ${path === '-' ? 'found' : basename(path).replace(/\.[^.]*$/, '')}/` });
  }
  refuse(problems);
  const writers = new Map<string, string>();
  for (const input of inputs.filter((path) => path !== '-')) {
    try {
      const format = await examineList(input, { ...options, ...reading });
      await (await openList(input, format, { ...options, ...reading })).close();
      const { contacts, report } = chooseOutput({ ...options, input, shape: {}, kind }, format);
      const before = [contacts, report].map((path) => (path === null ? undefined : writers.get(path))).find((path) => path !== undefined);
      if (before === undefined) for (const path of [contacts, report]) if (path !== null) writers.set(path, input);
      if (before !== undefined) problems.push({ what: before === input ? `${input} is given twice` : `${before} and ${input} would be written to the same files (${basename(contacts)})`, fix: 'give them in two commands, with another -o' });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems.map((problem) => ({ ...problem, what: problem.what.includes(input) ? problem.what : `${input}: ${problem.what}` })));
    }
  }
  refuse(problems);
}
