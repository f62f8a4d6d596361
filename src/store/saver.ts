/* The statements that every target needs, in batches over all lanes of an invocation. */
import type { Target } from '../core/model.ts';
import type { Progress } from '../core/progress.ts';
import { inBatches } from './batch.ts';
import type { Queryable } from './database.ts';
import { recordIds, settleAll } from './settle.ts';
import type { Recorder, Settled, Settlement } from './settle.ts';
import { saveChanges } from './targets.ts';
import type { Caller, Change, SavedCall } from './targets.ts';

/** Saves like `saveProgress`. A target must not be saved again before its last save is back. */
export type ProgressSaver = (before: Target, after: Progress) => Promise<SavedCall>;

/** Makes the saver of one invocation. */
export function createProgressSaver(database: Queryable, caller: Caller): ProgressSaver {
  const save = inBatches((changes: Change[]) => saveChanges(database, caller, changes));
  return (before, after) => save({ before, after });
}

/** Saves one answer, like `settle`. */
export type Settler<Answer> = (settlement: Settlement<Answer>) => Promise<Settled>;

/** An answer of ten contacts is about 10 kB: enough to save a round trip each, not enough for a statement of many megabytes. */
const MOST_ANSWERS = 50;

/** Makes the settler of one invocation. */
export function createSettler<Answer>(database: Queryable, recorder: Recorder<Answer>): Settler<Answer> {
  return inBatches((settlements: Settlement<Answer>[]) => settleAll(database, recorder, settlements), {
    most: MOST_ANSWERS,
    keysOf: (settlement) => recordIds(recorder, settlement),
  });
}
