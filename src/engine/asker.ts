/* A provider as the lanes of an invocation ask it: with its places, its health, and the calls in its name. */
import type { LimitFunction } from 'p-limit';
import type { Limiter } from '../providers/http/limiter.ts';
import type { Provider } from '../providers/provider.ts';
import type { ProgressSaver } from '../store/saver.ts';
import type { Caller } from '../store/targets.ts';
import type { Health } from './health.ts';
import type { Lane } from './lane.ts';
import type { Work } from './work.ts';

/** One of the providers of a run. */
export type Asker = {
  provider: Provider;
  caller: Caller;
  limiter: Limiter;
  health: Health;
  saveProgress: ProgressSaver;
  /** At most so many calls are unanswered at any moment, so that a crash leaves no more in doubt. */
  slots: LimitFunction;
  /** What an answer costs where the API does not say; undefined: unknown. */
  price_usd: number | undefined;
};

/** Whose turn it is. */
export function askerOf(lane: Lane, work: Work): Asker {
  const asker = work.askers[lane.target.turn];
  if (asker === undefined) throw new Error(`target ${lane.target.id} is at provider ${lane.target.turn}, and there are ${work.askers.length}`);
  return asker;
}
