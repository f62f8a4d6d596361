/*
 * Saves progress in batches: what comes while one save is on its way goes together into the next. Each caller waits
 * until its own change is durable, so nothing is promised less; a round trip just serves many lanes.
 */
import type { Progress } from '../core/progress.ts';
import type { Target } from '../core/model.ts';
import type { Queryable } from './database.ts';
import { saveChanges } from './targets.ts';
import type { Change } from './targets.ts';

/** Saves like `saveProgress`. */
export type ProgressSaver = (before: Target, after: Progress, at: number) => Promise<boolean>;

type Waiting = { change: Change; resolve: (saved: boolean) => void; reject: (error: unknown) => void };

/** Makes the saver of one invocation. A target must not be saved again before its last save is back. */
export function createProgressSaver(database: Queryable): ProgressSaver {
  let waiting: Waiting[] = [];
  let saving = false;

  async function saveAll(): Promise<void> {
    saving = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        const saved = await saveChanges(database, batch.map(({ change }) => change));
        for (const [index, { resolve }] of batch.entries()) resolve(saved[index] ?? false);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    saving = false;
  }

  return (before, after, at) =>
    new Promise((resolve, reject) => {
      waiting.push({ change: { before, after, at }, resolve, reject });
      if (!saving) void saveAll();
    });
}
