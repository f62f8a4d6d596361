/* What the database already knows of questions, for a preview. Reads only; `adoptKnown` (import.ts) is what a run does. */
import type { Queryable } from './database.ts';
import { FAILURES_ENOUGH, failedReason, hasFailed, isOpen } from './import.ts';

/**
 * What a new run would make of a question: it takes its answer (`cached`), asks for an open job (`waiting`), or does not launch
 * it again (`job_failed`). With what its report says of it.
 */
export type Known = { outcome: 'cached' | 'waiting' | 'job_failed'; contacts: number; job_id: string | null; reason: string | null };

/**
 * What is known of these questions, by hash, for a limit, with answers not older than `since`. Questions nobody asked are left out.
 */
export async function knownQuestions(database: Queryable, hashes: readonly string[], limit: number, since: Date): Promise<Map<string, Known>> {
  const rows = await database.query<Known & { question_hash: string }>(
    `select question_hash, outcome,
       case when outcome = 'cached' then least(answered[1].contacts, $4) else 0 end as contacts,
       case outcome when 'cached' then answered[1].job_id when 'waiting' then open[1].job_id else failed[1].job_id end as job_id,
       case outcome when 'cached' then answered[1].reason when 'job_failed' then ${failedReason('failures', 'last_reason')} end as reason
     from (
       select question_hash, answered, open, failed, failures, last_reason,
         case when answered is not null then 'cached' when open is not null then 'waiting' when failures >= $3 then 'job_failed' end as outcome
       from (
         select question_hash,
           array_agg(targets order by stop_date desc, id) filter (where state in ('found', 'no_contacts') and answer is not null and stop_date >= $2
             and waterfall.serves(question_limit, contacts, $4)) as answered,
           array_agg(targets order by launched_at desc, id) filter (where ${isOpen('targets', '$2')}) as open,
           array_agg(targets order by id desc) filter (where ${hasFailed('targets', '$2')}) as failed,
           count(distinct job_id) filter (where ${hasFailed('targets', '$2')}) as failures,
           (array_agg(coalesce(reason, 'no reason given') order by id desc) filter (where ${hasFailed('targets', '$2')} and launches > 0))[1] as last_reason
         from waterfall.targets where question_hash = any ($1::text[]) group by question_hash
       ) as asked
     ) as known where outcome is not null`,
    [hashes, since, FAILURES_ENOUGH, limit],
  );
  return new Map(rows.map(({ question_hash, ...known }) => [question_hash, known]));
}

/** How many questions of a run other runs have launched and not settled, and the ids of such runs. */
export async function askedElsewhere(database: Queryable, run_id: string): Promise<Elsewhere> {
  const [row] = await database.query<Elsewhere>(
    `select count(distinct mine.id)::integer as questions, coalesce(array_agg(distinct other.run_id), '{}') as runs
     from waterfall.targets as mine join waterfall.targets as other using (question_hash)
     where mine.run_id = $1 and mine.state in ('pending', 'following')
       and other.run_id <> $1 and other.state in ('launching', 'launched')`,
    [run_id],
  );
  return row ?? NOWHERE;
}

/** Questions of a run that other runs are asking. */
export type Elsewhere = { questions: number; runs: string[] };

const NOWHERE: Elsewhere = { questions: 0, runs: [] };
