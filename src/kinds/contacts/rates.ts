/* What the jobs of a run cost: as the user or earlier bills say, and as each bill teaches. */
import { billedUsd, USD_NOISE } from '../../core/money.ts';
import type { Rates } from '../kind.ts';
import type { Price } from './price.ts';

/** What persons and phones cost, and what a job costs besides; the dearest of all bills and of what was known before. `limit` is contacts per job. */
export function createContactRates(price: Price | undefined, { limit, includePhones }: { limit: number; includePhones: boolean }): Rates {
  const allIn = price?.source === 'given';
  let person: number | undefined = price?.person_usd;
  let phone: number | undefined = price?.phone_usd ?? (includePhones ? undefined : 0);
  let besides = 0;
  const dearer = (known: number | undefined, usd: number | undefined, count: number) =>
    usd === undefined || count <= 0 || usd <= 0 ? known : Math.max(known ?? 0, usd / count);

  const costOf = (contacts: number, jobs: number) => (person === undefined || phone === undefined ? undefined : contacts * (person + phone) + jobs * besides);

  return {
    worst: () => costOf(limit, 1),
    least: () => limit * ((person ?? 0) + (phone ?? 0)),
    costOf,
    learn({ contacts, usage }) {
      const cost = billedUsd(usage);
      if (cost === undefined) return;
      const phones = usage?.phones_usd ?? 0;
      const persons = usage?.persons_usd ?? cost - phones - (usage?.companies_usd ?? 0);
      const rest = Math.max(cost - persons - phones, 0);
      if (allIn) {
        person = dearer(person, cost, contacts);
        if (contacts === 0) besides = Math.max(besides, cost);
        return;
      }
      person = dearer(person, persons, usage?.persons_count ?? contacts);
      phone = dearer(phone, phones, usage?.phones_count ?? contacts);
      besides = Math.max(besides, rest > USD_NOISE ? rest : 0);
    },
  };
}
