/*
 * What is handed in from the outside: time, chance and the log. Entry points make the real ones; tests make their own.
 * Nothing else in the project reads the clock, rolls dice or sets a timer.
 */

/** Time. `now` is epoch milliseconds, as the process found them when it began; it never jumps. */
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

/** Made once at the entry point and handed down. */
export type Runtime = { clock: Clock; random: Random; log: Log };

/** The real clock. */
export const systemClock: Clock = {
  // The wall clock is read once: what one process waits for must not run out, or stand still, because somebody sets it.
  now: () => performance.timeOrigin + performance.now(),
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
