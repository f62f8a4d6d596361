/* `export`: the contacts of a run from the database, without asking the API. */
import { many } from '../../core/count.ts';
import { parseDuration } from '../../core/duration.ts';
import { UsageError } from '../../core/errors.ts';
import type { Problem } from '../../core/errors.ts';
import { LEFT_OVER, OUTCOMES } from '../../core/model.ts';
import { readAll, refuse } from '../../core/problems.ts';
import { everythingSheet } from '../../service/export.ts';
import type { PickingOfAll } from '../../service/export.ts';
import type { OutputOptions, OutputShape } from '../../service/options.ts';
import { isReaderGone, outputFailure, refuseUnwritable, streamContacts, writeContacts, writeReport } from '../../service/output.ts';
import { changeOutput } from '../../service/output-choice.ts';
import { contactsStyle, readShape, refuseMisshapen } from '../../service/output-shape.ts';
import { writeSheetFile, writeSheetTo } from '../../outputs/write.ts';
import type { Database } from '../../store/database.ts';
import { countOutcomes, rowsOf } from '../../store/outcomes.ts';
import type { OutputCommandOptions } from '../output-options.ts';
import { findRunOrLatest, noRuns } from '../run-id.ts';
import { isUnmade, openDatabase, openSession } from '../session.ts';
import type { GlobalOptions, Session } from '../session.ts';
import { CLOSED_STDOUT } from '../stdout.ts';

/** Options of `export`, as commander gives them. */
export type ExportCommandOptions = GlobalOptions & OutputCommandOptions & { all?: boolean; since?: string; onlyNew?: boolean; sandbox?: boolean };

/** Runs the command; returns its exit code. */
export async function exportRun(id: string | undefined, options: ExportCommandOptions): Promise<number> {
  const [session, shape] = readAll(
    () => openSession(options),
    () => readShape(options),
    () => refuse(misfits(id, options)),
  );
  const since = options.since === undefined ? undefined : sinceOption(options.since, session.runtime.clock.now());
  if (isUnmade(session.settings)) throw noRuns(session.settings.home);
  const database = await openDatabase(session);
  try {
    const closed = options.all
      ? await exportAll(session, database, { since, onlyNew: options.onlyNew ?? false }, changeOutput(NO_LIST, { ...options, shape }, { input_name: 'all', rows: null }))
      : await exportOne(session, database, id, options, shape);
    return closed ? CLOSED_STDOUT : 0;
  } catch (error) {
    throw outputFailure(error);
  } finally {
    await database.close();
  }
}

/** To stdout, and as programs read it: no list is there to be alike. */
const NO_LIST: OutputOptions = { contacts: '-', report: null, style: { delimiter: ',', bom: false } };

/** Writes the contacts of one run, and its report where it is asked for. Returns whether the reader of stdout has gone. */
async function exportOne(session: Session, database: Database, id: string | undefined, options: ExportCommandOptions, shape: OutputShape): Promise<boolean> {
  const found = await findRunOrLatest(database, id);
  const output = changeOutput({ ...found.options.output, contacts: '-', report: null }, { ...options, shape }, { kind: found.options.kind, input_name: found.input_name, rows: found.options.rows });
  refuseMisshapen(output, shape, { kind: found.options.kind, input_columns: found.input_columns, isTerminal: process.stdout.isTTY });
  const run = { ...found, options: { ...found.options, output } };
  const { contacts, report } = output;
  // Whoever asks for the report there and names no contacts wants the report.
  const isReportAlone = report === '-' && options.output === undefined;
  if (!isReportAlone) await refuseUnwritable(output);
  if (run.finished_at === null) {
    const counts = await countOutcomes(database, run.id);
    const [rows, left] = [rowsOf(counts, OUTCOMES), rowsOf(counts, LEFT_OVER)];
    session.terminal.say(`run ${run.id} is not finished: ${rows - left} of ${many(rows, 'row')} done`, { message: 'run is not finished', run: run.id, rows, rows_done: rows - left });
  }
  if (isReportAlone) return writeReport(database, run, report, process.stdout);
  const picking = { newSince: options.onlyNew ? run.created_at : undefined };
  if (contacts === '-') {
    if (await isReaderGone(streamContacts(database, run, process.stdout, picking))) return true;
  } else {
    await writeContacts(database, run, contacts, picking);
    session.terminal.say(`contacts of run ${run.id}: ${contacts}`, { message: 'contacts written', run: run.id, file: contacts });
  }
  if (report !== null) {
    if (await writeReport(database, run, report, process.stdout)) return true;
    if (report !== '-') session.terminal.say(`report of run ${run.id}: ${report}`, { message: 'report written', run: run.id, file: report });
  }
  return false;
}

/** The same of all runs. */
async function exportAll(session: Session, database: Database, picking: PickingOfAll, output: OutputOptions): Promise<boolean> {
  const { contacts, shape = {} } = output;
  refuseMisshapen(output, shape, { input_columns: [], isTerminal: process.stdout.isTTY });
  await refuseUnwritable(output);
  const [sheet, style] = [everythingSheet(database, shape.columns, picking), contactsStyle(output)];
  if (contacts === '-') return isReaderGone(writeSheetTo(process.stdout, [sheet], style));
  await writeSheetFile(contacts, [sheet], style, 'all');
  session.terminal.say(`contacts of all runs: ${contacts}`, { message: 'contacts written', file: contacts });
  return false;
}

/** What of the options does not go together. */
function misfits(id: string | undefined, { all, since, onlyNew, report }: ExportCommandOptions): Problem[] {
  const problems: Problem[] = [];
  if (all && id !== undefined) problems.push({ what: `--all is every run, and ${id} is one`, fix: 'give one of them' });
  if (all && report !== undefined) problems.push({ what: 'a report is of one run', fix: 'leave out --report, or name a run instead of --all' });
  if (!all && since !== undefined) problems.push({ what: '--since is for --all', fix: 'add --all; of one run --only-new gives whom no earlier answer had' });
  if (all && onlyNew && since === undefined) problems.push({ what: '--all --only-new needs a moment since when', fix: 'add for instance --since 7d' });
  return problems;
}

/** A moment: a date or time of ISO 8601, in UTC where it does not say otherwise, or how long ago. */
function sinceOption(text: string, now: number): Date {
  const ago = parseDuration(text);
  const [iso, , zone] = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text.trim()) ?? [];
  const moment = ago === undefined ? new Date(iso === undefined ? NaN : iso.length > 10 && zone === undefined ? `${iso}Z` : iso) : new Date(now - ago);
  if (!Number.isNaN(moment.getTime())) return moment;
  throw new UsageError({ what: `--since "${text}" is no date`, fix: 'write for instance 2026-11-20, 2026-11-20T08:00Z or 7d' });
}
