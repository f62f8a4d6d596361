/* The clock of the process: what passes while the machine sleeps passes for it too. */
import { describe, expect, it } from 'vitest';
import { countingSleep, systemClock } from '../../src/runtime/runtime.ts';

/** A machine that was started an hour before the process; its own count is in whole seconds, as on some platforms. */
function machine() {
  let [awake, slept] = [5, 0];
  const elapsed = countingSleep(() => awake, () => Math.floor((3_600_000 + awake + slept) / 1000) * 1000);
  return {
    elapsed,
    wake: (ms: number) => (awake += ms),
    sleep: (ms: number) => (slept += ms),
  };
}

describe('the clock', () => {
  it('is that of the process while the machine is awake, whatever the grain of the other', () => {
    const { elapsed, wake } = machine();
    const seen = Array.from({ length: 200 }, () => [wake(333), elapsed()]);
    expect(seen.filter(([awake, told]) => awake !== told)).toEqual([]);
  });

  it('has what a laptop slept, once', () => {
    const { elapsed, wake, sleep } = machine();
    elapsed();
    sleep(8 * 3_600_000);
    wake(1_000);
    expect(Math.abs(elapsed() - 8 * 3_600_000 - 1_005)).toBeLessThanOrEqual(1_000);
    const before = elapsed();
    wake(600_000);
    expect(elapsed() - before).toBe(600_000);
    sleep(60_000);
    wake(1_000);
    expect(Math.abs(elapsed() - before - 661_000)).toBeLessThanOrEqual(1_000);
  });

  it('begins with the time of day, and never goes back', () => {
    const first = systemClock.now();
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
    expect(systemClock.now()).toBeGreaterThanOrEqual(first);
  });
});
