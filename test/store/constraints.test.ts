/* The rules that the code relies on are kept by the database itself, whoever writes to it. */
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, launch, person, startedRun, startedTarget } from '../support/runs.ts';

/** Each sets the one target of a run to something that must not be. */
const FORBIDDEN = [
  ['a state that there is not', 'targets_state', `state = 'sleeping', settled_at = now()`],
  ['less than no launches', 'targets_counts', 'launches = -1'],
  ['less than no doubts', 'targets_counts', 'doubts = -1'],
  ['less than no contacts', 'targets_counts', 'contacts = -1'],
  ['an intent to launch that was not counted', 'targets_launching_was_counted', `state = 'launching'`],
  ['a launched target without a job', 'targets_polled_has_job', `state = 'launched', launches = 1, launched_at = now()`],
  ['a launched target without its moment', 'targets_polled_has_job', `state = 'launched', launches = 1, job_id = 'job-1'`],
  ['a follower without a job', 'targets_polled_has_job', `state = 'following', launched_at = now()`],
  ['a found target without an answer', 'targets_answered_has_answer', `state = 'found', settled_at = now()`],
  ['an empty result without an answer', 'targets_answered_has_answer', `state = 'no_contacts', settled_at = now()`],
  ['a cached target without the one that holds the answer', 'targets_answered_has_answer', `state = 'cached', settled_at = now()`],
  ['an answer of a target that failed', 'targets_answered_has_answer', `state = 'job_failed', settled_at = now(), answer = '{}'`],
  ['an answer of an open target', 'targets_answered_has_answer', `answer = '{}'`],
  ['an open target that is settled', 'targets_open_is_not_settled', 'settled_at = now()'],
  ['an ended target that is not settled', 'targets_open_is_not_settled', `state = 'rejected'`],
] as const;

describeOnBoth('the database refuses', (open) => {
  it.each(FORBIDDEN)('%s (%s)', async (_what, constraint, change) => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await expect(open().query(`update waterfall.targets set ${change} where id = $1`, [target.id])).rejects.toMatchObject({
      code: '23514',
      constraint,
    });
  });

  it('a second target with the question of a run', async () => {
    await startedTarget(open(), 'run-1', 'alderfinch.example');
    const twice = open().query(
      `insert into waterfall.targets (run_id, position, question_hash, question)
       select run_id, 7, question_hash, question from waterfall.targets`,
    );
    await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'targets_one_per_question' });
  });

  it.each([
    ['an intent to launch beside a launched target', `state = 'launching', launches = 1, launched_at = now()`],
    ['a launched target beside a launched one', `state = 'launched', launches = 1, launched_at = now(), job_id = 'job-2'`],
  ])('%s of the same question in another run', async (_what, change) => {
    const first = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const second = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await launch(open(), first, 'job-1');
    await expect(open().query(`update waterfall.targets set ${change} where id = $1`, [second.id])).rejects.toMatchObject({
      code: '23505',
      constraint: 'targets_one_open_launch',
    });
  });

  it.each([
    ['an outcome of its own that only a target has', 'input_rows_outcome', `outcome = 'found'`],
    ['an invalid row with a target', 'input_rows_has_target', `outcome = 'invalid'`],
    ['an excluded row with a target', 'input_rows_has_target', `outcome = 'excluded'`],
    ['a row with neither target nor outcome', 'input_rows_has_target', 'target_id = null'],
    ['a duplicate without a target', 'input_rows_has_target', `outcome = 'duplicate', target_id = null`],
  ])('%s (%s)', async (_what, constraint, change) => {
    await startedRun(open(), 'run-1', ['alderfinch.example']);
    await expect(open().query(`update waterfall.input_rows set ${change}`)).rejects.toMatchObject({ code: '23514', constraint });
  });

  it('a second row at the position of another', async () => {
    await startedRun(open(), 'run-1', ['alderfinch.example']);
    const twice = open().query('insert into waterfall.input_rows select * from waterfall.input_rows');
    await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'input_rows_pkey' });
  });

  it('a second contact at the position of another', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1')]));
    const twice = open().query('insert into waterfall.target_contacts select * from waterfall.target_contacts');
    await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'target_contacts_pkey' });
  });

  it('to forget a contact that a target still refers to', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1')]));
    await expect(open().query('delete from waterfall.contacts')).rejects.toMatchObject({ code: '23503' });
  });
});

describeOnBoth('the database allows', (open) => {
  it('the same question in two runs while only one of them has launched it', async () => {
    const first = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const second = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await launch(open(), first, 'job-1');
    await open().query(
      `update waterfall.targets set state = 'following', job_id = 'job-1', launched_at = now() where id = $1`,
      [second.id],
    );
    expect(await open().query('select state from waterfall.targets order by id')).toEqual([{ state: 'launched' }, { state: 'following' }]);
  });

  it('another launch of a question whose launch has ended', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1')]));
    const again = await startedTarget(open(), 'run-2', 'alderfinch.example', { maxAgeDays: null });
    expect(await launch(open(), again, 'job-2')).toMatchObject({ state: 'launched' });
  });
});
