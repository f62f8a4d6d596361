/* What a purge deletes, what it keeps because somebody may still need it, and that a dry run says the same. */
import { expect, it } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { answeredBefore } from '../../src/store/answered-before.ts';
import { knownQuestions } from '../../src/store/known.ts';
import { previewPurge, purgeRuns } from '../../src/store/purge.ts';
import { countOutcomes } from '../../src/store/outcomes.ts';
import { findRun, latestRuns } from '../../src/store/runs.ts';
import { describeOnBoth, setMoment } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, hashFor, launch, move, NOW, person, startedRun, startedTarget } from '../support/runs.ts';

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
});
