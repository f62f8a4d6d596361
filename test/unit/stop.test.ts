/* How a run is told to stop. */
import { describe, expect, it } from 'vitest';
import { createStop } from '../../src/engine/stop.ts';

const first = { exit: 4, message: 'over quota', fix: 'top up the account' };
const second = { exit: 130, message: 'it got the signal SIGINT' };

describe('createStop', () => {
  it('has no reason, and lets everything go on', () => {
    const stop = createStop();
    expect([stop.reason(), stop.signal.aborted, stop.abort.aborted]).toEqual([undefined, false, false]);
  });

  it('ends waiting and launching with the reason, and lets calls in flight end', () => {
    const stop = createStop();
    stop.request(first);
    expect(stop.reason()).toBe(first);
    expect(stop.signal.reason).toBe(first);
    expect(stop.abort.aborted).toBe(false);
  });

  it('keeps the first of several reasons', () => {
    const stop = createStop();
    stop.request(first);
    stop.request(second);
    expect([stop.reason(), stop.signal.reason]).toEqual([first, first]);
  });

  it('ends the calls too when told so, with the same reason', () => {
    const stop = createStop();
    stop.request(first);
    stop.abortCalls();
    expect(stop.abort.reason).toBe(first);
  });

  it('ends everything at once when the calls are to end before there is a reason', () => {
    const stop = createStop();
    stop.abortCalls();
    expect([stop.signal.aborted, stop.abort.aborted]).toEqual([true, true]);
  });

  it('may be listened to by any number of lanes without a warning', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const stop = createStop();
    for (const signal of [stop.signal, stop.abort]) {
      for (let lane = 0; lane < 20; lane += 1) signal.addEventListener('abort', () => lane);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
