/* What a new run takes from earlier ones instead of asking again. */
import { expect, it } from 'vitest';
import { loadTarget } from '../../src/store/targets.ts';
import type { Database } from '../../src/store/database.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, launch, move, NOW, person, startedRun, settleJob, startedTarget, TARGETS } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';
const EARLIER = NOW - 3 * DAY_MS;

/** A run whose one launch was never answered, with the doubt that this leaves. */
async function doubtedRun(database: Database, id: string) {
  const target = await startedTarget(database, id, DOMAIN, { at: EARLIER });
  return move(database, target, { kind: 'claimed', at: EARLIER }, { kind: 'in_doubt' });
}

/** A run whose one job ended FAILED. */
async function failedRun(database: Database, id: string, at = EARLIER) {
  const target = await startedTarget(database, id, DOMAIN, { at, maxAgeDays: null });
  const launched = await launch(database, target, `job of ${id}`, at);
  await database.query(
    `with ended as (update waterfall.calls set state = 'ended' where id = $4), closed as (delete from waterfall.open_questions where call_id = $4)
     update waterfall.targets set state = 'job_failed', reason = $2, settled_at = $3 where id = $1`,
    [launched.id, `${id} ended FAILED`, new Date(at), launched.call_id],
  );
}

describeOnBoth('an answer that is known', (open) => {
  const stored = async (id: number) =>
    (await open().query(`select state, answered_by, answer, job_id, answered_at, contacts, cost_usd::text, launches, settled_at from ${TARGETS} where id = $1`, [id]))[0];

  it('is taken over at no cost, and stays where it is', async () => {
    const known = await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1'), person('p2')]), EARLIER);
    const target = await startedTarget(open(), 'run-2', DOMAIN);
    expect(await stored(target.id)).toEqual({
      state: 'cached',
      answered_by: known.id,
      answer: null,
      job_id: 'job of run-1',
      answered_at: new Date(EARLIER),
      contacts: 2,
      cost_usd: '0',
      launches: 0,
      settled_at: new Date(NOW),
    });
  });

  it('is taken when it is exactly as old as it may be, and not when older', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]), EARLIER);
    expect(await startedTarget(open(), 'run-2', DOMAIN, { maxAgeDays: 3 })).toMatchObject({ state: 'cached' });
    expect(await startedTarget(open(), 'run-3', DOMAIN, { maxAgeDays: 3, at: NOW + 1 })).toMatchObject({ state: 'pending', job_id: null });
  });

  it('is as old as its job, however late it was saved', async () => {
    const target = await startedTarget(open(), 'run-1', DOMAIN);
    await launch(open(), target, 'job-1');
    await settleJob(open(), { job_id: 'job-1', answer: answerOf([]), answered_at: EARLIER, at: NOW });
    expect(await startedTarget(open(), 'run-2', DOMAIN, { maxAgeDays: 2 })).toMatchObject({ state: 'pending' });
  });

  it('is the latest of several', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]), EARLIER);
    const latest = await answeredRun(open(), 'run-2', DOMAIN, answerOf([person('p2')]), EARLIER + 1);
    await answeredRun(open(), 'run-3', DOMAIN, answerOf([person('p3')]), EARLIER - 1);
    const target = await startedTarget(open(), 'run-4', DOMAIN);
    expect(await stored(target.id)).toMatchObject({ answered_by: latest.id, job_id: 'job of run-2' });
  });

  it('may be an empty one', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([]), EARLIER);
    expect(await startedTarget(open(), 'run-2', DOMAIN)).toMatchObject({ state: 'cached' });
  });

  it('is taken from where it is held, not from a run that took it over', async () => {
    const known = await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]), EARLIER);
    await startedTarget(open(), 'run-2', DOMAIN);
    const target = await startedTarget(open(), 'run-3', DOMAIN);
    expect(await stored(target.id)).toMatchObject({ state: 'cached', answered_by: known.id });
  });

  it('answers only its own question', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]), EARLIER);
    const states = (await startedRun(open(), 'run-2', ['hollowoak.example', DOMAIN])).map(({ state }) => state);
    expect(states).toEqual(['pending', 'cached']);
  });

  it('is found among thousands, in a table of which the planner knows only the first run', async () => {
    const domains = (first: number) => Array.from({ length: 3_000 }, (_, index) => `firm-${first + index}.example`);
    await startedRun(open(), 'run-1', domains(0), { at: EARLIER });
    await open().script('analyze'); // as the server does of itself after a while
    const [target] = await startedRun(open(), 'run-2', domains(1_500));
    expect(target).toMatchObject({ state: 'pending' }); // without fresh statistics this took minutes
  });
});

describeOnBoth('a job that is still open', (open) => {
  it('is followed instead of launching again', async () => {
    const theirs = await startedTarget(open(), 'run-1', DOMAIN, { at: EARLIER });
    await launch(open(), theirs, 'job-1', EARLIER);
    expect(await startedTarget(open(), 'run-2', DOMAIN)).toMatchObject({ state: 'following', job_id: 'job-1', launched_at: EARLIER, launches: 0 });
  });

  it('is asked again when an earlier run gave it up within the time', async () => {
    const theirs = await startedTarget(open(), 'run-1', DOMAIN, { at: EARLIER });
    await move(open(), await launch(open(), theirs, 'job-1', EARLIER), { kind: 'gave_up', reason: 'still RUNNING' });
    expect(await startedTarget(open(), 'run-2', DOMAIN, { maxAgeDays: 3 })).toMatchObject({ state: 'following', job_id: 'job-1' });
    expect(await startedTarget(open(), 'run-3', DOMAIN, { maxAgeDays: 2 })).toMatchObject({ state: 'pending', job_id: null });
  });

  it('is none while its launch is under way', async () => {
    const theirs = await startedTarget(open(), 'run-1', DOMAIN, { at: EARLIER });
    await move(open(), theirs, { kind: 'claimed', at: EARLIER });
    expect(await startedTarget(open(), 'run-2', DOMAIN)).toMatchObject({ state: 'pending' });
  });
});

describeOnBoth('jobs that failed', (open) => {
  const ended = async (id: number) => (await open().query(`select state, reason, job_id, settled_at from ${TARGETS} where id = $1`, [id]))[0];

  it('three times are not launched a fourth time, and the last reason is told', async () => {
    for (const id of ['run-1', 'run-2', 'run-3']) await failedRun(open(), id);
    const target = await startedTarget(open(), 'run-4', DOMAIN);
    expect(await ended(target.id)).toEqual({
      state: 'job_failed',
      reason: 'not launched again: 3 jobs of this question failed or were lost, the last: run-3 ended FAILED',
      job_id: 'job of run-3',
      settled_at: new Date(NOW),
    });
  });

  it('are still three when a run that launched nothing told of them', async () => {
    for (const id of ['run-1', 'run-2', 'run-3']) await failedRun(open(), id);
    await startedTarget(open(), 'run-4', DOMAIN);
    const target = await startedTarget(open(), 'run-5', DOMAIN);
    expect(await ended(target.id)).toMatchObject({ reason: 'not launched again: 3 jobs of this question failed or were lost, the last: run-3 ended FAILED' });
  });

  it('twice may be launched again', async () => {
    for (const id of ['run-1', 'run-2']) await failedRun(open(), id);
    expect(await startedTarget(open(), 'run-3', DOMAIN)).toMatchObject({ state: 'pending' });
  });

  it('three times, one of them too long ago, may be launched again', async () => {
    await failedRun(open(), 'run-1', EARLIER - DAY_MS);
    for (const id of ['run-2', 'run-3']) await failedRun(open(), id);
    expect(await startedTarget(open(), 'run-4', DOMAIN, { maxAgeDays: 3 })).toMatchObject({ state: 'pending' });
  });

  it('three times are over when they are too long ago, however often a run told of them since', async () => {
    for (const id of ['run-1', 'run-2', 'run-3']) await failedRun(open(), id);
    for (const id of ['run-4', 'run-5', 'run-6']) await startedTarget(open(), id, DOMAIN);
    expect(await startedTarget(open(), 'run-7', DOMAIN, { maxAgeDays: 1 })).toMatchObject({ state: 'pending' });
  });

  it('matter no more when there is an answer', async () => {
    for (const id of ['run-1', 'run-2', 'run-3']) await failedRun(open(), id);
    await answeredRun(open(), 'run-4', DOMAIN, answerOf([person('p1')]), EARLIER);
    expect(await startedTarget(open(), 'run-5', DOMAIN)).toMatchObject({ state: 'cached' });
  });
});

describeOnBoth('doubts about a question', (open) => {
  it('are inherited by the next run', async () => {
    await doubtedRun(open(), 'run-1');
    expect(await startedTarget(open(), 'run-2', DOMAIN)).toMatchObject({ state: 'pending', doubts: 1, launches: 0 });
  });

  it('are inherited over runs that launched nothing', async () => {
    await doubtedRun(open(), 'run-1');
    await startedTarget(open(), 'run-2', DOMAIN);
    expect(await startedTarget(open(), 'run-3', DOMAIN)).toMatchObject({ doubts: 1 });
  });

  it('end with an answer to a later launch', async () => {
    await doubtedRun(open(), 'run-1');
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([]), EARLIER);
    expect(await startedTarget(open(), 'run-3', DOMAIN, { maxAgeDays: 1 })).toMatchObject({ state: 'pending', doubts: 0 });
  });

  it('end with an answer to the repeated launch itself', async () => {
    const doubted = await doubtedRun(open(), 'run-1');
    await launch(open(), doubted, 'job-1', EARLIER);
    await settleJob(open(), { job_id: 'job-1', answer: answerOf([]), answered_at: EARLIER, at: EARLIER });
    expect(await startedTarget(open(), 'run-2', DOMAIN, { maxAgeDays: 1 })).toMatchObject({ state: 'pending', doubts: 0 });
  });

  it('do not end with an older answer', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([]), EARLIER - 40 * DAY_MS);
    await doubtedRun(open(), 'run-2');
    expect(await startedTarget(open(), 'run-3', DOMAIN)).toMatchObject({ state: 'pending', doubts: 1 });
  });
});

describeOnBoth('a fresh run', (open) => {
  it('takes no answer', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]), EARLIER);
    const target = await startedTarget(open(), 'run-2', DOMAIN, { maxAgeDays: null });
    expect(await loadTarget(open(), target.id)).toMatchObject({ state: 'pending', job_id: null });
  });

  it('takes no open job and no failures', async () => {
    for (const id of ['run-1', 'run-2', 'run-3']) await failedRun(open(), id);
    await launch(open(), await startedTarget(open(), 'run-4', DOMAIN, { maxAgeDays: null }), 'job-4');
    expect(await startedTarget(open(), 'run-5', DOMAIN, { maxAgeDays: null })).toMatchObject({ state: 'pending', job_id: null });
  });
});
