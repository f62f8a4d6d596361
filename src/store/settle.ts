/*
 * Saves the answer of a finished job. One statement, and so one transaction: answer, company, contacts, links and
 * outcome, all of it or none of it, in one round trip. People who are to be forgotten are left out of all of them.
 */
import { recordsOf } from '../core/contact.ts';
import { hashesOf, identifiersOf, withoutForgotten } from '../core/forgotten.ts';
import type { Answer, SettledState } from '../core/model.ts';
import { upsertCompanies, upsertContacts } from './contacts.ts';
import type { Queryable } from './database.ts';
import { keepHashes } from './forget.ts';
import { storableJson } from './storable.ts';

/** A job that SUCCEEDED, as it is saved. Times are epoch milliseconds. */
export type Settlement = { job_id: string; answer: Answer; stop_date: number; at: number };

const AT = '$5::timestamptz';
/** Nobody waits for the job any more: it was settled already, by another process or by this statement's first try. */
const STILL_OPEN = 'exists (select from holder)';

/**
 * The target that launched the job holds the answer and its cost; followers refer to it. Rows are locked in the order
 * of their ids, so that two processes saving overlapping answers wait for each other instead of deadlocking.
 */
const SETTLE = `
  with forgotten as materialized (select hash from waterfall.forgotten where hash = any ($11::text[])),
  open as materialized (
    select id, state from waterfall.targets
    where job_id = $1 and settled_at is null and state in ('launched', 'following') and not exists (select from forgotten)
    order by id for update
  ),
  holder as materialized (select id from open order by state = 'launched' desc, id limit 1),
  settled as (
    update waterfall.targets as target
    set state = $2, stop_date = $4::timestamptz, contacts = $6::integer, settled_at = ${AT}, reason = null,
      answer = case when target.id = holder.id then $3::jsonb end,
      answered_by = case when target.id <> holder.id then holder.id end,
      cost_usd = case when target.id = holder.id then $7::numeric else 0 end
    from holder
    where target.id in (select id from open)
    returning target.id
  ),
  upserted_companies as (${upsertCompanies(8, AT, STILL_OPEN)}),
  upserted_contacts as (${upsertContacts(9, AT, STILL_OPEN)}),
  linked as (
    insert into waterfall.target_contacts (target_id, position, contact_id)
    select holder.id, link.position, link.contact_id
    from holder, json_to_recordset($10::json) as link (position integer, contact_id text)
    on conflict do nothing
  )
  select (select count(*)::integer from settled) as targets, array(select hash from forgotten) as forgotten`;

/** Saves an answer for every open target that waits for its job. Returns how many those were; repeating it does no harm. */
export async function settle(database: Queryable, settlement: Settlement): Promise<number> {
  for (let { answer } = settlement; ; ) {
    const { targets, forgotten } = await trySettle(database, { ...settlement, answer });
    if (forgotten.length === 0) return targets;
    const rest = withoutForgotten(answer, forgotten);
    // Whoever was forgotten by one address is known by the others too from now on.
    await keepHashes(database, hashesOf(identifiersOf(rest.dropped)), settlement.at);
    answer = rest.answer;
  }
}

/** Saves nothing when the answer has people who are to be forgotten; says by which hashes. */
async function trySettle(database: Queryable, { answer, ...settlement }: Settlement): Promise<{ targets: number; forgotten: string[] }> {
  const contacts = answer.persons?.length ?? 0;
  const state: SettledState = contacts > 0 ? 'found' : 'no_contacts';
  const records = recordsOf(answer);
  const [row] = await database.query<{ targets: number; forgotten: string[] }>(SETTLE, [
    settlement.job_id,
    state,
    storableJson(answer),
    new Date(settlement.stop_date),
    new Date(settlement.at),
    contacts,
    answer.usage?.total_usd ?? null,
    storableJson(records.companies),
    storableJson(records.contacts),
    storableJson(records.links),
    hashesOf(identifiersOf(answer.persons ?? [])),
  ]);
  return row ?? { targets: 0, forgotten: [] };
}
