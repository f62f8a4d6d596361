/* All contacts that are known, over all runs: each person once, as the newest answer has them. */
import type { Queryable } from './database.ts';
import { BOUNDED_ANSWERS, heldBefore } from './outcomes.ts';
import type { AnsweredRow } from './outcomes.ts';

/**
 * Answers with contacts after a position, in the order in which they were asked for. With `since` those that came since then; with
 * `onlyNew` also without whom an earlier answer held.
 */
export async function everyAnswer(database: Queryable, query: { after: number; limit: number; since?: Date | undefined; onlyNew: boolean }): Promise<AnsweredRow[]> {
  return database.query<AnsweredRow>(
    `with page as (
       select target.id as position, target.question, target.state as outcome, array[]::text[] as cells, target.job_id, target.stop_date, target.answer
       from waterfall.targets as target
       where target.id > $1 and target.answer is not null and target.contacts > 0 and ($3::timestamptz is null or target.settled_at >= $3)
       order by target.id limit $2
     )
     select position, null as row, question->>'domain' as domain, outcome, cells, job_id, stop_date, answer, null as most,
       coalesce((select title_filter from waterfall.input_rows where target_id = page.position order by position limit 1), question->>'title_filter', '') as title_filter,
       array(
         select contact_id from waterfall.target_contacts as link
         where link.target_id = page.position and ($4 and ${heldBefore('$3')} or exists (
           select from waterfall.target_contacts as other join waterfall.targets as newer on newer.id = other.target_id
           where other.contact_id = link.contact_id and (newer.stop_date, newer.id) > (page.stop_date, page.position)))) as known
     from ${BOUNDED_ANSWERS} as page order by position`,
    [query.after, query.limit, query.since ?? null, query.onlyNew],
  );
}
