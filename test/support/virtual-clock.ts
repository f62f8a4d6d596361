/*
 * A clock whose time moves only by hand, so that a test which waits for minutes takes none. Sleepers wake in the order
 * of their times, each only after everything that the one before set going has settled.
 */
import type { Clock } from '../../src/runtime/runtime.ts';

/** A `Clock` for tests. */
export type VirtualClock = Clock & {
  /** Moves time by `ms`, waking whoever is due on the way, also those who fall asleep meanwhile. */
  advance(ms: number): Promise<void>;
  /** Changes what the clock shows, as an administrator or NTP does. Sleepers sleep on for as long as they had left. */
  set(epochMs: number): void;
  /** How many sleep now: 0 when no timer is pending. */
  sleepers(): number;
};

type Sleeper = { at: number; wake(): void };

/** Makes a clock that shows `start` (epoch milliseconds; by default a morning in March 2026). */
export function createVirtualClock(start = Date.UTC(2026, 2, 2, 9)): VirtualClock {
  const sleepers = new Set<Sleeper>();
  let now = start;

  const nextUntil = (until: number): Sleeper | undefined => {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) if (sleeper.at <= until && (!next || sleeper.at < next.at)) next = sleeper;
    return next;
  };

  return {
    now: () => now,

    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const leave = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          at: now + Math.max(ms, 0),
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', leave);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', leave, { once: true });
      }),

    advance: async (ms) => {
      let until = now + ms;
      await settled();
      for (let next = nextUntil(until); next; next = nextUntil(until)) {
        const shown = next.at;
        now = shown;
        next.wake();
        await settled();
        until += now - shown; // somebody set the clock meanwhile
      }
      now = until;
      await settled();
    },

    set: (epochMs) => {
      for (const sleeper of sleepers) sleeper.at += epochMs - now;
      now = epochMs;
    },

    sleepers: () => sleepers.size,
  };
}

/** Lets every promise that can go on do so: Node runs an immediate only when none is left. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
