/* Where the embedded database is. Apart from its driver, so that to look there loads nothing. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';

/** The home folder. @throws {UsageError} where there is none. */
export function homeFolder(home: string | undefined): string {
  if (home !== undefined) return home;
  throw new UsageError({
    what: 'there is no folder for the embedded database: HOME (or the data folder that the environment names) is no absolute path, and the system knows none for this user',
    fix: 'set WATERFALL_CONTACTS_HOME, or --home, to a folder, or set DATABASE_URL',
  });
}

/** The folder of the embedded database in a home folder. @throws {UsageError} where there is none. */
export function embeddedFolder(home: string | undefined): string {
  return join(homeFolder(home), 'database');
}

/**
 * Whether there is an embedded database in this home folder: opening it would make one.
 * @throws {UsageError} where there is no home, or nobody may look into it: what is not seen is not what is not there.
 */
export function hasEmbedded(home: string | undefined): boolean {
  const folder = embeddedFolder(home);
  try {
    return statSync(folder, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOTDIR') return false; // said by who makes it
    throw new UsageError({ what: `the home folder ${home} cannot be looked into (${code})`, fix: 'give this command as its owner, or choose another one with --home or WATERFALL_CONTACTS_HOME' }, { cause: error });
  }
}
