/* What the progress display shows: counts what is settled, and asks limiter, health and budget for the rest. */
import { LEFT_OVER } from '../core/model.ts';
import type { Allowance } from '../run/allowance.ts';
import { rowsOf } from '../run/execute.ts';
import type { Health } from '../run/health.ts';
import { createTimeLeft } from '../run/time-left.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import type { RequestCounts } from '../waterfall/client.ts';
import type { Limiter } from '../waterfall/limiter.ts';
import type { ProgressSource } from './progress-bar.ts';

/** Counts for the display of one invocation. */
export type Display = {
  settled(target: { state: string; contacts: number; cost_usd: number | null }): void;
  /** The source of the display, from the counts at the start. */
  source(counts: readonly OutcomeCount[], parts: { health: Health; allowance: Allowance }): ProgressSource;
};

/** Makes the counts. `now` is epoch milliseconds, `requests` what was sent so far. */
export function createDisplay(limiter: Limiter, now: () => number, requests: () => RequestCounts): Display {
  let settledNow = 0;
  let contacts = 0;
  let failed = 0;
  let cost_usd: number | undefined;
  return {
    settled(target) {
      settledNow += 1;
      contacts += target.contacts;
      if (target.state !== 'found' && target.state !== 'no_contacts' && target.state !== 'cached') failed += 1;
      if (target.cost_usd !== null) cost_usd = (cost_usd ?? 0) + target.cost_usd;
    },
    source(counts, { health, allowance }) {
      const leftAtStart = rowsOf(counts, LEFT_OVER);
      const toLaunchAtStart = rowsOf(counts, ['not_launched']);
      const total = counts.reduce((sum, { rows }) => sum + rows, 0);
      contacts += counts.reduce((sum, count) => sum + count.contacts, 0);
      const timeLeft = createTimeLeft();
      return () => {
        const { limit, windowMs, free, waiting, nextFreeInMs } = limiter.state();
        const { launches, finds } = requests();
        const left = leftAtStart - settledNow;
        const limited = waiting > 0 && free <= 0;
        const paused = health.pausedSince() !== undefined;
        const toLaunch = Math.min(Math.max(toLaunchAtStart - launches, 0), left);
        const leftMs = timeLeft({ now: now(), settled: settledNow, left, toLaunch, finds, limit, windowMs, free, nextFreeInMs, limited });
        return {
          done: total - left,
          total,
          contacts,
          failed,
          cost_usd,
          cap_usd: allowance.spending().cap_usd,
          requestsLeft: Math.max(free, 0),
          waitingFor: paused
            ? 'the API does not answer'
            : limited
              ? `rate limit, ${Math.max(Math.ceil(nextFreeInMs / 1000), 1)} s`
              : allowance.waitingFor(),
          leftMs: paused ? undefined : leftMs,
        };
      };
    },
  };
}
