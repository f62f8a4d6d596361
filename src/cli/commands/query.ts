/* `query`: one statement that only reads, on whichever database there is. */
import { writeSheetTo, isClosedPipe } from '../../outputs/write.ts';
import { readOnly } from '../../store/read-only.ts';
import type { Answered } from '../../store/read-only.ts';
import { answerText } from '../answer-table.ts';
import { noRuns } from '../run-id.ts';
import { openSession, openToRead } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { CLOSED_STDOUT, print } from '../stdout.ts';

/** Options of `query`, as commander gives them. */
export type QueryCommandOptions = GlobalOptions & { json?: boolean; sandbox?: boolean };

/** The type of truth values, which PostgreSQL writes as `t` and `f`, and every file of ours as words. */
const BOOLEAN = 16;
const STYLE = { format: 'csv', delimiter: ',', bom: false, formulaGuard: true } as const;

/** Runs the command; returns its exit code. */
export async function query(statement: string, options: QueryCommandOptions): Promise<number> {
  const session = openSession(options);
  const database = await openToRead(session);
  if (database === undefined) throw noRuns(session.settings.home);
  let exit = 0;
  try {
    await readOnly(database, statement, { asJson: options.json ?? false }, async (answered) => {
      const { columns, pages } = readable(answered);
      if (!options.json && !process.stdout.isTTY) return writeSheetTo(process.stdout, [{ name: 'query', columns, pages }], STYLE);
      const text = options.json ? jsonArray(pages) : answerText({ columns, pages }, process.stdout.columns || Infinity);
      for await (const piece of text) {
        if (await print(piece)) continue;
        exit = CLOSED_STDOUT;
        return;
      }
    });
    return exit;
  } catch (error) {
    if (isClosedPipe(error)) return CLOSED_STDOUT;
    throw error;
  } finally {
    await database.close();
  }
}

function readable({ columns, pages }: Answered): Answered {
  const isBoolean = columns.map(({ type }) => type === BOOLEAN);
  const word = (cell: string | null, column: number) => (isBoolean[column] && cell !== null ? String(cell === 't') : cell);
  async function* inWords() {
    for await (const page of pages) yield page.map((row) => row.map(word));
  }
  return { columns, pages: inWords() };
}

/** One row a line, and all of them one array. Each row is JSON already. */
async function* jsonArray(pages: Answered['pages']): AsyncGenerator<string> {
  let between = '[\n  ';
  for await (const page of pages) {
    yield between + page.map(([row]) => row ?? 'null').join(',\n  ');
    between = ',\n  ';
  }
  yield between.startsWith('[') ? '[]\n' : '\n]\n';
}
