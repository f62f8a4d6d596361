/* The ledger of erasures in the home folder: hashes of everybody who was forgotten, to erase again what an older backup brings back. */
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { linesOf } from '../lists/lines.ts';
import { homeFolder } from '../store/embedded-folder.ts';
import { spool } from './spool.ts';

const PROBLEMS_NAMED = 5;
const erasure = z.object({ forgotten_at: z.string(), hashes: z.array(z.string().regex(/^[\da-f]{64}$/)).min(1) });

/** Notes an erasure; its hashes are SHA-256, hexadecimal. @throws what the file system says. */
export async function noteErasure(home: string | undefined, hashes: readonly string[], at: number): Promise<void> {
  await mkdir(homeFolder(home), { recursive: true, mode: 0o700 });
  // One write of one line: several processes may append at once.
  await appendFile(join(homeFolder(home), 'erasures.jsonl'), `${JSON.stringify({ forgotten_at: new Date(at).toISOString(), hashes })}\n`, { mode: 0o600 });
}

/** All hashes of such a file. @throws {UsageError} when it cannot be read, or a line is none of ours. */
export async function readErasures(path: string): Promise<string[]> {
  const file = await spool(path);
  const lines = await file.naming(linesOf(file.path, 'one erasure a line, as in erasures.jsonl')).finally(() => file.remove());
  const problems: Problem[] = [];
  const hashes = new Set<string>();
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const read = erasure.safeParse(parsed(line));
    if (read.success) for (const hash of read.data.hashes) hashes.add(hash);
    else problems.push({ what: `line ${index + 1} of ${file.name} is no erasure`, fix: 'give a file erasures.jsonl as waterfall-contacts wrote it: nobody was erased' });
  }
  if (problems.length > PROBLEMS_NAMED) problems.splice(PROBLEMS_NAMED, Infinity, { what: `and ${problems.length - PROBLEMS_NAMED} more such lines` });
  if (problems.length > 0) throw new UsageError(problems);
  return [...hashes];
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
