/* What a purge deletes, what it keeps because somebody may still need it, and that a dry run says the same. */
import { expect, it } from 'vitest';
import { hashesOf } from '../../src/core/forgotten.ts';
import type { Database } from '../../src/store/database.ts';
import { answeredBefore } from '../../src/store/answered-before.ts';
import { forgetPeople, placesOf } from '../../src/store/forget.ts';
import { knownQuestions } from '../../src/store/known.ts';
import { previewPurge, purgeRuns, WAIT_FOR_PURGING } from '../../src/store/purge.ts';
import { answeredRows, countOutcomes, reportRows } from '../../src/store/outcomes.ts';
import { openDriver } from '../../src/store/open.ts';
import { findRun, latestRuns } from '../../src/store/runs.ts';
import { describeOnBoth, describeOnPostgres, setMoment, testRuntime } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, hashFor, launch, move, NOW, person, settleJob, startedRun, startedTarget } from '../support/runs.ts';

const signal = new AbortController().signal;
const purge = { before: new Date(NOW - DAY_MS), withKnown: false };

/** Ends a run, so long ago. */
async function ended(database: Database, id: string, days: number): Promise<void> {
  await database.query(`update waterfall.runs set state = 'done', finished_at = $2 where id = $1`, [id, new Date(NOW - days * DAY_MS)]);
}

async function counts(database: Database): Promise<Record<string, number>> {
  const tables = ['runs', 'input_rows', 'targets', 'answers', 'target_answers', 'calls', 'call_targets', 'contacts', 'answer_contacts'];
  const [row] = await database.query<Record<string, number>>(`select ${tables.map((name) => `(select count(*)::integer from waterfall.${name}) as ${name}`).join(', ')}`);
  return row ?? {};
}

describeOnBoth('a purge', (open) => {
  const both = async (which = purge) => {
    const said = await open().transaction((transaction) => previewPurge(transaction, which));
    const done = await purgeRuns(open(), which, signal);
    expect(said).toEqual(done);
    return done;
  };

  it('deletes an old run with all that is its own, and leaves the contacts', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 60 * DAY_MS);
    await ended(open(), 'old', 60);
    expect(await both()).toEqual({ runs: 1, rows: 1, answers: 1, known: 0 });
    expect(await counts(open())).toEqual({ runs: 0, input_rows: 0, targets: 0, answers: 0, target_answers: 0, calls: 0, call_targets: 0, contacts: 1, answer_contacts: 0 });
    expect(await findRun(open(), 'old')).toBeUndefined();
  });

  it('keeps what is known by it: the question is not paid again', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 10 * DAY_MS);
    await ended(open(), 'old', 10);
    expect(await both()).toEqual({ runs: 1, rows: 1, answers: 0, known: 0 });
    const since = new Date(NOW - 30 * DAY_MS);
    const known = await knownQuestions(open(), [hashFor('alderfinch.example')], { provider: 'waterfall', api_host: 'api.waterfall.example', limit: 10, since, catchAllSince: since });
    expect(known.get(hashFor('alderfinch.example'))).toMatchObject({ outcome: 'cached', contacts: 1, job_id: 'job of old' });
    const [next] = await startedRun(open(), 'next', ['alderfinch.example']);
    expect(next?.state).toBe('cached');
    expect(await countOutcomes(open(), 'next')).toMatchObject([{ outcome: 'cached', contacts: 1 }]);
    // Of one that is too old for somebody it is told that it was answered before.
    const question = { api_host: 'api.waterfall.example', domain: 'alderfinch.example', title_filter: 'founder OR ceo', limit: 10, include_phones: false, verified_only: true };
    expect(await answeredBefore(open(), [{ question, question_hash: hashFor('alderfinch.example') }], new Date(NOW))).toMatchObject({ too_old: 1 });
  });

  it('deletes that too where it shall, and says how much would be paid again', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 10 * DAY_MS);
    await ended(open(), 'old', 10);
    expect(await both({ ...purge, withKnown: true })).toEqual({ runs: 1, rows: 1, answers: 1, known: 1 });
  });

  it('keeps answers that lines of other runs are made of, until these go too', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 40 * DAY_MS);
    await ended(open(), 'old', 40);
    const [cached] = await startedRun(open(), 'young', ['alderfinch.example'], { maxAgeDays: 90 });
    expect(cached?.state).toBe('cached');
    expect(await both()).toEqual({ runs: 1, rows: 1, answers: 0, known: 0 });
    expect(await counts(open())).toMatchObject({ runs: 1, answers: 1, target_answers: 1 });
    await ended(open(), 'young', 2);
    expect(await both()).toEqual({ runs: 1, rows: 1, answers: 1, known: 0 });
    expect(await counts(open())).toMatchObject({ runs: 0, targets: 0, answers: 0, calls: 0 });
  });

  it('keeps runs that have not ended, jobs that are open, launches in doubt and young failures', async () => {
    const open_job = await launch(open(), await startedTarget(open(), 'given-up', 'one.example'), 'job-1');
    await move(open(), open_job, { kind: 'gave_up', reason: 'slow' });
    await move(open(), await startedTarget(open(), 'doubt', 'two.example'), { kind: 'claimed', at: NOW }, { kind: 'in_doubt' }, { kind: 'held', reason: 'held' });
    await move(open(), await launch(open(), await startedTarget(open(), 'failed', 'three.example'), 'job-3'), { kind: 'job_ended', reason: 'FAILED' });
    await startedTarget(open(), 'working', 'four.example');
    for (const id of ['given-up', 'doubt', 'failed']) await ended(open(), id, 5);
    expect(await both()).toEqual({ runs: 3, rows: 3, answers: 0, known: 0 });
    expect(await counts(open())).toMatchObject({ runs: 1, targets: 4, calls: 3 });
    const [again] = await startedRun(open(), 'again', ['one.example']);
    expect(again?.state).toBe('following');
    const [doubted] = await startedRun(open(), 'again-2', ['two.example']);
    expect(doubted?.doubts).toBe(1);
    // Later a failure is of no use any more.
    await setMoment(open(), NOW + 40 * DAY_MS);
    await purgeRuns(open(), purge, signal);
    expect(await open().query(`select from waterfall.targets where state = 'job_failed'`)).toEqual([]);
  });

  it('that was broken off is gone on with by the next, and until then the run is nobody\'s', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 60 * DAY_MS);
    await ended(open(), 'old', 60);
    await open().query(`update waterfall.runs set state = 'purging' where id = 'old'`);
    expect(await latestRuns(open(), 10)).toEqual([]);
    expect(await both({ ...purge, before: new Date(NOW - 90 * DAY_MS) })).toMatchObject({ runs: 1, answers: 1 });
    expect(await both()).toEqual({ runs: 0, rows: 0, answers: 0, known: 0 });
  });

  it('leaves no doubt behind that was answered: of the same question by the same run, or by another', async () => {
    const doubted = await move(open(), await startedTarget(open(), 'held', 'one.example'), { kind: 'claimed', at: NOW }, { kind: 'in_doubt' });
    await move(open(), doubted, { kind: 'held', reason: 'held' });
    await answeredRun(open(), 'asked-again', 'one.example', answerOf([person('p1')]), NOW - 50 * DAY_MS);
    const repeated = await move(open(), await startedTarget(open(), 'repeated', 'two.example'), { kind: 'claimed', at: NOW }, { kind: 'in_doubt' });
    await launch(open(), repeated, 'job-2', NOW - 50 * DAY_MS);
    await settleJob(open(), { job_id: 'job-2', answer: answerOf([person('p2')]), answered_at: NOW - 50 * DAY_MS });
    for (const id of ['asked-again', 'repeated']) await ended(open(), id, 50);
    // The run that has the doubt is there yet: so is what has answered it.
    expect(await both()).toMatchObject({ runs: 2, answers: 1 });
    expect((await startedRun(open(), 'next', ['one.example', 'two.example'])).map(({ state, doubts }) => [state, doubts])).toEqual([['pending', 0], ['pending', 0]]);
    await ended(open(), 'held', 40);
    expect(await both()).toMatchObject({ runs: 1, answers: 1 });
    expect((await startedRun(open(), 'next-2', ['one.example', 'two.example'])).map(({ doubts }) => doubts)).toEqual([0, 0]);
    expect(await open().query('select from waterfall.answers')).toEqual([]);
  });

  it('keeps the answer to a larger limit beside a newer one to a smaller limit, which does not serve in its place', async () => {
    await answeredRun(open(), 'large', 'alderfinch.example', answerOf([person('p1')]), NOW - 10 * DAY_MS);
    await answeredRun(open(), 'small', 'alderfinch.example', answerOf([person('p1')]), NOW - 9 * DAY_MS);
    await open().query(`update waterfall.answers set question_limit = 50, contacts = 50 where target_id = (select id from waterfall.targets where run_id = 'large')`);
    await open().query(`update waterfall.answers set question_limit = 1 where target_id = (select id from waterfall.targets where run_id = 'small')`);
    for (const id of ['large', 'small']) await ended(open(), id, 5);
    expect(await both()).toEqual({ runs: 2, rows: 2, answers: 0, known: 0 });
    expect((await startedTarget(open(), 'next', 'alderfinch.example')).state).toBe('cached');
  });

  it('keeps how often an API said `unknown`, and what was known before it did', async () => {
    await answeredRun(open(), 'known', 'alderfinch.example', answerOf([person('p1')]), NOW - 10 * DAY_MS);
    for (const n of [1, 2, 3]) await answeredRun(open(), `unknown-${n}`, 'alderfinch.example', answerOf([]), NOW - n * DAY_MS);
    await open().query(`update waterfall.answers set verdict = case when contacts > 0 then 'deliverable' else 'unknown' end`);
    for (const id of ['known', 'unknown-1', 'unknown-2', 'unknown-3']) await ended(open(), id, 5);
    expect(await both()).toMatchObject({ runs: 4, answers: 0 });
    expect(await open().query(`select waterfall.why_not_again(question_hash, provider, api_host) as why from waterfall.answers where verdict = 'deliverable'`)).toEqual([{ why: 'unknown 3 times in 30 days' }]);
  });

  it('keeps the job that reports of other runs name', async () => {
    for (const n of [1, 2, 3]) {
      await move(open(), await launch(open(), await startedTarget(open(), `failed-${n}`, 'three.example', { maxAgeDays: null }), `job-${n}`), { kind: 'job_ended', reason: 'FAILED' });
      await ended(open(), `failed-${n}`, 50);
    }
    expect((await startedTarget(open(), 'young', 'three.example')).job_id).toBe('job-3');
    await open().query(`update waterfall.targets set settled_at = settled_at - interval '50 days' where run_id <> 'young'`);
    expect(await both()).toMatchObject({ runs: 3 });
    expect((await reportRows(open(), { run_id: 'young', after: -1, limit: 10 })).map(({ job_id }) => job_id)).toEqual(['job-3']);
    await ended(open(), 'young', 40);
    await open().query(`update waterfall.targets set settled_at = settled_at - interval '50 days'`);
    await both();
    expect(await counts(open())).toMatchObject({ targets: 0, calls: 0, call_targets: 0 });
  });

  it('leaves people who were found before no news', async () => {
    await answeredRun(open(), 'old', 'old.example', answerOf([person('ida')]), NOW - 60 * DAY_MS);
    await ended(open(), 'old', 60);
    await both();
    await answeredRun(open(), 'new', 'new.example', answerOf([person('ida'), person('noor')]), NOW);
    const rows = await answeredRows(open(), { run_id: 'new', after: -1, limit: 10, newSince: new Date(NOW - DAY_MS) });
    expect(rows.map(({ known }) => known)).toEqual([['ida']]);
  });

  it('leaves nobody who could not be forgotten: in answers that are kept they are found, and named as no run', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 10 * DAY_MS);
    await answeredRun(open(), 'address', 'address.example', answerOf([]), NOW - 10 * DAY_MS);
    const [hash = ''] = hashesOf({ ids: [], emails: ['ida@address.example'] });
    await open().query(`update waterfall.targets set question = '{"email": "ida@address.example"}', question_hash = decode($1, 'hex') where run_id = 'address'`, [hash]);
    await open().query(`update waterfall.answers set verdict = 'deliverable', question_hash = decode($1, 'hex'), answer = '{"reply": {"email": "ida@address.example"}}' where contacts = 0`, [hash]);
    for (const id of ['old', 'address']) await ended(open(), id, 10);
    expect(await both()).toMatchObject({ runs: 2, answers: 0 });
    expect(await placesOf(open(), [hash], [])).toMatchObject({ contacts: 0, runs: [], ofPurged: 1 });
    expect(await placesOf(open(), hashesOf({ ids: ['p1'], emails: [] }), [])).toMatchObject({ contacts: 1, runs: [], ofPurged: 1 });
    expect(await forgetPeople(open(), hashesOf({ ids: ['p1'], emails: [] }), NOW)).toMatchObject({ contacts: 1, answers: 1, run_ids: [] });
    expect(await forgetPeople(open(), [hash], NOW)).toMatchObject({ answers: 1, run_ids: [] });
    expect(await open().query(`select answer from waterfall.answers where answer::text ~ 'ida@|p1'`)).toEqual([]);
  });

  it('leaves a run alone that is worked on again', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 60 * DAY_MS);
    await ended(open(), 'old', 60);
    const taken: Database = {
      ...open(),
      query: async (sql, parameters, first) => {
        const rows = await open().query<never>(sql, parameters, first);
        if (sql.startsWith('select id from waterfall.runs')) await open().query(`update waterfall.runs set state = 'running', finished_at = null`);
        return rows;
      },
    };
    expect(await purgeRuns(taken, purge, signal)).toEqual({ runs: 0, rows: 0, answers: 0, known: 0 });
    expect(await counts(open())).toMatchObject({ runs: 1, input_rows: 1, target_answers: 1 });
  });
});

describeOnPostgres('a purge beside others', (open, address) => {
  it('waits for a run that takes over what is known without making another one wait', async () => {
    await answeredRun(open(), 'old', 'alderfinch.example', answerOf([person('p1')]), NOW - 60 * DAY_MS);
    await ended(open(), 'old', 60);
    const others = await openDriver({ databaseUrl: address(), home: '' }, testRuntime());
    try {
      let purging: Promise<unknown> = Promise.resolve();
      let waits = 0;
      const waiting: Database = {
        ...open(),
        query: (sql, parameters, first) => {
          if (sql.includes('pg_sleep')) waits += 1;
          return open().query(sql, parameters, first);
        },
      };
      await others.transaction(async (importing) => {
        await importing.query(WAIT_FOR_PURGING);
        purging = purgeRuns(waiting, purge, signal);
        await expect.poll(() => waits).toBeGreaterThan(0);
        await open().transaction(async (another) => {
          await another.script("set local statement_timeout = '2s'");
          await another.query(WAIT_FOR_PURGING);
        });
      });
      await purging;
      expect(await counts(open())).toMatchObject({ answers: 0, targets: 0 });
    } finally {
      await others.close();
    }
  });

  it('finds the questions of a run by an index, whatever the history', async () => {
    const plan = await open().transaction(async (transaction) => {
      await transaction.script('set local enable_seqscan = off');
      return transaction.query<{ 'QUERY PLAN': string }>(`explain select from waterfall.targets where run_id = 'old' for key share`);
    });
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain('Index Cond');
  });
});
