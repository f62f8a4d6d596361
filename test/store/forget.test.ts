/* A person who is to be forgotten: what goes, what stays, and that they do not come back. */
import { expect, it } from 'vitest';
import { hashesOf } from '../../src/core/forgotten.ts';
import type { Identifiers } from '../../src/core/forgotten.ts';
import type { Person } from '../../src/core/model.ts';
import { patient } from '../../src/store/database.ts';
import { forgetPerson } from '../../src/store/forget.ts';
import { openDriver } from '../../src/store/open.ts';
import { reportRows } from '../../src/store/outcomes.ts';
import { settle } from '../../src/store/settle.ts';
import { loadTarget } from '../../src/store/targets.ts';
import { describeOnBoth, describeOnPostgres, testRuntime } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, launch, NOW, person, startedRun, startedTarget } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';
const MIRA = person('mira', { professional_email: 'Mira.Quill@alderfinch.example', personal_email: 'mira@home.example', mobile_phone: '+49 30 5550100' });
const JON = person('jon');
const BY_ID: Identifiers = { ids: ['mira'], emails: [] };
const BY_EMAIL: Identifiers = { ids: [], emails: ['mira.quill@alderfinch.example'] };

describeOnBoth('forgetting a person', (open) => {
  const forget = (named: Identifiers) => forgetPerson(open(), named, NOW);
  const answers = async (): Promise<(Person[] | null)[]> =>
    (await open().query<{ persons: Person[] | null }>(`select answer -> 'persons' as persons from waterfall.targets where answer is not null order by id`)).map(
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
    expect(await open().query('select contact_id from waterfall.target_contacts')).toEqual([{ contact_id: 'jon' }]);
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

  it('changes no answer that the person is not in, one without a list of persons neither', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([JON]));
    await answeredRun(open(), 'run-2', 'empty.example', { persons: null });
    await answeredRun(open(), 'run-3', 'bare.example', {});
    const rows = () => open().query('select *, xmin::text from waterfall.targets order by id');
    const before = await rows();
    expect(await forget(BY_ID)).toEqual({ contacts: 0, answers: 0, run_ids: [] });
    expect(await rows()).toEqual(before);
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
    await launch(open(), target, 'job-1');
    const settlement = { job_id: 'job-1', answer: answerOf([MIRA, JON]), stop_date: NOW, at: NOW };
    expect([await settle(open(), settlement), await settle(open(), settlement)]).toEqual([
      { targets: 1, contacts: 1 },
      { targets: 0, contacts: 1 },
    ]);
  });
});

describeOnPostgres('forgetting a person while another process saves an answer with them', (open, address) => {
  it('waits for it and erases them there too', async () => {
    const target = await startedTarget(open(), 'run-1', DOMAIN);
    await launch(open(), target, 'job-1');
    const runtime = testRuntime();
    const other = patient(await openDriver({ databaseUrl: address(), home: '' }, runtime), { runtime, patienceMs: 0 });
    try {
      let forgetting: ReturnType<typeof forgetPerson> | undefined;
      await open().transaction(async (transaction) => {
        await settle(transaction, { job_id: 'job-1', answer: answerOf([MIRA, JON]), stop_date: NOW, at: NOW });
        forgetting = forgetPerson(other, BY_ID, NOW);
        await expect.poll(() => open().query('select from pg_locks where not granted and relation is not null')).toHaveLength(1);
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
      await transaction.script('lock table waterfall.targets in share row exclusive mode');
      settling = settle(open(), { job_id: 'job-1', answer: answerOf([MIRA, JON]), stop_date: NOW, at: NOW });
      await expect.poll(() => open().query('select from pg_locks where not granted and relation is not null')).toHaveLength(1);
      await transaction.query('insert into waterfall.forgotten (hash, forgotten_at) select unnest($1::text[]), $2', [hashesOf(BY_ID), new Date(NOW)]);
    });
    expect(await settling).toEqual({ targets: 1, contacts: 1 });
    expect(await open().query(`select jsonb_array_length(answer -> 'persons') as persons from waterfall.targets`)).toEqual([{ persons: 1 }]);
  });
});
