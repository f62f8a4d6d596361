/*
 * The targets of a run: what is next for each, and the compare-and-sets that move them on.
 * Every statement may be repeated without harm: a lost connection leaves it unknown whether it was done.
 */
import type { Answer, SettledState, Target } from '../core/model.ts';
import { isOpen } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';
import { recordsOf } from '../core/contact.ts';
import { linkContacts, upsertCompanies, upsertContacts } from './contacts.ts';
import type { Database, Queryable } from './database.ts';
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

/**
 * Saves progress, if the target is still as it was (or already as it shall be: the statement was repeated).
 * @returns false when somebody else moved it, or, for a claim, when another target has an unfinished launch of the same question.
 */
export async function saveProgress(database: Queryable, before: Target, after: Progress, at: number): Promise<boolean> {
  try {
    const rows = await database.query(
      `update waterfall.targets
       set state = $4, launches = $5, doubts = $6, job_id = $7, launched_at = $8, reason = $9, settled_at = $10
       where id = $1
         and (state = $2 and launches = $3
           or state = $4 and launches = $5 and doubts = $6 and job_id is not distinct from $7)
       returning id`,
      [
        before.id,
        before.state,
        before.launches,
        after.state,
        after.launches,
        after.doubts,
        after.job_id,
        after.launched_at === null ? null : new Date(after.launched_at),
        after.reason === null ? null : storableText(after.reason),
        isOpen(after.state) ? null : new Date(at),
      ],
    );
    return rows.length === 1;
  } catch (error) {
    if (sqlState(error) === '23505') return false; // targets_one_open_launch
    throw error;
  }
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
 * Puts launches that nobody can be waiting for any more in doubt: of one run (whose lock the caller holds), or of any
 * other run whose intent is older than `before`.
 * @returns how many.
 */
export async function doubtLaunches(
  database: Queryable,
  which: { run_id: string } | { question_hash: string; before: number },
): Promise<number> {
  const condition = 'run_id' in which ? 'run_id = $1' : 'question_hash = $1 and launched_at < $2';
  const rows = await database.query(
    `update waterfall.targets set state = 'pending', doubts = doubts + 1, launched_at = null
     where state = 'launching' and ${condition} returning id`,
    'run_id' in which ? [which.run_id] : [which.question_hash, new Date(which.before)],
  );
  return rows.length;
}

/** Puts rejected targets back, when it turned out that the rejection was not about them. */
export async function reopenRejected(database: Queryable, ids: readonly number[]): Promise<void> {
  await database.query(
    `update waterfall.targets set state = 'pending', settled_at = null, reason = null
     where id = any ($1::bigint[]) and state = 'rejected'`,
    [ids],
  );
}

/** A job that SUCCEEDED, as it is saved. Times are epoch milliseconds. */
export type Settlement = { job_id: string; answer: Answer; stop_date: number; at: number };

/**
 * Saves an answer, its company and contacts, and the outcome of every open target that waits for this job, in one
 * transaction. The target that launched the job holds the answer and its cost; followers refer to it.
 */
export async function settle(database: Database, settlement: Settlement): Promise<void> {
  const { answer } = settlement;
  const contacts = answer.persons?.length ?? 0;
  const state: SettledState = contacts > 0 ? 'found' : 'no_contacts';
  const at = new Date(settlement.at);
  const stop_date = new Date(settlement.stop_date);
  const records = recordsOf(answer);

  await database.transaction(async (transaction) => {
    // Locked in the order of their ids, so that two processes settling one job cannot deadlock.
    const open = await transaction.query<{ id: number; state: string }>(
      `select id, state from waterfall.targets
       where job_id = $1 and settled_at is null and state in ('launched', 'following') order by id for update`,
      [settlement.job_id],
    );
    const holder = open.find((target) => target.state === 'launched') ?? open[0];
    if (holder === undefined) return; // settled already: by another process, or by this statement's first try

    await transaction.query(
      `update waterfall.targets
       set state = $2, answer = $3::jsonb, stop_date = $4, contacts = $5, cost_usd = $6, settled_at = $7, reason = null
       where id = $1`,
      [holder.id, state, storableJson(answer), stop_date, contacts, answer.usage?.total_usd ?? null, at],
    );
    if (open.length > 1) {
      await transaction.query(
        `update waterfall.targets
         set state = $3, answered_by = $2, stop_date = $4, contacts = $5, cost_usd = 0, settled_at = $6, reason = null
         where id = any ($1::bigint[])`,
        [open.map((target) => target.id).filter((id) => id !== holder.id), holder.id, state, stop_date, contacts, at],
      );
    }
    await upsertCompanies(transaction, records.companies, at);
    await upsertContacts(transaction, records.contacts, at);
    await linkContacts(transaction, holder.id, records.links);
  });
}
