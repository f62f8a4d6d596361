/*
 * A database that version 0.1.0 filled, by its own functions: an upgrade loses nothing and buys nothing again. The fixture has the rows of
 * its tables: runs finished and unfinished, spellings that are one question now, two open jobs, a launch that its process did not survive,
 * one in doubt, one that failed three times.
 */
import { beforeEach, expect, it } from 'vitest';
import { hashesOf, identifiersOf, keysOf } from '../../src/core/forgotten.ts';
import type { Person } from '../../src/core/model.ts';
import { questionOf } from '../../src/kinds/contacts/question.ts';
import { forgetPeople, keepHashes } from '../../src/store/forget.ts';
import { formQuestions } from '../../src/store/forming.ts';
import { migrate } from '../../src/store/migrate.ts';
import { describeOnBoth } from '../support/databases.ts';
import { fillAsBefore, tables } from '../support/older-database.ts';
import { answerOf, launch, move, NOW, person, settleJob, startedRun, TARGETS, targetsOf } from '../support/runs.ts';

const row = (domain: string, title_filter: string, company_name: string, position: number, limit = 10) => {
  const asked = questionOf(
    { domain, title_filter, company_name, linkedin: '' },
    { api_host: 'api.waterfall.example', limit, include_phones: false, include_unverified: false },
  );
  if (asked.question === undefined) throw new Error(asked.reason);
  const { question, question_hash } = asked;
  return { position, line: position + 2, cells: [domain], domain, title_filter: asked.title_filter, question, question_hash };
};

describeOnBoth(
  'a database of version 0.1.0',
  (open) => {
    beforeEach(async () => {
      await fillAsBefore(open());
      await migrate(open());
    });

    it('answers the same list at no cost, asks for its open job, and neither launches nor forgets what was in doubt', async () => {
      expect(await formQuestions(open(), () => undefined)).toBe(tables['targets']?.length);
      const rows = [
        row('answered.example', 'Founder or CEO', 'Answered, Inc.', 0),
        row('composed.example', 'Chargé d’affaires', '', 1),
        row('empty.example', '(ceo) OR founder', '', 2),
        row('open.example', 'ceo', 'Anything', 3),
        row('failed.example', 'ceo', '', 4),
        row('doubt.example', 'ceo', '', 5),
        row('launching.example', 'ceo', '', 6),
      ];
      const targets = await startedRun(open(), 'upgraded', [], { rows });
      expect(targets.map(({ state, job_id, doubts }) => [state, job_id, doubts])).toEqual([
        ['cached', 'job-answered-1', 0], // of two spellings the newest answer
        ['cached', 'job-answered-3', 0],
        ['cached', 'job-answered-4', 0],
        ['following', expect.stringMatching(/^job-open/), 0],
        ['job_failed', 'job-failed-3', 0],
        ['pending', null, 1],
        ['pending', null, 1],
      ]);
    });

    it('makes one of what has become one question in an unfinished run, and keeps its job', async () => {
      await formQuestions(open(), () => undefined);
      const outcomes = await open().query<{ line: number; outcome: string | null; state: string; job_id: string | null }>(
        `select line, outcome, state, job_id from waterfall.input_rows join ${TARGETS} on target.id = target_id
         where input_rows.run_id = 'unfinished' order by line`,
      );
      expect(outcomes.map(({ line, outcome, state, job_id }) => [line, outcome, state, job_id])).toEqual([
        [2, null, 'launched', 'job-open'],
        [3, 'duplicate', 'launched', 'job-open'],
        [4, null, 'pending', null],
        [5, null, 'pending', null],
        [6, null, 'cached', 'job-answered-0'],
      ]);
      // The other run's own job is asked for all the same, and its answer is taken.
      expect((await targetsOf(open(), 'unfinished-2')).map(({ state, job_id }) => [state, job_id])).toEqual([['following', 'job-open-2'], ['following', 'job-open']]);
      await settleJob(open(), { job_id: 'job-open-2', answer: answerOf([person('p9')]), answered_at: NOW, at: NOW });
      expect((await targetsOf(open(), 'unfinished-2')).map(({ state }) => state)).toEqual(['found', 'following']);
    });

    it('loses no row of a run that has ended', async () => {
      const rows = () => open().query('select run_id, position, line, domain, outcome from waterfall.input_rows where run_id in ($1, $2) order by 1, 2', ['finished', 'failed-1']);
      const before = await rows();
      await formQuestions(open(), () => undefined);
      expect(await rows()).toEqual(before);
      const [answers] = await open().query<{ answers: number }>('select count(*)::integer as answers from waterfall.answers');
      expect(answers?.answers).toBe(5);
    });

    it('keeps one open job of a question, where the job of a merged one was the second', async () => {
      const insert = (run_id: string, position: number, company_name: string, job_id: string | null) =>
        open().query(
          `with made as (
             insert into waterfall.calls (provider, api_host, state, replied_at, job_id) select 'waterfall', 'api.waterfall.example', 'running', $5::timestamptz, $4::text where $4::text is not null returning id
           ),
           asked as (
             insert into waterfall.targets (run_id, position, question_hash, question, question_version, state, call_id, launches)
             values ($1, $2, sha256(convert_to($3::text, 'UTF8')), $3::jsonb, 1, case when $4::text is null then 'pending' else 'launched' end, (select id from made), case when $4::text is null then 0 else 1 end)
             returning id, question_hash, call_id
           ),
           opened as (insert into waterfall.open_questions select question_hash, 'waterfall', 'api.waterfall.example', call_id from asked where call_id is not null)
           insert into waterfall.call_targets (call_id, target_id) select call_id, id from asked where call_id is not null`,
          [run_id, position, JSON.stringify(row('later.example', 'ceo', company_name, 0).question), job_id, new Date(NOW)],
        );
      await insert('unfinished-2', 90, 'Later', 'job-later-1');
      await insert('unfinished', 91, 'Later', null);
      await insert('unfinished', 92, 'Later, Inc.', 'job-later-2');
      await formQuestions(open(), () => undefined);
      const left = await open().query<{ position: number }>(`select run_id, position, state, job_id from ${TARGETS} where position >= 90 order by position`);
      expect(left).toEqual([
        { run_id: 'unfinished-2', position: 90, state: 'launched', job_id: 'job-later-1' },
        { run_id: 'unfinished', position: 91, state: 'following', job_id: 'job-later-2' },
      ]);
    });

    it('finds by the index who is in its answers, however they were written, and leaves out whom it was told to', async () => {
      const mira = person('mira', { professional_email: ' Mira.Quill@Alderfinch.example\u00a0', personal_email: '' });
      const nobody = { id: null, first_name: 'Jon', personal_email: ' ' };
      await open().script('drop schema waterfall cascade');
      await fillAsBefore(open());
      await open().query(`update waterfall.targets set answer = answer || $1 where job_id = 'job-answered-1'`, [{ persons: [mira, nobody, person('p1')] }]);
      await open().query(`update waterfall.targets set answer = '{"persons": null}' where job_id = 'job-answered-4'`);
      await keepHashes(open(), hashesOf({ ids: ['p9'], emails: [] }), NOW);
      await migrate(open());

      const stored = await open().query<{ persons: Person[] | null; people: string[] }>(`select answer -> 'persons' as persons, people::text[] from waterfall.answers`);
      for (const { persons, people } of stored) expect(people.toSorted()).toEqual(keysOf(hashesOf(identifiersOf(persons ?? []))).sort());
      const contacts = await open().query<Person & { identifiers: string[] }>('select id, professional_email, personal_email, identifiers::text[] from waterfall.contacts');
      for (const { identifiers, ...contact } of contacts) expect(identifiers.toSorted()).toEqual(keysOf(hashesOf(identifiersOf([contact]))).sort());

      expect(await forgetPeople(open(), hashesOf({ ids: [], emails: ['mira.quill@alderfinch.example', 'q0@alderfinch.example'] }), NOW)).toMatchObject({ contacts: 1, answers: 2, run_ids: ['finished', 'unfinished'] });
      await formQuestions(open(), () => undefined);
      await settleJob(open(), { job_id: 'job-open', answer: answerOf([person('p9'), person('p10')]) });
      const left = await open().query<{ id: string }>(`select distinct coalesce(person ->> 'id', 'nobody') as id from waterfall.answers, jsonb_path_query(answer, '$.persons[*]') as person`);
      expect(left.map(({ id }) => id).sort()).toEqual(['nobody', 'p0', 'p1', 'p10', 'p2', 'p3', 'q2', 'q3']);
    });

    it('is formed once, whoever does it', async () => {
      const formed = await Promise.all([1, 2].map(() => formQuestions(open(), () => undefined)));
      expect(Math.max(...formed)).toBe(tables['targets']?.length);
      expect(await formQuestions(open(), () => undefined)).toBe(0);
    });
  },
  { migrated: false },
);

describeOnBoth('a limit beside the question', (open) => {
  const asked = (id: string, limit: number) => startedRun(open(), id, [], { rows: [row('alder.example', 'ceo', '', 0, limit)] });
  const launched = async (id: string, limit: number, job_id = 'job') => {
    const [target] = await asked(id, limit);
    if (target === undefined) throw new Error('no target');
    return launch(open(), target, job_id);
  };
  const gaveUp = async (id: string, limit: number) => move(open(), await launched(id, limit), { kind: 'gave_up', reason: 'slow' });
  const answered = async (id: string, limit: number, persons: number) => {
    await launched(id, limit, id);
    return settleJob(open(), { job_id: id, answer: answerOf(Array.from({ length: persons }, (_, n) => person(`${id}-${n}`))), answered_at: NOW, at: NOW });
  };
  const contacts = (id: string) => open().query<{ state: string; contacts: number }>('select state, contacts from waterfall.targets where run_id = $1', [id]);

  it('takes the first contacts of an answer to a larger one', async () => {
    await answered('large', 10, 10);
    await asked('small', 3);
    expect(await contacts('small')).toEqual([{ state: 'cached', contacts: 3 }]);
  });

  it('takes an answer to a smaller one that was not filled, and asks where it was', async () => {
    await answered('small', 3, 2);
    await asked('large', 10);
    expect(await contacts('large')).toEqual([{ state: 'cached', contacts: 2 }]);
    await open().query(`update waterfall.answers set question_limit = 2`);
    await asked('larger', 20);
    expect(await contacts('larger')).toEqual([{ state: 'pending', contacts: 0 }]);
  });

  it('waits for an open smaller one, and asks for itself when that is filled', async () => {
    await launched('small', 2);
    await asked('large', 10);
    expect(await contacts('large')).toEqual([{ state: 'following', contacts: 0 }]);
    await settleJob(open(), { job_id: 'job', answer: answerOf([person('p1'), person('p2')]), answered_at: NOW, at: NOW });
    expect(await contacts('small')).toEqual([{ state: 'found', contacts: 2 }]);
    expect(await contacts('large')).toEqual([{ state: 'pending', contacts: 0 }]);
  });

  it('waits for a job to a smaller one that its own run gave up, too', async () => {
    await gaveUp('small', 2);
    await asked('large', 10);
    expect(await contacts('large')).toEqual([{ state: 'following', contacts: 0 }]);
    await settleJob(open(), { job_id: 'job', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW });
    expect(await contacts('large')).toEqual([{ state: 'found', contacts: 1 }]);
  });

  it('is that of the launch, where one with a smaller limit took the answer of a job that was given up', async () => {
    await gaveUp('large', 3);
    await asked('small', 2);
    await settleJob(open(), { job_id: 'job', answer: answerOf([person('p1'), person('p2'), person('p3')]), answered_at: NOW, at: NOW });
    await asked('large again', 3);
    expect(await contacts('large again')).toEqual([{ state: 'cached', contacts: 3 }]);
    await asked('larger', 4);
    expect(await contacts('larger')).toEqual([{ state: 'pending', contacts: 0 }]);
  });

  it('is not taken from a follower whose own launch is in doubt', async () => {
    await launched('large', 3);
    for (const [id, limit] of [['doubted', 2], ['follower', 3]] as const) await asked(id, limit);
    await open().query(`update waterfall.targets set launches = 1, doubts = 1 where run_id = 'doubted'`);
    await settleJob(open(), { job_id: 'job', answer: answerOf([person('p1'), person('p2'), person('p3')]), answered_at: NOW, at: NOW });
    expect(await Promise.all(['large', 'doubted', 'follower'].map(contacts))).toEqual([3, 2, 3].map((count) => [{ state: 'found', contacts: count }]));
  });
});
