/* A new run: the list is read once, row by row, and saved in batches that nobody sees until it is whole. */
import { namesOfList } from '../lists/columns.ts';
import type { ListRow, OpenedList } from '../lists/read.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../store/database.ts';
import { addRows, adoptKnown, lockImport, showRun } from '../store/import.ts';
import type { AnswersSince, ImportedRow } from '../store/import.ts';
import { createRun, discardDeadImports } from '../store/run-owner.ts';
import type { Taker } from '../store/run-owner.ts';
import { momentOf } from '../store/processes.ts';
import { discardRun } from '../store/runs.ts';
import { providersOf } from './options.ts';
import type { Run, RunOptions } from './options.ts';
import type { FreeChecks } from './free-checks.ts';

const BATCH = 1_000;
/** Characters of cells that are saved at a time, as far as rows allow: a thousand long ones do not fit the memory. */
const BATCH_LENGTH = 4 << 20;
/** A list so long takes some ten seconds, in which nothing else is seen. */
const TOLD_EVERY = 50_000;

/** What a new run is made of. */
export type NewRun = {
  key: string;
  input_name: string;
  list: Pick<OpenedList, 'columns' | 'rows' | 'linesRead'>;
  options: RunOptions;
  /** What a row asks, or why it asks nothing. */
  ask: (row: ListRow) => AskedRow;
  /** What can be told without asking anybody. */
  checks?: FreeChecks;
  /** How old an answer may be to be taken from the database, in milliseconds. */
  maxAgeMs: number;
  /** The same where it says `catch_all` of an address. */
  catchAllAgeMs?: number;
  /** Takes nothing from the database. */
  fresh: boolean;
};

/** A row of the list as it is saved, but for its place. */
export type AskedRow = Omit<ImportedRow, 'position'>;

/**
 * Reads the list into the database and takes over what is known of its questions. All or nothing: a run that does not get so far is
 * removed, by the next one at the latest.
 * @throws {UsageError} for a list that cannot be read to its end; {BusyError} while another process works on the same; the reason of
 * the signal, when that is aborted meanwhile.
 */
export async function startRun(database: Database, made: NewRun, taker: Taker): Promise<Run> {
  const { runtime, signal } = taker;
  await discardDeadImports(database);
  const { key, input_name, options } = made;
  const sources = providersOf(options).map(({ name, api_host }) => ({ provider: name, api_host }));
  const run = await createRun(database, { id: newRunId(runtime), key, input_name, input_columns: namesOfList(made.list.columns), options }, taker);
  try {
    let saved = 0;
    for await (const batch of inBatches(importedRows(made))) {
      signal.throwIfAborted();
      await made.checks?.leaveOut(database, batch);
      await database.transaction((transaction) => addRows(transaction, run.id, batch, sources.length));
      const told = Math.floor(saved / TOLD_EVERY);
      saved += batch.length;
      if (Math.floor(saved / TOLD_EVERY) > told) runtime.log.info('saving the list', { rows: saved });
    }
    signal.throwIfAborted();
    await database.transaction(async (transaction) => {
      await lockImport(transaction, run.id);
      if (!made.fresh) await adoptKnown(transaction, run.id, sources, answersSince(made, (await momentOf(transaction)).getTime()));
    });
    await made.checks?.settle(database, run.id, signal);
    await database.transaction((transaction) => showRun(transaction, run.id));
  } catch (error) {
    await discardRun(database, run.id).catch(() => undefined);
    throw error;
  }
  return run;
}

/** Rows in batches that are bounded by their number and by the length of their cells. */
export async function* inBatches(rows: AsyncIterable<ImportedRow>): AsyncGenerator<ImportedRow[]> {
  let batch: ImportedRow[] = [];
  let length = 0;
  for await (const row of rows) {
    batch.push(row);
    for (const cell of row.cells) length += cell.length;
    if (batch.length < BATCH && length < BATCH_LENGTH) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

/** From when on an answer may be taken from the database, given which now is. */
export function answersSince({ maxAgeMs, catchAllAgeMs = maxAgeMs, fresh }: Pick<NewRun, 'maxAgeMs' | 'catchAllAgeMs' | 'fresh'>, now: number): AnswersSince {
  return { since: new Date(now - (fresh ? 0 : maxAgeMs)), catchAllSince: new Date(now - (fresh ? 0 : catchAllAgeMs)) };
}

/** The rows of the list with their questions, in order; ends after the first `--rows` different questions. */
export async function* importedRows(made: NewRun): AsyncGenerator<ImportedRow> {
  const { rows: most } = made.options;
  const asked = new Set<string>(); // only filled, and so only as large as, --rows
  let position = 0;
  for await (const row of made.list.rows) {
    const imported = { ...made.ask(row), position };
    if (most !== null && imported.question_hash !== undefined && !asked.has(imported.question_hash)) {
      if (asked.size === most) return;
      asked.add(imported.question_hash);
    }
    yield imported;
    position += 1;
  }
}

/** Sortable by time, and short enough to type: `20261122-153012-k7q2`. */
function newRunId(runtime: Runtime): string {
  const [date = '', time = ''] = new Date(runtime.clock.now()).toISOString().split(/[T.]/);
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const tail = Array.from({ length: 4 }, () => letters[Math.floor(runtime.random() * letters.length)]).join('');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${tail}`;
}
