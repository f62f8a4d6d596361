/* What the database already knows of questions, for a preview. Reads only; `adoptKnown` (import.ts) is what a run does. */
import type { Queryable } from './database.ts';
import type { AnswersSince } from './import.ts';
import { failedReason, knownAnswer, knownCall, knownFailures } from './import.ts';

/**
 * What a new run would make of a question: it takes its answer (`cached`), asks for an open job (`waiting`), or does not launch
 * it again (`job_failed`). With what its report says of it.
 */
export type Known = { outcome: 'cached' | 'found' | 'not_found' | 'waiting' | 'job_failed'; contacts: number; job_id: string | null; reason: string | null; verdict: string | null };

/** What is known at an API of these questions, by hash, for a limit, with answers that are young enough. Questions nobody asked are left out. */
export async function knownQuestions(
  database: Queryable,
  hashes: readonly string[],
  { provider, api_host, limit, since, catchAllSince }: { provider: string; api_host: string; limit: number } & AnswersSince,
): Promise<Map<string, Known>> {
  const rows = await database.query<Known & { question_hash: string }>(
    `select given.hash as question_hash, known.outcome, known.contacts, call.job_id, known.reason, known.verdict
     from unnest($1::text[]) as given (hash),
       lateral (select decode(given.hash, 'hex') as question_hash, $2::integer as question_limit, $3::text as provider, $4::text as api_host) as mine,
       lateral (
         select * from (
           select 1 as place, case when verdict = 'unknown' then 'not_found' else 'cached' end as outcome, least(contacts, $2) as contacts, call_id, reason, verdict
             from (${knownAnswer({ since: '$5', catchAllSince: '$6' })}) as answered
           union all select 2, 'waiting', 0, call_id, null, null from (${knownCall('$5')}) as open
           union all select 3, 'job_failed', 0, call_id, ${failedReason('times', 'reason')}, null from (${knownFailures('$5')}) as failed
         ) as ways order by place limit 1
       ) as known
     left join waterfall.calls as call on call.id = known.call_id`,
    [hashes, limit, provider, api_host, since, catchAllSince],
  );
  return new Map(rows.map(({ question_hash, ...known }) => [question_hash, known]));
}

/** How many questions of a run other runs have launched and not settled, and the ids of such runs. */
export async function askedElsewhere(database: Queryable, run_id: string): Promise<Elsewhere> {
  const [row] = await database.query<Elsewhere>(
    `select count(distinct mine.id)::integer as questions, coalesce(array_agg(distinct asker.run_id), '{}') as runs
     from waterfall.open_questions as open
     join waterfall.call_targets as listed using (call_id) join waterfall.targets as asker on asker.id = listed.target_id
     join waterfall.targets as mine on mine.question_hash = open.question_hash
     where mine.run_id = $1 and mine.state in ('pending', 'following') and asker.run_id <> $1`,
    [run_id],
  );
  return row ?? NOWHERE;
}

/** Questions of a run that other runs are asking. */
export type Elsewhere = { questions: number; runs: string[] };

const NOWHERE: Elsewhere = { questions: 0, runs: [] };
