/* What earlier answers were billed, and launches that may have to be repeated: for estimates, before anything is sent. */
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
         select answer->'usage' as usage, contacts from waterfall.targets
         where state = 'found' and answer is not null and question->>'api_host' = $1
         order by settled_at desc limit ${LATEST}
       ) as latest
     ) as bill`,
    [api_host],
  );
  return row ?? { person_usd: null, phone_usd: null };
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
