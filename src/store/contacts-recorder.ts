/* How the answers about a company's people are kept: its companies, its people, and which answer held whom. */
import { identifiersOf, hashesOf, keysOf, withoutForgotten } from '../core/forgotten.ts';
import type { Answer } from '../core/model.ts';
import { billedUsd } from '../core/money.ts';
import { recordsOf } from '../kinds/contacts/contact.ts';
import { isInLaterAnswer, upsertCompanies, upsertContacts } from './contacts.ts';
import { settleStatement } from './settle.ts';
import type { Recorder } from './settle.ts';
import { storableJson } from './storable.ts';

const LINKS = 'select link.*, given.answer, waterfall.moment() as at from link join given using (call_id)';

/** $4 companies, $5 links. */
const STATEMENT = settleStatement(`
  upserted_companies as (${upsertCompanies(4, 'given.call_id in (select call_id from saved)')}),
  link as materialized (
    select call_id, position, contact_id, company_id, identifiers, saved.id as answer_id, ${isInLaterAnswer('to_timestamp(given.answered_ms / 1000)')} as is_late
    from saved join json_to_recordset($5::json) as link (call_id bigint, position integer, contact_id text, company_id text, identifiers bigint[]) using (call_id)
    join given using (call_id)
  ),
  upserted_contacts as (${upsertContacts(`${LINKS} where not is_late`, { isLate: false })}),
  filled_contacts as (${upsertContacts(`${LINKS} where is_late`, { isLate: true })}),
  linked as (
    insert into waterfall.answer_contacts (answer_id, position, contact_id)
    select answer_id, position, contact_id from link
  )`);

/** Answers with persons. */
export const CONTACTS_RECORDER: Recorder<Answer> = {
  statement: STATEMENT,
  parameters(settlements) {
    const records = settlements.map(({ call_id, answer, at, answered_at }) => ({ call_id, at: new Date(at), answered_at: new Date(Math.min(at, answered_at)), persons: answer.persons ?? [], ...recordsOf(answer) }));
    const keys = (person: Parameters<typeof identifiersOf>[0]) => keysOf(hashesOf(identifiersOf(person)));
    return [
      storableJson(records.flatMap(({ call_id, at, answered_at, companies }) => companies.map((company) => ({ ...company, call_id, at, answered_at })))),
      storableJson(records.flatMap(({ call_id, persons, links }) => links.map((link) => ({ ...link, identifiers: keys(persons.slice(link.position, link.position + 1)), call_id })))),
    ];
  },
  summary: (answer) => ({ contacts: answer.persons?.length ?? 0, verdict: null, reason: reasonOf(answer) }),
  people: ({ answer }) => identifiersOf(answer.persons ?? []),
  without(settlement, hashes) {
    const { answer, dropped } = withoutForgotten(settlement.answer, hashes);
    return { left: { ...settlement, answer }, dropped: identifiersOf(dropped) };
  },
  records({ answer }) {
    const { companies, links } = recordsOf(answer);
    return [...companies.map(({ id }) => `company ${id}`), ...links.map(({ contact_id }) => `contact ${contact_id}`)];
  },
};

/** Why an answer is empty, where it says so itself. */
function reasonOf({ company, persons, usage }: Answer): string | null {
  // What was paid for was somebody, who was forgotten.
  if ((persons?.length ?? 0) > 0 || (billedUsd(usage) ?? 0) > 0) return null;
  return Object.values(company ?? {}).every((member) => member === null) ? 'the API knows no such company' : 'the title filter matches nobody whom the API knows there';
}
