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

/** What a call was answered, as it is saved. Moments are epoch milliseconds: `answered_at` is the provider's, `at` ours. */
export type Settlement = { call_id: number; answer: Answer; answered_at: number; at: number };

/** What was saved: how many targets waited for the call, and how many contacts each of them got. */
export type Settled = { targets: number; contacts: number };

/**
 * The target whose call it is has the cost; where it waits no more, the first that follows the call. Calls are locked first, and then
 * targets in the order of their ids, so that two processes saving overlapping answers wait for each other instead of deadlocking. A call
 * that nobody waits for any more was settled already, by another process or by this statement's first try: it brings nothing.
 *
 * $1 the answers, $2 their calls, $3 companies, $4 links, $5 hashes of the people, null when they were not worked out: then
 * nothing is saved if anybody at all is to be forgotten.
 */
const SETTLE = `
  with given as materialized (
    select * from json_to_recordset($1::json) as call (
      call_id bigint, state text, answer jsonb, people bigint[], answered_ms double precision, contacts integer, cost_usd numeric, reason text)
  ),
  forgotten as materialized (select hash from waterfall.forgotten where hash = any ($5::text[])),
  unknown as materialized (select $5::text[] is null and exists (select from waterfall.forgotten) as is_unknown),
  call as materialized (
    select call.id as call_id, call.provider, call.api_host, asker.id as asker_id, asker.question_hash, asker.question_limit
    from waterfall.calls as call
    join waterfall.call_targets as listed on listed.call_id = call.id
    join waterfall.targets as asker on asker.id = listed.target_id
    where call.id = any ($2::bigint[]) and not exists (select from forgotten) and not (select is_unknown from unknown)
    order by call.id for update of call
  ),
  open as materialized (
    select target.id, call.call_id, target.state, target.question_limit, target.id = call.asker_id as is_asker, call.question_limit as asked_limit
    from call join waterfall.targets as target on target.question_hash = call.question_hash and target.call_id = call.call_id
    where target.state in ('launched', 'following') or target.state = 'launching' and target.id = call.asker_id
    order by target.id for update of target
  ),
  -- One that filled its limit is no answer to a larger one: who follows it with such a question asks for itself.
  short as materialized (
    select open.id from open join given using (call_id)
    where not is_asker and not waterfall.serves(asked_limit, given.contacts, open.question_limit)
  ),
  put_back as (update waterfall.targets set state = 'pending', call_id = null where id = any (array(select id from short))),
  answered as materialized (select * from open where id <> all (array(select id from short))),
  -- Somebody who began to follow it just when it was settled takes the answer that is there.
  known as materialized (
    select answer.id, call.call_id from call join waterfall.answers as answer using (question_hash, provider, api_host) where answer.call_id = call.call_id
  ),
  payer as materialized (
    select distinct on (call_id) call_id, id from answered where call_id not in (select call_id from known) order by call_id, is_asker desc, id
  ),
  saved as materialized (
    insert into waterfall.answers (question_hash, provider, api_host, question_limit, answer, people, contacts, cost_usd, reason, answered_at, saved_at, call_id, target_id)
    select question_hash, provider, api_host, question_limit, given.answer, given.people, given.contacts, given.cost_usd, given.reason,
      to_timestamp(given.answered_ms / 1000), waterfall.moment(), call_id, payer.id
    from call join payer using (call_id) join given using (call_id)
    returning id, call_id
  ),
  answer as materialized (select id, call_id from saved union all select id, call_id from known),
  settled as (
    update waterfall.targets as target
    set state = given.state, reason = given.reason,
      -- After whatever the update has waited for.
      settled_at = waterfall.moment(),
      contacts = case when answered.is_asker then given.contacts else least(given.contacts, target.question_limit) end,
      cost_usd = case when target.id = payer.id then given.cost_usd else 0 end
    from answered join given using (call_id) left join payer using (call_id)
    where target.id = any (array(select id from answered)) and target.id = answered.id
    returning target.call_id
  ),
  answers_of_targets as (
    insert into waterfall.target_answers (target_id, answer_id) select answered.id, answer.id from answered join answer using (call_id)
  ),
  called as (
    update waterfall.calls as call set state = 'ended', process_id = null, cost_usd = given.cost_usd, replied_at = coalesce(call.replied_at, waterfall.moment())
    from given where call.id = any (array(select call_id from saved)) and call.id = given.call_id
  ),
  closed as (
    delete from waterfall.open_questions as question using call join saved using (call_id)
    where question.question_hash = call.question_hash and question.provider = call.provider and question.api_host = call.api_host and question.call_id = call.call_id
  ),
  upserted_companies as (${upsertCompanies(3, 'given.call_id in (select call_id from saved)')}),
  link as materialized (
    select call_id, position, contact_id, company_id, identifiers, saved.id as answer_id
    from saved join json_to_recordset($4::json) as link (call_id bigint, position integer, contact_id text, company_id text, identifiers bigint[]) using (call_id)
  ),
  upserted_contacts as (${upsertContacts('select link.*, given.answer, waterfall.moment() as at from link join given using (call_id)')}),
  linked as (
    insert into waterfall.answer_contacts (answer_id, position, contact_id)
    select answer_id, position, contact_id from link
  )
  select
    (select coalesce(json_object_agg(call_id, targets), '{}') from (select call_id, count(*) as targets from settled group by call_id) as counted) as targets,
    array(select hash from forgotten) as forgotten,
    (select is_unknown from unknown) as is_unknown`;

type Tried = { targets: Record<string, number>; forgotten: string[]; is_unknown: boolean };

/**
 * Saves answers, each for every open target that waits for its call; repeating it does no harm. No two of them may have a
 * call, a contact or a company in common (`recordIds`): within one statement neither would see the other.
 */
export async function settleAll(database: Queryable, settlements: readonly Settlement[]): Promise<Settled[]> {
  let given = [...settlements];
  for (let hashes: string[] | null = null; ; hashes = hashesOf(identifiersOf(given.flatMap(({ answer }) => answer.persons ?? [])))) {
    const { targets, forgotten, is_unknown } = await trySettle(database, given, hashes);
    if (!is_unknown && forgotten.length === 0) {
      return given.map(({ call_id, answer }) => ({ targets: targets[call_id] ?? 0, contacts: answer.persons?.length ?? 0 }));
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
export function recordIds({ call_id, answer }: Settlement): string[] {
  const { companies, links } = recordsOf(answer);
  return [`call ${call_id}`, ...companies.map(({ id }) => `company ${id}`), ...links.map(({ contact_id }) => `contact ${contact_id}`)];
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
  const calls = settlements.map(({ call_id, answer, answered_at }) => {
    const people = answer.persons ?? [];
    const contacts = people.length;
    const state: SettledState = contacts > 0 ? 'found' : 'no_contacts';
    // The provider's moment as a number: a year of five digits has another form in JSON than PostgreSQL reads.
    return { call_id, state, answer, people: keysOfPeople(people), reason: reasonOf(answer), answered_ms: answered_at, contacts, cost_usd: billedUsd(answer.usage) ?? null };
  });
  const records = settlements.map(({ call_id, answer, at }) => ({ call_id, at: new Date(at), persons: answer.persons ?? [], ...recordsOf(answer) }));
  const [row] = await database.query<Tried>(
    SETTLE,
    [
      storableJson(calls),
      calls.map(({ call_id }) => call_id),
      storableJson(records.flatMap(({ call_id, at, companies }) => companies.map((company) => ({ ...company, call_id, at })))),
      storableJson(records.flatMap(({ call_id, persons, links }) => links.map((link) => ({ ...link, identifiers: keysOfPeople(persons.slice(link.position, link.position + 1)), call_id })))),
      hashes,
    ],
    WAIT_FOR_FORGETTING,
  );
  return row ?? { targets: {}, forgotten: [], is_unknown: false };
}
