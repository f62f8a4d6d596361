/*
 * What is handed in from the outside: time, chance and the log. Entry points make the real ones; tests make their own.
 * Nothing else in the project reads the clock, rolls dice or sets a timer.
 */
import { uptime } from 'node:os';

/** Time. `now` is epoch milliseconds: as the process found them when it began, and what has passed since, whoever sets the clock. */
export type Clock = {
  now(): number;
  /** Resolves after `ms`; rejects with `signal.reason` when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** A number in [0, 1), for jitter and ids. */
export type Random = () => number;

/** A fixed sentence, and what varies in the fields. Never names, e-mail addresses, phone numbers or keys. */
export type Log = {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
};

/** A process, by what others can know it by. `machine` tells apart where the same process ids mean the same; null: it cannot be told. */
export type ProcessName = { pid: number; host: string; machine: string | null };

/** This process. */
export type ThisProcess = ProcessName & {
  /** Whether a process of this machine has surely ended. False where nothing can be said. */
  hasEnded(other: ProcessName): boolean;
};

/** Made once at the entry point and handed down. */
export type Runtime = { clock: Clock; random: Random; log: Log };

/** How often it is looked whether the machine slept, and what is more than two clocks of other grains may differ by. */
const LOOK_EVERY_MS = 50;
const LEAST_SLEEP_MS = 2_500;

/**
 * Milliseconds that pass for the world, from those that pass for the process and those since the machine was started: the first stand
 * still while a laptop sleeps, the second are coarse.
 */
export function countingSleep(awakeMs: () => number, machineMs: () => number): () => number {
  let aheadMs = machineMs() - awakeMs();
  let sleptMs = 0;
  let lookedAt = -Infinity;
  return () => {
    const awake = awakeMs();
    if (awake - lookedAt >= LOOK_EVERY_MS) {
      lookedAt = awake;
      const gapMs = machineMs() - awake - aheadMs;
      if (gapMs >= LEAST_SLEEP_MS) {
        sleptMs += gapMs;
        aheadMs += gapMs;
      }
    }
    return awake + sleptMs;
  };
}

const elapsedMs = countingSleep(() => performance.now(), () => uptime() * 1000);

/** The real clock. */
export const systemClock: Clock = {
  // The wall clock is read once: what one process waits for must not run out, or stand still, because somebody sets it.
  now: () => performance.timeOrigin + elapsedMs(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      // Node fires at once for delays that do not fit 31 bits.
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
