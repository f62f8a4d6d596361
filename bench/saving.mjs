/*
 * (d) Saving: answers of 10 contacts each through the program's own settler, in the batches that a run makes, against COPY of the same contacts
 * into an empty table of the same shape, keys and indexes. Saving also writes the answers as they came, companies, links and outcomes.
 */
import { createPeople } from '../dist/sandbox/people.js';
import { systemClock } from '../dist/runtime/runtime.js';
import { databaseOf, openDriver } from '../dist/store/open.js';
import { CONTACTS_RECORDER } from '../dist/store/contacts-recorder.js';
import { createSettler } from '../dist/store/saver.js';
import { CONCURRENCY, domainAt, FILTER } from './companies.mjs';
import { copyFrom, copyLine } from './copy.mjs';
import { line, median, perSecond, whole } from './figures.mjs';
import { withClient } from './services.mjs';

const SIZE = { full: { answers: 10_000, rounds: 3 }, short: { answers: 1000, rounds: 1 }, tiny: { answers: 60, rounds: 1 } };
/** At each company. */
export const CONTACTS = 10;
const runtime = { clock: systemClock, random: Math.random, log: { debug() {}, info() {}, warn() {}, error() {} } };

/** A run whose targets all have a job on its way: `run_id`, and how many. Gives their calls, in order. */
const TARGETS = [
  `insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, state) values ($1, $1, 'bench', '{domain}', '{}', now(), 'stopped')`,
  `with given as materialized (
     select at, nextval('waterfall.calls_id_seq') as call_id, sha256(convert_to($1 || at, 'UTF8')) as question_hash from generate_series(0, $2::integer - 1) as at
   ),
   called as (
     insert into waterfall.calls (id, provider, api_host, state, replied_at, job_id) overriding system value
     select call_id, 'waterfall', 'bench', 'running', now(), $1 || '-' || at from given
   ),
   asked as (
     insert into waterfall.targets (run_id, position, question_hash, question, question_limit, state, launches, call_id)
     select $1, at, question_hash, '{}', ${CONTACTS}, 'launched', 1, call_id from given returning id, call_id
   ),
   listed as (insert into waterfall.call_targets (call_id, target_id) select call_id, id from asked),
   opened as (insert into waterfall.open_questions (question_hash, provider, api_host, call_id) select question_hash, 'waterfall', 'bench', call_id from given)
   select call_id from given order by at`,
];

/** Part (d). */
export async function benchSaving(services, form) {
  const { answers, rounds } = SIZE[form];
  const found = answersOf(answers);
  const contacts = answers * CONTACTS;
  const rates = { fresh: [], known: [], copy: [] };
  for (let round = 0; round < rounds; round += 1) {
    await services.withDatabase(async (databaseUrl) => {
      const database = databaseOf(await openDriver({ databaseUrl, home: services.folder }, runtime), runtime);
      try {
        rates.fresh.push(perSecond(contacts, await settleAll(database, 'first', found)));
        rates.known.push(perSecond(contacts, await settleAll(database, 'again', found)));
        const [{ saved }] = await database.query('select count(*)::integer as saved from waterfall.contacts');
        if (saved !== contacts) throw new Error(`${saved} contacts were saved of ${contacts}`);
      } finally {
        await database.close();
      }
      rates.copy.push(perSecond(contacts, await copyAll(databaseUrl, found)));
    });
  }
  const unit = (value) => `${whole(value)}/s`;
  const copied = { rival: median(rates.copy), against: 'COPY of the contacts', unit, part: 'd' };
  return [
    line({ ...copied, what: `${whole(contacts)} new contacts saved`, ours: median(rates.fresh), more: 'with answers, companies, links, outcomes' }),
    line({ ...copied, what: `${whole(contacts)} known contacts saved again`, ours: median(rates.known), more: 'unchanged rows are not rewritten' }),
  ];
}

/** Saves all answers as a run does: as many waiting as there are lanes. Returns milliseconds. */
async function settleAll(database, run_id, found) {
  const [run, targets] = TARGETS;
  await database.query(run, [run_id]);
  const calls = await database.query(targets, [run_id, found.length]);
  await database.script('analyze waterfall.targets');
  const settle = createSettler(database, CONTACTS_RECORDER);
  const answered_at = Date.now();
  let next = 0;
  const lane = async () => {
    while (next < found.length) {
      const at = next;
      next += 1;
      const { targets: settled } = await settle({ call_id: calls[at].call_id, question: {}, answer: found[at], answered_at, at: Date.now(), cost_usd: found[at].usage?.total_usd ?? null });
      if (settled !== 1) throw new Error(`answer ${at} was saved for ${settled} targets`);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return performance.now() - startedAt;
}

/** Copies the contacts of all answers into a new table of the same shape. Returns milliseconds; the lines were made before. */
async function copyAll(connectionString, found) {
  return withClient(connectionString, async (client) => {
    await client.query('create table public.contacts (like waterfall.contacts including all)');
    const { rows } = await client.query('select array_agg(attname::text order by attnum) as names from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped', ['public.contacts']);
    const now = new Date().toISOString();
    const { names } = rows[0];
    const chunks = found.map(({ persons }) => persons.map((person) => copyLine(names.map((name) => cellOf(name, person, now)))).join(''));
    const startedAt = performance.now();
    await copyFrom(client, 'copy public.contacts from stdin', chunks);
    return performance.now() - startedAt;
  });
}

function cellOf(name, person, now) {
  if (name === 'created_at' || name === 'updated_at') return now;
  const value = person[name];
  if (name === 'phone_numbers') return `{${value.map((number) => `"${number}"`).join(',')}}`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}

/** The answers of the sandbox to as many companies, without a server. */
export function answersOf(count) {
  const people = createPeople(CONTACTS);
  return Array.from({ length: count }, (_, at) => {
    const { company, persons } = people({ domain: domainAt(at), title_filter: FILTER, limit: CONTACTS, include_phones: true, verified_only: true });
    const total_usd = persons.length * 0.05;
    return { company, persons, usage: { total_usd, persons_usd: total_usd, phones_usd: 0, companies_usd: 0, persons_count: persons.length, phones_count: 0, companies_count: 0 } };
  });
}
