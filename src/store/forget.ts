/*
 * Erases a person: the contact, its links, and the person in every stored answer, from which the outputs are made.
 * Only hashes stay (core/forgotten.ts); `settle` leaves out whoever is known by one of them.
 */
import { hashesOf, identifiersOf } from '../core/forgotten.ts';
import type { Identifiers, Identity } from '../core/forgotten.ts';
import type { Database, Queryable } from './database.ts';

/** What was erased: contacts, and answers that had the person; and the runs whose outputs were made from those. */
export type Erased = { contacts: number; answers: number; run_ids: string[] };

/** Whether `person` (jsonb) is known by one of the ids ($1) or addresses ($2). Never null. */
const IS_THEM = `(
  (person ->> 'id') = any ($1::text[])
  or lower(btrim(person ->> 'professional_email')) = any ($2::text[])
  or lower(btrim(person ->> 'personal_email')) = any ($2::text[])) is true`;

/** A list of persons may be absent or null: the path gives what there is. */
const PERSONS = `jsonb_path_query(answer, '$.persons[*]')`;

const FIND = `
  select distinct person ->> 'id' as id, person ->> 'professional_email' as professional_email, person ->> 'personal_email' as personal_email
  from (
    select ${PERSONS} as person from waterfall.targets where answer is not null
    union all
    select jsonb_build_object('id', id, 'professional_email', professional_email, 'personal_email', personal_email) from waterfall.contacts
  ) as known
  where ${IS_THEM}`;

const ERASE_CONTACTS = `
  with unlinked as (
    delete from waterfall.target_contacts where contact_id = any ($1::text[])
  )
  delete from waterfall.contacts where id = any ($1::text[]) returning id`;

/** Counts and states become what they would be, had the person never been in the answer; what it cost stays. */
const ERASE_FROM_ANSWERS = `
  with kept as (
    select target.id, count(*) filter (where not ${IS_THEM})::integer as contacts,
      coalesce(jsonb_agg(person order by place) filter (where not ${IS_THEM}), '[]') as persons
    from waterfall.targets as target, ${PERSONS} with ordinality as listed (person, place)
    where target.answer is not null
    group by target.id
    having bool_or(${IS_THEM})
  ),
  changed as (
    update waterfall.targets as target
    set contacts = kept.contacts,
      answer = case when target.id = kept.id then jsonb_set(target.answer, '{persons}', kept.persons) end,
      state = case when target.state = 'found' and kept.contacts = 0 then 'no_contacts' else target.state end
    from kept
    where target.id = kept.id or target.answered_by = kept.id
    returning target.run_id
  )
  select run_id, (select count(*)::integer from kept) as answers from changed group by run_id order by run_id`;

/**
 * Forgets whoever is known by these identifiers, and by any other that the same person is found with. Their hashes stay,
 * also when nobody was found. One transaction; repeating it does no harm.
 */
export async function forgetPerson(database: Database, named: Identifiers, at: number): Promise<Erased> {
  return database.transaction(async (transaction) => {
    // Answers that are being saved come first and are searched; later ones see the hashes.
    await transaction.script('lock table waterfall.targets in share row exclusive mode');
    const known = await allIdentifiers(transaction, named);
    await keepHashes(transaction, hashesOf(known), at);
    const runs = await transaction.query<{ run_id: string; answers: number }>(ERASE_FROM_ANSWERS, [known.ids, known.emails]);
    const contacts = await transaction.query(ERASE_CONTACTS, [known.ids]);
    return { contacts: contacts.length, answers: runs[0]?.answers ?? 0, run_ids: runs.map(({ run_id }) => run_id) };
  });
}

/** Notes hashes of people who are not to be kept. */
export async function keepHashes(database: Queryable, hashes: readonly string[], at: number): Promise<void> {
  await database.query(
    'insert into waterfall.forgotten (hash, forgotten_at) select distinct hash, $2::timestamptz from unnest($1::text[]) as hash order by hash on conflict do nothing',
    [hashes, new Date(at)],
  );
}

/** A person may have changed address between two answers, and lack the id in one: looks until nothing new turns up. */
async function allIdentifiers(transaction: Queryable, named: Identifiers): Promise<Identifiers> {
  const size = ({ ids, emails }: Identifiers) => ids.length + emails.length;
  for (let known = named; ; ) {
    const found = identifiersOf(await transaction.query<Identity>(FIND, [known.ids, known.emails]));
    const all = { ids: [...new Set([...known.ids, ...found.ids])], emails: [...new Set([...known.emails, ...found.emails])] };
    if (size(all) === size(known)) return known;
    known = all;
  }
}
