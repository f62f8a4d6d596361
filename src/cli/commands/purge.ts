/* `purge`: deletes runs that ended long ago, and of their answers what nobody needs. */
import { many } from '../../core/count.ts';
import { durationOption } from '../../runtime/config.ts';
import { readAll } from '../../core/problems.ts';
import { UsageError } from '../../core/errors.ts';
import { momentOf } from '../../store/processes.ts';
import { KEPT_DAYS, previewPurge, purgeRuns } from '../../store/purge.ts';
import type { Purged } from '../../store/purge.ts';
import { isUnmade, openDatabase, openSession, openToRead } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { printLast } from '../stdout.ts';

type PurgeOptions = GlobalOptions & { sandbox?: boolean; olderThan?: string; withKnown?: boolean; dryRun?: boolean };

/** Runs the command; returns its exit code. */
export async function purge(options: PurgeOptions): Promise<number> {
  const [session, ageMs] = readAll(
    () => openSession(options),
    () => {
      if (options.olderThan === undefined) throw new UsageError({ what: 'purge needs to know what is old', fix: 'say for instance --older-than 180d' });
      return durationOption('--older-than', options.olderThan);
    },
  );
  const withKnown = options.withKnown ?? false;
  if (isUnmade(session.settings)) return printLast('there is no run yet\n');
  const database = options.dryRun ? await openToRead(session) : await openDatabase(session);
  if (database === undefined) return printLast('there is no run yet\n');
  try {
    const before = new Date((await momentOf(database)).getTime() - ageMs);
    const purged = options.dryRun
      ? await database.transaction(async (transaction) => {
          await transaction.script('set transaction read only');
          return previewPurge(transaction, { before, withKnown });
        })
      : await purgeRuns(database, { before, withKnown }, new AbortController().signal);
    return await printLast(`${linesOf(purged, { isDry: options.dryRun ?? false, withKnown }).join('\n')}\n`);
  } finally {
    await database.close();
  }
}

function linesOf({ runs, rows, answers, known }: Purged, { isDry, withKnown }: { isDry: boolean; withKnown: boolean }): string[] {
  const verb = isDry ? 'would be deleted' : 'deleted';
  return [
    runs + answers === 0 ? 'nothing is so old' : `${verb}: ${many(runs, 'run')}, ${many(rows, 'row')}, ${many(answers, 'answer')}`,
    withKnown
      ? `${many(known, 'question')} of them ${known === 1 ? 'is' : 'are'} known, and would be paid again`
      : `kept: what is known by answers of the last ${KEPT_DAYS} days, failures of as many, and calls that may yet be billed (--with-known deletes the first too)`,
    'contacts and companies stay, and so do runs that have not ended',
    ...(isDry ? ['nothing was changed'] : []),
  ];
}
