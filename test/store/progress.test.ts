/* Moving targets on by compare-and-set, so that no two processes can both do the next thing. */
import { expect, it } from 'vitest';
import { advance } from '../../src/core/progress.ts';
import { doubtCalls, loadTarget, openCall, openTargets, reopenRejected, saveProgress } from '../../src/store/targets.ts';
import { describeOnBoth, setMoment } from '../support/databases.ts';
import { answeredRun, answerOf, bringToLife, CALLER, hashFor, launch, meet, move, NOW, person, startedRun, startedTarget } from '../support/runs.ts';

const claim = { kind: 'claimed', at: NOW } as const;

describeOnBoth('saving progress', (open) => {
  it('keeps everything that an event changes', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    expect(await launch(open(), target, 'job-1', NOW + 1_234)).toEqual({
      ...target,
      state: 'launched',
      launches: 1,
      call_id: expect.any(Number) as number,
      job_id: 'job-1',
      launched_at: NOW + 1_234,
    });
  });

  it('settles a target that ends, with the moment and the reason', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const launched = await launch(open(), target, 'job-1');
    await setMoment(open(), NOW + 5_000);
    await saveProgress(open(), CALLER, launched, advance(launched, { kind: 'job_ended', reason: 'the job ended FAILED' }));
    expect(await open().query('select state, reason, settled_at from waterfall.targets')).toEqual([
      { state: 'job_failed', reason: 'the job ended FAILED', settled_at: new Date(NOW + 5_000) },
    ]);
  });

  it('does nothing, and says so, when somebody else moved the target', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const theirs = await launch(open(), target, 'job-theirs');
    expect((await saveProgress(open(), CALLER, target, advance(target, claim))).saved).toBe('refused');
    expect(await loadTarget(open(), target.id)).toEqual(theirs);
  });

  it('does nothing when the target came back to the same state with one launch more', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await move(open(), target, claim, { kind: 'in_doubt' });
    expect((await saveProgress(open(), CALLER, target, advance(target, claim))).saved).toBe('refused');
    expect(await loadTarget(open(), target.id)).toMatchObject({ state: 'pending', launches: 1, doubts: 1 });
  });

  it('does no harm, and counts nothing twice, when the statement is repeated', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const claimed = await move(open(), target, claim);
    expect((await saveProgress(open(), CALLER, target, advance(target, claim))).saved).toBe('saved');
    expect(await loadTarget(open(), target.id)).toEqual(claimed);
  });

  it('lets only one of two launches of a question, in two runs, begin', async () => {
    const first = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const second = await startedTarget(open(), 'run-2', 'alderfinch.example');
    const saved = await Promise.all([first, second].map((target) => saveProgress(open(), CALLER, target, advance(target, claim))));
    expect(saved.map((one) => one.saved).sort()).toEqual(['refused', 'saved']);
    const states = (await Promise.all([first, second].map(({ id }) => loadTarget(open(), id)))).map(({ state }) => state);
    expect(states.sort()).toEqual(['launching', 'pending']);
  });

  it('lets the other run launch once the first has no job', async () => {
    const first = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const second = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await move(open(), first, claim, { kind: 'not_launched' });
    expect((await saveProgress(open(), CALLER, second, advance(second, claim))).saved).toBe('saved');
  });

  it('says of a claim whether the question was answered since its run began', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example', { maxAgeDays: null });
    const other = await startedTarget(open(), 'run-2', 'hollowoak.example', { maxAgeDays: null });
    await answeredRun(open(), 'run-3', 'alderfinch.example', answerOf([person('p1')]), NOW + 1);
    expect((await saveProgress(open(), CALLER, target, advance(target, claim))).saved).toBe('answered');
    expect((await saveProgress(open(), CALLER, other, advance(other, claim))).saved).toBe('saved');
  });

  it('throws what is no matter of two launches', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const nonsense = { ...advance(target, claim), launches: -1 };
    await expect(saveProgress(open(), CALLER, target, nonsense)).rejects.toMatchObject({ code: '23514' });
  });
});

describeOnBoth('launches that nobody waits for any more', (open) => {
  it('are pending with one more doubt, and still counted', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await move(open(), target, claim);
    expect(await doubtCalls(open(), { run_id: 'run-1' })).toBe(1);
    expect(await loadTarget(open(), target.id)).toMatchObject({ state: 'pending', launches: 1, doubts: 1, launched_at: null });
  });

  it('are only those of the run that is asked about', async () => {
    const theirs = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await move(open(), theirs, claim);
    expect(await doubtCalls(open(), { run_id: 'run-1' })).toBe(0);
    expect(await loadTarget(open(), theirs.id)).toMatchObject({ state: 'launching', doubts: 0 });
  });

  it('are none that have a job', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await launch(open(), target, 'job-1');
    expect(await doubtCalls(open(), { run_id: 'run-1' })).toBe(0);
  });

  it('are, of a question of any run, those whose process is dead', async () => {
    const theirs = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await move(open(), theirs, claim);
    const question_hash = hashFor('alderfinch.example');
    await bringToLife(open());
    expect(await doubtCalls(open(), { question_hash })).toBe(0);
    await setMoment(open(), NOW + 20_000);
    expect(await doubtCalls(open(), { question_hash: hashFor('hollowoak.example') })).toBe(0);
    expect(await doubtCalls(open(), { question_hash })).toBe(1);
  });

  it('are doubted once, however often it is asked', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await move(open(), target, claim);
    await doubtCalls(open(), { run_id: 'run-1' });
    expect(await doubtCalls(open(), { run_id: 'run-1' })).toBe(0);
    expect(await loadTarget(open(), target.id)).toMatchObject({ doubts: 1 });
  });
});

describeOnBoth('the unfinished launch of a question', (open) => {
  const found = () => openCall(open(), hashFor('alderfinch.example'), CALLER);

  it('is none while nobody has launched it', async () => {
    await startedTarget(open(), 'run-1', 'alderfinch.example');
    expect(await found()).toBeUndefined();
  });

  it('is the one of another run, from its intent on until it ends', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    const claimed = await move(open(), target, claim);
    expect(await found()).toEqual({ call_id: claimed.call_id, job_id: null, launched_at: NOW });
    const launched = await move(open(), claimed, { kind: 'launched', job_id: 'job-1', at: NOW });
    expect(await found()).toEqual({ call_id: claimed.call_id, job_id: 'job-1', launched_at: NOW });
    await move(open(), launched, { kind: 'job_ended', reason: 'FAILED' });
    expect(await found()).toBeUndefined();
  });
});

describeOnBoth('the open targets of a run', (open) => {
  const positions = async (polled: boolean, after = -1, limit = 10) =>
    (await openTargets(open(), { run_id: 'run-1', polled, after, limit })).map(({ position }) => position);

  it('are those to launch or those to ask for, in order, page by page', async () => {
    const [first, second, third] = await startedRun(open(), 'run-1', ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${letter}.example`));
    if (!first || !second || !third) throw new Error('no targets');
    await launch(open(), second, 'job-b');
    await launch(open(), await startedTarget(open(), 'run-3', 'c.example'), 'job-of-another-run');
    await meet(open(), third, 'job-of-another-run');
    await move(open(), first, claim); // neither: its launch is under way
    await startedTarget(open(), 'run-2', 'of-another-run.example');
    expect(await positions(false)).toEqual([3, 4, 5]);
    expect(await positions(false, 3, 1)).toEqual([4]);
    expect(await positions(true)).toEqual([1, 2]);
  });

  it('are no longer those that ended', async () => {
    const target = await startedTarget(open(), 'run-1', 'alderfinch.example');
    await move(open(), await launch(open(), target, 'job-1'), { kind: 'gave_up', reason: 'too slow' });
    expect([await positions(true), await positions(false)]).toEqual([[], []]);
  });
});

describeOnBoth('rejected targets that are put back', (open) => {
  it('are pending again, and others stay as they are', async () => {
    const [rejected, other] = await startedRun(open(), 'run-1', ['alderfinch.example', 'hollowoak.example']);
    if (!rejected || !other) throw new Error('no targets');
    await move(open(), rejected, claim, { kind: 'rejected', reason: 'VALIDATION_LIMIT' });
    const launched = await launch(open(), other, 'job-1');
    await reopenRejected(open(), [rejected.id, other.id]);
    expect(await loadTarget(open(), rejected.id)).toMatchObject({ state: 'pending', launches: 0 });
    expect(await loadTarget(open(), other.id)).toEqual(launched);
  });
});
