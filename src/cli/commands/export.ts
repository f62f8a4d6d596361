/* `export`: the contacts of a run from the database, without asking the API. */
import { many } from '../../core/count.ts';
import { UsageError } from '../../core/errors.ts';
import { LEFT_OVER, OUTCOMES } from '../../core/model.ts';
import { readAll } from '../../core/problems.ts';
import { refuseUnwritable, streamContacts, writeContacts, writeReport } from '../../run/output.ts';
import { changeOutput, readShape, refuseMisshapen } from '../../run/output-shape.ts';
import { countOutcomes, rowsOf } from '../../store/outcomes.ts';
import type { OutputCommandOptions } from '../output-options.ts';
import { findRunOrLatest, noRuns } from '../run-id.ts';
import { isUnmade, openDatabase, openSession } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { CLOSED_STDOUT } from '../stdout.ts';
import { isClosedPipe } from '../../sheet/write.ts';

/** Options of `export`, as commander gives them. */
export type ExportCommandOptions = GlobalOptions & OutputCommandOptions & { sandbox?: boolean };

/** Runs the command; returns its exit code. */
export async function exportRun(id: string | undefined, options: ExportCommandOptions): Promise<number> {
  const [session, shape] = readAll(
    () => openSession(options),
    () => readShape(options),
  );
  if (isUnmade(session.settings)) throw noRuns();
  const database = await openDatabase(session);
  try {
    const found = await findRunOrLatest(database, id);
    const output = changeOutput({ ...found.options.output, contacts: '-', report: null }, { ...options, shape });
    refuseMisshapen(output, shape, { input_columns: found.input_columns, isTerminal: process.stdout.isTTY });
    await refuseUnwritable(output);
    const run = { ...found, options: { ...found.options, output } };
    const { contacts, report } = output;
    if (run.finished_at === null) {
      const counts = await countOutcomes(database, run.id);
      const [rows, left] = [rowsOf(counts, OUTCOMES), rowsOf(counts, LEFT_OVER)];
      session.terminal.say(`run ${run.id} is not finished: ${rows - left} of ${many(rows, 'row')} done`, { message: 'run is not finished', run: run.id, rows, rows_done: rows - left });
    }
    if (contacts === '-') {
      const closed = await streamContacts(database, run, process.stdout).then(
        () => false,
        (error: unknown) => {
          if (isClosedPipe(error)) return true;
          throw error;
        },
      );
      if (closed) return CLOSED_STDOUT;
    } else {
      await writeContacts(database, run, contacts);
      session.terminal.say(`contacts of run ${run.id}: ${contacts}`, { message: 'contacts written', run: run.id, file: contacts });
    }
    if (report !== null) {
      await writeReport(database, run, report);
      session.terminal.say(`report of run ${run.id}: ${report}`, { message: 'report written', run: run.id, file: report });
    }
    return 0;
  } catch (error) {
    throw unwritable(error);
  } finally {
    await database.close();
  }
}

/** A full disk or a folder that has gone is the user's to mend, and no bug. */
function unwritable(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof UsageError || code === undefined || syscall === undefined) return error;
  return new UsageError({ what: `the output cannot be written (${code})`, fix: 'make room, or choose another place with -o' }, { cause: error });
}
