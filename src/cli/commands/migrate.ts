/* `migrate`: creates or updates the schema, or prints its DDL. */
import { BusyError, UsageError } from '../../core/errors.ts';
import { refuse } from '../../core/problems.ts';
import { refuseUnfit } from '../../store/fitness.ts';
import { migrate, printMigrations } from '../../store/migrate.ts';
import { openDriver } from '../../store/open.ts';
import { formAnew, openSession, placeOf } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { printLast } from '../stdout.ts';

/** To psql, which else goes on behind an error, and ends with 0. */
const STOP_AT_ERROR = '\\set ON_ERROR_STOP on\n';

/** Runs the command; returns its exit code. `--print` needs no database. */
export async function migrateDatabase(options: GlobalOptions & { print?: boolean }): Promise<number> {
  if (options.print) {
    refuse(options.misread ?? []);
    return printLast(`${STOP_AT_ERROR}${await printMigrations()}`);
  }
  const session = openSession(options);
  const driver = await openDriver(session.settings, session.runtime);
  try {
    await refuseUnfit(driver);
    const { applied, known } = await migrate(driver);
    await formAnew(session, driver);
    const done = applied === 0 ? 'is up to date' : `was brought up to date: ${applied} applied`;
    return await printLast(`schema "waterfall" in ${placeOf(driver)} ${done} (version ${known})\n`);
  } catch (error) {
    if (error instanceof UsageError || error instanceof BusyError || !(error instanceof Error)) throw error;
    throw new UsageError({ what: `the schema could not be brought up to date: ${error.message}`, fix: 'mend that, then give the command again: nothing was changed' }, { cause: error });
  } finally {
    await driver.close();
  }
}
