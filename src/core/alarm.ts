/* One timer that can be set anew: what is waited for mostly changes before it comes. */

/** Rings once at the moment it was last set to. Moments are milliseconds of whatever clock its owner reads. */
export type Alarm = {
  /** When it rings; undefined: it is not set. */
  at(): number | undefined;
  /** Sets it to ring at `at`, seen from `now`, in the place of what was set before. */
  set(at: number, now: number): void;
  /** It does not ring, and keeps no process alive. */
  clear(): void;
};

/** Makes an alarm that is not set. `sleep` rejects when its signal aborts. */
export function createAlarm(sleep: (ms: number, signal: AbortSignal) => Promise<void>, ring: () => void): Alarm {
  let timer: { at: number; stop: AbortController } | undefined;
  const clear = () => {
    timer?.stop.abort();
    timer = undefined;
  };
  return {
    at: () => timer?.at,
    set(at, now) {
      clear();
      const own = { at, stop: new AbortController() };
      timer = own;
      sleep(at - now, own.stop.signal).then(
        () => {
          if (timer !== own) return;
          timer = undefined;
          ring();
        },
        () => undefined, // replaced by another one
      );
    },
    clear,
  };
}
