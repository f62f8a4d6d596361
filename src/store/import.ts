/*
 * The list of a new run: its rows and targets, and what the database already knows of its questions. Saved in batches, each of which may
 * be repeated, and seen by nobody until the last statement.
 */
import { BusyError } from '../core/errors.ts';
import type { AnyQuestion } from '../core/model.ts';
import type { Queryable } from './database.ts';
import { momentOf } from './processes.ts';
import { WAIT_FOR_PURGING } from './purge.ts';
import { storableJson } from './storable.ts';

/** A row of the list on its way in: with a question, or with the reason why it has none. */
export type ImportedRow = {
  position: number;
  line: number;
  /** Of the row, for people: the company's domain, or the address. */
  domain: string | null;
  title_filter: string;
  cells: string[];
  question_hash?: string;
  question?: AnyQuestion;
  reason?: string;
  /** It would have one, and is left out. */
  excluded?: true;
};

/** A question whose jobs ended FAILED, or were lost, so often is not launched again of itself (contract, section 1). */
export const FAILURES_ENOUGH = 3;

/** From when on answers are young enough; those that say `catch_all` of an address change sooner. SQL of moments. */
export type Since = { since: string; catchAllSince: string };

/**
 * What is known of a question, for `mine` (a row with question_hash, question_limit, provider and api_host): the newest answer that serves
 * it and is young enough. An `unknown` is no knowledge, but is not asked for again at once, nor for the fourth time.
 */
export const knownAnswer = ({ since, catchAllSince }: Since) => `
  select answer.id as answer_id, answer.call_id, answer.contacts, answer.verdict,
    case when answer.verdict = 'unknown' then coalesce(waterfall.why_not_again(answer.question_hash, answer.provider, answer.api_host), answer.reason) else answer.reason end as reason
  from waterfall.answers as answer
  where answer.question_hash = mine.question_hash and answer.provider = mine.provider and answer.api_host = mine.api_host
    and case answer.verdict
      when 'unknown' then waterfall.why_not_again(answer.question_hash, answer.provider, answer.api_host) is not null
      when 'catch_all' then least(answer.answered_at, answer.saved_at) >= ${catchAllSince}
      else least(answer.answered_at, answer.saved_at) >= ${since} end
    and waterfall.serves(answer.question_limit, answer.contacts, mine.question_limit)
  order by coalesce(answer.verdict = 'unknown', false), least(answer.answered_at, answer.saved_at) desc, answer.id limit 1`;

/**
 * The same: the call that may still bring an answer. One that was given up, and answered since, has an answer that does not serve: else
 * it would have been taken, and its call would not be running.
 */
export const knownCall = (since: string) => `
  select call.id as call_id, call.job_id
  from waterfall.targets as earlier join waterfall.calls as call on call.id = earlier.call_id
  where earlier.question_hash = mine.question_hash and call.provider = mine.provider and call.api_host = mine.api_host and call.state = 'running'
    and (earlier.state = 'launched' or earlier.state = 'timed_out' and call.replied_at >= ${since})
  order by call.replied_at desc, earlier.id limit 1`;

/** The same: how often its jobs have failed, and why the last one did. */
export const knownFailures = (since: string) => `
  select count(distinct earlier.call_id) as times,
    (array_agg(earlier.call_id order by earlier.id desc))[1] as call_id,
    (array_agg(coalesce(earlier.reason, 'no reason given') order by earlier.id desc) filter (where earlier.launches > 0))[1] as reason
  from waterfall.targets as earlier join waterfall.calls as call on call.id = earlier.call_id
  where earlier.question_hash = mine.question_hash and call.provider = mine.provider and call.api_host = mine.api_host
    and earlier.state in ('job_failed', 'job_lost') and earlier.settled_at >= ${since}
  having count(distinct earlier.call_id) >= ${FAILURES_ENOUGH}`;

/** What is said of a question that is not launched again, from how often its jobs failed and why the last one did. */
export const failedReason = (times: string, last: string) => `'not launched again: ' || ${times} || ' jobs of this question failed or were lost, the last: ' || ${last}`;

/** Adds a batch of rows. The first row that asks a question makes its target; later ones are its duplicates, which may bring a hint that it lacks. */
export async function addRows(transaction: Queryable, run_id: string, rows: readonly ImportedRow[], providers = 1): Promise<void> {
  const questions = new Map<string, { position: number; question_hash: string; question: AnyQuestion }>();
  for (const { position, question_hash, question } of rows) {
    if (question_hash === undefined || question === undefined) continue;
    const first = questions.get(question_hash);
    if (first === undefined) questions.set(question_hash, { position, question_hash, question });
    else if (position < first.position) questions.set(question_hash, { position, question_hash, question: { ...first.question, ...question } });
    else first.question = { ...question, ...first.question };
  }
  await transaction.query(
    `insert into waterfall.targets (run_id, position, question_hash, question, question_limit, last_turn)
     select $1, given.position, decode(given.question_hash, 'hex'), given.question, coalesce((given.question ->> 'limit')::integer, 1), $3
     from json_to_recordset($2::json) as given (position integer, question_hash text, question jsonb)
     order by given.position
     on conflict (run_id, question_hash) where not formed_anew do update set question = excluded.question || targets.question
       where excluded.question ? 'company_name' and not targets.question ? 'company_name'
         or excluded.question ? 'linkedin' and not targets.question ? 'linkedin'`,
    [run_id, storableJson([...questions.values()]), providers - 1],
  );
  const batch = storableJson(rows.map(({ question: _question, ...row }) => row));
  await transaction.query(
    `insert into waterfall.input_rows (run_id, position, line, domain, title_filter, cells, target_id, outcome, reason)
     select $1, given.position, given.line, given.domain, given.title_filter, given.cells, target.id,
       case when given.excluded then 'excluded' when target.id is null then 'invalid' when target.position <> given.position then 'duplicate' end,
       given.reason
     from json_to_recordset($2::json) as given (
       position integer, line integer, domain text, title_filter text, cells text[], question_hash text, reason text, excluded boolean)
     left join waterfall.targets as target on target.run_id = $1 and target.question_hash = decode(given.question_hash, 'hex') and not target.formed_anew
     on conflict (run_id, position) do nothing`,
    [run_id, batch],
  );
}

/** A provider and its API, whose answers a run takes. */
export type Source = { provider: string; api_host: string };

/** From when on answers may be taken from the database. */
export type AnswersSince = { since: Date; catchAllSince: Date };

/** Makes sure that a run whose list was saved is still there. @throws {BusyError} when it was removed by another process, for which this one was dead. */
export async function lockImport(transaction: Queryable, run_id: string): Promise<void> {
  const [run] = await transaction.query<{ state: string }>('select state from waterfall.runs where id = $1 for update', [run_id]);
  if (run === undefined) throw new BusyError('this process stood still for so long that it counted as dead, and its list was removed');
}

/** Lets everybody see a run whose list is saved. */
export async function showRun(transaction: Queryable, run_id: string): Promise<void> {
  await lockImport(transaction, run_id);
  await transaction.query(`update waterfall.runs set state = 'running' where id = $1 and state = 'importing'`, [run_id]);
}

/**
 * Takes over what is known of the run's questions: young enough answers, jobs that are still open (they are asked first), jobs that failed
 * too often, calls in doubt. Provider by provider: what the first did not know, the second may have answered. Times are moments.
 */
export async function adoptKnown(transaction: Queryable, run_id: string, sources: readonly Source[], { since, catchAllSince }: AnswersSince): Promise<void> {
  await transaction.query(WAIT_FOR_PURGING);
  const now = await momentOf(transaction);
  for (const [turn, { provider, api_host }] of sources.entries()) {
    const mine = [run_id, turn, provider, api_host];
    await transaction.query(
      `with known as materialized (${each(knownAnswer({ since: '$5', catchAllSince: '$6' }))}),
       linked as (insert into waterfall.target_answers (target_id, place, answer_id) select id, $2, answer_id from known on conflict do nothing),
       brought as (
         select known.*, waterfall.is_last_word(known.verdict, target.turn, target.last_turn) as is_last, greatest(target.contacts, least(known.contacts, target.question_limit)) as brings
         from known join waterfall.targets as target on target.id = known.id
       )
       update waterfall.targets as target
       set state = case when not is_last then 'pending' when known.verdict is null or brings > 0 then 'cached' else 'not_found' end,
         turn = target.turn + (not is_last)::integer, call_id = case when is_last then known.call_id end, contacts = brings, cost_usd = 0,
         settled_at = case when is_last then $7::timestamptz end, reason = case when known.contacts = 0 and brings > 0 then target.reason else known.reason end
       from brought as known where target.id = known.id`,
      [...mine, since, catchAllSince, now],
    );
    await transaction.query(
      `update waterfall.targets as target set state = 'following', call_id = known.call_id
       from (${each(knownCall('$5'))}) as known where target.id = known.id`,
      [...mine, since],
    );
    await transaction.query(
      `update waterfall.targets as target
       set state = 'job_failed', call_id = known.call_id, settled_at = $6, reason = ${failedReason('known.times', 'known.reason')}
       from (${each(knownFailures('$5'))}) as known where target.id = known.id`,
      [...mine, since, now],
    );
    // In doubt until answered: calls of earlier runs, unless the question has an answer that was saved after them.
    await transaction.query(
      `update waterfall.targets as target
       set doubts = known.doubts
       from (${each(`
         select max(earlier.doubts) as doubts
         from waterfall.targets as earlier
         where earlier.question_hash = mine.question_hash and earlier.run_id is distinct from $1 and earlier.doubts > 0
           and exists (
             select from waterfall.call_targets as listed join waterfall.calls as call on call.id = listed.call_id
             where listed.target_id = earlier.id and call.state = 'in_doubt' and call.provider = mine.provider and call.api_host = mine.api_host)
           and not exists (
             select from waterfall.answers as answer
             where answer.question_hash = mine.question_hash and answer.provider = mine.provider and answer.api_host = mine.api_host and answer.target_id >= earlier.id)
         having max(earlier.doubts) > 0`)}) as known
       where target.id = known.id`,
      mine,
    );
  }
}

/**
 * What is known of each question of the run ($1) that is pending at its provider number $2, with the id of its target. Looked up one by
 * one, by the index on the question: of rows that were added just now the planner knows nothing, takes them for none, and would compare
 * all with all (5 minutes for 5,000). To tell it (`analyze`) is a right of the table's owner alone. $3 the provider, $4 its host.
 */
function each(known: string): string {
  return `select mine.id, known.* from (
      select id, question_hash, question_limit, $3::text as provider, $4::text as api_host from waterfall.targets where run_id = $1 and state = 'pending' and turn = $2
    ) as mine cross join lateral (${known}) as known`;
}
