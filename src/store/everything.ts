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
       select answer.id as position, target.id as target_id, target.question, target.state as outcome, array[]::text[] as cells, call.job_id, answer.answered_at,
         -- No answer is from later than we have it.
         least(answer.answered_at, answer.saved_at) as moment, answer.answer
       from waterfall.answers as answer
       join waterfall.targets as target on target.id = answer.target_id
       left join waterfall.calls as call on call.id = answer.call_id
       where answer.id > $1 and answer.contacts > 0 and answer.verdict is null and ($3::timestamptz is null or answer.saved_at >= $3)
       order by answer.id limit $2
     )
     select position, null as row, question->>'domain' as domain, outcome, cells, job_id, answered_at, answer, null as most,
       coalesce((select title_filter from waterfall.input_rows where input_rows.target_id = page.target_id order by input_rows.position limit 1), question->>'title_filter', '') as title_filter,
       array(
         select contact_id from waterfall.answer_contacts as link
         where link.answer_id = page.position and ($4 and ${heldBefore('$3')} or exists (
           select from waterfall.answer_contacts as other join waterfall.answers as newer on newer.id = other.answer_id
           where other.contact_id = link.contact_id and (least(newer.answered_at, newer.saved_at), newer.id) > (page.moment, page.position)))) as known
     from ${BOUNDED_ANSWERS} as page order by position`,
    [query.after, query.limit, query.since ?? null, query.onlyNew],
  );
}
