/* The command that goes on with a run. */
import { asStarted, boundsWith, resumeCommand } from './command-line.ts';
import type { Run } from '../service/options.ts';
import type { RunLine } from '../service/status.ts';

/**
 * The command that goes on with the run, or asks again for what it could not get; none when there is nothing to do. `program` is for
 * programs, which may give it without looking: a cap stays as it is. People are told the bound that the run needs to go on.
 */
export function nextCommand(run: Run, { state, rows, rows_done, without_answer }: RunLine): { why: string; people: string; program: string } | undefined {
  if (state === 'running') return undefined;
  const { bounds = [], needs, command } = run.options;
  if (state !== 'finished') {
    const [people, program] = [boundsWith(bounds, needs), bounds].map((words) => asStarted(resumeCommand(run.id, process.argv, words), process.env));
    return { why: rows_done < rows ? 'go on with' : 'write its files with', people: people ?? '', program: program ?? '' };
  }
  if (command === undefined || without_answer === 0) return undefined;
  const again = asStarted(command, process.env);
  return { why: 'ask again for those without an answer with', people: again, program: again };
}
