/* The list is read twice (its hash and format first), so stdin, pipes and what is no file are copied to a temporary file. */
import { createWriteStream } from 'node:fs';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../core/errors.ts';
import { reworded } from '../core/problems.ts';

/** A list that can be read as often as needed. */
export type Spooled = {
  path: string;
  /** What the user calls it. */
  name: string;
  /** Errors of reading the list, in the user's name for it. */
  naming: <Result>(work: Promise<Result>) => Promise<Result>;
  remove: () => Promise<void>;
};

/** A list that is in no file: what people call it, and its text. */
export type ListSource = { name: string; text: Iterable<string> };

/**
 * Makes `input` (a path, `-` for stdin, or a list that is in no file) readable twice.
 * @throws {UsageError} when there is no room for a copy.
 */
export async function spool(input: string | ListSource): Promise<Spooled> {
  if (typeof input !== 'string') return copied(input.name, Readable.from(input.text));
  const kind = input === '-' ? undefined : await stat(input).catch(() => undefined);
  // What does not exist, or is a folder, is explained by who reads it.
  if (input !== '-' && (kind === undefined || kind.isFile() || kind.isDirectory())) {
    return { path: input, name: input, naming: (work) => work, remove: () => Promise.resolve() };
  }
  return copied(input === '-' ? 'stdin' : input, input === '-' ? process.stdin : createReadStream(input));
}

/** A copy of a stream, which nobody else may read. */
async function copied(name: string, stream: NodeJS.ReadableStream): Promise<Spooled> {
  const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-')).catch((error: unknown) => Promise.reject(uncopied(name, error)));
  const path = join(folder, 'list');
  try {
    await pipeline(stream, createWriteStream(path, { mode: 0o600 }));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw uncopied(name, error);
  }
  return {
    path,
    name,
    naming: (work) =>
      work.catch((error: unknown) => {
        if (!(error instanceof UsageError)) throw error;
        throw reworded(error, (text) => text.replaceAll(path, name));
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function uncopied(name: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  return new UsageError({ what: `${name} cannot be copied to ${tmpdir()}, to be read twice (${code})`, fix: 'make room there, or name another folder in TMPDIR' }, { cause: error });
}
