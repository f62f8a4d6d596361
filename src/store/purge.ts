/*
 * Deletes runs that ended long ago. First their rows, so that they are nobody's any more, then of their questions what nobody needs:
 * an answer that another run's line is made of stays, and so do the newest answer of a question while it is young, failures of the
 * last weeks, and calls that may yet be billed. In short transactions, each of which may be the last: the next purge goes on.
 */
import type { Database, Queryable } from './database.ts';
import { BY_INDEX } from './forget.ts';

/** Answers and failures that are younger are still of use, in days. */
export const KEPT_DAYS = 30;

/** What a purge deletes, or would. `known`: questions whose known answer goes too, so that they would be paid again. */
export type Purged = { runs: number; rows: number; answers: number; known: number };

/** Which runs are meant: those that ended before, and, with `withKnown`, also what is known by them. */
export type Purge = { before: Date; withKnown: boolean };

/** Any constant will do, as long as all versions of the program share it. */
const PURGING = 20_261_129;
/** What takes over an answer runs this first: until it has done so no answer is deleted. */
export const WAIT_FOR_PURGING = `select pg_advisory_xact_lock_shared(${PURGING})`;

/** Until then, as long as a list with known answers is imported: in the queue for the lock, a purge would hold up whoever comes behind it. */
const WAIT_A_LITTLE = 'select pg_sleep(0.05)';

const BATCH = 1_000;

/** Runs that ended, and when; one that was stopped has not ended. */
const ENDED = `select id from waterfall.runs where state = 'purging' or state in ('done', 'done_with_failures') and finished_at < $1`;

const RECENTLY = `waterfall.moment() - interval '${KEPT_DAYS} days'`;

/** Whether an answer is young, and no newer one of its question at its provider serves in its place: one to a smaller limit may not, and an `unknown` never does. */
const IS_KNOWN = `
  least(answer.answered_at, answer.saved_at) >= ${RECENTLY} and answer.provider <> 'local' and coalesce(answer.verdict <> 'unknown', true)
  and not exists (
    select from waterfall.answers as newer
    where newer.question_hash = answer.question_hash and newer.provider = answer.provider and newer.api_host = answer.api_host
      and coalesce(newer.verdict <> 'unknown', true) and coalesce(waterfall.serves(newer.question_limit, newer.contacts, answer.question_limit), true)
      and (least(newer.answered_at, newer.saved_at), newer.id) > (least(answer.answered_at, answer.saved_at), answer.id))`;

/**
 * Whether a question without a run is of no use to anybody. `stays`: whether another question is that of a run that stays. Such a run may
 * have a line made of its answer, or a doubt that its answer has settled: without that, later runs would take it for open. A doubt of its
 * own ends with an answer too, and is kept no longer than that. Each `unknown` counts, as failures do.
 */
const isUseless = (withKnown: string, stays: (other: string) => string) => `
  not exists (
    select from waterfall.answers as answer where answer.target_id = target.id and (
      not ${withKnown} and ${IS_KNOWN} or answer.verdict = 'unknown' and answer.saved_at >= ${RECENTLY}
      or exists (select from waterfall.target_answers as made join waterfall.targets as other on other.id = made.target_id where made.answer_id = answer.id and ${stays('other')})
      or exists (select from waterfall.targets as other where other.question_hash = answer.question_hash and other.id < target.id and other.doubts > 0 and ${stays('other')})))
  and not exists (
    select from waterfall.call_targets as listed join waterfall.calls as call on call.id = listed.call_id
    where listed.target_id = target.id and (call.state in ('saved', 'running') or call.state = 'in_doubt' and not exists (
      select from waterfall.answers as answer
      where answer.question_hash = target.question_hash and answer.provider = call.provider and answer.api_host = call.api_host and answer.target_id >= target.id)))
  and not (target.state in ('job_failed', 'job_lost') and target.settled_at >= ${RECENTLY})`;

/** What a purge would delete. Reads only. */
export async function previewPurge(transaction: Queryable, { before, withKnown }: Purge): Promise<Purged> {
  const stays = (other: string) => `${other}.run_id is not null and ${other}.run_id <> all (array(select id from ended))`;
  const [row] = await transaction.query<Purged>(
    `with ended as materialized (${ENDED}),
     gone as materialized (
       select target.id from waterfall.targets as target where (target.run_id is null or target.run_id in (select id from ended)) and ${isUseless('$2::boolean', stays)}
     )
     select (select count(*)::integer from ended) as runs,
       (select count(*)::integer from waterfall.input_rows where run_id in (select id from ended)) as rows,
       (select count(*)::integer from waterfall.answers where target_id in (select id from gone)) as answers,
       (select count(*)::integer from waterfall.answers as answer where target_id in (select id from gone) and ${IS_KNOWN}) as known`,
    [before, withKnown],
  );
  return row ?? { runs: 0, rows: 0, answers: 0, known: 0 };
}

/** Purges, and says what was deleted; `signal` ends it between two steps. */
export async function purgeRuns(database: Database, { before, withKnown }: Purge, signal: AbortSignal): Promise<Purged> {
  const purged: Purged = { runs: 0, rows: 0, answers: 0, known: 0 };
  for (const { id } of await database.query<{ id: string }>(ENDED, [before])) {
    signal.throwIfAborted();
    // Nobody sees it from here on, unless somebody has begun to work on it again.
    const taken = await database.query(`update waterfall.runs set state = 'purging' where id = $1 and state in ('done', 'done_with_failures', 'purging') returning id`, [id]);
    if (taken.length === 0) continue;
    for (let rows = Infinity; rows > 0; ) {
      signal.throwIfAborted();
      rows = await dropRows(database, id);
      purged.rows += rows;
    }
    // Another purge may have been faster.
    purged.runs += (await database.query('delete from waterfall.runs where id = $1 returning id', [id])).length;
  }
  for (let after: number | undefined = 0; after !== undefined; ) {
    signal.throwIfAborted();
    const page: Page | undefined = await dropUseless(database, after, withKnown);
    if (page === undefined) {
      await database.query(WAIT_A_LITTLE);
      continue;
    }
    purged.answers += page.answers;
    purged.known += page.known;
    after = page.last ?? undefined;
  }
  return purged;
}

/** Deletes some rows of a run; questions that no row of it asks any more are no run's from then on. Gives how many rows. */
async function dropRows(database: Database, run_id: string): Promise<number> {
  const [dropped] = await database.query<{ rows: number }>(
    `with page as materialized (select position, target_id from waterfall.input_rows where run_id = $1 order by position limit ${BATCH}),
     asked as materialized (select distinct target_id as id from page where target_id is not null),
     -- Those of duplicates that come later too.
     dropped as (
       delete from waterfall.input_rows as input_row
       where run_id = $1 and (position in (select position from page) or target_id in (select id from asked)) returning position
     ),
     unlinked as (delete from waterfall.target_answers where target_id in (select id from asked)),
     freed as (update waterfall.targets set run_id = null where id in (select id from asked))
     select count(*)::integer as rows from dropped`,
    [run_id],
  );
  return dropped?.rows ?? 0;
}

type Page = { last: number | null; answers: number; known: number };

/**
 * Deletes what is of no use among some questions of no run, behind an id. Gives the last id that was looked at, null at the end; nothing
 * while somebody takes over answers.
 */
async function dropUseless(database: Database, after: number, withKnown: boolean): Promise<Page | undefined> {
  const stays = (other: string) => `${other}.run_id is not null`;
  return database.transaction(async (transaction) => {
    const [lock] = await transaction.query<{ is_ours: boolean }>(`select pg_try_advisory_xact_lock(${PURGING}) as is_ours`);
    if (lock?.is_ours !== true) return undefined;
    await transaction.script(BY_INDEX);
    const [page] = await transaction.query<{ last: number | null; ids: number[] }>(
      `with page as materialized (select id, question_hash, state, settled_at from waterfall.targets where run_id is null and id > $1 order by id limit ${BATCH})
       select (select max(id) from page) as last, coalesce((select json_agg(target.id) from page as target where ${isUseless('$2::boolean', stays)}), '[]') as ids`,
      [after, withKnown],
    );
    const ids = page?.ids ?? [];
    const [counts] = await transaction.query<{ answers: number; known: number }>(
      `select count(*)::integer as answers, (count(*) filter (where ${IS_KNOWN}))::integer as known from waterfall.answers as answer where target_id = any ($1::bigint[])`,
      [ids],
    );
    if (ids.length > 0) {
      await transaction.query('delete from waterfall.answer_contacts where answer_id in (select id from waterfall.answers where target_id = any ($1::bigint[]))', [ids]);
      await transaction.query('delete from waterfall.answers where target_id = any ($1::bigint[])', [ids]);
      await transaction.query(
        // Whoever names a call asks the same question: it is found by the index on that.
        `with listed as (delete from waterfall.call_targets where target_id = any ($1::bigint[]) returning call_id, target_id),
         named as materialized (
           select listed.call_id, target.question_hash from listed join waterfall.targets as target on target.id = listed.target_id
           union select call_id, question_hash from waterfall.targets where id = any ($1::bigint[]) and call_id is not null
         ),
         needed as (
           select other.call_id from named join waterfall.call_targets as other using (call_id) where other.target_id <> all ($1::bigint[])
           union all select other.call_id from named join waterfall.targets as other using (question_hash, call_id) where other.id <> all ($1::bigint[])
           union all select other.call_id from named join waterfall.answers as other using (question_hash, call_id)
         )
         delete from waterfall.calls where id in (select call_id from named except select call_id from needed)`,
        [ids],
      );
      await transaction.query('delete from waterfall.targets where id = any ($1::bigint[])', [ids]);
    }
    return { last: page?.last ?? null, answers: counts?.answers ?? 0, known: counts?.known ?? 0 };
  });
}
