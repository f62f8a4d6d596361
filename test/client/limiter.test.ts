/* The request limit on a clock that is moved by hand. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter, type Limiter, type Place } from '../../src/providers/http/limiter.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

function setUp(limit: number, windowMs = 1_000) {
  const clock = createVirtualClock();
  const warnings: [string, Record<string, unknown> | undefined][] = [];
  const ignore = () => undefined;
  const warn = (message: string, fields?: Record<string, unknown>) => warnings.push([message, fields]);
  const log = { debug: ignore, info: ignore, warn, error: ignore };
  return { clock, warnings, limiter: createLimiter({ limit, windowMs, clock, log }) };
}

/** Takes places and notes in which order they were given. */
function queue(limiter: Limiter) {
  const given: string[] = [];
  const places: Place[] = [];
  const take = (kind: 'find' | 'launch', name: string, signal?: AbortSignal) =>
    limiter.take(kind, signal).then((place) => {
      given.push(name);
      places.push(place);
    });
  return { given, places, take };
}

const settle = (clock: VirtualClock) => clock.advance(0);

describe('the window', () => {
  it('lets as many through as the limit, and the next one a window after a reply', async () => {
    const { clock, limiter } = setUp(2);
    const { given, places, take } = queue(limiter);
    for (const name of ['a', 'b', 'c']) void take('find', name);
    await clock.advance(5_000);
    expect(given).toEqual(['a', 'b']);
    places[1]?.release();
    await clock.advance(1_000);
    expect(given).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(given).toEqual(['a', 'b', 'c']);
  });

  it('frees a cancelled place at once', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    void take('launch', 'a');
    void take('launch', 'b');
    await settle(clock);
    places[0]?.cancel();
    await settle(clock);
    expect(given).toEqual(['a', 'b']);
  });

  it('counts a place that is given back twice once', async () => {
    const { clock, limiter } = setUp(1);
    const { places, take } = queue(limiter);
    await take('find', 'a');
    places[0]?.release();
    places[0]?.cancel();
    await settle(clock);
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 0, nextFreeInMs: 1_001 });
  });

  it('is the same after the clock was set back by an hour', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    await take('find', 'a');
    places[0]?.release();
    clock.set(clock.now() - 3_600_000);
    void take('find', 'b');
    await clock.advance(1_001);
    expect(given).toEqual(['a', 'b']);
  });

  it('does not exist with limit 0', async () => {
    const { clock, limiter } = setUp(0);
    const { given, take } = queue(limiter);
    for (let i = 0; i < 5_000; i += 1) void take('find', `${i}`);
    await settle(clock);
    expect(given).toHaveLength(5_000);
    expect(limiter.state()).toMatchObject({ limit: 0, free: Infinity, inFlight: 5_000, nextFreeInMs: 0 });
  });
});

describe('the queue', () => {
  it('lets finds go before launches, first come first served within each', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    await take('launch', 'first');
    for (const name of ['launch 1', 'launch 2']) void take('launch', name);
    for (const name of ['find 1', 'find 2']) void take('find', name);
    for (let i = 0; i < 5; i += 1) {
      places.at(-1)?.release();
      await clock.advance(1_001);
    }
    expect(given).toEqual(['first', 'find 1', 'find 2', 'launch 1', 'launch 2']);
  });

  it('rejects an aborted waiter with the reason as it is, and serves the next', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    await take('find', 'a');
    const abort = new AbortController();
    const aborted = take('find', 'b', abort.signal);
    void take('find', 'c');
    abort.abort('stopped by the user');
    await expect(aborted).rejects.toBe('stopped by the user');
    expect(limiter.state().waiting).toBe(1);
    places[0]?.release();
    await clock.advance(1_001);
    expect(given).toEqual(['a', 'c']);
  });

  it('leaves a place that was given alone when the signal aborts later', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    const abort = new AbortController();
    await take('find', 'a', abort.signal);
    const waiting = take('find', 'b', abort.signal);
    abort.abort('stopped');
    await expect(waiting).rejects.toBe('stopped');
    expect(limiter.state()).toMatchObject({ inFlight: 1, waiting: 0 });
    void take('find', 'c');
    places[0]?.cancel();
    await settle(clock);
    expect(given).toEqual(['a', 'c']);
  });

  it('keeps its order when it is long', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    const names = Array.from({ length: 2_000 }, (_, i) => `${i}`);
    for (const name of names) void take('find', name);
    for (let i = 0; i < names.length; i += 1) {
      await settle(clock);
      places[i]?.cancel();
    }
    expect(given).toEqual(names);
  });

  it('gives no place to those whose signal aborts, though one has just become free', async () => {
    const { clock, limiter } = setUp(1);
    const { places, take } = queue(limiter);
    await take('find', 'a');
    places[0]?.release();
    const abort = new AbortController();
    const aborted = [take('find', 'b', abort.signal), take('find', 'c', abort.signal)];
    clock.set(clock.now() + 1_500); // the timer is late
    abort.abort('stopped');
    for (const one of aborted) await expect(one).rejects.toBe('stopped');
    expect(limiter.state()).toMatchObject({ free: 1, inFlight: 0, waiting: 0 });
  });

  it('gives no place for a signal that is aborted already', async () => {
    const { limiter } = setUp(1);
    await expect(limiter.take('find', AbortSignal.abort('too late'))).rejects.toBe('too late');
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 1 });
  });

  it('leaves no timer when nobody waits', async () => {
    const { clock, limiter } = setUp(1);
    const { places, take } = queue(limiter);
    await take('find', 'a');
    places[0]?.release();
    expect(clock.sleepers()).toBe(0);
    const abort = new AbortController();
    const waiting = take('find', 'b', abort.signal);
    expect(clock.sleepers()).toBe(1);
    abort.abort('stopped');
    await expect(waiting).rejects.toBe('stopped');
    expect(clock.sleepers()).toBe(0);
  });

  it('prints no warning when many wait on one signal', async () => {
    const { limiter } = setUp(1);
    const seen: Error[] = [];
    const note = (warning: Error) => seen.push(warning);
    process.on('warning', note);
    const abort = new AbortController();
    const waiting = Array.from({ length: 100 }, () => limiter.take('find', abort.signal));
    abort.abort('stopped');
    await Promise.allSettled(waiting);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(seen).toEqual([]);
  });
});

describe('a pause', () => {
  it.each([0, 10])('lets nobody through with limit %i until it is over', async (limit) => {
    const { clock, limiter } = setUp(limit);
    const { given, take } = queue(limiter);
    limiter.pause(5_000);
    void take('find', 'a');
    await clock.advance(4_999);
    expect(given).toEqual([]);
    expect(limiter.state()).toMatchObject({ free: 0, nextFreeInMs: 1 });
    await clock.advance(1);
    expect(given).toEqual(['a']);
  });

  it('is not shortened by a shorter one', async () => {
    const { clock, limiter } = setUp(0);
    const { given, take } = queue(limiter);
    limiter.pause(5_000);
    limiter.pause(1_000);
    void take('find', 'a');
    await clock.advance(4_999);
    expect(given).toEqual([]);
  });

  it('holds back those who waited before it', async () => {
    const { clock, limiter } = setUp(1);
    const { given, places, take } = queue(limiter);
    await take('find', 'a');
    void take('find', 'b');
    places[0]?.release();
    limiter.pause(3_000);
    await clock.advance(2_999);
    expect(given).toEqual(['a']);
    await clock.advance(1);
    expect(given).toEqual(['a', 'b']);
  });
});

describe('a limit learnt from the API', () => {
  it.each([
    { set: 50, allowed: 30, windowMs: 60_000, result: 30 },
    { set: 0, allowed: 30, windowMs: 60_000, result: 30 },
    { set: 50, allowed: 100, windowMs: 60_000, result: 50 },
    { set: 50, allowed: 50, windowMs: 60_000, result: 50 },
    { set: 50, allowed: 60, windowMs: 120_000, result: 60 },
    { set: 50, allowed: 1, windowMs: 1_000, result: 50 },
    { set: 50, allowed: 0, windowMs: 60_000, result: 50 },
    { set: 50, allowed: -1, windowMs: 60_000, result: 50 },
    { set: 50, allowed: 1.5, windowMs: 60_000, result: 50 },
    { set: 50, allowed: NaN, windowMs: 60_000, result: 50 },
    { set: 50, allowed: 30, windowMs: 0, result: 50 },
    { set: 50, allowed: 30, windowMs: NaN, result: 50 },
    { set: 50, allowed: 30, windowMs: Infinity, result: 50 },
  ])('$allowed per $windowMs ms turns $set per minute into $result', ({ set, allowed, windowMs, result }) => {
    const { limiter } = setUp(set, 60_000);
    limiter.learn(allowed, windowMs);
    expect(limiter.state().limit).toBe(result);
  });

  it('warns once for each change', () => {
    const { limiter, warnings } = setUp(50, 60_000);
    limiter.learn(30, 60_000);
    limiter.learn(30, 60_000);
    expect(warnings).toEqual([['the API allows fewer requests than set: slowing down', { limit: 30, window_s: 60 }]]);
  });

  it('holds for those who wait already', async () => {
    const { clock, limiter } = setUp(3);
    const { given, places, take } = queue(limiter);
    for (const name of ['a', 'b', 'c', 'd']) void take('find', name);
    await settle(clock);
    limiter.learn(1, 1_000);
    places[0]?.release();
    await clock.advance(10);
    places[1]?.release();
    await clock.advance(2_000);
    expect(given).toEqual(['a', 'b', 'c']);
    places[2]?.release();
    await clock.advance(1_000);
    expect(given).toEqual(['a', 'b', 'c']);
    await clock.advance(1);
    expect(given).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('the state', () => {
  it('says what is free, in flight and waiting, and when the next place frees', async () => {
    const { clock, limiter } = setUp(3);
    const { places, take } = queue(limiter);
    for (const name of ['a', 'b']) await take('find', name);
    expect(limiter.state()).toEqual({ limit: 3, windowMs: 1_000, free: 1, inFlight: 2, waiting: 0, nextFreeInMs: 0 });
    for (const name of ['c', 'd']) void take('find', name);
    await settle(clock);
    expect(limiter.state()).toMatchObject({ free: 0, inFlight: 3, waiting: 1, nextFreeInMs: 1_001 });
    places[0]?.release();
    await clock.advance(300);
    expect(limiter.state()).toMatchObject({ free: 0, inFlight: 2, waiting: 1, nextFreeInMs: 701 });
  });
});

describe('a limiter that follows on another process', () => {
  const followOn = (limit: number, moments: (now: number) => number[]) => {
    const { clock } = setUp(limit);
    const ignore = () => undefined;
    const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
    return { clock, limiter: createLimiter({ limit, windowMs: 1_000, clock, log, taken: moments(clock.now()) }) };
  };

  it('counts the requests of that one until their window is over', async () => {
    const { clock, limiter } = followOn(3, (now) => [now - 1_002, now - 600, now - 100]);
    expect(limiter.state()).toMatchObject({ free: 1, nextFreeInMs: 0 });
    await clock.advance(401);
    expect(limiter.state().free).toBe(2);
    await clock.advance(500);
    expect(limiter.state().free).toBe(3);
  });

  it('takes moments in the future for now: the clock was set back', async () => {
    const { clock, limiter } = followOn(2, (now) => [now + 3_600_000, now + 3_600_000]);
    expect(limiter.state().free).toBe(0);
    await clock.advance(1_001);
    expect(limiter.state().free).toBe(2);
  });

  it('can have more of them than its own limit, and waits', async () => {
    const { clock, limiter } = followOn(2, (now) => [now - 900, now - 800, now - 700, now - 600]);
    expect(limiter.state()).toMatchObject({ free: 0, nextFreeInMs: 301 });
    await clock.advance(301);
    expect(limiter.state().free).toBe(1);
  });

  it('does not care when there is no limit', () => {
    expect(followOn(0, (now) => [now]).limiter.state().free).toBe(Infinity);
  });
});

describe('what a limiter tells', () => {
  it('is which moments count, those in flight as of now, oldest first', async () => {
    const { clock, limiter } = setUp(5);
    const { places, take } = queue(limiter);
    for (const name of ['a', 'b', 'c']) void take('find', name);
    await settle(clock);
    const start = clock.now();
    places[0]?.release();
    await clock.advance(300);
    places[1]?.release();
    await clock.advance(100);
    expect(limiter.taken()).toEqual([start, start + 300, start + 400]);
    await clock.advance(700);
    expect(limiter.taken()).toEqual([start + 300, start + 1_100]);
  });

  it('is how many requests could go within a time', async () => {
    const { clock, limiter } = setUp(3);
    const { places, take } = queue(limiter);
    for (const name of ['a', 'b', 'c']) void take('find', name);
    await settle(clock);
    places[0]?.release();
    await clock.advance(200);
    places[1]?.release();
    expect([0, 800, 801, 1_000, 1_001].map((ms) => limiter.freeWithin(ms))).toEqual([0, 0, 1, 1, 3]);
    limiter.pause(5_000);
    expect([1_000, 6_000].map((ms) => limiter.freeWithin(ms))).toEqual([0, 18]);
    expect(setUp(0).limiter.freeWithin(0)).toBe(Infinity);
  });
});

describe('any schedule of requests', () => {
  type Request = { asked: number; kind: 'find' | 'launch'; order: number; given?: number; replied?: number };

  const schedule = fc.record({
    limit: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.integer({ min: 1, max: 60 }),
    requests: fc.array(
      fc.record({ gapMs: fc.nat(25), latencyMs: fc.nat(40), kind: fc.constantFrom('find' as const, 'launch' as const) }),
      { minLength: 1, maxLength: 40 },
    ),
  });

  it('never passes the limit, wastes no place, and serves everybody in turn', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, async ({ limit, windowMs, requests }) => {
        const { clock, limiter } = setUp(limit, windowMs);
        const start = clock.now();
        const time = () => clock.now() - start;
        const seen: Request[] = [];
        for (const { gapMs, latencyMs, kind } of requests) {
          await clock.advance(gapMs);
          const request: Request = { asked: time(), kind, order: 0 };
          seen.push(request);
          void limiter.take(kind).then(async (place) => {
            request.given = time();
            request.order = seen.filter((other) => other.given !== undefined).length;
            await clock.sleep(latencyMs);
            request.replied = time();
            place.release();
          });
        }
        await clock.advance(requests.length * (windowMs + 41));

        /** Requests of which some moment between sending and reply lies in the window that ends at `t`. */
        const taken = (t: number) =>
          seen.filter(({ given = Infinity, replied = Infinity }) => given <= t && replied >= t - windowMs).length;
        for (const { asked, given = NaN, kind, order } of seen) {
          expect(given).not.toBeNaN();
          expect(taken(given)).toBeLessThanOrEqual(limit);
          for (let t = asked; t < given; t += 1) expect(taken(t)).toBeGreaterThanOrEqual(limit);
          const overtook = seen.filter((other) => other.order > order && other.asked < asked && (kind === 'launch' || other.kind === kind));
          expect(overtook).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
