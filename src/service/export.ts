/* The contacts of a run as a sheet, read from the database by position: never the whole list in memory. */
import type { EmailSource } from '../kinds/emails/columns.ts';
import type { EmailAnswer, Policy } from '../kinds/emails/verdict.ts';
import { chooseContactColumns } from '../outputs/column-choice.ts';
import type { ColumnList } from '../outputs/column-choice.ts';
import type { ContactColumn, ContactSource } from '../outputs/contact-columns.ts';
import type { Page, Sheet } from '../outputs/sheet.ts';
import type { Database } from '../store/database.ts';
import { everyAnswer } from '../store/everything.ts';
import { answeredRows, emailRows, firstOpenPosition } from '../store/outcomes.ts';
import type { AnsweredRow, EmailRow } from '../store/outcomes.ts';
import { mostOf } from './options.ts';
import type { Run } from './options.ts';
import { chooseEmailColumns } from './output-shape.ts';

/** A page holds at most about so many contacts, however many a company may have. Larger ones outlive the young generation of the heap: no faster, 40 MB more. */
const CONTACTS_PER_PAGE = 250;
const MOST_ROWS_PER_PAGE = 200;
/** Of all runs, where limits differ. */
const ANSWERS_PER_PAGE = 25;
/** One line each. */
const EMAILS_PER_PAGE = 1_000;
const OF_A_LIST = ['outcome', 'row'];

/**
 * Waiting for rows that are not settled yet, instead of skipping them.
 * `settled` resolves when something was settled since it was last called, with false when nothing more will be.
 */
export type Follow = { settled(): Promise<boolean> };

/** Which contacts of a run. With `follow`, lines leave as soon as every earlier row is settled; with `newSince`, of persons whom no answer from before held. */
export type Picking = { follow?: Follow; newSince?: Date | undefined };

/** Which of all contacts: of answers that came since a moment, and of these persons whom no earlier answer held. */
export type PickingOfAll = { since?: Date | undefined; onlyNew: boolean };

/** The main output of a run, of its kind. */
export function mainSheet(database: Database, run: Run, picking: Picking = {}): Sheet {
  return run.options.kind === 'emails' ? emailSheet(database, run, picking) : contactSheet(database, run, picking);
}

/** All verdicts of the run so far, in input order: a line for each row that has one, duplicates too. */
export function emailSheet(database: Database, run: Run, { follow, newSince }: Picking = {}): Sheet {
  const { shape, policy = 'strict' } = run.options.output;
  const columns = chooseEmailColumns(shape?.columns, run.input_columns);
  const load = (after: number, before?: number | null) => emailRows(database, { run_id: run.id, after, before: before ?? null, limit: EMAILS_PER_PAGE, newSince });
  const pages = follow === undefined ? allPages((after) => load(after)) : settledPages(database, run.id, follow, load);
  return { name: 'emails', columns, pages: emailPages() };

  async function* emailPages(): AsyncGenerator<Page> {
    for await (const page of pages) yield page.flatMap((row) => emailOf(row, policy)).map((source) => columns.map((column) => column.cell(source)));
  }
}

function emailOf({ row, email, cells, provider, checked_at, answer }: EmailRow, policy: Policy): EmailSource[] {
  if (answer === null || provider === null || checked_at === null) return [];
  return [{ row, email, cells, policy, provider, checked_at: checked_at.toISOString(), answer: answer as EmailAnswer }];
}

/** All contacts of the run so far, in input order. */
export function contactSheet(database: Database, run: Run, { follow, newSince }: Picking = {}): Sheet {
  const columns = chooseContactColumns(run.options.output.shape?.columns, run.input_columns);
  const pages =
    follow === undefined
      ? allPages((after) => answeredRows(database, { run_id: run.id, after, limit: pageSize(run), newSince }))
      : settledPages(database, run.id, follow, (after, before) => answeredRows(database, { run_id: run.id, after, before, limit: pageSize(run) }));
  return { name: 'contacts', columns, pages: contactPages(pages, columns) };
}

/** The contacts of all runs, each person once. They belong to no list, and have none of its columns. */
export function everythingSheet(database: Database, list: ColumnList | undefined, picking: PickingOfAll): Sheet {
  const columns = chooseContactColumns(list, []).filter(({ name }) => list !== undefined || !OF_A_LIST.includes(name));
  return { name: 'contacts', columns, pages: contactPages(allPages((after) => everyAnswer(database, { after, limit: ANSWERS_PER_PAGE, ...picking })), columns) };
}

async function* contactPages(pages: AsyncIterable<AnsweredRow[]>, columns: readonly ContactColumn[]): AsyncGenerator<Page> {
  for await (const page of pages) yield page.flatMap(contactsOf).map((contact) => columns.map((column) => column.cell(contact)));
}

function contactsOf({ row, domain, title_filter, outcome, cells, job_id, answered_at, answer, most, known }: AnsweredRow): ContactSource[] {
  const fetched_at = answered_at?.toISOString() ?? null;
  const persons = (answer?.persons ?? []).slice(0, most ?? undefined);
  const left = known === null || known.length === 0 ? persons : persons.filter(({ id }) => typeof id !== 'string' || !known.includes(id));
  // Named one by one: spreading the row took longer than all columns (2.7 of 4 us a contact).
  return left.map((person) => ({ row, domain, title_filter, outcome, cells, job_id, fetched_at, answer: answer ?? {}, person }));
}

/** All rows with their answers so far. The next page is on its way while one is written. */
async function* allPages<Row extends { position: number }>(load: (after: number) => Promise<Row[]>): AsyncGenerator<Row[]> {
  for (let page = await load(-1); page.length > 0; ) {
    const next = load(page.at(-1)?.position ?? -1);
    next.catch(() => undefined); // heard below, unless nobody reads on
    yield page;
    page = await next;
  }
}

/** Rows as soon as every earlier one is settled, until nothing more will be. */
async function* settledPages<Row extends { position: number }>(
  database: Database,
  run_id: string,
  follow: Follow,
  load: (after: number, before: number | null) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let after = -1;
  for (let moreToCome = true; ; ) {
    const before = await firstOpenPosition(database, run_id, after);
    const page = await load(after, before);
    after = page.at(-1)?.position ?? after;
    yield page;
    if (page.length > 0) continue;
    if (!moreToCome) return;
    moreToCome = await follow.settled();
  }
}

function pageSize(run: Run): number {
  return Math.max(1, Math.min(MOST_ROWS_PER_PAGE, Math.floor(CONTACTS_PER_PAGE / mostOf(run.options))));
}
