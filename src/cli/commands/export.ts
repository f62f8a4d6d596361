/* `export`: the contacts of a run from the database, without asking the API. */
import { resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { contactSheet } from '../../run/export.ts';
import { refuseUnwritable, streamContacts } from '../../run/output.ts';
import { reportSheet } from '../../run/report.ts';
import { writeSheetFile } from '../../csv/write.ts';
import { findRunOrLatest } from '../run-id.ts';
import { openDatabase, openSession } from '../session.ts';
import type { GlobalOptions } from '../session.ts';

const CLOSED_STDOUT = 141;

/** Options of `export`, as commander gives them. */
export type ExportCommandOptions = GlobalOptions & { output: string; report?: string; sandbox?: boolean };

/** Runs the command; returns its exit code. */
export async function exportRun(id: string | undefined, options: ExportCommandOptions): Promise<number> {
  const session = openSession(options);
  const database = await openDatabase(session);
  try {
    const run = await findRunOrLatest(database, id);
    const contacts = options.output === '-' ? '-' : resolve(options.output);
    const report = options.report === undefined ? null : resolve(options.report);
    const { style } = run.options.output;
    await refuseUnwritable({ contacts, report, style });
    if (contacts === '-') {
      const closed = await streamContacts(database, run, process.stdout).then(() => false, isClosedPipe);
      if (closed) return CLOSED_STDOUT;
    } else {
      await writeSheetFile(contacts, contactSheet(database, run), style, run.id);
      session.terminal.say(`contacts of run ${run.id}: ${contacts}`, { message: 'contacts written', run: run.id, file: contacts });
    }
    if (report !== null) {
      await writeSheetFile(report, reportSheet(database, run), style, run.id);
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

function isClosedPipe(error: NodeJS.ErrnoException): true {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE') return true;
  throw error;
}
