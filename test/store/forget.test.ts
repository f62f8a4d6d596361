/* A person who is to be forgotten: what goes, what stays, and that they do not come back. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { hashesOf } from '../../src/core/forgotten.ts';
import type { Identifiers } from '../../src/core/forgotten.ts';
import type { Person } from '../../src/core/model.ts';
import { patient } from '../../src/store/database.ts';
import type { Database } from '../../src/store/database.ts';
import { forgetPeople, placesOf } from '../../src/store/forget.ts';
import { openDriver } from '../../src/store/open.ts';
import { reportRows } from '../../src/store/outcomes.ts';
import { CONTACTS_RECORDER } from '../../src/store/contacts-recorder.ts';
import { settle } from '../../src/store/settle.ts';
import { loadTarget } from '../../src/store/targets.ts';
import { describeOnBoth, describeOnPostgres, testRuntime } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, launch, NOW, person, settleJob, startedRun, startedTarget, settlementOf } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';
const MIRA = person('mira', { professional_email: 'Mira.Quill@alderfinch.example', personal_email: 'mira@home.example', mobile_phone: '+49 30 5550100' });
const JON = person('jon');
const BY_ID: Identifiers = { ids: ['mira'], emails: [] };
const BY_EMAIL: Identifiers = { ids: [], emails: ['mira.quill@alderfinch.example'] };

describeOnBoth('forgetting a person', (open) => {
  const forget = async (named: Identifiers) => {
    const { contacts, answers, run_ids } = await forgetPeople(open(), hashesOf(named), NOW);
    return { contacts, answers, run_ids };
  };
  const answers = async (): Promise<(Person[] | null)[]> =>
    (await open().query<{ persons: Person[] | null }>(`select answer -> 'persons' as persons from waterfall.answers order by id`)).map(
      ({ persons }) => persons,
    );
  const ids = async (table: 'contacts' | 'companies') => (await open().query<{ id: string }>(`select id from waterfall.${table} order by id`)).map(({ id }) => id);
  const hashes = async () => (await open().query<{ hash: string }>('select hash from waterfall.forgotten')).map(({ hash }) => hash);

  it.each([
    ['the id', BY_ID],
    ['an address, whatever its case was', BY_EMAIL],
    ['the other address', { ids: [], emails: ['mira@home.example'] }],
  ])('by %s erases the contact, its links and the person in the answer', async (_what, named) => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA, JON]));
    expect(await forget(named)).toEqual({ contacts: 1, answers: 1, run_ids: ['run-1'] });
    expect(await ids('contacts')).toEqual(['jon']);
    expect(await open().query('select contact_id from waterfall.answer_contacts')).toEqual([{ contact_id: 'jon' }]);
    expect(await answers()).toEqual([[JON]]);
  });

  it('leaves not a word of them in any table', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA, JON]));
    await forget(BY_ID);
    const tables = await open().query<{ name: string }>(`select table_name as name from information_schema.tables where table_schema = 'waterfall' and table_type = 'BASE TABLE'`);
    for (const { name } of tables) {
      const rows = await open().query(`select kept::text from waterfall.${name} as kept where kept::text ~* 'mira|5550100'`);
      expect({ name, rows }).toEqual({ name, rows: [] });
    }
  });

  it('keeps hashes of the id and of every address, found through one of them', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    await forget(BY_EMAIL);
    const all = hashesOf({ ids: ['mira'], emails: ['mira.quill@alderfinch.example', 'mira@home.example'] });
    expect(new Set(await hashes())).toEqual(new Set(all));
  });

  it('finds them in answers in which they have another address, or no id', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([{ ...MIRA, professional_email: 'quill@old.example', personal_email: null }]));
    await answeredRun(open(), 'run-2', 'old.example', answerOf([{ first_name: 'Mira', professional_email: 'quill@old.example' }]));
    await answeredRun(open(), 'run-3', DOMAIN, answerOf([MIRA]));
    expect(await forget(BY_EMAIL)).toEqual({ contacts: 1, answers: 3, run_ids: ['run-1', 'run-2', 'run-3'] });
    expect(await answers()).toEqual([[], [], []]);
  });

  it('keeps the company, the cost and the order of the others', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('ada'), MIRA, JON]));
    await forget(BY_ID);
    expect(await ids('companies')).toEqual(['company-alderfinch']);
    expect(await answers()).toEqual([[person('ada'), JON]]);
    expect(await open().query(`select cost_usd::float8 as cost, contacts, state from waterfall.targets`)).toEqual([{ cost: 0.75, contacts: 2, state: 'found' }]);
  });

  it('makes reports agree with the lines, those of runs that took the answer from an earlier one too', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    await startedRun(open(), 'run-2', [DOMAIN], { at: NOW + 1 });
    expect((await forget(BY_ID)).run_ids).toEqual(['run-1', 'run-2']);
    const reported = async (run_id: string) => (await reportRows(open(), { run_id, after: -1, limit: 9 })).map(({ outcome, contacts }) => ({ outcome, contacts }));
    expect(await reported('run-1')).toEqual([{ outcome: 'no_contacts', contacts: 0 }]);
    expect(await reported('run-2')).toEqual([{ outcome: 'cached', contacts: 0 }]);
  });

  it('counts no more contacts than a run with a smaller limit took of the answer', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('ada'), MIRA, JON]));
    await startedRun(open(), 'run-2', [DOMAIN], { at: NOW + 1 });
    await open().query(`update waterfall.targets set question_limit = 1, contacts = 1 where run_id = 'run-2'`);
    await forget(BY_ID);
    expect(await open().query('select contacts from waterfall.targets order by run_id')).toEqual([{ contacts: 2 }, { contacts: 1 }]);
  });

  it('of hundreds at once leaves all others, in their order', async () => {
    const everybody = Array.from({ length: 12 }, (_, at) => Array.from({ length: 25 }, (_one, place) => person(`p${at}-${place}`)));
    for (const [at, persons] of everybody.entries()) await answeredRun(open(), `run-${at}`, DOMAIN, answerOf(persons));
    const isNamed = ({ id }: Person) => Number(id?.split('-')[1]) % 3 > 0;
    const named = everybody.flat().filter(isNamed).map(({ professional_email }) => professional_email ?? '');
    expect(await forget({ ids: [], emails: named })).toMatchObject({ contacts: 192, answers: 12 });
    expect(await answers()).toEqual(everybody.map((persons) => persons.filter((one) => !isNamed(one))));
    expect(await open().query('select cardinality(people) as keys from waterfall.answers group by 1')).toEqual([{ keys: 18 }]);
  });

  it('changes no answer that the person is not in, one without a list of persons neither', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([JON]));
    await answeredRun(open(), 'run-2', 'empty.example', { persons: null });
    await answeredRun(open(), 'run-3', 'bare.example', {});
    const rows = () => open().query('select *, xmin::text from waterfall.answers order by id');
    const before = await rows();
    expect(await forget(BY_ID)).toEqual({ contacts: 0, answers: 0, run_ids: [] });
    expect(await rows()).toEqual(before);
  });

  it('by hashes alone, as a ledger of erasures has them, erases whoever is known by one', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA, JON]));
    const { hashes, ...erased } = await forgetPeople(open(), hashesOf({ ids: [], emails: ['mira@home.example', 'nobody@alderfinch.example'] }), NOW);
    expect(erased).toEqual({ contacts: 1, answers: 1, run_ids: ['run-1'] });
    expect(hashes.toSorted()).toEqual(hashesOf({ ids: ['mira'], emails: ['mira.quill@alderfinch.example', 'mira@home.example', 'nobody@alderfinch.example'] }).sort());
  });

  it('notes all hashes before it erases', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    const noted: unknown[] = [];
    await forgetPeople(open(), hashesOf(BY_ID), NOW, async (told) => void noted.push(told.length, await hashes(), await ids('contacts')));
    expect(noted).toEqual([3, expect.arrayContaining(hashesOf(BY_ID)) as unknown, ['mira']]);
  });

  it('first said what it would be: every run that has them, and lists with their address in a cell', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA, JON]));
    await startedRun(open(), 'run-2', [DOMAIN], { at: NOW + 1 });
    await startedRun(open(), 'run-3', ['hollowoak.example'], { at: NOW + 2 });
    await open().query(`update waterfall.input_rows set cells = cells || ' MIRA@home.example '::text where run_id = 'run-3'`);
    const before = await open().query('select xmin::text from waterfall.answers order by id');
    const held = await placesOf(open(), hashesOf(BY_ID), ['mira@home.example']);
    expect(held).toEqual({
      contacts: 1,
      runs: [{ run_id: 'run-1', input_name: expect.any(String) as string, answers: 1 }, { run_id: 'run-2', input_name: expect.any(String) as string, answers: 1 }],
      lists: [{ run_id: 'run-3', input_name: expect.any(String) as string, rows: [2] }],
      ofPurged: 0,
    });
    expect([await open().query('select xmin::text from waterfall.answers order by id'), await hashes()]).toEqual([before, []]);
  });

  it('a second time does no harm', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA, JON]));
    await forget(BY_ID);
    expect(await forget(BY_ID)).toEqual({ contacts: 0, answers: 0, run_ids: [] });
    expect(await answers()).toEqual([[JON]]);
  });

  it.each([
    ['the id', { ...MIRA, professional_email: 'quill@new.example', personal_email: null }],
    ['an address', { ...MIRA, id: 'somebody-new', personal_email: null }],
  ])('leaves them out of later answers that have %s of theirs', async (_what, comesBack) => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    await forget(BY_ID);
    const { id } = await answeredRun(open(), 'run-2', DOMAIN, answerOf([comesBack, JON]), NOW + DAY_MS);
    expect(await answers()).toEqual([[], [JON]]);
    expect(await ids('contacts')).toEqual(['jon']);
    expect(await open().query('select state, contacts from waterfall.targets where id = $1', [id])).toEqual([{ state: 'found', contacts: 1 }]);
  });

  it('settles a question whose only contact they are as one without contacts', async () => {
    await forget(BY_ID);
    const { state } = await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    expect(state).toBe('no_contacts');
  });

  it('who was never seen is known by the other addresses too, once they come', async () => {
    await forget(BY_EMAIL);
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([MIRA]));
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([{ ...MIRA, professional_email: 'quill@new.example', personal_email: null }]), NOW + DAY_MS);
    expect(await answers()).toEqual([[], []]);
  });

  it('leaves a settled job settled: its answer is saved once', async () => {
    await forget(BY_ID);
    const target = await startedTarget(open(), 'run-1', DOMAIN);
    const { call_id } = await launch(open(), target, 'job-1');
    const settlement = settlementOf(call_id ?? 0, answerOf([MIRA, JON]));
    expect([await settle(open(), CONTACTS_RECORDER, settlement), await settle(open(), CONTACTS_RECORDER, settlement)]).toEqual([
      { targets: 1, contacts: 1 },
      { targets: 0, contacts: 1 },
    ]);
  });
});

describeOnPostgres('forgetting by a role that owns nothing, on tables that were never analysed', (open, address) => {
  const ANSWERS = 3000;
  const READ = `select sum(seq_tup_read)::integer as one_after_another, sum(idx_tup_fetch)::integer as by_index from pg_stat_xact_user_tables
    where schemaname = 'waterfall' and relname in ('targets', 'answers', 'target_answers', 'contacts', 'answer_contacts')`;

  /** The database as that role sees it; after each transaction, what it read in that one is noted. */
  async function asGuest(): Promise<{ guest: Database; reads: { one_after_another: number; by_index: number }[] }> {
    const role = `guest_${randomUUID().replaceAll('-', '')}`;
    await open().script(`create role ${role} login password 'guest'; grant usage on schema waterfall to ${role}; grant select, insert, update, delete on all tables in schema waterfall to ${role}`);
    const runtime = testRuntime();
    const driver = await openDriver({ databaseUrl: Object.assign(new URL(address()), { username: role, password: 'guest' }).href, home: '' }, runtime);
    onTestFinished(async () => {
      await driver.close();
      await open().script(`drop owned by ${role}; drop role ${role}`);
    });
    const database = patient(driver, { runtime, patienceMs: 0 });
    const reads: { one_after_another: number; by_index: number }[] = [];
    const guest: Database = {
      ...database,
      transaction: (work, isolation) =>
        database.transaction(async (transaction) => {
          const result = await work(transaction);
          reads.push(...(await transaction.query<(typeof reads)[number]>(READ)));
          return result;
        }, isolation),
    };
    return { guest, reads };
  }

  it.each([1, 50])('reads little more than the answers of whoever is named: %d people', async (people) => {
    await startedRun(open(), 'run-1', Array.from({ length: ANSWERS }, (_, at) => `d${at}.example`), { maxAgeDays: null });
    await open().script(`
      update waterfall.targets set state = 'found', settled_at = now(), contacts = 1;
      insert into waterfall.answers (question_hash, provider, api_host, question_limit, answer, contacts, answered_at, saved_at, target_id, people)
      select question_hash, 'waterfall', 'api.waterfall.example', 10, jsonb_build_object('persons', jsonb_build_array(jsonb_build_object('id', 'p' || position, 'professional_email', 'p' || position || '@d.example'))), 1, now(), now(), id,
        array(select waterfall.hash_key(hash) from waterfall.identifier_hashes('p' || position, 'p' || position || '@d.example', null) as hash)
      from waterfall.targets;
      insert into waterfall.target_answers (target_id, answer_id) select target_id, id from waterfall.answers;
      insert into waterfall.contacts (id, professional_email, identifiers, created_at, updated_at)
      select 'p' || position, 'p' || position || '@d.example', people, now(), now() from waterfall.targets as target join waterfall.answers on target_id = target.id;
      insert into waterfall.answer_contacts select answers.id, 0, 'p' || position from waterfall.targets as target join waterfall.answers on target_id = target.id`);
    const { guest, reads } = await asGuest();
    const emails = Array.from({ length: people }, (_, at) => `p${at * 7}@d.example`);
    expect(await placesOf(guest, hashesOf({ ids: [], emails }), [])).toMatchObject({ contacts: people });
    reads.length = 0; // which read all lists, for their cells
    expect(await forgetPeople(guest, hashesOf({ ids: [], emails }), NOW)).toMatchObject({ contacts: people, answers: people });
    expect(reads.map(({ one_after_another }) => one_after_another)).toEqual(reads.map(() => 0));
    expect(Math.max(...reads.map(({ by_index }) => by_index))).toBeLessThan(50 * people);
  });
});

describeOnPostgres('forgetting a person while another process saves an answer with them', (open, address) => {
  it('waits for it and erases them there too', async () => {
    const target = await startedTarget(open(), 'run-1', DOMAIN);
    const { call_id } = await launch(open(), target, 'job-1');
    const runtime = testRuntime();
    const other = patient(await openDriver({ databaseUrl: address(), home: '' }, runtime), { runtime, patienceMs: 0 });
    try {
      let forgetting: ReturnType<typeof forgetPeople> | undefined;
      await open().transaction(async (transaction) => {
        await settle(transaction, CONTACTS_RECORDER, settlementOf(call_id ?? 0, answerOf([MIRA, JON])));
        forgetting = forgetPeople(other, hashesOf(BY_ID), NOW);
        await expect.poll(() => open().query("select from pg_locks where not granted and locktype = 'advisory'")).toHaveLength(1);
      });
      expect(await forgetting).toMatchObject({ contacts: 1, answers: 1 });
      expect((await loadTarget(open(), target.id)).state).toBe('found');
    } finally {
      await other.close();
    }
  });

  it('makes the answer wait, which is then saved without them', async () => {
    const target = await startedTarget(open(), 'run-1', DOMAIN);
    await launch(open(), target, 'job-1');
    let settling: ReturnType<typeof settle> | undefined;
    await open().transaction(async (transaction) => {
      await transaction.query('select pg_advisory_xact_lock(20261128)');
      settling = settleJob(open(), { job_id: 'job-1', answer: answerOf([MIRA, JON]), answered_at: NOW, at: NOW });
      await expect.poll(() => open().query("select from pg_locks where not granted and locktype = 'advisory'")).toHaveLength(1);
      await transaction.query('insert into waterfall.forgotten (hash, forgotten_at) select unnest($1::text[]), $2', [hashesOf(BY_ID), new Date(NOW)]);
    });
    expect(await settling).toEqual({ targets: 1, contacts: 1 });
    expect(await open().query(`select jsonb_array_length(answer -> 'persons') as persons from waterfall.answers`)).toEqual([{ persons: 1 }]);
  });
});
