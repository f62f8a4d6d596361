/* What earlier answers were billed, and launches that may have to be repeated: for estimates, before anything is sent. */
import type { QuestionOptions } from '../kinds/contacts/question.ts';
import type { Queryable } from './database.ts';

/** So many of the latest bills count: enough to have seen the dearest, few enough to follow a new price. */
const LATEST = 200;

/** US dollars for one person and one phone number in the dearest of the latest bills of an API; null where none says. */
export async function dearestBills(database: Queryable, api_host: string): Promise<{ person_usd: number | null; phone_usd: number | null }> {
  const [row] = await database.query<{ person_usd: number | null; phone_usd: number | null }>(
    `select
       max(persons_usd / nullif(persons_count, 0)) filter (where persons_usd > 0 and persons_count > 0)::float8 as person_usd,
       max(phones_usd / nullif(phones_count, 0)) filter (where phones_usd > 0 and phones_count > 0)::float8 as phone_usd
     from (
       select (usage->>'phones_usd')::numeric as phones_usd, (usage->>'phones_count')::numeric as phones_count,
         coalesce((usage->>'persons_count')::numeric, contacts) as persons_count,
         coalesce((usage->>'persons_usd')::numeric,
           (usage->>'total_usd')::numeric - coalesce((usage->>'phones_usd')::numeric, 0)) as persons_usd
       from (
         select answer->'usage' as usage, contacts from waterfall.answers
         where contacts > 0 and provider = 'waterfall' and api_host = $1
         order by saved_at desc limit ${LATEST}
       ) as latest
     ) as bill`,
    [api_host],
  );
  return row ?? { person_usd: null, phone_usd: null };
}

/** US dollars for the dearest of the latest verifications that an API billed; undefined where none says. */
export async function dearestChecks(database: Queryable, { provider, api_host }: { provider: string; api_host: string }): Promise<number | undefined> {
  const [row] = await database.query<{ usd: number | null }>(
    `select max(cost_usd)::float8 as usd from (
       select cost_usd from waterfall.answers where provider = $1 and api_host = $2 and verdict is not null and cost_usd > 0 order by saved_at desc limit ${LATEST}
     ) as latest`,
    [provider, api_host],
  );
  return row?.usd ?? undefined;
}

/** What questions like these have brought so far, by the latest answers. */
export type History = { companies: number; with_contacts: number; contacts: number; usd_a_contact: number | null };

/** So many of the latest answers are looked at. */
const LATEST_ANSWERS = 1_000;

/** Of the latest answers of an API those to questions with the same options, and contacts up to the same limit. */
export async function historyOf(database: Queryable, question: Pick<QuestionOptions, 'api_host' | 'limit' | 'include_phones' | 'include_unverified'>): Promise<History> {
  const [row] = await database.query<History>(
    `select count(*)::integer as companies, count(*) filter (where contacts > 0)::integer as with_contacts,
       coalesce(sum(least(contacts, $2)), 0)::integer as contacts,
       (sum(cost_usd) / nullif(sum(contacts) filter (where cost_usd is not null), 0))::float8 as usd_a_contact
     from (
       select target_id, question_limit, contacts, cost_usd from waterfall.answers
       where provider = 'waterfall' and api_host = $1
       order by saved_at desc limit ${LATEST_ANSWERS}
     ) as latest
     join lateral (select question from waterfall.targets where id = target_id) as asked on true
     where question_limit >= $2 and (question->>'include_phones')::boolean = $3 and (question->>'verified_only')::boolean <> $4`,
    [question.api_host, question.limit, question.include_phones, question.include_unverified],
  );
  return row ?? { companies: 0, with_contacts: 0, contacts: 0, usd_a_contact: null };
}

/** Targets of a run whose last launch was never answered: they are launched once more, at the most. */
export async function countRepeatable(database: Queryable, run_id: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::integer as count from waterfall.targets
     where run_id = $1 and settled_at is null and launches > 0 and state in ('pending', 'launching')`,
    [run_id],
  );
  return row?.count ?? 0;
}

/** What the launches of a run have cost so far, and what of them nobody knows. */
export type SpentSoFar = {
  spent_usd: number;
  /** Launches whose reply was never seen. */
  doubted: number;
  /** Jobs that were lost or given up. */
  unresolved: number;
  /** Answers whose cost the API did not say, and their contacts. */
  unpriced: number;
  unpriced_contacts: number;
  /** Ids of targets whose job is still on its way. */
  open: readonly number[];
};

/** What the cap of a run counts of what earlier invocations launched. */
export async function spentSoFar(database: Queryable, run_id: string): Promise<SpentSoFar> {
  const [row] = await database.query<SpentSoFar>(
    `select coalesce(sum(cost_usd), 0)::float8 as spent_usd,
       (select count(*)::integer from waterfall.targets as asked join waterfall.call_targets as listed on listed.target_id = asked.id join waterfall.calls as call on call.id = listed.call_id
        where asked.run_id = $1 and call.state in ('saved', 'in_doubt')) as doubted,
       count(*) filter (where state in ('job_lost', 'timed_out'))::integer as unresolved,
       count(*) filter (where state = 'found' and cost_usd is null)::integer as unpriced,
       coalesce(sum(contacts) filter (where state = 'found' and cost_usd is null), 0)::integer as unpriced_contacts,
       coalesce(json_agg(id) filter (where state = 'launched'), '[]') as open
     from waterfall.targets where run_id = $1 and launches > 0`,
    [run_id],
  );
  return row ?? { spent_usd: 0, doubted: 0, unresolved: 0, unpriced: 0, unpriced_contacts: 0, open: [] };
}
