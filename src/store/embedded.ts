/* The driver for the embedded PostgreSQL (PGlite), in a folder under the home folder. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { PGlite, types } from '@electric-sql/pglite';
import type { Transaction } from '@electric-sql/pglite';
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';
import { inWords } from './database.ts';
import type { Driver, Queryable, Table } from './database.ts';
import { checkFolder, damaged, faultOf, requireRoom } from './embedded-faults.ts';
import { embeddedFolder } from './embedded-folder.ts';
import { lockFolder } from './folder-lock.ts';

/** An empty cluster, made by the build (scripts/make-database-template.mjs). */
const TEMPLATE = new URL('../../dist/database-template.tar.gz', import.meta.url);

/** PGlite has one session and the file cache of the system under it: PostgreSQL's default of 128 MB only costs memory (110 MB measured). */
const START_PARAMETERS = ['-c', 'shared_buffers=16MB'];

/**
 * V8 is not to compile PGlite's code a second time, better, while it runs: that takes longer than most commands live. Measured
 * on Node 20: 0.6 s for `status` instead of 1.1 s, 0.7 s of processor time instead of 1.7 s, 80 MB less, and a run over 1,000
 * companies without a request limit 7 % slower.
 */
const COMPILE_ONCE = '--liftoff-only';

/**
 * Opens the embedded database under `home`, creating it there when there is none.
 * @throws {BusyError} when another process has it open; {UsageError} when the folder cannot be used; {DatabaseError} when what
 * is in it is damaged, or has no room.
 */
export async function openEmbedded(home: string): Promise<Driver> {
  const folder = embeddedFolder(home);
  let release = () => undefined as void;
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    release = await lockFolder(home);
    const pglite = await openFolder(folder);
    return driverOf(pglite, folder, release);
  } catch (error) {
    release();
    const told = inWords(folder, error);
    if (told instanceof BusyError || told instanceof DatabaseError || told instanceof UsageError) throw told;
    throw new UsageError(
      {
        what: `the home folder ${home} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        fix: 'choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL',
      },
      { cause: error },
    );
  }
}

async function openFolder(folder: string): Promise<PGlite> {
  requireRoom(dirname(folder));
  if (!existsSync(folder)) {
    // Filled elsewhere and renamed, so that a crash leaves no half-made database.
    const unfinished = `${folder}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    const { extract } = await import('tar');
    // Not by PGlite's own loadDataDir, which takes 2.7 s and 375 MB where this takes 0.5 s and 55 MB.
    let failure: unknown;
    // To tar a full disk is a warning, and it goes on with the next file.
    const onwarn = (code: string, _: unknown, data: unknown) => void (code === 'TAR_ENTRY_ERROR' && (failure ??= data));
    await extract({ file: fileURLToPath(TEMPLATE), cwd: unfinished, onwarn });
    if (failure !== undefined) throw failure as Error;
    await rename(unfinished, folder);
  }
  checkFolder(folder);
  // PostgreSQL's own lock file. Killed between making and writing it, a process left it empty, and no other would ever start.
  await rm(join(folder, 'postmaster.pid'), { force: true });
  setFlagsFromString(COMPILE_ONCE);
  return PGlite.create({ dataDir: folder, startParams: [...PGlite.defaultStartParams, ...START_PARAMETERS] }).catch((error: unknown) => {
    throw error instanceof Error && 'errno' in error ? error : damaged(folder, 'PostgreSQL does not start on it', error);
  });
}

function driverOf(pglite: PGlite, folder: string, release: () => void): Driver {
  const attempt: Attempt = async (work) => {
    requireRoom(folder);
    return work().catch((error: unknown) => {
      throw faultOf(folder, error);
    });
  };
  return {
    place: folder,
    embedded: true,
    ...queryable(pglite, attempt),
    transaction: (work, isolation) =>
      attempt(() =>
        pglite.transaction(async (transaction) => {
          if (isolation !== undefined) await transaction.exec(`set transaction isolation level ${isolation}`);
          return work({ ...queryable(transaction, attempt), table: (sql) => attempt(() => tableOf(transaction, sql, pglite.parsers)) });
        }),
      ),
    async close() {
      await pglite.close();
      release();
    },
  };
}

/** Does one thing in the database, where there is room for it; what is wrong with the folder is said in words. */
type Attempt = <Result>(work: () => Promise<Result>) => Promise<Result>;

function queryable(target: PGlite | Transaction, attempt: Attempt): Queryable {
  return {
    // A statement before it has nobody to wait for: there is one session.
    query: <Row>(sql: string, parameters: readonly unknown[] = []) => attempt(async () => (await target.query<Row>(sql, [...parameters])).rows),
    script: (sql) => attempt(async () => void (await target.exec(sql))),
  };
}

async function tableOf(transaction: Transaction, sql: string, parsers: PGlite['parsers']): Promise<Table> {
  // Whatever is read otherwise is left as it is.
  const asWritten = Object.fromEntries(Object.keys({ ...types.parsers, ...parsers }).map((type) => [type, (text: string) => text]));
  const { fields, rows } = await transaction.query<(string | null)[]>(sql, [], { rowMode: 'array', parsers: asWritten });
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows };
}
