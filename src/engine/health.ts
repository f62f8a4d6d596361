/*
 * Tells trouble with one row from trouble with everything. When nothing has succeeded for two minutes, the run pauses:
 * one probe every 30 seconds, and after 15 minutes it stops. Such an outage costs no row its life (contract, section 5).
 */
import { setMaxListeners } from 'node:events';
import { adviceFor } from '../core/advice.ts';
import type { ApiError, TransportError } from '../core/errors.ts';
import type { Clock, Log } from '../runtime/runtime.ts';
import type { Stop } from './stop.ts';

/** Said once, so that nobody wonders at a run that stands still. */
const WARN_AFTER_MS = 10_000;
const OUTAGE_AFTER_MS = 2 * 60_000;
const PROBE_EVERY_MS = 30_000;
const STOP_AFTER_MS = 15 * 60_000;

/** Shared by all lanes of an invocation. */
export type Health = {
  /** Passes at once, except in an outage: then one caller in 30 seconds is let through, as the probe. */
  gate(): Promise<void>;
  succeeded(): void;
  failed(error: ApiError | TransportError): void;
  /** When a call last succeeded, epoch milliseconds; -Infinity: never yet. */
  lastSuccessAt(): number;
  /** Whether the run is paused by an outage. */
  pausedSince(): number | undefined;
};

/** Makes the health of one invocation. */
export function createHealth(options: { clock: Clock; log: Log; stop: Stop }): Health {
  const { clock, log, stop } = options;
  let lastSuccessAt = -Infinity;
  let failingSince: number | undefined;
  let pausedSince: number | undefined;
  let nextProbeAt = 0;
  let warned = false;
  /** Aborted when the outage ends: whoever waits at the gate goes on at once. */
  let outage = new AbortController();

  return {
    async gate() {
      while (pausedSince !== undefined) {
        const now = clock.now();
        if (now >= nextProbeAt) {
          nextProbeAt = now + PROBE_EVERY_MS;
          return;
        }
        const { signal } = outage;
        await clock.sleep(nextProbeAt - now, AbortSignal.any([stop.signal, signal])).catch((error: unknown) => {
          if (!signal.aborted || stop.signal.aborted) throw error;
        });
      }
    },
    succeeded() {
      lastSuccessAt = clock.now();
      failingSince = undefined;
      if (warned) log.info('the API answers again: going on');
      warned = false;
      if (pausedSince === undefined) return;
      pausedSince = undefined;
      outage.abort();
    },
    failed(error) {
      const advice = adviceFor(error);
      const now = clock.now();
      failingSince ??= now;
      if (!warned && now - failingSince >= WARN_AFTER_MS) {
        warned = true;
        log.warn('nothing has succeeded for 10 seconds, still trying', { last_error: error.code, ...(advice !== undefined && { advice }) });
      }
      if (pausedSince === undefined && now - failingSince >= OUTAGE_AFTER_MS) {
        pausedSince = now;
        outage = new AbortController();
        setMaxListeners(0, outage.signal); // every lane may wait for its end
        nextProbeAt = now + PROBE_EVERY_MS;
        log.warn('nothing has succeeded for 2 minutes: pausing, one probe every 30 s');
      }
      if (pausedSince !== undefined && now - pausedSince >= STOP_AFTER_MS) {
        stop.request({ exit: 4, message: 'the API has not answered for 17 minutes', fix: advice ?? 'go on when it is back' });
      }
    },
    lastSuccessAt: () => lastSuccessAt,
    pausedSince: () => pausedSince,
  };
}
