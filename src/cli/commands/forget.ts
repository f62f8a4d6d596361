/* `forget`: erases a person, or all whom a file names, everywhere. What it prints has counts and paths, never who it was. */
import { readIdentifier } from '../../core/forgotten.ts';
import { UsageError } from '../../core/errors.ts';
import type { RunOptions } from '../../service/options.ts';
import { partialPath } from '../../service/output.ts';
import type { Database } from '../../store/database.ts';
import { forgetPerson } from '../../store/forget.ts';
import { findRun } from '../../store/runs.ts';
import { readPeople } from '../people-file.ts';
import { openDatabase, openSession } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { printLast } from '../stdout.ts';

/** Runs the command; returns its exit code. */
export async function forget(text: string, options: GlobalOptions & { sandbox?: boolean }): Promise<number> {
  const identifiers = text.startsWith('@') ? await readPeople(text.slice(1)) : readIdentifier(text);
  if (identifiers === undefined) {
    throw new UsageError({ what: 'this is neither an e-mail address nor a person id', fix: 'give one of them whole, as it is in the contacts (professional_email, personal_email or person_id), or @file with one a line' });
  }
  const session = openSession(options);
  const database = await openDatabase(session);
  try {
    const { contacts, answers, run_ids } = await forgetPerson(database, identifiers, session.runtime.clock.now());
    const files = await filesOf(database, run_ids);
    const lines = [
      contacts + answers === 0 ? 'nothing was found' : `erased: contacts ${contacts}, from answers ${answers}, of runs ${run_ids.length}`,
      text.startsWith('@') ? 'hashes are kept, so that later runs leave these people out' : 'a hash is kept, so that later runs leave this person out',
      ...(files.length === 0 ? [] : ['these files may still contain the person; export again, or remove them:', ...files.map((file) => `  ${file}`)]),
    ];
    return await printLast(`${lines.join('\n')}\n`);
  } finally {
    await database.close();
  }
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
