/* The statements that every launch needs, in batches over all lanes of an invocation. */
import type { Target } from '../core/model.ts';
import type { Progress } from '../core/progress.ts';
import { inBatches } from './batch.ts';
import type { Queryable } from './database.ts';
import { newlyAnswered, saveChanges } from './targets.ts';
import type { Change } from './targets.ts';

/** Saves like `saveProgress`. A target must not be saved again before its last save is back. */
export type ProgressSaver = (before: Target, after: Progress, at: number) => Promise<boolean>;

/** Makes the saver of one invocation. */
export function createProgressSaver(database: Queryable): ProgressSaver {
  const save = inBatches((changes: Change[]) => saveChanges(database, changes));
  return (before, after, at) => save({ before, after, at });
}

/** Whether another run got an answer to the target's question since this run was created. */
export type AnswerWatch = (target: Target) => Promise<boolean>;

/** Makes the watch of one invocation. */
export function createAnswerWatch(database: Queryable): AnswerWatch {
  return inBatches((targets: Target[]) => newlyAnswered(database, targets));
}
