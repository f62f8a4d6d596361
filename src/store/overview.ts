/* Runs at a glance, for `runs` and `status`: counts of their rows and questions. Read-only. */
import type { Queryable } from './database.ts';
import { PAID_CONTACTS } from './outcomes.ts';

const ANSWERED = "(state in ('found', 'no_contacts', 'not_found', 'cached'))";

/** What the rows and questions of a run have come to so far. */
export type Overview = {
  run_id: string;
  rows: number;
  /** Rows that have their outcome; of a question that several rows ask, the later ones are duplicates and done. */
  rows_done: number;
  /** Questions that have an answer, from this run or an earlier one. */
  answered: number;
  /** Questions whose answer has contacts. */
  with_contacts: number;
  contacts: number;
  /** Of these, in answers that this run paid for. */
  paid_contacts: number;
  /** What is known of the cost; null when nothing is. */
  cost_usd: number | null;
  /** Answers that this run got and whose cost the API did not say. */
  unknown_cost: number;
  launches: number;
  /** Questions that ended without an answer. */
  without_answer: number;
};

/**
 * The overviews of these runs, in their order. A question is done when it is settled, and each is asked by exactly one row
 * that is no duplicate: so the rows need not be joined with the targets.
 */
export async function overviews(database: Queryable, run_ids: readonly string[]): Promise<Overview[]> {
  return database.query<Overview>(
    `select chosen.run_id, list.rows, list.rows - asked.open as rows_done, asked.answered, asked.with_contacts, asked.contacts,
       asked.paid_contacts, asked.cost_usd, asked.unknown_cost, asked.launches, asked.without_answer
     from unnest($1::text[]) with ordinality as chosen (run_id, place),
       lateral (select count(*)::integer as rows from waterfall.input_rows where run_id = chosen.run_id) as list,
       lateral (
         select (count(*) filter (where settled_at is null))::integer as open,
           (count(*) filter (where ${ANSWERED}))::integer as answered,
           (count(*) filter (where ${ANSWERED} and contacts > 0))::integer as with_contacts,
           coalesce(sum(contacts), 0)::integer as contacts,
           ${PAID_CONTACTS} as paid_contacts,
           sum(cost_usd)::float8 as cost_usd,
           (count(*) filter (where state in ('found', 'no_contacts', 'not_found') and cost_usd is null))::integer as unknown_cost,
           coalesce(sum(launches), 0)::integer as launches,
           (count(*) filter (where settled_at is not null and not ${ANSWERED}))::integer as without_answer
         from waterfall.targets where run_id = chosen.run_id
       ) as asked
     order by chosen.place`,
    [run_ids],
  );
}

/** What the questions with one title filter have come to. */
export type FilterCount = {
  title_filter: string;
  questions: number;
  answered: number;
  with_contacts: number;
  contacts: number;
  cost_usd: number | null;
};

/** Counts by title filter, those with most questions first, and how many filters there are. Rows that are not asked have none. */
export async function countByFilter(database: Queryable, run_id: string, limit: number): Promise<{ filters: FilterCount[]; total: number }> {
  const rows = await database.query<FilterCount & { total: number }>(
    `select coalesce(input_row.title_filter, '') as title_filter, count(*)::integer as questions,
       (count(*) filter (where ${ANSWERED}))::integer as answered,
       (count(*) filter (where ${ANSWERED} and contacts > 0))::integer as with_contacts,
       sum(contacts)::integer as contacts, sum(target.cost_usd)::float8 as cost_usd, (count(*) over ())::integer as total
     from waterfall.input_rows as input_row
     join waterfall.targets as target on target.id = input_row.target_id and target.run_id = $1
     where input_row.run_id = $1 and input_row.outcome is null
     group by 1 order by 2 desc, 1 limit $2`,
    [run_id, limit],
  );
  return { filters: rows.map(({ total: _total, ...count }) => count), total: rows[0]?.total ?? 0 };
}
