/*
 * The targets of a run: what is next for each, and the compare-and-sets that move them on, with their calls.
 * Every statement may be repeated without harm: a lost connection leaves it unknown whether it was done.
 */
import type { Target } from '../core/model.ts';
import { isOpen } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';
import type { Queryable } from './database.ts';
import { WAIT_FOR_PURGING } from './purge.ts';
import { storableJson, storableText } from './storable.ts';

/** A job is as old as the reply that told of it. */
const TARGET = `
  target.id, target.run_id, target.position, target.question, encode(target.question_hash, 'hex') as question_hash, target.state, target.launches, target.doubts, target.turn, target.last_turn, target.contacts,
  target.call_id, call.job_id, (extract(epoch from coalesce(call.replied_at, call.saved_at)) * 1000)::float8 as launched_at`;
const FROM_TARGETS = 'waterfall.targets as target left join waterfall.calls as call on call.id = target.call_id';

/** A target with its place in the run. */
export type PlacedTarget = Target & { position: number };

/** The next open targets after a position, in order. `polled`: those with a job to ask for; else those to launch. */
export async function openTargets(
  database: Queryable,
  query: { run_id: string; polled: boolean; after: number; limit: number },
): Promise<PlacedTarget[]> {
  return database.query<PlacedTarget>(
    `select ${TARGET} from ${FROM_TARGETS}
     where target.run_id = $1 and target.settled_at is null and target.state = any ($2::text[]) and target.position > $3
     order by target.position limit $4`,
    [query.run_id, query.polled ? ['launched', 'following'] : ['pending'], query.after, query.limit],
  );
}

/** One target as it is now. */
export async function loadTarget(database: Queryable, id: number): Promise<PlacedTarget> {
  const [target] = await database.query<PlacedTarget>(`select ${TARGET} from ${FROM_TARGETS} where target.id = $1`, [id]);
  if (target === undefined) throw new Error(`target ${id} is gone`);
  return target;
}

/** Who calls: the process, and the API whose calls it makes. */
export type Caller = { process_id: string; provider: string; api_host: string };

/** One target's progress: what it was, and what it shall be. */
export type Change = { before: Target; after: Progress };

/**
 * What became of a change. `refused`: somebody else moved the target, or, for a claim, the question is open at the provider already;
 * for a target that shall follow a call, that it has ended. `answered`: saved, and the claimed question has an answer for `takeAnswer`
 * to take over.
 */
export type Saved = 'saved' | 'answered' | 'refused';

/** The same, with the call that the target has then. */
export type SavedCall = { saved: Saved; call_id: number | null };

/** Saves progress, if the target is still as it was (or already as it shall be: the statement was repeated). */
export async function saveProgress(database: Queryable, caller: Caller, before: Target, after: Progress): Promise<SavedCall> {
  const [saved] = await saveChanges(database, caller, [{ before, after }]);
  return saved ?? REFUSED;
}

const REFUSED: SavedCall = { saved: 'refused', call_id: null };

/** Saves the progress of several targets at once (sql/0013_ledger.sql); says for each what `saveProgress` would. */
export async function saveChanges(database: Queryable, caller: Caller, changes: readonly Change[]): Promise<SavedCall[]> {
  const rows = await database.query<{ saved_id: number; saved_call: number | null; is_answered: boolean }>('select * from waterfall.save_progress($1, $2)', [
    storableJson(changes.map((change) => changeRecord(change, caller))),
    caller.process_id,
  ]);
  const saved = new Map(rows.map(({ saved_id, saved_call, is_answered }) => [saved_id, { saved: is_answered ? 'answered' : 'saved', call_id: saved_call } as const]));
  return changes.map(({ before }) => saved.get(before.id) ?? REFUSED);
}

function changeRecord({ before, after }: Change, { provider, api_host }: Caller) {
  const { state, launches, doubts, turn, job_id, reason } = after;
  return {
    id: before.id,
    from_state: before.state,
    from_launches: before.launches,
    from_turn: before.turn,
    call_id: after.call_id ?? before.call_id,
    ...{ state, launches, doubts, turn, job_id, reason, provider, api_host },
    is_settled: !isOpen(state),
  };
}

/** The call by which a question is open at an API, whatever run it belongs to. */
export type OpenCall = { call_id: number; job_id: string | null; launched_at: number };

/** The open call of a question, with its moment in epoch milliseconds. */
export async function openCall(database: Queryable, question_hash: string, { provider, api_host }: Pick<Caller, 'provider' | 'api_host'>): Promise<OpenCall | undefined> {
  const [call] = await database.query<OpenCall>(
    `select call.id as call_id, call.job_id, (extract(epoch from coalesce(call.replied_at, call.saved_at)) * 1000)::float8 as launched_at
     from waterfall.open_questions as question join waterfall.calls as call on call.id = question.call_id
     where question.question_hash = decode($1, 'hex') and question.provider = $2 and question.api_host = $3`,
    [question_hash, provider, api_host],
  );
  return call;
}

/**
 * Takes over the answer that another run got to the question of a claimed target since this target's run was created:
 * it is young enough for every `--max-age`, and for `--fresh`. The claim is undone: nothing was launched. Where it is not the last word,
 * the next provider's turn comes.
 * @returns the number of contacts, or undefined when there is no such answer.
 */
export async function takeAnswer(database: Queryable, claimed: Target): Promise<{ contacts: number } | undefined> {
  const [taken] = await database.query<{ contacts: number }>(
    `with known as materialized (
       select answer.*, mine.call_id as claim_id, mine.question_limit as asked_limit, mine.turn, greatest(mine.contacts, least(answer.contacts, mine.question_limit)) as brought,
         waterfall.is_last_word(answer.verdict, mine.turn, mine.last_turn) as is_last
       from waterfall.targets as mine
       join waterfall.runs as run on run.id = mine.run_id
       join waterfall.calls as call on call.id = mine.call_id
       join waterfall.answers as answer on answer.question_hash = mine.question_hash and answer.provider = call.provider and answer.api_host = call.api_host
       where mine.id = $1 and mine.state = 'launching' and mine.turn = $3
         and answer.saved_at >= run.created_at and waterfall.is_known(answer.verdict, answer.saved_at) and waterfall.serves(answer.question_limit, answer.contacts, mine.question_limit)
       order by least(answer.answered_at, answer.saved_at) desc, answer.id limit 1
     ),
     taken as (
       update waterfall.targets as target
       set state = case when not is_last then 'pending' when $2 = 0 and (known.verdict is null or brought > 0) then 'cached'
           else waterfall.answered_state(brought, known.verdict) end,
         turn = case when is_last then target.turn else target.turn + 1 end, call_id = case when is_last then known.call_id end, doubts = 0,
         contacts = brought, cost_usd = coalesce(target.cost_usd, 0), reason = known.reason, launches = $2, settled_at = case when is_last then waterfall.moment() end
       from known where target.id = $1 and target.state = 'launching' returning target.contacts
     ),
     linked as (insert into waterfall.target_answers (target_id, place, answer_id) select $1, known.turn, known.id from known, taken on conflict do nothing),
     closed as (delete from waterfall.open_questions where call_id in (select claim_id from known, taken)),
     unsent as (update waterfall.calls set state = 'not_sent', process_id = null where id in (select claim_id from known, taken))
     select contacts from taken
     -- Repeated: it was taken before.
     union all select contacts from waterfall.targets where id = $1 and (state = 'cached' or turn > $3)`,
    [claimed.id, claimed.launches - 1, claimed.turn],
    WAIT_FOR_PURGING,
  );
  return taken;
}

/** Whether the cost of a target's answer is its own; else it took what another one's call brought. */
export async function holdsAnswer(database: Queryable, id: number): Promise<boolean> {
  const [target] = await database.query<{ holds: boolean }>('select exists (select from waterfall.answers where target_id = $1) as holds', [id]);
  return target?.holds ?? false;
}

/**
 * Puts calls in doubt whose reply nobody can be waiting for any more: those for targets of one run (which the caller has taken), or for a
 * question, of processes that are dead.
 * @returns how many.
 */
export async function doubtCalls(database: Queryable, which: { run_id: string } | { question_hash: string }): Promise<number> {
  const condition = 'run_id' in which ? 'target.run_id = $1' : `target.question_hash = decode($1, 'hex') and (call.process_id is null or not waterfall.is_alive(call.process_id))`;
  const rows = await database.query(
    `with lost as materialized (
       select call.id, call.provider, call.api_host, target.id as target_id, target.question_hash
       from waterfall.targets as target join waterfall.calls as call on call.id = target.call_id
       where target.settled_at is null and target.state = 'launching' and call.state = 'saved' and ${condition}
       order by call.id for update of call, target
     ),
     doubted as (update waterfall.calls set state = 'in_doubt', process_id = null where id in (select id from lost)),
     closed as (
       delete from waterfall.open_questions as question using lost
       where question.question_hash = lost.question_hash and question.provider = lost.provider and question.api_host = lost.api_host and question.call_id = lost.id
     )
     update waterfall.targets set state = 'pending', doubts = doubts + 1, call_id = null where id in (select target_id from lost) returning id`,
    ['run_id' in which ? which.run_id : which.question_hash],
  );
  return rows.length;
}

/**
 * Keeps the reply to a call that was put in doubt although its process was alive: that doubt is taken back, and the target asks for the
 * job, or where it has none waits for the answer again. Nothing is changed where the question was asked again meanwhile.
 * @returns whether the target has the call.
 */
export async function keepLateCall(database: Queryable, { process_id }: Caller, late: { target_id: number; call_id: number; job_id?: string }): Promise<boolean> {
  const kept = await database.query(
    `with late as materialized (
       select call.id, call.provider, call.api_host, target.id as target_id, target.question_hash
       from waterfall.calls as call, waterfall.targets as target
       where call.id = $1 and call.state = 'in_doubt' and target.id = $2 and target.state = 'pending' for update
     ),
     opened as (
       insert into waterfall.open_questions (question_hash, provider, api_host, call_id)
       select question_hash, provider, api_host, id from late on conflict do nothing returning call_id
     ),
     called as (
       update waterfall.calls set state = case when $3::text is null then 'saved' else 'running' end, job_id = $3, process_id = $4, replied_at = waterfall.moment()
       where id in (select call_id from opened)
     )
     update waterfall.targets set state = case when $3::text is null then 'launching' else 'launched' end, call_id = $1, doubts = greatest(doubts - 1, 0)
     where id = $2 and exists (select from opened) returning id`,
    [late.call_id, late.target_id, late.job_id ?? null, process_id],
  );
  return kept.length > 0;
}

/**
 * A job ended without an answer, as somebody was told who followed it: the target that launched it ends with it, and who else follows
 * it asks for itself. Left open, it would keep everybody from asking its question.
 */
export async function endCall(database: Queryable, ended: { call_id: number; state: 'job_failed' | 'job_lost'; reason: string }): Promise<void> {
  await database.query(
    `with call as materialized (
       select call.id, call.provider, call.api_host, asked.question_hash
       from waterfall.calls as call join waterfall.call_targets as listed on listed.call_id = call.id join waterfall.targets as asked on asked.id = listed.target_id
       where call.id = $1 for update of call
     ),
     called as (update waterfall.calls set state = 'ended', process_id = null where id in (select id from call)),
     closed as (
       delete from waterfall.open_questions as question using call
       where question.question_hash = call.question_hash and question.provider = call.provider and question.api_host = call.api_host and question.call_id = call.id
     )
     update waterfall.targets
     set state = case when state = 'launched' then $2 else 'pending' end, reason = case when state = 'launched' then $3 end,
       settled_at = case when state = 'launched' then waterfall.moment() end, call_id = case when state = 'launched' then call_id end
     where call_id = $1 and state in ('launched', 'following') and question_hash in (select question_hash from call)`,
    [ended.call_id, ended.state, storableText(ended.reason)],
  );
}

/** Puts rejected targets back, when it turned out that the rejection was not about them. */
export async function reopenRejected(database: Queryable, ids: readonly number[]): Promise<void> {
  await database.query(
    `update waterfall.targets set state = 'pending', call_id = null, settled_at = null, reason = null
     where id = any ($1::bigint[]) and state = 'rejected'`,
    [ids],
  );
}
