/* The contacts of a run as a sheet, read from the database by position: never the whole list in memory. */
import { chooseContactColumns } from '../sheet/column-choice.ts';
import type { ContactColumn } from '../sheet/contact-columns.ts';
import type { Sheet } from '../sheet/sheet.ts';
import type { Database } from '../store/database.ts';
import { answeredRows, firstOpenPosition } from '../store/outcomes.ts';
import type { AnsweredRow } from '../store/outcomes.ts';
import type { Run } from './options.ts';

/** A page holds at most about so many contacts, however many a company may have. */
const CONTACTS_PER_PAGE = 1_000;
const MOST_ROWS_PER_PAGE = 200;

/**
 * Waiting for rows that are not settled yet, instead of skipping them.
 * `settled` resolves when something was settled since it was last called, with false when nothing more will be.
 */
export type Follow = { settled(): Promise<boolean> };

/** All contacts of the run so far, in input order. With `follow`, lines leave as soon as every earlier row is settled. */
export function contactSheet(database: Database, run: Run, follow?: Follow): Sheet {
  const columns = chooseContactColumns(run.options.output.shape?.columns, run.input_columns);
  return { name: 'contacts', columns, rows: contactRows(database, run, columns, follow) };
}

async function* contactRows(database: Database, run: Run, columns: readonly ContactColumn[], follow?: Follow): AsyncGenerator<unknown[]> {
  const pages = follow === undefined ? allPages(database, run) : settledPages(database, run, follow);
  for await (const page of pages) {
    for (const { answer, stop_date, ...row } of page) {
      for (const person of answer?.persons ?? []) {
        const source = { ...row, fetched_at: stop_date, answer: answer ?? {}, person };
        yield columns.map((column) => column.cell(source));
      }
    }
  }
}

/** All rows with their answers so far. The next page is on its way while one is written. */
async function* allPages(database: Database, run: Run): AsyncGenerator<AnsweredRow[]> {
  const load = (after: number) => answeredRows(database, { run_id: run.id, after, limit: pageSize(run) });
  for (let page = await load(-1); page.length > 0; ) {
    const next = load(page.at(-1)?.position ?? -1);
    next.catch(() => undefined); // heard below, unless nobody reads on
    yield page;
    page = await next;
  }
}

/** Rows as soon as every earlier one is settled, until nothing more will be. */
async function* settledPages(database: Database, run: Run, follow: Follow): AsyncGenerator<AnsweredRow[]> {
  let after = -1;
  for (let moreToCome = true; ; ) {
    const before = await firstOpenPosition(database, run.id, after);
    const page = await answeredRows(database, { run_id: run.id, after, before, limit: pageSize(run) });
    after = page.at(-1)?.position ?? after;
    yield page;
    if (page.length > 0) continue;
    if (!moreToCome) return;
    moreToCome = await follow.settled();
  }
}

function pageSize(run: Run): number {
  return Math.max(1, Math.min(MOST_ROWS_PER_PAGE, Math.floor(CONTACTS_PER_PAGE / run.options.question.limit)));
}
