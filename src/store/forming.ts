/*
 * Forms the questions anew that an older version stored, by the rules of today: so the same list finds its answers and open jobs, and
 * an upgrade buys nothing twice. In batches, each a transaction of its own: it may be killed and gone on with at will. Nothing may
 * launch before it is complete. The domain of a stored question is not judged again.
 */
import { BusyError } from '../core/errors.ts';
import type { Question } from '../core/model.ts';
import { hashOfStored, QUESTION_VERSION } from '../kinds/contacts/question.ts';
import type { Driver, Queryable } from './database.ts';
import { anyRunAtWork } from './run-owner.ts';
import { storableJson } from './storable.ts';

const BATCH = 1_000;
/** Any constant will do, as long as all versions of the program share it. */
const FORMING_LOCK = 20_261_127;

type Stored = {
  id: number;
  run_id: string;
  question: Question;
  state: string;
  call_id: number | null;
  is_open: boolean;
};

/**
 * The run that a process of an older version works on: until processes had a table, it held a lock on the run's key in its session.
 * pg_locks shows a key of 64 bits as two halves.
 */
const LOCKED_RUN = `
  select run.id from waterfall.runs as run
  join pg_locks as lock on lock.locktype = 'advisory' and lock.objsubid = 1 and lock.granted
    and lock.database = (select oid from pg_database where datname = current_database())
    and (lock.classid::bigint << 32 | lock.objid::bigint) = hashtextextended('waterfall-contacts ' || run.key, 0)
  where run.finished_at is null order by run.created_at desc limit 1`;

/** Refuses to change questions under a process of an older version that works on a run. @throws {BusyError} that names the run. */
export async function refuseWorkingRuns(database: Queryable, { embedded }: { embedded: boolean }): Promise<void> {
  // Nobody else has the embedded database open.
  if (embedded) return;
  const [locked] = await database.query<{ id: string }>(LOCKED_RUN);
  const [has] = await database.query<{ processes: boolean }>(`select to_regclass('waterfall.processes') is not null as processes`);
  const id = locked?.id ?? (has?.processes === true ? await anyRunAtWork(database) : undefined);
  if (id !== undefined) {
    throw new BusyError(`an older version of waterfall-contacts works on run ${id}; the database is updated when it has ended: stop it with Ctrl-C, and give the command again`);
  }
}

/** Forms all stored questions anew. @returns how many. */
export async function formQuestions(driver: Driver, onBegin: (questions: number) => void): Promise<number> {
  const questions = await countUnformed(driver);
  if (questions === 0) return 0;
  await refuseWorkingRuns(driver, driver);
  onBegin(questions);
  let formed = 0;
  for (let batch = BATCH; batch > 0; formed += batch) batch = await driver.transaction(formBatch);
  return formed;
}

/** How many questions are stored as an older version formed them. */
export async function countUnformed(database: Queryable): Promise<number> {
  const [unformed] = await database.query<{ questions: number }>('select count(*)::integer as questions from waterfall.targets where question_version < $1', [QUESTION_VERSION]);
  return unformed?.questions ?? 0;
}

async function formBatch(transaction: Queryable): Promise<number> {
  await transaction.query('select pg_advisory_xact_lock($1)', [FORMING_LOCK]);
  const stored = await transaction.query<Stored>(
    `select id, run_id, question, state, call_id, settled_at is null as is_open
     from waterfall.targets where question_version < $1 order by id limit $2`,
    [QUESTION_VERSION, BATCH],
  );
  const formed = stored.map((target) => ({ ...target, question_hash: hashOfStored(target.question), question_limit: target.question.limit }));
  const open = await openTwins(transaction, formed.flatMap((target) => (target.is_open ? [target.question_hash] : [])));
  for (const target of formed) {
    if (!target.is_open) continue;
    const twins = open.get(target.question_hash) ?? [];
    const twin = twins.find(({ run_id }) => run_id === target.run_id);
    // Of several open jobs the first stays the question's; the others are asked for all the same.
    if (target.state === 'launched' && twins.some(({ state }) => state === 'launched')) {
      await transaction.query(`update waterfall.targets set state = 'following' where id = $1`, [target.id]);
      target.state = 'following';
    }
    if (twin !== undefined && (twin.state === 'pending' || target.state === 'pending')) {
      await merge(transaction, target, twin);
      if (twin.state === 'pending') twin.state = target.state;
      continue;
    }
    open.set(target.question_hash, [...twins, target]);
  }
  await transaction.query(
    `with given as materialized (
       select id, decode(hash, 'hex') as question_hash, question_limit from json_to_recordset($1::json) as given (id bigint, hash text, question_limit integer)
     ),
     answered as (
       update waterfall.answers as answer set question_hash = given.question_hash, question_limit = greatest(answer.question_limit, given.question_limit)
       from given where answer.target_id = given.id
     )
     update waterfall.targets as target
     set question_hash = given.question_hash, question_limit = given.question_limit, question_version = $2, formed_anew = true
     from given where target.id = given.id`,
    [storableJson(formed.map(({ id, question_hash, question_limit }) => ({ id, hash: question_hash, question_limit }))), QUESTION_VERSION],
  );
  const calls = formed.flatMap(({ call_id }) => call_id ?? []);
  await transaction.query('delete from waterfall.open_questions where call_id = any ($1::bigint[])', [calls]);
  await transaction.query(
    `insert into waterfall.open_questions (question_hash, provider, api_host, call_id)
     select target.question_hash, call.provider, call.api_host, call.id
     from waterfall.targets as target join waterfall.calls as call on call.id = target.call_id
     where target.call_id = any ($1::bigint[]) and target.state = 'launched' and target.question_version = $2 order by target.id
     on conflict do nothing`,
    [calls, QUESTION_VERSION],
  );
  return stored.length;
}

type Twin = Pick<Stored, 'id' | 'run_id' | 'state'>;

/** Targets that are formed already and still open, by their question. */
async function openTwins(transaction: Queryable, hashes: readonly string[]): Promise<Map<string, Twin[]>> {
  const rows = await transaction.query<Twin & { question_hash: string }>(
    `select id, run_id, state, encode(question_hash, 'hex') as question_hash from waterfall.targets
     where question_hash in (select decode(hash, 'hex') from unnest($1::text[]) as hash) and settled_at is null and question_version = $2 order by id`,
    [hashes, QUESTION_VERSION],
  );
  const twins = new Map<string, Twin[]>();
  for (const { question_hash, ...twin } of rows) twins.set(question_hash, [...(twins.get(question_hash) ?? []), twin]);
  return twins;
}

/** Two unfinished targets of a run have become one question: the first stays, with the job and the doubts of both, and asks for the rows of both. */
async function merge(transaction: Queryable, later: Twin, first: Twin): Promise<void> {
  await transaction.query(
    `update waterfall.input_rows set target_id = $2, outcome = 'duplicate' where target_id = $1`,
    [later.id, first.id],
  );
  await transaction.query('update waterfall.call_targets set target_id = $2 where target_id = $1', [later.id, first.id]);
  await transaction.query(
    `with gone as (delete from waterfall.targets where id = $1 returning state, call_id, launches, doubts)
     update waterfall.targets as target
     set launches = target.launches + gone.launches, doubts = greatest(target.doubts, gone.doubts),
       state = case when target.call_id is null then gone.state else target.state end, call_id = coalesce(target.call_id, gone.call_id)
     from gone where target.id = $2`,
    [later.id, first.id],
  );
}
