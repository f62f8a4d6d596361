/*
 * Saves what calls were answered. One statement, and so one transaction: answers, outcomes, and what the kind of answer is kept in, all of
 * it or none of it, in one round trip. People who are to be forgotten are left out of all of them.
 */
import { hashesOf, keysOf } from '../core/forgotten.ts';
import type { Identifiers } from '../core/forgotten.ts';
import type { AnyQuestion } from '../core/model.ts';
import type { Queryable } from './database.ts';
import { keepHashes, WAIT_FOR_FORGETTING } from './forget.ts';
import { storableJson } from './storable.ts';

/** What a call was answered, as it is saved. Moments are epoch milliseconds: `answered_at` is the provider's, `at` ours. */
export type Settlement<Answer> = {
  call_id: number;
  /** What was asked. */
  question: AnyQuestion;
  answer: Answer;
  answered_at: number;
  at: number;
  /** US dollars; null: unknown. */
  cost_usd: number | null;
};

/** What was saved: how many targets waited for the call, and what each of them got. */
export type Settled = { targets: number; contacts: number };

/** How answers of a kind are kept. */
export type Recorder<Answer> = {
  /** Made by `settleStatement`. */
  statement: string;
  parameters: (settlements: readonly Settlement<Answer>[]) => unknown[];
  /** What the row of an answer says of it: how much it brought, of an address what became of it, and why, where it says so itself. */
  summary: (answer: Answer) => { contacts: number; verdict: string | null; reason: string | null };
  /** The people whom an answer is about. */
  people: (settlement: Settlement<Answer>) => Identifiers;
  /** The same without those who are known by one of these hashes, and who they were. */
  without: (settlement: Settlement<Answer>, hashes: readonly string[]) => { left: Settlement<Answer>; dropped: Identifiers };
  /** What else saving an answer writes to: no two answers of one statement may have any of it in common. */
  records: (settlement: Settlement<Answer>) => string[];
};

/**
 * The target whose call it is has the cost; where it waits no more, the first that follows the call. Calls are locked first, and then
 * targets in the order of their ids, so that two processes saving overlapping answers wait for each other instead of deadlocking. A call
 * that nobody waits for any more was settled already, by another process or by this statement's first try: it brings nothing.
 *
 * $1 the answers, $2 their calls, $3 hashes of the people, null when they were not worked out: then nothing is saved if anybody at all is
 * to be forgotten. What else the kind of answer is kept in is in `records`, with parameters from $4 on.
 */
export const settleStatement = (records: string) => `
  with given as materialized (
    select * from json_to_recordset($1::json) as call (
      call_id bigint, answer jsonb, verdict text, people bigint[], answered_ms double precision, contacts integer, cost_usd numeric, reason text)
  ),
  forgotten as materialized (select hash from waterfall.forgotten where hash = any ($3::text[])),
  unknown as materialized (select $3::text[] is null and exists (select from waterfall.forgotten) as is_unknown),
  call as materialized (
    select call.id as call_id, call.provider, call.api_host, asker.id as asker_id, asker.question_hash, asker.question ->> 'email' as email, asker.question_limit
    from waterfall.calls as call
    join waterfall.call_targets as listed on listed.call_id = call.id
    join waterfall.targets as asker on asker.id = listed.target_id
    where call.id = any ($2::bigint[]) and not exists (select from forgotten) and not (select is_unknown from unknown)
    order by call.id for update of call
  ),
  open as materialized (
    select target.id, call.call_id, target.state, target.turn, target.question_limit, target.id = call.asker_id as is_asker, call.question_limit as asked_limit
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
    insert into waterfall.answers (question_hash, provider, api_host, question_limit, answer, verdict, people, contacts, cost_usd, reason, answered_at, saved_at, call_id, target_id)
    select question_hash, provider, api_host, question_limit, given.answer, given.verdict, given.people, given.contacts, given.cost_usd, given.reason,
      to_timestamp(given.answered_ms / 1000), waterfall.moment(), call_id, payer.id
    from call join payer using (call_id) join given using (call_id)
    returning id, call_id
  ),
  answer as materialized (select id, call_id from saved union all select id, call_id from known),
  brought as materialized (
    select answered.*, payer.id is not null as is_payer, given.verdict, given.cost_usd, given.reason, given.contacts as said,
      case when is_asker then given.contacts else least(given.contacts, question_limit) end as contacts
    from answered join given using (call_id) left join payer on payer.call_id = answered.call_id and payer.id = answered.id
  ),
  settled as (
    update waterfall.targets as target
    set state = case
        when not waterfall.is_last_word(brought.verdict, target.turn, target.last_turn) then 'pending'
        -- Somebody was forgotten while their address was asked for.
        when brought.verdict is not null and not target.question ? 'email' then 'excluded'
        else waterfall.answered_state(greatest(target.contacts, brought.contacts), brought.verdict) end,
      -- After whatever the update has waited for.
      settled_at = case when waterfall.is_last_word(brought.verdict, target.turn, target.last_turn) then waterfall.moment() end,
      turn = target.turn + (not waterfall.is_last_word(brought.verdict, target.turn, target.last_turn))::integer,
      call_id = case when waterfall.is_last_word(brought.verdict, target.turn, target.last_turn) then target.call_id end,
      doubts = case when waterfall.is_last_word(brought.verdict, target.turn, target.last_turn) then target.doubts else 0 end,
      reason = case
        when brought.verdict is not null and not target.question ? 'email' then 'forgotten'
        when brought.said = 0 and target.contacts > 0 then target.reason
        else brought.reason end,
      contacts = greatest(target.contacts, brought.contacts),
      -- Of an earlier turn whose cost nobody knows the sum is not known either.
      cost_usd = case
        when target.cost_usd is null and exists (select from waterfall.target_answers as made where made.target_id = target.id) then null
        else coalesce(target.cost_usd, 0) + case when brought.is_payer then brought.cost_usd else 0 end end
    from brought
    where target.id = any (array(select id from brought)) and target.id = brought.id
    returning brought.call_id
  ),
  answers_of_targets as (
    insert into waterfall.target_answers (target_id, place, answer_id) select answered.id, answered.turn, answer.id from answered join answer using (call_id)
    on conflict do nothing
  ),
  called as (
    update waterfall.calls as call set state = 'ended', process_id = null, cost_usd = given.cost_usd, replied_at = coalesce(call.replied_at, waterfall.moment())
    from given where call.id = any (array(select call_id from saved)) and call.id = given.call_id
  ),
  closed as (
    delete from waterfall.open_questions as question using call join saved using (call_id)
    where question.question_hash = call.question_hash and question.provider = call.provider and question.api_host = call.api_host and question.call_id = call.call_id
  ),
  ${records}
  select
    (select coalesce(json_object_agg(call_id, targets), '{}') from (select call_id, count(*) as targets from settled group by call_id) as counted) as targets,
    array(select hash from forgotten) as forgotten,
    (select is_unknown from unknown) as is_unknown`;

type Tried = { targets: Record<string, number>; forgotten: string[]; is_unknown: boolean };

/**
 * Saves answers, each for every open target that waits for its call; repeating it does no harm. No two of them may have a
 * call, or a record, in common (`recordIds`): within one statement neither would see the other.
 */
export async function settleAll<Answer>(database: Queryable, recorder: Recorder<Answer>, settlements: readonly Settlement<Answer>[]): Promise<Settled[]> {
  let given = [...settlements];
  for (let hashes: string[] | null = null; ; hashes = given.flatMap((one) => hashesOf(recorder.people(one)))) {
    const { targets, forgotten, is_unknown } = await trySettle(database, recorder, given, hashes);
    if (!is_unknown && forgotten.length === 0) {
      return given.map(({ call_id, answer }) => ({ targets: targets[call_id] ?? 0, contacts: recorder.summary(answer).contacts }));
    }
    const rest = given.map((settlement) => recorder.without(settlement, forgotten));
    // Whoever was forgotten by one address is known by the others too from now on.
    const dropped = rest.flatMap((one) => hashesOf(one.dropped));
    if (dropped.length > 0) await keepHashes(database, dropped, Math.max(...given.map(({ at }) => at)));
    given = rest.map(({ left }) => left);
  }
}

/** Saves one answer. */
export async function settle<Answer>(database: Queryable, recorder: Recorder<Answer>, settlement: Settlement<Answer>): Promise<Settled> {
  const [settled] = await settleAll(database, recorder, [settlement]);
  return settled ?? { targets: 0, contacts: 0 };
}

/** Ids of everything that saving this answer writes to. */
export function recordIds<Answer>(recorder: Recorder<Answer>, settlement: Settlement<Answer>): string[] {
  return [`call ${settlement.call_id}`, ...recorder.records(settlement)];
}

/** Saves nothing when one of the people is to be forgotten, and says by which hashes. */
async function trySettle<Answer>(database: Queryable, recorder: Recorder<Answer>, settlements: readonly Settlement<Answer>[], hashes: readonly string[] | null): Promise<Tried> {
  const calls = settlements.map((settlement) => {
    const { call_id, answer, answered_at, cost_usd } = settlement;
    // The provider's moment as a number: a year of five digits has another form in JSON than PostgreSQL reads.
    return { call_id, answer, ...recorder.summary(answer), people: keysOf(hashesOf(recorder.people(settlement))), answered_ms: answered_at, cost_usd };
  });
  const [row] = await database.query<Tried>(
    recorder.statement,
    [storableJson(calls), calls.map(({ call_id }) => call_id), hashes, ...recorder.parameters(settlements)],
    WAIT_FOR_FORGETTING,
  );
  return row ?? { targets: {}, forgotten: [], is_unknown: false };
}
