/* What goes wrong with the folder of the embedded database: a file that is missing, a page that is torn, a disk without room. */
import { readFileSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseError } from '../core/errors.ts';
import { sqlState } from './sqlstate.ts';

/** Of the PostgreSQL that is embedded (PGlite 0.5: PostgreSQL 18). */
const VERSION = 18;
/** What says to be older or newer than any is no version. */
const [OLDEST_VERSION, NEWEST_VERSION] = [9, 40];
/** Of the file `global/pg_control`, without which no server starts (PostgreSQL: PG_CONTROL_FILE_SIZE). */
const CONTROL_BYTES = 8_192;
/** Where in it the version stands, times 100 (PostgreSQL: ControlFileData.pg_control_version). */
const VERSION_AT = 8;
/**
 * PGlite takes 16 MB for the next piece of its log, and where they are not there it spins for ever, deaf to every signal
 * (measured, 0.5.16). One statement of ours fills less than three.
 */
const ROOM_BYTES = 64 * 1024 * 1024;
/** Data or an index that is corrupted, and files that cannot be read or are gone. */
const DAMAGE = new Set(['XX001', 'XX002', '58P01', '58030']);

const WAY_BACK = [
  'put back a copy of that folder (docs/database.md, "Backing up"); without one, keep it, and go on in a new folder (--home),',
  'which knows nothing yet: leave out of the list (--exclude-domain @<file>) what your files of contacts already have',
].join(' ');

/**
 * Looks into the folder before it is opened: a cluster without its first file would be opened as a new, empty one, and all that
 * is known be paid for again. That file says only the version, and is written again where the rest is there.
 * @throws {DatabaseError} when the folder is damaged, or of another version.
 */
export function checkFolder(folder: string): void {
  const control = bytesOf(join(folder, 'global', 'pg_control'));
  if (control.length !== CONTROL_BYTES) throw damaged(folder, 'its file global/pg_control is missing or cut off');
  if (!namesIn(join(folder, 'pg_wal')).some((name) => /^[\dA-F]{24}$/.test(name))) throw damaged(folder, 'its log (pg_wal) is missing');
  const version = control.readUInt32LE(VERSION_AT) / 100;
  if (!Number.isInteger(version) || version < OLDEST_VERSION || version > NEWEST_VERSION) throw damaged(folder, 'its file global/pg_control is overwritten');
  if (version !== VERSION) {
    throw new DatabaseError(
      `the embedded database in ${folder} was made by PostgreSQL ${version}, and this version has ${VERSION}`,
      'use the version of waterfall-contacts that made it, and copy it into a PostgreSQL (copy --to)',
    );
  }
  const versionFile = join(folder, 'PG_VERSION');
  if (bytesOf(versionFile).toString().trim() !== String(VERSION)) writeFileSync(versionFile, `${VERSION}\n`, { mode: 0o600 });
}

/** An error for people of a folder that is damaged. */
export function damaged(folder: string, why: string, cause?: unknown): DatabaseError {
  return new DatabaseError(`the embedded database in ${folder} is damaged: ${why}`, WAY_BACK, { cause });
}

/** @throws {Error} with the code of a full disk, which may pass, when the disk of this folder has too little room for any statement. */
export function requireRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= ROOM_BYTES) return;
  throw Object.assign(new Error(`less than ${ROOM_BYTES / (1024 * 1024)} MB are left on its disk`), { code: '53100' });
}

/** What an error of a statement says about the folder: in words where it is damaged, else as it is. */
export function faultOf(folder: string, error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (DAMAGE.has(sqlState(error) ?? '')) {
    return new DatabaseError(
      `the embedded database in ${folder} is damaged: ${message}`,
      `save what can still be read (query, export --all, export <run> for each of runs); then ${WAY_BACK}`,
      { cause: error },
    );
  }
  // An end of the program that PostgreSQL is here: after it nothing more can be asked.
  return error instanceof Error && error.name === 'RuntimeError' ? damaged(folder, 'PostgreSQL broke down on it', error) : error;
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
