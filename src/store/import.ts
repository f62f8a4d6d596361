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
 * Whether the job of a target may still bring its answer. One that was given up, and answered since for another target, has an answer
 * that does not serve: else it would have been taken.
 */
export const isOpen = (target: string, since: string) =>
  `(${target}.state = 'launched' or ${target}.state = 'timed_out' and ${target}.launched_at >= ${since} and not exists (
    select from waterfall.targets as other where other.job_id = ${target}.job_id and other.state in ('found', 'no_contacts')))`;

/** Whether the job of a target counts as a failure of its question. */
export const hasFailed = (target: string, since: string) => `(${target}.state in ('job_failed', 'job_lost') and ${target}.settled_at >= ${since})`;

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
     select $1, given.position, given.question_hash, given.question, (given.question ->> 'limit')::integer
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
     left join waterfall.targets as target on target.run_id = $1 and target.question_hash = given.question_hash and not target.formed_anew
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
    `update waterfall.targets as target
     set state = 'cached', answered_by = known.holder_id, job_id = known.job_id, stop_date = known.stop_date,
       contacts = least(known.contacts, target.question_limit), cost_usd = 0, settled_at = $3, reason = known.reason
     from (${each(`
       select earlier.id as holder_id, earlier.job_id, earlier.stop_date, earlier.contacts, earlier.reason
       from waterfall.targets as earlier
       where earlier.question_hash = mine.question_hash and earlier.state in ('found', 'no_contacts') and earlier.settled_at is not null
         and earlier.answer is not null and earlier.stop_date >= $2
         and waterfall.serves(earlier.question_limit, earlier.contacts, mine.question_limit)
       order by earlier.stop_date desc, earlier.id limit 1`)}) as known
     where target.id = known.id`,
    [run_id, since, now],
  );
  await transaction.query(
    `update waterfall.targets as target
     set state = 'following', job_id = known.job_id, launched_at = known.launched_at
     from (${each(`
       select earlier.job_id, earlier.launched_at
       from waterfall.targets as earlier
       where earlier.question_hash = mine.question_hash and earlier.run_id <> $1 and ${isOpen('earlier', '$2')}
       order by earlier.launched_at desc, earlier.id limit 1`)}) as known
     where target.id = known.id`,
    [run_id, since],
  );
  await transaction.query(
    `update waterfall.targets as target
     set state = 'job_failed', job_id = failed.job_id, settled_at = $4,
       reason = ${failedReason('failed.times', 'failed.reason')}
     from (${each(`
       select count(distinct earlier.job_id) as times,
         (array_agg(earlier.job_id order by earlier.id desc))[1] as job_id,
         (array_agg(coalesce(earlier.reason, 'no reason given') order by earlier.id desc) filter (where earlier.launches > 0))[1] as reason
       from waterfall.targets as earlier
       where earlier.question_hash = mine.question_hash and ${hasFailed('earlier', '$2')}
       having count(distinct earlier.job_id) >= $3`)}) as failed
     where target.id = failed.id`,
    [run_id, since, FAILURES_ENOUGH, now],
  );
  // In doubt until answered: launches of earlier runs, unless a later target of the question has an answer.
  await transaction.query(
    `update waterfall.targets as target
     set doubts = doubtful.doubts
     from (${each(`
       select max(earlier.doubts) as doubts
       from waterfall.targets as earlier
       where earlier.question_hash = mine.question_hash and earlier.run_id <> $1 and earlier.doubts > 0
         and not exists (
           select from waterfall.targets as answered
           where answered.question_hash = mine.question_hash and answered.id >= earlier.id
             and answered.state in ('found', 'no_contacts') and answered.settled_at is not null)
       having max(earlier.doubts) > 0`)}) as doubtful
     where target.id = doubtful.id`,
    [run_id],
  );
}

/**
 * What is known of each question of the run ($1) that is pending, with the id of its target. Looked up one by one, by the index on the
 * question: of rows that were added just now the planner knows nothing, takes them for none, and would compare all with all (5 minutes
 * for 5,000). To tell it (`analyze`) is a right of the table's owner alone.
 */
function each(known: string): string {
  return `select mine.id, known.* from waterfall.targets as mine cross join lateral (${known}) as known where mine.run_id = $1 and mine.state = 'pending'`;
}
