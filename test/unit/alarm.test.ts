/* One timer, set anew. */
import { describe, expect, it } from 'vitest';
import { createAlarm } from '../../src/core/alarm.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('an alarm', () => {
  function opened() {
    const clock = createVirtualClock();
    const startedAt = clock.now();
    const rung: number[] = [];
    const alarm = createAlarm((ms, signal) => clock.sleep(ms, signal), () => rung.push(clock.now() - startedAt));
    const set = (afterMs: number) => alarm.set(startedAt + afterMs, clock.now());
    return { alarm, set, rung, clock };
  }

  it('rings once, and is then not set', async () => {
    const { alarm, set, rung, clock } = opened();
    set(100);
    await clock.advance(1_000);
    expect([rung, alarm.at()]).toEqual([[100], undefined]);
  });

  it.each([50, 200])('that is set anew to %i ms does not ring as it was set before', async (again) => {
    const { set, rung, clock } = opened();
    set(100);
    set(again);
    await clock.advance(1_000);
    expect(rung).toEqual([again]);
  });

  it('does not ring when it was cleared', async () => {
    const { alarm, set, rung, clock } = opened();
    set(100);
    alarm.clear();
    await clock.advance(1_000);
    expect([rung, alarm.at()]).toEqual([[], undefined]);
  });
});
