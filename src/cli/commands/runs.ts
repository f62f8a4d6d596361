/* `runs`: the latest runs, newest first. Reads only. */
import { readRuns } from '../../service/status.ts';
import { thisProcess } from '../../runtime/machine.ts';
import { runTable } from '../../service/status-lines.ts';
import { nextCommand } from '../next-command.ts';
import { noRuns } from '../run-id.ts';
import { openSession, openToRead } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { jsonText, printLast } from '../stdout.ts';

/** Options of `runs`, as commander gives them. */
export type RunsCommandOptions = GlobalOptions & { limit: number; json?: boolean; sandbox?: boolean };

/** Runs the command; returns its exit code. For programs no runs are an empty list. @throws {UsageError} where people are to be told that there are none. */
export async function listRuns(options: RunsCommandOptions): Promise<number> {
  const session = openSession(options);
  const database = await openToRead(session);
  try {
    const runs = database === undefined ? [] : await readRuns(database, options.limit, thisProcess());
    if (options.json) return await printLast(jsonText(runs.map(({ run, line }) => ({ ...line, next_command: nextCommand(run, line)?.program ?? null }))));
    if (runs.length === 0) throw noRuns(database === undefined ? session.settings.home : undefined);
    return await printLast(`${runTable(runs.map(({ line }) => line), process.stdout.isTTY ? process.stdout.columns : undefined).join('\n')}\n`);
  } finally {
    await database?.close();
  }
}
