/* Answers that nobody was asked for: what the program can tell of an address by itself, while the list of a run is being saved. */
import { hashesOf, keysOf } from '../core/forgotten.ts';
import type { EmailQuestion } from '../core/model.ts';
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import type { Queryable } from './database.ts';
import { storableJson } from './storable.ts';

/** Those of the hashes that are of people who were forgotten. */
export async function forgottenOf(database: Queryable, hashes: readonly string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const rows = await database.query<{ hash: string }>('select hash from waterfall.forgotten where hash = any ($1::text[])', [hashes]);
  return rows.map(({ hash }) => hash);
}

/** A question about an address, of a run. */
export type PendingQuestion = { id: number; position: number; question: EmailQuestion };

/** The next questions of a run, after a position, of which nothing is known and that nobody has asked. */
export async function pendingQuestions(database: Queryable, run_id: string, { after, limit }: { after: number; limit: number }): Promise<PendingQuestion[]> {
  return database.query<PendingQuestion>(
    `select id, position, question from waterfall.targets
     where run_id = $1 and settled_at is null and state = 'pending' and turn = 0 and doubts = 0 and position > $2 order by position limit $3`,
    [run_id, after, limit],
  );
}

/** Settles questions with what is told of them. They are known to no other run: whose provider is `local` nobody asks. Repeating it does no harm. */
export async function saveLocalAnswers(database: Queryable, told: readonly { id: number; address: string; answer: EmailAnswer }[]): Promise<void> {
  if (told.length === 0) return;
  await database.query(
    `with told as materialized (
       select target.id, target.question_hash, given.answer, given.people
       from json_to_recordset($1::json) as given (id bigint, answer jsonb, people bigint[])
       join waterfall.targets as target on target.id = given.id
       where target.state = 'pending' order by target.id for update of target
     ),
     saved as (
       insert into waterfall.answers (question_hash, provider, api_host, question_limit, answer, verdict, people, contacts, cost_usd, reason, answered_at, saved_at, target_id)
       select question_hash, 'local', '', 1, answer, answer ->> 'verdict', people, 1, 0, answer ->> 'reason', waterfall.moment(), waterfall.moment(), id from told
       returning id, target_id, reason
     ),
     linked as (insert into waterfall.target_answers (target_id, answer_id) select target_id, id from saved)
     update waterfall.targets as target set state = 'found', contacts = 1, cost_usd = 0, reason = saved.reason, settled_at = waterfall.moment()
     from saved where target.id = any (array(select id from told)) and target.id = saved.target_id`,
    [storableJson(told.map(({ id, address, answer }) => ({ id, answer, people: keysOf(hashesOf({ ids: [], emails: [address.toLowerCase()] })) })))],
  );
}

/** How many questions of a run were settled without asking anybody, by what was told of them. */
export async function countLocal(database: Queryable, run_id: string): Promise<{ disposable: number; role: number; no_mail: number }> {
  const [row] = await database.query<{ disposable: number; role: number; no_mail: number }>(
    `select count(*) filter (where verdict = 'do_not_mail')::integer as disposable, count(*) filter (where verdict = 'risky')::integer as role,
       count(*) filter (where verdict = 'undeliverable')::integer as no_mail
     from waterfall.targets as target join waterfall.answers as answer on answer.target_id = target.id and answer.provider = 'local' where target.run_id = $1`,
    [run_id],
  );
  return row ?? { disposable: 0, role: 0, no_mail: 0 };
}
