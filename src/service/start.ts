/* A new run: the list is read once, row by row, and saved in batches that nobody sees until it is whole. */
import { questionOf } from '../kinds/contacts/question.ts';
import { namesOfList } from '../lists/columns.ts';
import type { ListRow, OpenedList } from '../lists/read.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../store/database.ts';
import { addRows, showRun } from '../store/import.ts';
import type { ImportedRow } from '../store/import.ts';
import { createRun, discardDeadImports } from '../store/run-owner.ts';
import type { Taker } from '../store/run-owner.ts';
import { discardRun } from '../store/runs.ts';
import type { Run, RunOptions } from './options.ts';

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
  /** Companies that are left out, their sub-domains too. */
  excluded?: ReadonlySet<string>;
  /** How old an answer may be to be taken from the database, in milliseconds. */
  maxAgeMs: number;
  /** Takes nothing from the database. */
  fresh: boolean;
  /** Told of rows whose filter looks odd; they are asked all the same. */
  onAdvice: (line: number, advice: string) => void;
  /** Told of rows in whose filter an `or` was read as OR. */
  onOrRead: () => void;
};

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
  const run = await createRun(database, { id: newRunId(runtime), key, input_name, input_columns: namesOfList(made.list.columns), options }, taker);
  try {
    let saved = 0;
    for await (const batch of inBatches(importedRows(made))) {
      signal.throwIfAborted();
      await database.transaction((transaction) => addRows(transaction, run.id, batch));
      const told = Math.floor(saved / TOLD_EVERY);
      saved += batch.length;
      if (Math.floor(saved / TOLD_EVERY) > told) runtime.log.info('saving the list', { rows: saved });
    }
    signal.throwIfAborted();
    await database.transaction((transaction) => showRun(transaction, run.id, made.fresh ? undefined : made.maxAgeMs));
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

/** From when on an answer may be taken from the database. */
export function answersSince({ maxAgeMs, fresh }: Pick<NewRun, 'maxAgeMs' | 'fresh'>, now: number): Date {
  return new Date(now - (fresh ? 0 : maxAgeMs));
}

/** The rows of the list with their questions, in order; ends after the first `--rows` different questions. */
export async function* importedRows(made: NewRun): AsyncGenerator<ImportedRow> {
  const { rows: most, question: options } = made.options;
  const asked = new Set<string>(); // only filled, and so only as large as, --rows
  let position = 0;
  for await (const row of made.list.rows) {
    const imported = importRow(row, position, made, options);
    if (most !== null && imported.question_hash !== undefined && !asked.has(imported.question_hash)) {
      if (asked.size === most) return;
      asked.add(imported.question_hash);
    }
    yield imported;
    position += 1;
  }
}

function importRow(row: ListRow, position: number, made: NewRun, options: RunOptions['question']): ImportedRow {
  const { columns } = made.list;
  const cell = (index: number | undefined) => (index === undefined ? '' : (row.cells[index] ?? ''));
  const asked = questionOf(
    {
      domain: cell(columns.domain),
      isMailDomain: columns.isMailDomain ?? false,
      title_filter: cell(columns.filter),
      company_name: cell(columns.company_name),
      linkedin: cell(columns.linkedin),
      isReported: columns.behind !== undefined,
    },
    options,
  );
  const { domain, title_filter } = asked;
  const imported = { position, line: row.line, cells: row.cells.slice(columns.behind ?? 0), domain, title_filter };
  // A row that is broken as a line is not asked, whatever its cells say.
  if (row.problem !== undefined) return { ...imported, reason: row.problem };
  if (domain !== null && isExcluded(domain, made.excluded)) return { ...imported, reason: 'left out by --exclude-domain', excluded: true };
  if (asked.question === undefined) return { ...imported, reason: asked.reason };
  if (row.oddity !== undefined) made.onAdvice(row.line, row.oddity);
  if (asked.isOrRead) made.onOrRead();
  if (asked.advice !== undefined) made.onAdvice(row.line, asked.advice);
  return { ...imported, question: asked.question, question_hash: asked.question_hash };
}

/** Whether a domain, or one that it is below, is among these. */
function isExcluded(domain: string, excluded: ReadonlySet<string> = new Set()): boolean {
  if (excluded.size === 0) return false;
  const labels = domain.split('.');
  return labels.some((_label, place) => excluded.has(labels.slice(place).join('.')));
}

/** Sortable by time, and short enough to type: `20261122-153012-k7q2`. */
function newRunId(runtime: Runtime): string {
  const [date = '', time = ''] = new Date(runtime.clock.now()).toISOString().split(/[T.]/);
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const tail = Array.from({ length: 4 }, () => letters[Math.floor(runtime.random() * letters.length)]).join('');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${tail}`;
}
