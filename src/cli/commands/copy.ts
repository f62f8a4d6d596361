/* `copy`: everything that is known, from the embedded database into a PostgreSQL, or the other way. */
import { many } from '../../core/count.ts';
import { UsageError } from '../../core/errors.ts';
import { reworded } from '../../core/problems.ts';
import { copyAll } from '../../store/copy.ts';
import { homeFolder } from '../../store/embedded-folder.ts';
import { isUnmade, openDatabase, openSession, placeOf } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { printLast } from '../stdout.ts';

/** Options of `copy`, as commander gives them. */
export type CopyCommandOptions = GlobalOptions & { to?: string; from?: string };

/** So many rows of a table take some seconds, in which nothing else is seen: a multiple of the batch. */
const TOLD_EVERY = 50_000;

/** Runs the command; returns its exit code. `databaseUrl` is that of the option, so that its password is known as one. */
export async function copy({ to, from, ...options }: CopyCommandOptions): Promise<number> {
  if ((to === undefined) === (from === undefined)) {
    throw new UsageError({ what: `give ${to === undefined ? '' : 'only '}one of --to and --from`, fix: 'write for instance: waterfall-contacts copy --to "$DATABASE_URL"' });
  }
  const option = to === undefined ? '--from' : '--to';
  const remote = openSession(options);
  const local = { ...remote, settings: { ...remote.settings, databaseUrl: undefined, databaseUrlFrom: undefined } };
  if (to !== undefined && isUnmade(local.settings)) {
    throw new UsageError({ what: `there is no embedded database in ${homeFolder(local.settings.home)}`, fix: 'name its folder with --home' });
  }
  const server = await openDatabase(remote).catch((error: unknown) => {
    throw naming(option, error);
  });
  try {
    const embedded = await openDatabase(local);
    try {
      const [source, target] = to === undefined ? [server, embedded] : [embedded, server];
      const copied = await copyAll(source, target, (table, rows) => {
        if (rows % TOLD_EVERY === 0) remote.runtime.log.info('copying', { table, rows });
      });
      const { runs = 0, targets = 0, contacts = 0, companies = 0 } = copied;
      const what = [many(runs, 'run'), many(targets, 'question'), many(contacts, 'contact'), many(companies, 'company', 'companies')].join(', ');
      const goOn = to === undefined ? 'go on without DATABASE_URL' : 'go on with it as DATABASE_URL';
      return await printLast(`copied from ${placeOf(source)} to ${placeOf(target)}: ${what}\n${goOn}, and no longer with the other one: what that has open would be paid in both\n`);
    } finally {
      await embedded.close();
    }
  } finally {
    await server.close();
  }
}

/** The advice about a database names the setting that it usually comes from. */
function naming(option: string, error: unknown): unknown {
  return error instanceof UsageError ? reworded(error, (text) => text.replaceAll('DATABASE_URL', option)) : error;
}
