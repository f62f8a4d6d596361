/* What the database already knows of questions, for a preview. Reads only; `adoptKnown` (import.ts) is what a run does. */
import type { Queryable } from './database.ts';
import { FAILURES_ENOUGH, hasFailed, isOpen } from './import.ts';

/** What a new run would make of a question: it has its answer, asks for an open job, or does not launch it again. */
export type Known = 'answered' | 'open' | 'failed';

/**
 * What is known of these questions, by hash, for a limit, with answers not older than `since`. Questions nobody asked are left out.
 */
export async function knownQuestions(database: Queryable, hashes: readonly string[], limit: number, since: Date): Promise<Map<string, Known>> {
  const rows = await database.query<{ question_hash: string; known: Known }>(
    `select * from (
       select question_hash, case
         when bool_or(state in ('found', 'no_contacts') and answer is not null and stop_date >= $2
           and waterfall.serves(question_limit, contacts, $4)) then 'answered'
         when bool_or(${isOpen('targets', '$2')}) then 'open'
         when count(distinct job_id) filter (where ${hasFailed('targets', '$2')}) >= $3 then 'failed' end as known
       from waterfall.targets where question_hash = any ($1::text[]) group by question_hash
     ) as asked where known is not null`,
    [hashes, since, FAILURES_ENOUGH, limit],
  );
  return new Map(rows.map(({ question_hash, known }) => [question_hash, known]));
}
