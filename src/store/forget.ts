/*
 * Erases people: the contacts, their links, and the persons in every stored answer, from which the outputs are made. Only hashes stay
 * (core/forgotten.ts); `settle` leaves out whoever is known by one of them.
 *
 * First the hashes are noted, in a short transaction that waits for the answers that are being saved at that moment, and they for it.
 * Answers that are saved afterwards know them, so what was saved before is erased without anybody having to wait.
 */
import { hashesOf, identifiersOf, keysOf } from '../core/forgotten.ts';
import type { Identity } from '../core/forgotten.ts';
import type { Database, Queryable } from './database.ts';

/** What was erased: contacts, and answers that had one of the people; the runs whose outputs were made from those, and the hashes that stay. */
export type Erased = { contacts: number; answers: number; run_ids: string[]; hashes: string[] };

/** A place that holds one of the people. */
export type Held = {
  contacts: number;
  /** Answers by the run that got them or took them over. */
  runs: { run_id: string; input_name: string; answers: number }[];
  /** Answers that runs got which were purged since. */
  ofPurged: number;
  /** Lists with a cell that is one of the addresses: cells stay as they are. */
  lists: { run_id: string; input_name: string; rows: number[] }[];
};

/** Any constant will do, as long as all versions of the program share it. */
const FORGETTING = 20_261_128;
/** What a save runs before it looks who is forgotten: whoever is being forgotten at that moment is. */
export const WAIT_FOR_FORGETTING = `select pg_advisory_xact_lock_shared(${FORGETTING})`;
/**
 * What the planner may not do here. It knows nothing of a table that was never analysed, and takes many people for nearly everybody: it
 * would read the whole table, or join by reading its whole primary key.
 */
export const BY_INDEX = 'set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off; set local jit = off';
/** So many keys are looked up at once: for all at once every row found is compared with each, and one by one what is pending in the index is read each time. */
const KEYS_AT_ONCE = 64;

/** Ids of the rows that have a key of theirs: nearly all of those who hold them. $2: keys. */
const having = (table: string, column: string) => `
  (select distinct id from (
    select array_agg(key) as keys
    from (select key, row_number() over (order by key) / ${KEYS_AT_ONCE} as part from unnest($2::text[]::bigint[]) as key) as numbered
    group by part
  ) as looked_up cross join lateral (select id from waterfall.${table} where ${column} && looked_up.keys offset 0) as found)`;
/** Whether one of the hashes of a person is theirs: looked up in a table of them, which is made once of the array. $1: hashes. */
const isTheirs = (id: string, ...emails: string[]) => `exists (
  select from waterfall.identifier_hashes(${id}, ${emails.join(', ')}) as hash where hash = any ($1::text[]))`;

/** Everybody in the answers that may hold them. A list of persons may be absent or null: the path gives what there is. */
const PERSONS = `
  (select answer.id, person, place, ${isTheirs("person ->> 'id'", "person ->> 'professional_email'", "person ->> 'personal_email'")} as is_theirs
   from ${having('answers', 'people')} as holder join waterfall.answers as answer using (id),
     jsonb_path_query(answer.answer, '$.persons[*]') with ordinality as listed (person, place))`;
const CONTACTS = `
  (select contact.id, professional_email, personal_email
   from ${having('contacts', 'identifiers')} as holder join waterfall.contacts as contact using (id)
   where ${isTheirs('contact.id', 'professional_email', 'personal_email')})`;

const FIND = `
  select distinct person ->> 'id' as id, person ->> 'professional_email' as professional_email, person ->> 'personal_email' as personal_email
  from ${PERSONS} as listed where is_theirs
  union
  select id, professional_email, personal_email from ${CONTACTS} as contact`;

const ERASE_CONTACTS = `
  with gone as materialized (select id from ${CONTACTS} as contact),
  unlinked as (delete from waterfall.answer_contacts where contact_id = any (array(select id from gone)))
  delete from waterfall.contacts where id = any (array(select id from gone)) returning id`;

/** Counts and states become what they would be, had the person never been in the answer; what it cost stays. */
const ERASE_FROM_ANSWERS = `
  with kept as materialized (
    select id, (count(*) filter (where not is_theirs))::integer as contacts,
      coalesce(jsonb_agg(person order by place) filter (where not is_theirs), '[]') as persons
    from ${PERSONS} as listed
    group by id
    having bool_or(is_theirs)
  ),
  erased as (
    update waterfall.answers as answer
    set contacts = kept.contacts, answer = jsonb_set(answer.answer, '{persons}', kept.persons),
      people = array(select key from unnest(answer.people) as key where not key = any ($2::text[]::bigint[]))
    from kept
    where answer.id = kept.id
  ),
  changed as (
    update waterfall.targets as target
    set contacts = case when target.id = answer.target_id then kept.contacts else least(kept.contacts, target.question_limit) end,
      state = case when target.state = 'found' and kept.contacts = 0 then 'no_contacts' else target.state end
    from kept join waterfall.answers as answer using (id) join waterfall.target_answers as made on made.answer_id = kept.id
    where target.id = made.target_id
    returning target.run_id
  )
  select (select count(*)::integer from kept) as answers, array(select distinct run_id from changed where run_id is not null) as run_ids`;

/**
 * Addresses that were asked for, found by the hashes of their questions: question and cells are emptied, the row is left out, and what
 * providers said of it is deleted; the verdict, which says nothing of anybody by itself, keeps its place and its cost. One that is being
 * asked for at this moment is left out when its answer comes (settle.ts).
 */
const ERASE_ADDRESSES = `
  with asked as materialized (
    select id, run_id, state, question ->> 'email' as address from waterfall.targets
    where question_hash = any (select decode(hash, 'hex') from unnest($1::text[]) as hash) and question ? 'email'
    order by id for update
  ),
  cleaned as (
    update waterfall.answers set answer = answer || '{"reply": {}, "suggestion": null}', people = null
    -- Of a run that was purged, the question has its own answer and no line.
    where id in (
      select answer_id from waterfall.target_answers where target_id in (select id from asked)
      union select id from waterfall.answers where target_id in (select id from asked))
  ),
  unchecked as (delete from waterfall.email_checks where key = any ($2::text[]::bigint[]) or address in (select lower(address) from asked)),
  emptied as (
    update waterfall.input_rows as input_row set domain = null, cells = array_fill(''::text, array[cardinality(input_row.cells)])
    from asked where input_row.run_id = asked.run_id and input_row.target_id = asked.id
  ),
  changed as (
    update waterfall.targets as target
    set question = '{}', reason = 'forgotten', state = case when asked.state in ('launching', 'launched', 'following') then target.state else 'excluded' end,
      settled_at = case when asked.state in ('launching', 'launched', 'following') then null else coalesce(target.settled_at, waterfall.moment()) end
    from asked where target.id = asked.id
  )
  select (select count(*)::integer from asked) as answers, array(select distinct run_id from asked where run_id is not null) as run_ids`;

/**
 * Forgets whoever is known by one of these hashes, and by any other that the same person is found with. The hashes stay, also when
 * nobody was found; repeating it does no harm. `onNoted` is told of all hashes before anything is erased.
 */
export async function forgetPeople(database: Database, named: readonly string[], at: number, onNoted?: (hashes: string[]) => Promise<void>): Promise<Erased> {
  let hashes = await byIndex(database, (transaction) => allHashes(transaction, named));
  for (let noted = -1; noted < hashes.length; ) {
    const all = hashes;
    // Whoever saves waits for this and nothing else.
    await database.transaction(async (transaction) => {
      await transaction.query(`select pg_advisory_xact_lock(${FORGETTING})`);
      await keepHashes(transaction, all, at);
    });
    noted = all.length;
    // A save that was on its way may have known somebody by one more address.
    hashes = await byIndex(database, (transaction) => allHashes(transaction, all));
  }
  await onNoted?.(hashes);
  return byIndex(database, async (transaction) => {
    const parameters = [hashes, keysOf(hashes)];
    const [erased] = await transaction.query<Pick<Erased, 'answers' | 'run_ids'>>(ERASE_FROM_ANSWERS, parameters);
    const contacts = await transaction.query(ERASE_CONTACTS, parameters);
    const [verified] = await transaction.query<Pick<Erased, 'answers' | 'run_ids'>>(ERASE_ADDRESSES, parameters);
    return {
      contacts: contacts.length,
      answers: (erased?.answers ?? 0) + (verified?.answers ?? 0),
      run_ids: [...new Set([...(erased?.run_ids ?? []), ...(verified?.run_ids ?? [])])].sort(),
      hashes,
    };
  });
}

/** What forgetting the people of these hashes would erase, and the cells that it would leave: those that are one of these addresses, for which all lists are read. Changes nothing. */
export async function placesOf(database: Database, named: readonly string[], emails: readonly string[]): Promise<Held> {
  return byIndex(database, async (transaction) => {
    const hashes = await allHashes(transaction, named);
    const parameters = [hashes, keysOf(hashes)];
    const contacts = await transaction.query(`select id from ${CONTACTS} as contact`, parameters);
    const runs = await transaction.query<Held['runs'][number]>(
      `with held as materialized (select distinct id from ${PERSONS} as listed where is_theirs),
       asker as (
         select made.target_id from held join waterfall.target_answers as made on made.answer_id = held.id
         union all select id from waterfall.targets where question_hash = any (select decode(hash, 'hex') from unnest($1::text[]) as hash) and question ? 'email'
       )
       select run.id as run_id, run.input_name, count(*)::integer as answers
       from asker join waterfall.targets as target on target.id = asker.target_id join waterfall.runs as run on run.id = target.run_id
       group by run.id order by run.created_at, run.id`,
      parameters,
    );
    const [purged] = await transaction.query<{ answers: number }>(
      `select count(distinct target.id)::integer as answers from waterfall.targets as target
       where target.run_id is null and target.id in (
         select answer.target_id from ${PERSONS} as listed join waterfall.answers as answer using (id) where is_theirs
         union all select id from waterfall.targets where question_hash = any (select decode(hash, 'hex') from unnest($1::text[]) as hash) and question ? 'email')`,
      parameters,
    );
    const lists = await transaction.query<Held['lists'][number]>(
      `select run.id as run_id, run.input_name, array_agg(input_row.line order by input_row.line) as rows
       from waterfall.input_rows as input_row join waterfall.runs as run on run.id = input_row.run_id
       where exists (select from unnest(input_row.cells) as cell where lower(btrim(cell)) = any ($1::text[]))
       group by run.id order by run.created_at, run.id`,
      [emails],
    );
    return { contacts: contacts.length, runs, ofPurged: purged?.answers ?? 0, lists };
  });
}

/** Work in a transaction whose look-ups are by index. */
function byIndex<Result>(database: Database, work: (transaction: Queryable) => Promise<Result>): Promise<Result> {
  return database.transaction(async (transaction) => {
    await transaction.script(BY_INDEX);
    return work(transaction);
  });
}

/** Notes hashes of people who are not to be kept. */
export async function keepHashes(database: Queryable, hashes: readonly string[], at: number): Promise<void> {
  await database.query(
    'insert into waterfall.forgotten (hash, forgotten_at) select distinct hash, $2::timestamptz from unnest($1::text[]) as hash order by hash on conflict do nothing',
    [hashes, new Date(at)],
  );
}

/** A person may have changed address between two answers, and lack the id in one: looks for what was new until nothing new turns up. */
async function allHashes(transaction: Queryable, named: readonly string[]): Promise<string[]> {
  const known = new Set(named);
  for (let added = [...known]; added.length > 0; ) {
    const found = hashesOf(identifiersOf(await transaction.query<Identity>(FIND, [added, keysOf(added)])));
    added = [...new Set(found)].filter((hash) => !known.has(hash));
    for (const hash of added) known.add(hash);
  }
  return [...known];
}
