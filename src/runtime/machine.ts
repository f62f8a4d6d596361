/* Which process this is, for others on the same database, and whether one on the same machine still runs. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ThisProcess } from './runtime.ts';

/** Describes this process. */
export function thisProcess(): ThisProcess {
  const machine = machineId();
  return {
    ...{ pid: process.pid, host: hostname(), machine },
    hasEnded: (other) => machine !== null && other.machine === machine && other.pid !== process.pid && isGone(other.pid),
  };
}

/** Of one boot of one machine, and of one container on it: its process ids are others. Only Linux tells. */
function machineId(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
