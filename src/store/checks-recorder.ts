/* How the answers about an address are kept: what each provider last said of it. */
import { hashesOf, keysOf } from '../core/forgotten.ts';
import type { Identifiers } from '../core/forgotten.ts';
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import { settleStatement } from './settle.ts';
import type { Recorder, Settlement } from './settle.ts';
import { storableJson } from './storable.ts';

/** Upserts what providers say of addresses, from rows of `address, provider, key, checked_at` and the answer. What is older than what is known never overwrites. */
export const upsertChecks = (rows: string) => `
  insert into waterfall.email_checks as kept (address, provider, verdict, provider_status, reason, is_role, is_free, is_disposable, suggestion, checked_at, key)
  select distinct on (address, provider) address, provider, answer ->> 'verdict', answer ->> 'provider_status', answer ->> 'reason', (answer ->> 'is_role')::boolean,
    (answer ->> 'is_free')::boolean, (answer ->> 'is_disposable')::boolean, answer ->> 'suggestion', checked_at, key
  from (${rows}) as said order by address, provider, checked_at desc
  on conflict (address, provider) do update
  set verdict = excluded.verdict, provider_status = excluded.provider_status, reason = excluded.reason, is_role = excluded.is_role, is_free = excluded.is_free,
    is_disposable = excluded.is_disposable, suggestion = excluded.suggestion, checked_at = excluded.checked_at
  where excluded.checked_at >= kept.checked_at`;

/** $4 addresses with their calls, without those who were forgotten. */
const STATEMENT = settleStatement(`
  checked as (${upsertChecks(`
    select about.address, call.provider, about.key, least(to_timestamp(given.answered_ms / 1000), waterfall.moment()) as checked_at, given.answer
    from saved join call using (call_id) join given using (call_id)
    join json_to_recordset($4::json) as about (call_id bigint, address text, key bigint) using (call_id)`)})`);

/** Answers about addresses. */
export const CHECKS_RECORDER: Recorder<EmailAnswer> = {
  statement: STATEMENT,
  parameters: (settlements) => [
    storableJson(
      settlements.flatMap((settlement) => {
        const [address] = people(settlement).emails;
        return address === undefined ? [] : [{ call_id: settlement.call_id, address, key: keysOf(hashesOf({ ids: [], emails: [address] }))[0] }];
      }),
    ),
  ],
  summary: ({ verdict, reason }) => ({ contacts: verdict === 'unknown' ? 0 : 1, verdict, reason }),
  people,
  // The verdict was paid for, and says nothing of anybody by itself.
  without(settlement, hashes) {
    const identifiers = people(settlement);
    if (!hashesOf(identifiers).some((hash) => hashes.includes(hash))) return { left: settlement, dropped: { ids: [], emails: [] } };
    return { left: { ...settlement, question: { email: '' }, answer: { ...settlement.answer, suggestion: null, reply: {} } }, dropped: identifiers };
  },
  records: (settlement) => people(settlement).emails.map((address) => `address ${address}`),
};

function people({ question }: Settlement<EmailAnswer>): Identifiers {
  return { ids: [], emails: 'email' in question && question.email !== '' ? [question.email.toLowerCase()] : [] };
}
