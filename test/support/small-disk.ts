/*
 * A file system with room for a few megabytes, which can be filled up for real. On Linux alone: it is a tmpfs that root mounts, and
 * anybody else within a name space of their own, where the system lets them.
 */
import { execFile, spawn } from 'node:child_process';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A file system of its own. `path`: a folder in which everybody may write. */
export type SmallDisk = { path: string; remove: () => Promise<void> };

/** Mounts one on a folder that exists. Throws where that cannot be done, with the words of the system. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  const mount = ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', folder];
  if (process.getuid?.() === 0) {
    await promisify(execFile)('mount', mount);
    return { path: folder, remove: async () => void (await promisify(execFile)('umount', ['--lazy', folder])) };
  }
  // The name space lives as long as the process in it, through which others see what is mounted there.
  const holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', 'mount "$@" && echo mounted && exec cat', 'sh', ...mount], { stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  holder.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  holder.on('error', (error) => complaints.push(error.message));
  for await (const line of createInterface({ input: holder.stdout })) {
    if (line === 'mounted') return { path: `/proc/${holder.pid}/root${folder}`, remove: () => Promise.resolve(holder.stdin.end()).then(() => undefined) };
  }
  throw new Error(`no small file system can be mounted: ${complaints.join('').trim()}`);
}

/** Writes to a file system until nothing more fits. Returns what makes room again. */
export async function fillUp(path: string): Promise<() => Promise<void>> {
  const ballast = join(path, 'ballast');
  const file = await open(ballast, 'w');
  try {
    // Large pieces while they fit, so that it is done at once; then what is smaller than a page of the server.
    for (const size of [1 << 20, 1 << 12]) await writeUntilFull(file, Buffer.alloc(size, 1));
  } finally {
    await file.close();
  }
  return () => rm(ballast);
}

async function writeUntilFull(file: FileHandle, piece: Buffer): Promise<void> {
  try {
    for (;;) await file.write(piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
