/* Trouble with everything: when the run pauses, probes, goes on and stops. */
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { createHealth } from '../../src/engine/health.ts';
import { createStop } from '../../src/engine/stop.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const broken = new ApiError({ status: 503, category: 'HTTP', code: 'HTTP_503', message: 'no', enveloped: false });

function setUp() {
  const clock = createVirtualClock();
  const logged: string[] = [];
  const note = (message: string) => void logged.push(message);
  const stop = createStop();
  const health = createHealth({ clock, stop, log: { debug: note, info: note, warn: note, error: note } });
  return { clock, stop, health, logged };
}

/** In an outage, whose pause began this moment. */
async function inOutage() {
  const all = setUp();
  all.health.failed(broken);
  await all.clock.advance(2 * MINUTE);
  all.health.failed(broken);
  return all;
}

/** The seconds, from now on, at which callers are let through. */
function letThrough({ clock, health }: Awaited<ReturnType<typeof inOutage>>, callers: number) {
  const start = clock.now();
  const passed: number[] = [];
  for (let caller = 0; caller < callers; caller += 1) void health.gate().then(() => passed.push((clock.now() - start) / SECOND));
  return passed;
}

describe('failures', () => {
  it('within 2 minutes pause nothing', async () => {
    const { clock, health } = setUp();
    health.failed(broken);
    await clock.advance(2 * MINUTE - 1);
    health.failed(broken);
    expect(health.pausedSince()).toBeUndefined();
  });

  it('for 10 seconds without a success are mentioned once, and pause nothing', async () => {
    const { clock, health, logged } = setUp();
    health.failed(broken);
    await clock.advance(10 * SECOND - 1);
    health.failed(broken);
    expect(logged).toEqual([]);
    await clock.advance(1);
    health.failed(broken);
    health.failed(broken);
    expect(logged).toEqual(['nothing has succeeded for 10 seconds, still trying']);
    expect(health.pausedSince()).toBeUndefined();
  });

  it('for 2 minutes without a success pause the run, which is said once', async () => {
    const { clock, health, logged } = await inOutage();
    health.failed(broken);
    expect(health.pausedSince()).toBe(clock.now());
    expect(logged.filter((line) => line.includes('2 minutes'))).toEqual(['nothing has succeeded for 2 minutes: pausing, one probe every 30 s']);
  });

  it('that pass in a moment are not mentioned when they are over', () => {
    const { health, logged } = setUp();
    health.failed(broken);
    health.succeeded();
    expect(logged).toEqual([]);
  });

  it('with a success between them pause nothing', async () => {
    const { clock, health } = setUp();
    for (let minute = 0; minute < 30; minute += 1) {
      health.failed(broken);
      await clock.advance(MINUTE);
      if (minute % 2 === 1) health.succeeded();
    }
    expect(health.pausedSince()).toBeUndefined();
  });

  it('after a long quiet time count from the first of them, not from the last success', async () => {
    const { clock, health } = setUp();
    health.succeeded();
    await clock.advance(10 * MINUTE);
    health.failed(broken);
    expect(health.pausedSince()).toBeUndefined();
  });
});

describe('the gate', () => {
  it('lets everybody through at once while all is well', async () => {
    const { health, clock } = setUp();
    await Promise.all([health.gate(), health.gate(), health.gate()]);
    expect(clock.sleepers()).toBe(0);
  });

  it('lets one caller through every 30 seconds in an outage', async () => {
    const outage = await inOutage();
    const passed = letThrough(outage, 5);
    await outage.clock.advance(2 * MINUTE);
    expect(passed).toEqual([30, 60, 90, 120]);
  });

  it('lets everybody through at the moment a probe has succeeded', async () => {
    const outage = await inOutage();
    const passed = letThrough(outage, 5);
    await outage.clock.advance(37 * SECOND);
    outage.health.succeeded();
    await outage.clock.advance(0);
    expect(passed).toEqual([30, 37, 37, 37, 37]);
    expect(outage.clock.sleepers()).toBe(0);
    expect(outage.health.pausedSince()).toBeUndefined();
    expect(outage.logged.at(-1)).toBe('the API answers again: going on');
  });

  it('lets one caller through every 30 seconds in a second outage too', async () => {
    const outage = await inOutage();
    outage.health.succeeded();
    outage.health.failed(broken);
    await outage.clock.advance(2 * MINUTE);
    outage.health.failed(broken);
    const passed = letThrough(outage, 5);
    await outage.clock.advance(2 * MINUTE);
    expect(passed).toEqual([30, 60, 90, 120]);
  });

  it('throws the reason when the run stops meanwhile', async () => {
    const { health, stop, clock } = await inOutage();
    const waiting = health.gate();
    stop.request({ exit: 130, message: 'it got the signal SIGINT' });
    await expect(waiting).rejects.toBe(stop.reason());
    expect(clock.sleepers()).toBe(0);
  });
});

describe('an outage', () => {
  it('stops the run with exit 4 after 15 minutes of probes', async () => {
    const { clock, health, stop } = await inOutage();
    await clock.advance(15 * MINUTE - 1);
    health.failed(broken);
    expect(stop.reason()).toBeUndefined();
    await clock.advance(1);
    health.failed(broken);
    expect(stop.reason()).toMatchObject({ exit: 4, message: 'the API has not answered for 17 minutes' });
  });

  it('that is over begins anew when the API fails again', async () => {
    const { clock, health, stop } = await inOutage();
    await clock.advance(14 * MINUTE);
    health.succeeded();
    health.failed(broken);
    await clock.advance(2 * MINUTE);
    health.failed(broken);
    expect(health.pausedSince()).toBe(clock.now());
    await clock.advance(14 * MINUTE);
    health.failed(broken);
    expect(stop.reason()).toBeUndefined();
  });

  it('does not change when a call last succeeded', async () => {
    const { clock, health } = setUp();
    expect(health.lastSuccessAt()).toBe(-Infinity);
    health.succeeded();
    const at = clock.now();
    await clock.advance(MINUTE);
    health.failed(broken);
    expect(health.lastSuccessAt()).toBe(at);
  });
});
