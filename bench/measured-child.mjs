/* One process, measured: how long it took, what it cost the processor, and the most memory it held. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const PRELOAD = new URL('./peak-memory.mjs', import.meta.url).href;

/**
 * Runs `node <args>` to its end. Returns its wall time, its processor time (user and system, all threads) in milliseconds, and its peak
 * resident memory in bytes.
 * @param options `env` is all of its environment; `services` ends it when the benchmark is stopped; `expected` are exit codes that are none of failure.
 */
export async function measureChild(args, { services, env, expected = [0] }) {
  const startedAt = performance.now();
  const child = services.own(spawn(process.execPath, ['--import', PRELOAD, ...args], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }));
  const complaints = [];
  child.stderr.on('data', (chunk) => complaints.push(chunk));
  const usage = once(child, 'message').then(([message]) => message);
  const closed = once(child, 'close');
  const [code, signal] = await once(child, 'exit');
  const wallMs = performance.now() - startedAt;
  await closed;
  if (!expected.includes(code)) {
    const words = Buffer.concat(complaints).toString().slice(-2000);
    throw new Error(`node ${args.join(' ')} ended with ${code ?? signal}\n${words}`);
  }
  return { wallMs, ...(await usage) };
}

/** Wall time of `node <args>` alone, without anything preloaded: for processes that are short. */
export async function timeChild(args, { services, env }) {
  const startedAt = performance.now();
  const child = services.own(spawn(process.execPath, args, { env, stdio: 'ignore' }));
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return performance.now() - startedAt;
}

/** Peak resident memory of a process that runs, in bytes; NaN where there is no /proc. */
export function peakMemoryOf(pid) {
  try {
    return peakIn(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return NaN;
  }
}

/** `VmHWM` of a /proc status. The kernel's `maxrss` of a child begins with that of the parent who made it, so it cannot be used. */
export function peakIn(status) {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
}
