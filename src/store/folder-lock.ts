/*
 * The lock on the home folder of an embedded database. Two processes on one PGlite folder corrupt it silently (measured), and
 * Node has no flock: a kernel lock on a file beside it keeps the second one out. The kernel frees it whenever and however the
 * first one ends.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BusyError, UsageError } from '../core/errors.ts';

/** Takes the lock on an open file for as long as it is open: whether nobody else has it. */
export type TryLock = (fd: number) => boolean;

/**
 * Locks a home folder; returns what releases it. Held by a number and not by a FileHandle, which the garbage collector closes when
 * nobody looks at it any more, while queries still run.
 * @throws {BusyError} when another process has it; {UsageError} where the system has no way to lock.
 */
export async function lockFolder(home: string, tryLock?: TryLock): Promise<() => void> {
  const lock = tryLock ?? (await systemLock());
  const fd = openSync(join(home, 'database.lock'), constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (!lock(fd)) {
      const pid = readFileSync(fd, 'utf8').trim();
      throw new BusyError(`another process${pid === '' ? '' : ` (pid ${pid})`} uses the embedded database in ${home}`);
    }
    // For the message only; the lock itself is the kernel's.
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`, 0);
    return () => {
      closeSync(fd);
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The library has been built for glibc, macOS and Windows; Alpine (musl) has `flock`, in BusyBox. */
async function systemLock(): Promise<TryLock> {
  try {
    const { default: native } = await import('fs-native-extensions');
    return (fd) => native.tryLock(fd);
  } catch {
    return lockByCommand;
  }
}

/** By `flock` of util-linux or BusyBox: a lock belongs to the open file, which the command shares with us, and outlives it. */
export function lockByCommand(fd: number): boolean {
  const { status, error } = spawnSync('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (error === undefined && (status === 0 || status === 1)) return status === 0;
  throw new UsageError({
    what: 'the embedded database cannot be locked on this system, and two processes at once would destroy it',
    fix: 'install the command flock, or set DATABASE_URL',
  });
}
