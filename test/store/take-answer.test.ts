/* A claimed target takes the answer that another run got meanwhile, and only such a one; repeating the statement does no harm. */
import { expect, it } from 'vitest';
import { loadTarget, takeAnswer } from '../../src/store/targets.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, DAY_MS, move, NOW, person, startedTarget } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';
const CLAIMED = { kind: 'claimed', at: NOW + 2 } as const;
const ANSWER = answerOf([person('p1')]);

describeOnBoth('a target that is claimed', (open) => {
  const pending = () => startedTarget(open(), 'run-1', DOMAIN, { maxAgeDays: null });

  it('takes an answer that was saved since its run was created', async () => {
    const target = await pending();
    const { job_id } = await answeredRun(open(), 'run-2', DOMAIN, ANSWER, NOW + 1);
    expect(await takeAnswer(open(), await move(open(), target, CLAIMED))).toEqual({ contacts: 1 });
    expect(await loadTarget(open(), target.id)).toMatchObject({ state: 'cached', job_id, launches: 0 });
  });

  it('takes an empty answer too', async () => {
    const target = await pending();
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([]), NOW + 1);
    expect(await takeAnswer(open(), await move(open(), target, CLAIMED))).toEqual({ contacts: 0 });
  });

  it('takes it once when the statement is repeated', async () => {
    const target = await pending();
    await answeredRun(open(), 'run-2', DOMAIN, ANSWER, NOW + 1);
    const claimed = await move(open(), target, CLAIMED);
    await takeAnswer(open(), claimed);
    expect(await takeAnswer(open(), claimed)).toEqual({ contacts: 1 });
    expect(await loadTarget(open(), target.id)).toMatchObject({ state: 'cached', launches: 0 });
  });

  it('leaves an answer that is older than its run', async () => {
    await answeredRun(open(), 'run-2', DOMAIN, ANSWER, NOW - DAY_MS);
    const claimed = await move(open(), await pending(), CLAIMED);
    expect(await takeAnswer(open(), claimed)).toBeUndefined();
    expect(await loadTarget(open(), claimed.id)).toEqual(claimed);
  });

  it('leaves the answer to another question', async () => {
    const target = await pending();
    await answeredRun(open(), 'run-2', 'harbour-1.example', ANSWER, NOW + 1);
    expect(await takeAnswer(open(), await move(open(), target, CLAIMED))).toBeUndefined();
  });
});
