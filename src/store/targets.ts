/*
 * The targets of a run: what is next for each, and the compare-and-sets that move them on.
 * Every statement may be repeated without harm: a lost connection leaves it unknown whether it was done.
 */
import type { Target } from '../core/model.ts';
import { isOpen } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';
import type { Queryable } from './database.ts';
import { sqlState } from './sqlstate.ts';
import { storableJson, storableText } from './storable.ts';

const TARGET = `
  id, run_id, position, question, question_hash, state, launches, doubts, job_id,
  (extract(epoch from launched_at) * 1000)::float8 as launched_at`;

/** A target with its place in the run. */
export type PlacedTarget = Target & { position: number };

/** The next open targets after a position, in order. `polled`: those with a job to ask for; else those to launch. */
export async function openTargets(
  database: Queryable,
  query: { run_id: string; polled: boolean; after: number; limit: number },
): Promise<PlacedTarget[]> {
  return database.query<PlacedTarget>(
    `select ${TARGET} from waterfall.targets
     where run_id = $1 and settled_at is null and state = any ($2::text[]) and position > $3
     order by position limit $4`,
    [query.run_id, query.polled ? ['launched', 'following'] : ['pending'], query.after, query.limit],
  );
}

/** One target as it is now. */
export async function loadTarget(database: Queryable, id: number): Promise<PlacedTarget> {
  const [target] = await database.query<PlacedTarget>(`select ${TARGET} from waterfall.targets where id = $1`, [id]);
  if (target === undefined) throw new Error(`target ${id} is gone`);
  return target;
}

/** One target's progress: what it was, and what it shall be. */
export type Change = { before: Target; after: Progress };

/**
 * What became of a change. `refused`: somebody else moved the target, or, for a claim, another target has an unfinished
 * launch of the same question. `answered`: saved, and the claimed question has an answer for `takeAnswer` to take over.
 */
export type Saved = 'saved' | 'answered' | 'refused';

/** Saves progress, if the target is still as it was (or already as it shall be: the statement was repeated). */
export async function saveProgress(database: Queryable, before: Target, after: Progress): Promise<Saved> {
  const [saved] = await saveChanges(database, [{ before, after }]);
  return saved ?? 'refused';
}

/** Saves the progress of several targets at once (sql/0005_progress.sql); says for each what `saveProgress` would. */
export async function saveChanges(database: Queryable, changes: readonly Change[]): Promise<Saved[]> {
  try {
    const rows = await database.query<{ saved_id: number; is_answered: boolean }>('select * from waterfall.save_progress($1)', [
      storableJson(changes.map(changeRecord)),
    ]);
    const saved = new Map(rows.map(({ saved_id, is_answered }) => [saved_id, is_answered ? 'answered' : 'saved'] as const));
    return changes.map(({ before }) => saved.get(before.id) ?? 'refused');
  } catch (error) {
    if (sqlState(error) !== '23505') throw error; // targets_one_open_launch
    if (changes.length === 1) return ['refused'];
    // One of them met another launch; the others shall not suffer for it.
    const saved: Saved[] = [];
    for (const change of changes) saved.push(...(await saveChanges(database, [change])));
    return saved;
  }
}

function changeRecord({ before, after }: Change) {
  const { state, launches, doubts, job_id, launched_at, reason } = after;
  return {
    id: before.id,
    from_state: before.state,
    from_launches: before.launches,
    ...{ state, launches, doubts, job_id, reason },
    launched_at: launched_at === null ? null : new Date(launched_at),
    is_settled: !isOpen(state),
  };
}

/** The unfinished launch of a question, whatever run it belongs to. */
export async function openLaunch(database: Queryable, question_hash: string): Promise<PlacedTarget | undefined> {
  const [target] = await database.query<PlacedTarget>(
    `select ${TARGET} from waterfall.targets where question_hash = $1 and state in ('launching', 'launched')`,
    [question_hash],
  );
  return target;
}

/**
 * Takes over the answer that another run got to the question of a claimed target since this target's run was created:
 * it is young enough for every `--max-age`, and for `--fresh`. The claim is undone: nothing was launched.
 * @returns the number of contacts, or undefined when there is no such answer.
 */
export async function takeAnswer(database: Queryable, claimed: Target): Promise<{ contacts: number } | undefined> {
  const [taken] = await database.query<{ contacts: number }>(
    `update waterfall.targets as target
     set state = 'cached', answered_by = known.id, job_id = known.job_id, stop_date = known.stop_date,
       contacts = least(known.contacts, target.question_limit), cost_usd = 0, launches = $2, launched_at = null, settled_at = waterfall.moment()
     from (
       select other.* from waterfall.targets as mine
       join waterfall.runs as run on run.id = mine.run_id
       join waterfall.targets as other using (question_hash)
       where mine.id = $1 and other.state in ('found', 'no_contacts') and other.answer is not null
         and other.settled_at >= run.created_at and waterfall.serves(other.question_limit, other.contacts, mine.question_limit)
       order by other.stop_date desc, other.id limit 1
     ) as known
     where target.id = $1 and target.state in ('launching', 'cached')
     returning target.contacts`,
    [claimed.id, claimed.launches - 1],
  );
  return taken;
}

/** Whether an answered target holds its answer, and so the cost of it; else it refers to one that does. */
export async function holdsAnswer(database: Queryable, id: number): Promise<boolean> {
  const [target] = await database.query<{ holds: boolean }>('select answered_by is null as holds from waterfall.targets where id = $1', [id]);
  return target?.holds ?? false;
}

/**
 * Puts launches that nobody can be waiting for any more in doubt: of one run (which the caller has taken), or of a question in runs
 * whose process is dead.
 * @returns how many.
 */
export async function doubtLaunches(database: Queryable, which: { run_id: string } | { question_hash: string }): Promise<number> {
  const condition =
    'run_id' in which
      ? 'run_id = $1'
      : 'question_hash = $1 and not exists (select from waterfall.runs as run where run.id = targets.run_id and waterfall.is_alive(run.process_id))';
  const rows = await database.query(
    `update waterfall.targets set state = 'pending', doubts = doubts + 1, launched_at = null
     where state = 'launching' and ${condition} returning id`,
    ['run_id' in which ? which.run_id : which.question_hash],
  );
  return rows.length;
}

/**
 * A job ended without an answer, as a follower of it was told: the target that launched it ends with it. Left open, it
 * would keep everybody else from launching its question.
 */
export async function endLaunch(
  database: Queryable,
  ended: { job_id: string; state: 'job_failed' | 'job_lost'; reason: string },
): Promise<void> {
  await database.query(
    `update waterfall.targets set state = $2, reason = $3, settled_at = waterfall.moment() where job_id = $1 and state = 'launched'`,
    [ended.job_id, ended.state, storableText(ended.reason)],
  );
}

/** Puts rejected targets back, when it turned out that the rejection was not about them. */
export async function reopenRejected(database: Queryable, ids: readonly number[]): Promise<void> {
  await database.query(
    `update waterfall.targets set state = 'pending', settled_at = null, reason = null
     where id = any ($1::bigint[]) and state = 'rejected'`,
    [ids],
  );
}
