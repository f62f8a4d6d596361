/* The guards of the money: how much is launched twice, and when launching stops. */
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { createBreaker } from '../../src/engine/breaker.ts';
import type { InDoubtPolicy } from '../../src/engine/breaker.ts';
import { createStop } from '../../src/engine/stop.ts';

function setUp(options: { policy?: InDoubtPolicy; targets?: number } = {}) {
  const stop = createStop();
  return { stop, breaker: createBreaker({ policy: 'relaunch', targets: 100, stop, ...options }) };
}

const times = (count: number, work: () => void) => Array.from({ length: count }, work);
const refusal = (code: string) => new ApiError({ status: 400, category: 'VALIDATION', code, message: 'no', enveloped: true });

describe('a launch in doubt', () => {
  it.each([
    [0, 10],
    [100, 10],
    [1_000, 10],
    [1_099, 10],
    [2_000, 20],
    [2_050, 20],
    [100_000, 1_000],
  ])('of %d targets is repeated %d times in an invocation, and then held', (targets, most) => {
    const { breaker } = setUp({ targets });
    expect(times(most, () => undefined).map(() => breaker.refuseRepeat(1))).toEqual(Array(most).fill(undefined));
    expect(breaker.refuseRepeat(1)).toBe(`launch in doubt: no reply was seen, and one command repeats at most ${most}; the next may repeat this one`);
    expect(breaker.repeats()).toBe(most);
  });

  it('is not repeated a second time', () => {
    const { breaker } = setUp();
    expect(breaker.refuseRepeat(2)).toMatch(/not launched a third time/);
    expect(breaker.repeats()).toBe(0);
  });

  it('is never repeated under --in-doubt hold', () => {
    const { breaker } = setUp({ policy: 'hold' });
    expect(breaker.refuseRepeat(1)).toMatch(/--in-doubt hold repeats none/);
    expect(breaker.repeats()).toBe(0);
  });

  it('whose repeat did not take place leaves room for another', () => {
    const { breaker } = setUp();
    times(10, () => void breaker.refuseRepeat(1));
    breaker.undoRepeat();
    expect(breaker.refuseRepeat(1)).toBeUndefined();
    expect(breaker.refuseRepeat(1)).toMatch(/one command repeats at most 10/);
  });
});

describe('launches in doubt one after the other', () => {
  it('stop the run at the tenth', () => {
    const { stop, breaker } = setUp();
    times(9, () => breaker.doubted());
    expect(stop.reason()).toBeUndefined();
    breaker.doubted();
    expect(stop.reason()).toMatchObject({ exit: 4, message: 'the replies to 10 launches in a row were lost' });
  });

  it('do not when one was answered between them', () => {
    const { stop, breaker } = setUp();
    times(9, () => breaker.doubted());
    breaker.replied();
    times(9, () => breaker.doubted());
    expect(stop.reason()).toBeUndefined();
  });
});

describe('refusals of rows', () => {
  it('stop the run at the fifth with the same code, and give all five back: they were not about the rows', () => {
    const { stop, breaker } = setUp();
    const reopened = [1, 2, 3, 4, 5].map((id) => breaker.rejected(id, refusal('VALIDATION_BAD_LIMIT')));
    expect(reopened).toEqual([[], [], [], [], [1, 2, 3, 4, 5]]);
    expect(stop.reason()).toMatchObject({ exit: 4, message: 'the API refused 5 rows in a row with VALIDATION_BAD_LIMIT: no' });
  });

  it('that arrive when the run has stopped already are given back too', () => {
    const { breaker } = setUp();
    for (const id of [1, 2, 3, 4, 5]) breaker.rejected(id, refusal('VALIDATION_BAD_LIMIT'));
    expect(breaker.rejected(6, refusal('VALIDATION_BAD_LIMIT'))).toContain(6);
  });

  it('with different codes do not', () => {
    const { stop, breaker } = setUp();
    for (const id of [1, 2, 3, 4, 5, 6]) breaker.rejected(id, refusal(id % 2 === 0 ? 'VALIDATION_BAD_LIMIT' : 'VALIDATION_BAD_COMPANY_NAME'));
    expect(stop.reason()).toBeUndefined();
  });

  it('with a job made between them do not', () => {
    const { stop, breaker } = setUp();
    for (const id of [1, 2, 3, 4]) breaker.rejected(id, refusal('VALIDATION_BAD_LIMIT'));
    breaker.launched();
    expect([5, 6, 7, 8].map((id) => breaker.rejected(id, refusal('VALIDATION_BAD_LIMIT')))).toEqual([[], [], [], []]);
    expect(stop.reason()).toBeUndefined();
  });

  it('for their domain are about the rows, however many', () => {
    const { stop, breaker } = setUp();
    for (let id = 1; id <= 20; id += 1) expect(breaker.rejected(id, refusal('VALIDATION_BAD_DOMAIN'))).toEqual([]);
    expect(stop.reason()).toBeUndefined();
  });
});
