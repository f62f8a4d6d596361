/*
 * Saves the answers of finished jobs. One statement, and so one transaction: answers, companies, contacts, links and
 * outcomes, all of it or none of it, in one round trip. People who are to be forgotten are left out of all of them.
 */
import { recordsOf } from '../kinds/contacts/contact.ts';
import { hashesOf, identifiersOf, keysOf, withoutForgotten } from '../core/forgotten.ts';
import type { Answer, Person, SettledState } from '../core/model.ts';
import { billedUsd } from '../core/money.ts';
import { upsertCompanies, upsertContacts } from './contacts.ts';
import type { Queryable } from './database.ts';
import { keepHashes, WAIT_FOR_FORGETTING } from './forget.ts';
import { storableJson } from './storable.ts';

/** A job that SUCCEEDED, as it is saved. Times are epoch milliseconds. */
export type Settlement = { job_id: string; answer: Answer; stop_date: number; at: number };

/** What was saved: how many targets waited for the job, and how many contacts each of them got. */
export type Settled = { targets: number; contacts: number };

/**
 * The target that launched the job holds the answer and its cost; followers refer to it. Rows are locked in the order
 * of their ids, so that two processes saving overlapping answers wait for each other instead of deadlocking. A job that
 * nobody waits for any more was settled already, by another process or by this statement's first try: it brings nothing.
 *
 * $1 the jobs, $2 their ids, $3 companies, $4 links, $5 hashes of the people, null when they were not worked out: then
 * nothing is saved if anybody at all is to be forgotten.
 */
const SETTLE = `
  with given as materialized (
    select * from json_to_recordset($1::json) as job (
      job_id text, state text, answer jsonb, people bigint[], stop_ms double precision, contacts integer, cost_usd numeric, reason text)
  ),
  forgotten as materialized (select hash from waterfall.forgotten where hash = any ($5::text[])),
  unknown as materialized (select $5::text[] is null and exists (select from waterfall.forgotten) as is_unknown),
  open as materialized (
    select id, state, job_id, question_limit from waterfall.targets
    where job_id = any ($2::text[]) and state in ('launched', 'following')
      and not exists (select from forgotten) and not (select is_unknown from unknown)
    order by id for update
  ),
  -- Followers may have launches too, in doubt before they met the job.
  launcher as materialized (
    select distinct on (job_id) job_id, question_limit from waterfall.targets
    where job_id = any ($2::text[]) and launches > 0 order by job_id, state in ('following', 'cached'), id
  ),
  -- A job that filled its limit is no answer to a larger one: who follows it with such a question asks for itself.
  short as materialized (
    select open.id from open join given using (job_id) join launcher using (job_id)
    where open.state = 'following' and not waterfall.serves(launcher.question_limit, given.contacts, open.question_limit)
  ),
  put_back as (update waterfall.targets set state = 'pending', job_id = null, launched_at = null where id = any (array(select id from short))),
  answered as materialized (select * from open where id <> all (array(select id from short))),
  holder as materialized (
    select distinct on (job_id) job_id, id, launcher.question_limit as launched_limit from answered left join launcher using (job_id)
    order by job_id, state = 'launched' desc, id
  ),
  settled as (
    update waterfall.targets as target
    set state = given.state, stop_date = to_timestamp(given.stop_ms / 1000), reason = given.reason,
      -- After whatever the update has waited for.
      settled_at = waterfall.moment(),
      -- A follower that holds the answer to a larger limit has all of it: it is paid, and serves others.
      question_limit = case when target.id = holder.id then greatest(target.question_limit, launched_limit) else target.question_limit end,
      contacts = case when target.id = holder.id then given.contacts else least(given.contacts, target.question_limit) end,
      answer = case when target.id = holder.id then given.answer end,
      people = case when target.id = holder.id then given.people end,
      answered_by = case when target.id <> holder.id then holder.id end,
      cost_usd = case when target.id = holder.id then given.cost_usd else 0 end
    from answered join holder using (job_id) join given using (job_id)
    where target.id = any (array(select id from answered)) and target.id = answered.id
    returning target.job_id
  ),
  upserted_companies as (${upsertCompanies(3, 'given.job_id in (select job_id from holder)')}),
  link as materialized (
    select job_id, position, contact_id, company_id, identifiers, holder.id as target_id
    from holder join json_to_recordset($4::json) as link (job_id text, position integer, contact_id text, company_id text, identifiers bigint[]) using (job_id)
  ),
  upserted_contacts as (${upsertContacts('select link.*, given.answer, waterfall.moment() as at from link join given using (job_id)')}),
  linked as (
    insert into waterfall.target_contacts (target_id, position, contact_id)
    select target_id, position, contact_id from link
    on conflict do nothing
  )
  select
    (select coalesce(json_object_agg(job_id, targets), '{}') from (select job_id, count(*) as targets from settled group by job_id) as counted) as targets,
    array(select hash from forgotten) as forgotten,
    (select is_unknown from unknown) as is_unknown`;

type Tried = { targets: Record<string, number>; forgotten: string[]; is_unknown: boolean };

/**
 * Saves answers, each for every open target that waits for its job; repeating it does no harm. No two of them may have a
 * job, a contact or a company in common (`recordIds`): within one statement neither would see the other.
 */
export async function settleAll(database: Queryable, settlements: readonly Settlement[]): Promise<Settled[]> {
  let given = [...settlements];
  for (let hashes: string[] | null = null; ; hashes = hashesOf(identifiersOf(given.flatMap(({ answer }) => answer.persons ?? [])))) {
    const { targets, forgotten, is_unknown } = await trySettle(database, given, hashes);
    if (!is_unknown && forgotten.length === 0) {
      return given.map(({ job_id, answer }) => ({ targets: targets[job_id] ?? 0, contacts: answer.persons?.length ?? 0 }));
    }
    const rest = given.map(({ answer }) => withoutForgotten(answer, forgotten));
    // Whoever was forgotten by one address is known by the others too from now on.
    const dropped = hashesOf(identifiersOf(rest.flatMap((one) => one.dropped)));
    if (dropped.length > 0) await keepHashes(database, dropped, Math.max(...given.map(({ at }) => at)));
    given = given.map((settlement, index) => ({ ...settlement, answer: rest[index]?.answer ?? settlement.answer }));
  }
}

/** Saves one answer. */
export async function settle(database: Queryable, settlement: Settlement): Promise<Settled> {
  const [settled] = await settleAll(database, [settlement]);
  return settled ?? { targets: 0, contacts: 0 };
}

/** Ids of everything that saving this answer writes to. */
export function recordIds({ job_id, answer }: Settlement): string[] {
  const { companies, links } = recordsOf(answer);
  return [`job ${job_id}`, ...companies.map(({ id }) => `company ${id}`), ...links.map(({ contact_id }) => `contact ${contact_id}`)];
}

/** Why an answer is empty, where it says so itself. */
function reasonOf({ company, persons, usage }: Answer): string | null {
  // What was paid for was somebody, who was forgotten.
  if ((persons?.length ?? 0) > 0 || (billedUsd(usage) ?? 0) > 0) return null;
  return Object.values(company ?? {}).every((member) => member === null) ? 'the API knows no such company' : 'the title filter matches nobody whom the API knows there';
}

function keysOfPeople(people: readonly Person[]): string[] {
  return keysOf(hashesOf(identifiersOf(people)));
}

/** Saves nothing when one of the people is to be forgotten, and says by which hashes. */
async function trySettle(database: Queryable, settlements: readonly Settlement[], hashes: readonly string[] | null): Promise<Tried> {
  const jobs = settlements.map(({ job_id, answer, stop_date }) => {
    const contacts = answer.persons?.length ?? 0;
    const state: SettledState = contacts > 0 ? 'found' : 'no_contacts';
    // The API's moment as a number: a year of five digits has another form in JSON than PostgreSQL reads.
    return { job_id, state, answer, people: keysOfPeople(answer.persons ?? []), reason: reasonOf(answer), stop_ms: stop_date, contacts, cost_usd: billedUsd(answer.usage) ?? null };
  });
  const records = settlements.map(({ job_id, answer, at }) => ({ job_id, at: new Date(at), persons: answer.persons ?? [], ...recordsOf(answer) }));
  const [row] = await database.query<Tried>(SETTLE, [
    storableJson(jobs),
    jobs.map(({ job_id }) => job_id),
    storableJson(records.flatMap(({ job_id, at, companies }) => companies.map((company) => ({ ...company, job_id, at })))),
    storableJson(records.flatMap(({ job_id, persons, links }) => links.map((link) => ({ ...link, identifiers: keysOfPeople(persons.slice(link.position, link.position + 1)), job_id })))),
    hashes,
  ], WAIT_FOR_FORGETTING);
  return row ?? { targets: {}, forgotten: [], is_unknown: false };
}
