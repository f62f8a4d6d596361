/* Questions about to be launched although something like them was answered before: for the words before a run. Reads only. */
import type { AnyQuestion } from '../core/model.ts';
import type { Queryable } from './database.ts';
import { storableJson } from './storable.ts';

/** How many questions are asked again, by the way in which their answer differs, and a filter that was spelt otherwise. */
export type AnsweredBefore = { too_old: number; smaller_limit: number; other_spelling: number; spelling: string | null };

/** None of them. */
export const NOTHING_BEFORE: AnsweredBefore = { too_old: 0, smaller_limit: 0, other_spelling: 0, spelling: null };

/** Those of two parts of a list. */
export function sumOf(one: AnsweredBefore, other: AnsweredBefore): AnsweredBefore {
  return {
    too_old: one.too_old + other.too_old,
    smaller_limit: one.smaller_limit + other.smaller_limit,
    other_spelling: one.other_spelling + other.other_spelling,
    spelling: one.spelling ?? other.spelling,
  };
}

/** A question's filter, or the personas in its place. */
const filterOf = (question: string) => `coalesce(${question} ->> 'title_filter', ${question} ->> 'title_filters')`;

/** What a question asks besides its filter and limit, and without hints. */
const restOf = (question: string) => `${question} - '{title_filter,title_filters,limit,company_name,linkedin}'::text[]`;

/**
 * Filters are spelt otherwise when they have the same words, whatever their order, case and signs: `CEO OR Founder`, `(founder) or ceo`.
 * Of several answers the one that is had most easily counts, by the names of the ways in their order: that of another spelling by
 * spelling the filter so, that to a smaller limit by asking for less. The words of each filter are taken apart once (20,000 companies
 * beside 200,000 answers: 1.3 s instead of 2.9). $1 is for `asked`, $2 the moment from which on answers are young enough.
 */
const COUNT = `
  pair as materialized (
    select asked.id, found.question ->> 'title_filter' as spelling, found.question_hash = asked.question_hash as is_same,
      least(answer.answered_at, answer.saved_at) >= $2 as is_young, ${filterOf('asked.question')} as filter, ${filterOf('found.question')} as found_filter
    from asked
    join waterfall.targets as found on found.question ->> 'domain' = asked.question ->> 'domain'
    join waterfall.answers as answer on answer.target_id = found.id
    where found.question_hash = asked.question_hash
      or least(answer.answered_at, answer.saved_at) >= $2 and ${restOf('found.question')} = ${restOf('asked.question')}
        and waterfall.serves(answer.question_limit, answer.contacts, asked.question_limit)
  ),
  words as materialized (
    select filter, array(select distinct word from regexp_split_to_table(lower(filter), '[^[:alnum:]+#]+') as word where word <> '' order by word) as words
    from (select filter from pair where not is_same union select found_filter from pair where not is_same) as filters
  )
  select way, count(*)::integer as questions, min(spelling) filter (where way = 'other_spelling') as spelling from (
    select distinct on (id) spelling, way
    from pair left join words as mine using (filter) left join words as theirs on theirs.filter = found_filter,
      lateral (select case when not is_same then 'other_spelling' when is_young then 'smaller_limit' else 'too_old' end as way) as difference
    where is_same or mine.words = theirs.words
    order by id, way
  ) as told
  group by way`;

/** Of the questions that a run is about to launch; `since`: answers from then on are young enough. */
export async function answeredBeforeRun(database: Queryable, run_id: string, since: Date): Promise<AnsweredBefore> {
  const asked = `select id, question, question_hash, question_limit from waterfall.targets where run_id = $1 and state = 'pending' and launches = 0`;
  return read(await database.query<Way>(`with asked as materialized (${asked}), ${COUNT}`, [run_id, since]));
}

/** The same of questions that are no run's yet. */
export async function answeredBefore(database: Queryable, questions: readonly { question: AnyQuestion; question_hash: string }[], since: Date): Promise<AnsweredBefore> {
  const asked = `select row_number() over () as id, question, decode(question_hash, 'hex') as question_hash, (question ->> 'limit')::integer as question_limit
    from json_to_recordset($1::json) as given (question jsonb, question_hash text)`;
  return read(await database.query<Way>(`with asked as materialized (${asked}), ${COUNT}`, [storableJson(questions), since]));
}

type Way = { way: 'too_old' | 'smaller_limit' | 'other_spelling'; questions: number; spelling: string | null };

function read(ways: readonly Way[]): AnsweredBefore {
  const before = { ...NOTHING_BEFORE };
  for (const { way, questions, spelling } of ways) {
    before[way] = questions;
    before.spelling ??= spelling;
  }
  return before;
}
