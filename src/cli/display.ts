/* What the progress display shows: counts what is settled, and asks limiter, health and budget for the rest. */
import { many } from '../core/count.ts';
import { formatDuration } from '../core/duration.ts';
import { FAILED, LEFT_OVER } from '../core/model.ts';
import type { Allowance } from '../engine/allowance.ts';
import { rowsOf } from '../store/outcomes.ts';
import type { Health } from '../engine/health.ts';
import { createTimeLeft } from '../service/time-left.ts';
import type { Outlook } from '../service/time-left.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import type { RequestCounts } from '../providers/waterfall/client.ts';
import type { Limiter } from '../providers/http/limiter.ts';
import type { ProgressSource } from './progress-bar.ts';

/** Counts for the display of one invocation. */
export type Display = {
  settled(target: { state: string; contacts: number; cost_usd: number | null }): void;
  /** The source of the display, from the counts at the start. */
  source(counts: readonly OutcomeCount[], parts: { health: readonly Health[]; allowance: Allowance }): ProgressSource;
};

/** Makes the counts. `now` is epoch milliseconds, `requests` what was sent so far; jobs are given up `jobTimeoutMs` after their launch. `isDatabaseAway`: whether it was said that it does not answer. */
export function createDisplay(options: { limiters: readonly Limiter[]; now: () => number; requests: () => RequestCounts; jobTimeoutMs: number; isDatabaseAway: () => boolean }): Display {
  const { limiters, now, requests, jobTimeoutMs, isDatabaseAway } = options;
  let settledNow = 0;
  let contacts = 0;
  let failed = 0;
  let cost_usd: number | undefined;
  return {
    settled(target) {
      settledNow += 1;
      contacts += target.contacts;
      if (target.state !== 'found' && target.state !== 'no_contacts' && target.state !== 'not_found' && target.state !== 'cached') failed += 1;
      if (target.cost_usd !== null) cost_usd = (cost_usd ?? 0) + target.cost_usd;
    },
    source(counts, { health, allowance }) {
      const leftAtStart = rowsOf(counts, LEFT_OVER);
      const total = counts.reduce((sum, { rows }) => sum + rows, 0);
      // As the rows, all of the run: also what earlier commands found and spent.
      contacts += counts.reduce((sum, count) => sum + count.contacts, 0);
      failed += rowsOf(counts, FAILED);
      for (const count of counts) if (count.cost_usd !== null) cost_usd = (cost_usd ?? 0) + Number(count.cost_usd);
      const timeLeft = createTimeLeft(jobTimeoutMs);
      return () => {
        const { limit, windowMs, free, waiting, nextFreeInMs } = tightest(limiters).state();
        const { launches, finds } = requests();
        const left = leftAtStart - settledNow;
        const isLimited = waiting > 0 && free <= 0;
        const absent = isDatabaseAway() ? 'database' : health.some((one) => one.pausedSince() !== undefined) ? 'API' : undefined;
        const isPaused = absent !== undefined;
        const toLaunch = Math.max(left - allowance.openJobs(), 0);
        const isHeld = isLimited || isPaused;
        const outlook = timeLeft({ now: now(), settled: settledNow, left, toLaunch, launches, finds, limit, windowMs, free, nextFreeInMs, isHeld });
        return {
          done: total - left,
          total,
          contacts,
          failed,
          cost_usd,
          cap_usd: allowance.spending().cap_usd,
          requestsLeft: Math.max(free, 0),
          waitingFor: isPaused
            ? `the ${absent} does not answer`
            : isLimited
              ? `rate limit, ${Math.max(Math.ceil(nextFreeInMs / 1000), 1)} s`
              : (allowance.waitingFor() ?? slowJobs(left, outlook)),
          leftMs: isPaused ? undefined : outlook.leftMs,
        };
      };
    },
  };
}

/** Jobs that take longer than all others did, and how long they are waited for. Short: it is to be read on 60 columns. */
function slowJobs(left: number, { givenUpInMs }: Outlook): string | undefined {
  if (givenUpInMs === undefined) return undefined;
  const seconds = Math.ceil(givenUpInMs / 10_000) * 10;
  return `${many(left, 'job')} still RUNNING${seconds === 0 ? '' : `, ${formatDuration(seconds * 1000)} at most`}`;
}

/** Of the limits of several providers the one that holds most back. */
function tightest(limiters: readonly Limiter[]): Limiter {
  const [first, ...others] = limiters;
  if (first === undefined) throw new Error('nobody is asked');
  return others.reduce((most, limiter) => (limiter.state().waiting > most.state().waiting ? limiter : most), first);
}
