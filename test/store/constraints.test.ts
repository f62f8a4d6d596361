/* The rules that the code relies on are kept by the database itself, whoever writes to it. */
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, launch, meet, person, startedRun, startedTarget } from '../support/runs.ts';

/** Each sets the one target of a run to something that must not be. */
const FORBIDDEN = [
  ['a state that there is not', 'targets_state', `state = 'sleeping', settled_at = now()`],
  ['less than no launches', 'targets_counts', 'launches = -1'],
  ['less than no doubts', 'targets_counts', 'doubts = -1'],
  ['less than no contacts', 'targets_counts', 'contacts = -1'],
  ['an intent to launch that was not counted', 'targets_launching_was_counted', `state = 'launching', call_id = 1`],
  ['a launching target without a call', 'targets_asked_has_call', `state = 'launching', launches = 1`],
  ['a launched target without a call', 'targets_asked_has_call', `state = 'launched', launches = 1`],
  ['a follower without a call', 'targets_asked_has_call', `state = 'following'`],
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

  it('a second open call of a question at a provider', async () => {
    const { call_id } = await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    const twice = open().query('insert into waterfall.open_questions select * from waterfall.open_questions');
    await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'open_questions_pkey' });
    expect(await open().query('select call_id from waterfall.open_questions')).toEqual([{ call_id }]);
  });

  it.each([
    ['a state that there is not', 'calls_state', `state = 'asleep'`],
    ['a running call without a job', 'calls_running_has_job', 'job_id = null'],
    ['a running call without the moment of its reply', 'calls_running_has_job', 'replied_at = null'],
  ])('%s of a call (%s)', async (_what, constraint, change) => {
    await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    await expect(open().query(`update waterfall.calls set ${change}`)).rejects.toMatchObject({ code: '23514', constraint });
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
    const twice = open().query('insert into waterfall.answer_contacts select * from waterfall.answer_contacts');
    await expect(twice).rejects.toMatchObject({ code: '23505', constraint: 'answer_contacts_pkey' });
  });

  it('to forget a contact that an answer still refers to', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1')]));
    await expect(open().query('delete from waterfall.contacts')).rejects.toMatchObject({ code: '23503' });
  });
});

describeOnBoth('the database allows', (open) => {
  it('the same question in two runs while only one of them has launched it', async () => {
    const first = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const second = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await launch(open(), first, 'job-1');
    await meet(open(), second, 'job-1');
    expect(await open().query('select state from waterfall.targets order by id')).toEqual([{ state: 'launched' }, { state: 'following' }]);
  });

  it('another launch of a question whose launch has ended', async () => {
    await answeredRun(open(), 'run-1', 'alderfinch.example', answerOf([person('p1')]));
    const again = await startedTarget(open(), 'run-2', 'alderfinch.example', { maxAgeDays: null });
    expect(await launch(open(), again, 'job-2')).toMatchObject({ state: 'launched' });
  });
});
