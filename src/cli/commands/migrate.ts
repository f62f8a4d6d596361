/* `migrate`: creates or updates the schema, or prints its DDL. */
import { BusyError, UsageError } from '../../core/errors.ts';
import type { Problem } from '../../core/errors.ts';
import { refuse } from '../../core/problems.ts';
import { refuseUnfit } from '../../store/fitness.ts';
import { migrate, printGrants, printMigrations } from '../../store/migrate.ts';
import { openDriver } from '../../store/open.ts';
import { formAnew, openSession, placeOf } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { printLast } from '../stdout.ts';

/** To psql, which else goes on behind an error, and ends with 0. */
const STOP_AT_ERROR = '\\set ON_ERROR_STOP on\n';

/** Runs the command; returns its exit code. `--print` needs no database. */
export async function migrateDatabase(options: GlobalOptions & { print?: boolean; grants?: string }): Promise<number> {
  const { print, grants } = options;
  if (grants !== undefined) refuse(misfits(print ?? false, grants));
  if (print) {
    refuse(options.misread ?? []);
    return printLast(`${STOP_AT_ERROR}${await printMigrations()}${grants === undefined ? '' : `\n${printGrants(grants)}`}`);
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

/** Names are at most so many bytes; a longer one would be cut, and mean another role. */
const LONGEST_NAME = 63;

function misfits(print: boolean, role: string): Problem[] {
  if (!print) return [{ what: '--grants is printed, for whoever owns the schema', fix: 'add --print' }];
  const isName = role.trim() !== '' && !role.includes('\0') && Buffer.byteLength(role) <= LONGEST_NAME;
  return isName ? [] : [{ what: '--grants names no role', fix: `give the name of a role, of at most ${LONGEST_NAME} bytes` }];
}
