/*
 * Tiny stand-ins for the programs of the recipes that a machine may lack. `mail` is always one: a test sends none. jq knows
 * only the filters that the recipes use, and fails at any other.
 */
import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JQ = fileURLToPath(new URL('stand-in-jq.mjs', import.meta.url));
const PSQL = fileURLToPath(new URL('stand-in-psql.mjs', import.meta.url));

/** What each program is when the machine has none; shell scripts. */
const STAND_INS: Record<string, string> = {
  jq: `exec '${process.execPath}' '${JQ}' "$@"`,
  psql: `exec '${process.execPath}' '${PSQL}' "$@"`,
  // flock -n -E <code> <file> <command...>
  flock: 'code=$3; lock=$4; shift 4; mkdir "$lock.held" 2>/dev/null || exit "$code"; "$@"; code=$?; rmdir "$lock.held"; exit $code',
};

/** Found out once: a command that is given inside this process has a PATH with stand-ins of others. */
const LACKING = Object.entries(STAND_INS).filter(([name]) => !isThere(name));

/** Writes into a folder of the PATH: `mail`, which keeps what it was given in the file `mailed`; `npx`, which runs the
 * command; and what of jq, psql and flock the machine lacks. */
export async function addStandIns(folder: string, mailed: string): Promise<void> {
  const always = [
    ['mail', `{ printf '%s\\n' "$*"; cat; } >>'${mailed}'`],
    ['npx', 'exec "$@"'],
  ];
  for (const [name = '', script = ''] of [...always, ...LACKING]) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
}

function isThere(name: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
