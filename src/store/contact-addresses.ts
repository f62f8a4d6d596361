/* The addresses of contacts, to have them verified. */
import type { Queryable } from './database.ts';

/** Each address at work once, in order: of all contacts, or of those in the answers of a run. */
export async function contactAddresses(database: Queryable, run_id: string | undefined): Promise<string[]> {
  const rows = await database.query<{ address: string }>(
    run_id === undefined
      ? `select distinct lower(btrim(professional_email)) as address from waterfall.contacts where btrim(professional_email) <> '' order by 1`
      : `select distinct lower(btrim(person ->> 'professional_email')) as address
         from waterfall.targets as target join waterfall.target_answers as made on made.target_id = target.id join waterfall.answers as answer on answer.id = made.answer_id,
           jsonb_path_query(answer.answer, '$.persons[*]') as person
         where target.run_id = $1 and btrim(person ->> 'professional_email') <> '' order by 1`,
    run_id === undefined ? [] : [run_id],
  );
  return rows.map(({ address }) => address);
}
