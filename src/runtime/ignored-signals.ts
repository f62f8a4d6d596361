/*
 * Signals that this process was started to ignore, by `nohup` or by a shell with `trap ''`. Node forgets it before any of our
 * code runs, so it is told by what else they leave behind.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';

/** What there is to see: the environment, and text of files and links under /proc, empty where there is none. */
export type Surroundings = { environment: NodeJS.ProcessEnv; read: (path: string) => string; follow: (path: string) => string };

const CANDIDATES = ['SIGHUP', 'SIGINT'] as const;

/** The signals of these surroundings, whose parent is that process. */
export function ignoredSignals({ environment, read, follow }: Surroundings, parent: number): (typeof CANDIDATES)[number][] {
  // bash and zsh say in `_` what they have started, and nohup writes for somebody who had a terminal.
  const underNohup = basename(environment._ ?? '') === 'nohup' || ['1', '2'].some((fd) => basename(follow(`/proc/self/fd/${fd}`)) === 'nohup.out');
  const status = read(`/proc/${parent}/status`);
  // What a shell ignores, its commands ignore. Others, such as `time`, ignore the interrupt only for themselves while they wait.
  const isShell = /^Name:\t\S*sh$/m.test(status);
  const mask = BigInt(`0x${/^SigIgn:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return CANDIDATES.filter((name) => (name === 'SIGHUP' && underNohup) || (isShell && (mask & (1n << BigInt(constants.signals[name] - 1))) !== 0n));
}

/** Those of this process. */
export function ignoredHere(): readonly string[] {
  return ignoredSignals({ environment: process.env, read: (path) => orEmpty(() => readFileSync(path, 'utf8')), follow: (path) => orEmpty(() => readlinkSync(path)) }, process.ppid);
}

function orEmpty(look: () => string): string {
  try {
    return look();
  } catch {
    return '';
  }
}
