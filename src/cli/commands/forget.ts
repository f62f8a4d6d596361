/* `forget`: erases a person, or all whom a file names, everywhere. What it prints has counts and paths, never who it was. */
import { many } from '../../core/count.ts';
import { hashesOf, readIdentifier } from '../../core/forgotten.ts';
import { UsageError } from '../../core/errors.ts';
import type { RunOptions } from '../../service/options.ts';
import { partialPath } from '../../service/output.ts';
import type { Database } from '../../store/database.ts';
import { forgetPeople, placesOf } from '../../store/forget.ts';
import type { Held } from '../../store/forget.ts';
import { findRun } from '../../store/runs.ts';
import { noteErasure, readErasures } from '../erasures.ts';
import { readPeople } from '../people-file.ts';
import { openDatabase, openSession } from '../session.ts';
import type { GlobalOptions, Session } from '../session.ts';
import { printLast } from '../stdout.ts';

/** What the command takes besides whom it names. */
type ForgetOptions = GlobalOptions & { sandbox?: boolean; dryRun?: boolean; replay?: string };

/** People, by the hashes of what they are known by; and their addresses, where these were given. */
type Named = { hashes: string[]; emails: string[]; isOne: boolean };

const ROWS_NAMED = 5;

/** Runs the command; returns its exit code. */
export async function forget(text: string | undefined, options: ForgetOptions): Promise<number> {
  const people = await named(text, options.replay);
  const session = openSession(options);
  const database = await openDatabase(session);
  try {
    const lines = options.dryRun
      ? await preview(database, await placesOf(database, people.hashes, people.emails))
      : await erase(database, people, { session, isNoted: options.replay === undefined });
    return await printLast(`${lines.join('\n')}\n`);
  } finally {
    await database.close();
  }
}

/** Whom the command names; of a ledger of erasures only hashes are known. @throws {UsageError} when it names nobody. */
async function named(text: string | undefined, ledger: string | undefined): Promise<Named> {
  if (ledger !== undefined) {
    if (text !== undefined) throw new UsageError({ what: '--replay takes everybody from its file, and somebody is named besides', fix: 'give one of the two' });
    return { hashes: await readErasures(ledger), emails: [], isOne: false };
  }
  if (text === undefined) throw new UsageError({ what: 'nobody is named', fix: 'give an e-mail address or a person id, @file with one a line, or --replay with an erasures.jsonl' });
  const people = text.startsWith('@') ? await readPeople(text.slice(1)) : readIdentifier(text);
  if (people === undefined) {
    throw new UsageError({ what: 'this is neither an e-mail address nor a person id', fix: 'give one of them whole, as it is in the contacts (professional_email, personal_email or person_id), or @file with one a line' });
  }
  return { hashes: hashesOf(people), emails: people.emails, isOne: !text.startsWith('@') };
}

async function erase(database: Database, people: Named, { session, isNoted }: { session: Session; isNoted: boolean }): Promise<string[]> {
  const { settings, runtime, terminal } = session;
  const at = runtime.clock.now();
  const { contacts, answers, run_ids } = await forgetPeople(database, people.hashes, at, async (hashes) => {
    if (!isNoted) return;
    await noteErasure(settings.home, hashes, at).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : 'unknown reason';
      terminal.insist(`warning: not noted in erasures.jsonl of the home folder (${why}): after a restored backup, forget again by name`, { message: 'erasure not noted', reason: why });
    });
  });
  const files = await filesOf(database, run_ids);
  return [
    contacts + answers === 0 ? 'nothing was found' : `erased: contacts ${contacts}, from answers ${answers}, of runs ${run_ids.length}`,
    people.isOne ? 'a hash is kept, so that later runs leave this person out' : 'hashes are kept, so that later runs leave these people out',
    ...(files.length === 0 ? [] : ['these files may still contain the person; export again, or remove them:', ...files.map((file) => `  ${file}`)]),
  ];
}

async function preview(database: Database, { contacts, runs, ofPurged, lists }: Held): Promise<string[]> {
  const files = await filesOf(database, runs.map(({ run_id }) => run_id));
  const answers = runs.reduce((sum, run) => sum + run.answers, ofPurged);
  return [
    contacts + answers === 0 ? 'nothing was found' : `would be erased: contacts ${contacts}, from answers of runs ${runs.length}`,
    ...runs.map((run) => `  run ${run.run_id} (${run.input_name}): ${many(run.answers, 'answer')}`),
    ...(ofPurged === 0 ? [] : [`  runs that were purged: ${many(ofPurged, 'answer')}`]),
    ...(files.length === 0 ? [] : ['these files may contain the person, and would stay as they are:', ...files.map((file) => `  ${file}`)]),
    ...(lists.length === 0 ? [] : ['these lists have the address in a cell, which would stay as it is:', ...lists.map((list) => `  run ${list.run_id} (${list.input_name}): ${rowsOf(list.rows)}`)]),
    'nothing was changed',
  ];
}

function rowsOf(rows: readonly number[]): string {
  const more = rows.length > ROWS_NAMED ? ` and ${rows.length - ROWS_NAMED} more` : '';
  return `${rows.length === 1 ? 'line' : 'lines'} ${rows.slice(0, ROWS_NAMED).join(', ')}${more}`;
}

/** Where the contacts of these runs were written last, as far as the database knows. */
async function filesOf(database: Database, run_ids: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const run_id of run_ids) {
    const run = await findRun<RunOptions>(database, run_id);
    const path = run?.options.output.contacts;
    if (run !== undefined && path !== undefined && path !== '-') files.add(run.finished_at === null ? partialPath(path) : path);
  }
  return [...files].sort();
}
