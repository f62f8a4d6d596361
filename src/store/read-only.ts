/*
 * One statement of the user's, in a transaction that cannot write. As the query of a cursor it can be nothing but a query, and one alone;
 * and its rows come page by page, however many there are.
 */
import { caret } from '../core/caret.ts';
import { UsageError } from '../core/errors.ts';
import type { Database, Table } from './database.ts';
import { isTransient, sqlState } from './sqlstate.ts';

const PAGE = 500;
/** Moments are in UTC, as in all outputs; tables are found with and without the name of the schema, whatever a session was left with. */
const SETTINGS = "set transaction read only; set local time zone 'UTC'; set local datestyle = 'ISO'; set local search_path = waterfall, public";
const DECLARE = 'declare asked no scroll cursor for ';
/** It writes, or is none for a cursor: elsewhere a standby says so, which may pass; here the transaction is ours. */
const IS_NO_READING = /^25|^0A000/;
const QUERY_BEGINS = /^\s*(?:select|with|values|table|\()/i;

/** The columns of a query, and pages of its values as PostgreSQL writes them. The pages may be iterated once. */
export type Answered = { columns: Table['columns']; pages: AsyncIterable<Table['rows']> };

/**
 * Hands what the statement asks for to `use`. With `asJson` there is one column: each row as a JSON object.
 * @throws {UsageError} for a statement that is no query, or that the database does not take, with the place of the mistake.
 */
export async function readOnly(database: Database, statement: string, options: { asJson: boolean }, use: (answered: Answered) => Promise<void>): Promise<void> {
  const asked = statement.trim().replace(/;$/, '');
  if (asked === '') throw new UsageError({ what: 'there is no statement', fix: "give one, for instance 'select count(*) from contacts'" });
  // Of writing what was read; it may look like one of the connection (EPIPE), and is no fault of the database.
  let failure: unknown;
  let lost: unknown;
  await database.transactionOnce(async (transaction) => {
    await transaction.script(SETTINGS);
    await inItsPlace(asked, () => transaction.query(DECLARE + asked));
    if (options.asJson) {
      await transaction.script('close asked');
      // On lines of its own, behind which a remark at its end is over.
      await inItsPlace(asked, () => transaction.query(`${DECLARE}select to_json(answer)::text from (\n${asked}\n) as answer`), 'for --json leave out the ; at its end');
    }
    const next = () =>
      inItsPlace(asked, () => transaction.table(`fetch ${PAGE} from asked`)).catch((error: unknown) => {
        lost = error;
        throw error;
      });
    const first = await next();
    await use({ columns: first.columns, pages: pagesOf(first, next) }).catch((error: unknown) => {
      if (error === lost) throw error;
      failure = error;
    });
  });
  if (failure !== undefined) throw failure;
}

async function* pagesOf(first: Table, next: () => Promise<Table>): AsyncGenerator<Table['rows']> {
  for (let page = first; page.rows.length > 0; page = await next()) yield page.rows;
}

/** What the database has against the statement, in words. */
async function inItsPlace<Result>(statement: string, ask: () => Promise<Result>, advice = 'correct it: one statement; docs/database.md has the tables'): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    const state = sqlState(error);
    if (!(error instanceof Error) || state === undefined || (isTransient(error) && !IS_NO_READING.test(state))) throw error;
    const { position, hint } = error as { position?: string | number; hint?: string };
    const { at, line } = placeIn(statement, Number(position ?? 0) - DECLARE.length);
    const isReading = QUERY_BEGINS.test(statement) && !IS_NO_READING.test(state);
    const fix = isReading ? (hint ?? advice) : 'query only reads: give one select (or with, values, table)';
    throw new UsageError({ what: `the statement cannot be answered${at}: ${error.message} (${state})${line}`, fix }, { cause: error });
  }
}

/** Where the mistake is, in words, and the line with a caret under it; nothing where nobody knows. `position` counts characters, from 1. */
function placeIn(statement: string, position: number): { at: string; line: string } {
  if (!(position > 0)) return { at: '', line: '' };
  const before = Array.from(statement).slice(0, position - 1).join('').split('\n');
  const column = Array.from(before.at(-1) ?? '').length + 1;
  const text = statement.split('\n')[before.length - 1] ?? '';
  return { at: `, line ${before.length}, character ${column}`, line: `\n${caret(text, column).replace(/^/gm, '    ')}` };
}
