/*
 * A timeout that counts only the time in which the process was awake. One that was stopped (Ctrl-Z, a paused container, a laptop's sleep)
 * finds all its timers run out at once, before it has read the replies that arrived meanwhile: they shall be read first.
 */

const TICK_MS = 1_000;
/** Also a short timeout has so many, of which a stop takes one. */
const LEAST_TICKS = 4;

/** Aborts `signal` after `ms` awake with a `TimeoutError`; `clear` when nobody waits any more. */
export function awakeTimeout(ms: number): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController();
  const tickMs = Math.min(TICK_MS, Math.ceil(ms / LEAST_TICKS));
  let leftMs = ms;
  let tick: AbortSignal;
  const wait = () => {
    tick = AbortSignal.timeout(tickMs);
    // However late it is, a tick counts once.
    tick.onabort = () => {
      leftMs -= tickMs;
      if (leftMs > 0) wait();
      else controller.abort(tick.reason);
    };
  };
  wait();
  return { signal: controller.signal, clear: () => void (tick.onabort = null) };
}
