/*
 * The list of a new run: its rows and targets, and what the database already knows of its questions. Saved in batches, each of which may
 * be repeated, and seen by nobody until the last statement.
 */
import { BusyError } from '../core/errors.ts';
import type { Question } from '../core/model.ts';
import type { Queryable } from './database.ts';
import { momentOf } from './processes.ts';
import { storableJson } from './storable.ts';

/** A row of the list on its way in: with a question, or with the reason why it has none. */
export type ImportedRow = {
  position: number;
  line: number;
  domain: string | null;
  title_filter: string;
  cells: string[];
  question_hash?: string;
  question?: Question;
  reason?: string;
  /** It would have one, and is left out by --exclude-domain. */
  excluded?: true;
};

/** A question whose jobs ended FAILED, or were lost, so often is not launched again of itself (contract, section 1). */
export const FAILURES_ENOUGH = 3;

/**
 * What is known of a question, for `mine` (a row with question_hash, question_limit, provider and api_host): the newest answer that serves
 * it and is not older than `since`.
 */
export const knownAnswer = (since: string) => `
  select answer.id as answer_id, answer.call_id, answer.contacts, answer.reason
  from waterfall.answers as answer
  where answer.question_hash = mine.question_hash and answer.provider = mine.provider and answer.api_host = mine.api_host
    and least(answer.answered_at, answer.saved_at) >= ${since} and waterfall.serves(answer.question_limit, answer.contacts, mine.question_limit)
  order by least(answer.answered_at, answer.saved_at) desc, answer.id limit 1`;

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
export async function addRows(transaction: Queryable, run_id: string, rows: readonly ImportedRow[]): Promise<void> {
  const questions = new Map<string, { position: number; question_hash: string; question: Question }>();
  for (const { position, question_hash, question } of rows) {
    if (question_hash === undefined || question === undefined) continue;
    const first = questions.get(question_hash);
    if (first === undefined) questions.set(question_hash, { position, question_hash, question });
    else if (position < first.position) questions.set(question_hash, { position, question_hash, question: { ...first.question, ...question } });
    else first.question = { ...question, ...first.question };
  }
  await transaction.query(
    `insert into waterfall.targets (run_id, position, question_hash, question, question_limit)
     select $1, given.position, decode(given.question_hash, 'hex'), given.question, (given.question ->> 'limit')::integer
     from json_to_recordset($2::json) as given (position integer, question_hash text, question jsonb)
     order by given.position
     on conflict (run_id, question_hash) where not formed_anew do update set question = excluded.question || targets.question
       where excluded.question ? 'company_name' and not targets.question ? 'company_name'
         or excluded.question ? 'linkedin' and not targets.question ? 'linkedin'`,
    [run_id, storableJson([...questions.values()])],
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

/** Lets everybody see a run whose list is saved, with what is known of its questions by answers of at most this age; undefined: none. */
export async function showRun(transaction: Queryable, run_id: string, maxAgeMs: number | undefined): Promise<void> {
  // Removed by another process, for which this one was dead.
  const [run] = await transaction.query<{ state: string }>('select state from waterfall.runs where id = $1 for update', [run_id]);
  if (run === undefined) throw new BusyError('this process stood still for so long that it counted as dead, and its list was removed');
  if (maxAgeMs !== undefined) {
    const now = await momentOf(transaction);
    await adoptKnown(transaction, run_id, new Date(now.getTime() - maxAgeMs), now);
  }
  await transaction.query(`update waterfall.runs set state = 'running' where id = $1 and state = 'importing'`, [run_id]);
}

/**
 * Takes over what is known of the run's questions: answers not older than `since`, jobs that are still open (they are
 * asked first), jobs that failed too often, launches in doubt. Times are moments.
 */
export async function adoptKnown(transaction: Queryable, run_id: string, since: Date, now: Date): Promise<void> {
  await transaction.query(
    `with known as materialized (${each(knownAnswer('$2'))}),
     linked as (insert into waterfall.target_answers (target_id, answer_id) select id, answer_id from known)
     update waterfall.targets as target
     set state = 'cached', call_id = known.call_id, contacts = least(known.contacts, target.question_limit), cost_usd = 0, settled_at = $3, reason = known.reason
     from known where target.id = known.id`,
    [run_id, since, now],
  );
  await transaction.query(
    `update waterfall.targets as target set state = 'following', call_id = known.call_id
     from (${each(knownCall('$2'))}) as known where target.id = known.id`,
    [run_id, since],
  );
  await transaction.query(
    `update waterfall.targets as target
     set state = 'job_failed', call_id = known.call_id, settled_at = $3, reason = ${failedReason('known.times', 'known.reason')}
     from (${each(knownFailures('$2'))}) as known where target.id = known.id`,
    [run_id, since, now],
  );
  // In doubt until answered: calls of earlier runs, unless the question has an answer that was saved after them.
  await transaction.query(
    `update waterfall.targets as target
     set doubts = known.doubts
     from (${each(`
       select max(earlier.doubts) as doubts
       from waterfall.targets as earlier
       where earlier.question_hash = mine.question_hash and earlier.run_id <> $1 and earlier.doubts > 0
         and not exists (
           select from waterfall.answers as answer
           where answer.question_hash = mine.question_hash and answer.target_id >= earlier.id)
       having max(earlier.doubts) > 0`)}) as known
     where target.id = known.id`,
    [run_id],
  );
}

/**
 * What is known of each question of the run ($1) that is pending, with the id of its target. Looked up one by one, by the index on the
 * question: of rows that were added just now the planner knows nothing, takes them for none, and would compare all with all (5 minutes
 * for 5,000). To tell it (`analyze`) is a right of the table's owner alone.
 */
function each(known: string): string {
  return `select mine.id, known.* from (
      select id, question_hash, question_limit, 'waterfall' as provider, question ->> 'api_host' as api_host from waterfall.targets where run_id = $1 and state = 'pending'
    ) as mine cross join lateral (${known}) as known`;
}
