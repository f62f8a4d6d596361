/*
 * The limiter and the client against servers that count otherwise than we do: a fixed or a sliding window, fewer requests
 * than we were told, somebody else on the same key, and every form of Retry-After. Real sockets on a clock moved by hand.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { createClient } from '../../src/providers/waterfall/client.ts';
import { createLimiter } from '../../src/providers/http/limiter.ts';
import running from '../fixtures/api/prospector-finder-running.json' with { type: 'json' };
import rateLimit from '../fixtures/api/error-rate-limit.json' with { type: 'json' };
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

const WINDOW_MS = 400;
const STEP_MS = 10;

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

/** How a server counts: whether one more request fits now, and if not, in how many milliseconds the next one will. */
type Window = { admit(now: number): number };

/** Starts anew at every multiple of its length. */
function fixedWindow(limit: number): Window {
  let [start, count] = [-Infinity, 0];
  return {
    admit(now) {
      const current = now - (now % WINDOW_MS);
      if (current !== start) [start, count] = [current, 0];
      count += 1;
      return count <= limit ? 0 : start + WINDOW_MS - now;
    },
  };
}

/** Looks back from every request; a refused one does not count. */
function slidingWindow(limit: number): Window {
  let admitted: number[] = [];
  return {
    admit(now) {
      admitted = admitted.filter((at) => at > now - WINDOW_MS);
      if (admitted.length >= limit) return (admitted[0] ?? now) + WINDOW_MS - now;
      admitted.push(now);
      return 0;
    },
  };
}

type ServerOptions = {
  window: Window;
  /** The headers of a refusal, when the next request fits in so many milliseconds. */
  headers: (waitMs: number, now: number) => Record<string, string>;
  /** How long requests take to arrive, and replies to come back. */
  latencyMs?: () => number;
};

/** An API that answers every find with RUNNING while its window admits it, and the moments of its refusals. */
async function serve(clock: VirtualClock, { window, headers, latencyMs = () => 0 }: ServerOptions) {
  const refusedAt: number[] = [];
  let sleeping = 0;
  const sleep = async (ms: number) => {
    sleeping += 1;
    await clock.sleep(ms);
    sleeping -= 1;
  };
  const answer = async (response: ServerResponse) => {
    await sleep(latencyMs());
    const waitMs = window.admit(clock.now());
    if (waitMs > 0) {
      refusedAt.push(clock.now());
      response.writeHead(429, headers(waitMs, clock.now()));
    }
    await sleep(latencyMs());
    response.end(JSON.stringify(waitMs > 0 ? rateLimit : running));
  };
  const server = createServer((_request, response) => void answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, refusedAt, sleeping: () => sleeping };
}

/** Makes `calls` finds, as lanes do: one that is refused is made again. Time passes while nothing is on the wire. */
async function askAll(calls: number, limit: number, options: ServerOptions, during?: { clock: VirtualClock; everyMs: number; work: () => void }) {
  const clock = during?.clock ?? createVirtualClock();
  const warnings: string[] = [];
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: (message: string) => void warnings.push(message), error: ignore };
  const server = await serve(clock, options);
  const limiter = createLimiter({ limit, windowMs: WINDOW_MS, clock, log });
  const client = createClient({ baseUrl: server.url, apiKey: 'key', keyHeader: 'x-api-key', limiter, runtime: { clock, random: () => 0.5, log } });
  cleanUp.push(() => client.close());

  let answered = 0;
  const lane = async () => {
    for (;;) {
      try {
        await client.find('a job');
        answered += 1;
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 429)) throw error;
      }
    }
  };
  const startedAt = clock.now();
  const lanes = Promise.all(Array.from({ length: calls }, lane));
  let failure: unknown;
  lanes.catch((error: unknown) => (failure = error));
  for (let steps = 0; answered < calls && failure === undefined; ) {
    // Every request on the wire has been slept on by the server, so the next thing to happen is that time passes.
    if (server.sleeping() < limiter.state().inFlight) await new Promise((resolve) => setImmediate(resolve));
    else {
      await clock.advance(STEP_MS);
      steps += 1;
      if (during !== undefined && (steps * STEP_MS) % during.everyMs === 0) during.work();
    }
  }
  await lanes;
  return { answered, refusals: server.refusedAt.length, bursts: bursts(server.refusedAt), ...client.requests(), tookMs: clock.now() - startedAt, warnings, limiter };
}

/** How many refusals came within each window, counted from the first of them. */
function bursts(times: readonly number[]): number[] {
  const found: number[] = [];
  let start = -Infinity;
  for (const time of times) {
    if (time - start >= WINDOW_MS) {
      start = time;
      found.push(0);
    }
    found[found.length - 1] = (found.at(-1) ?? 0) + 1;
  }
  return found;
}

const inSeconds = (waitMs: number) => ({ 'retry-after': (waitMs / 1000).toFixed(3) });
const windows = [
  { what: 'a fixed window', make: fixedWindow },
  { what: 'a sliding window', make: slidingWindow },
];

describe.each(windows)('a server with $what', ({ make }) => {
  it('and our limit refuses nothing', async () => {
    const { answered, refusals } = await askAll(100, 20, { window: make(20), headers: inSeconds });
    expect({ answered, refusals }).toEqual({ answered: 100, refusals: 0 });
  });

  it('and our limit refuses nothing when requests overtake each other on the way', async () => {
    const latencies = [0, 90, 10, 150, 40];
    let turn = 0;
    const { answered, refusals } = await askAll(100, 20, { window: make(20), headers: inSeconds, latencyMs: () => latencies[(turn += 1) % latencies.length] ?? 0 });
    expect({ answered, refusals }).toEqual({ answered: 100, refusals: 0 });
  });

  it('and a lower limit, told in the headers, refuses once what was on its way; it is learnt and said once', async () => {
    const headers = (waitMs: number) => ({ ...inSeconds(waitMs), 'x-ratelimit-limit': '5', 'x-ratelimit-interval': String(WINDOW_MS / 1000) });
    const { answered, refusals, warnings, limiter } = await askAll(60, 20, { window: make(5), headers });
    expect(answered).toBe(60);
    expect(refusals).toBe(20 - 5);
    expect(limiter.state().limit).toBe(5);
    expect(warnings).toEqual(['the API allows fewer requests than set: slowing down']);
  });

  it('and a lower limit that it never tells answers everybody, with no more refusals in a window than requests are let go', async () => {
    const { answered, refusals, throttled, bursts: found } = await askAll(60, 20, { window: make(5), headers: inSeconds });
    expect(answered).toBe(60);
    expect(throttled).toBe(refusals);
    expect(Math.max(...found)).toBeLessThanOrEqual(20);
    expect(found.length).toBeLessThanOrEqual(60 / 5);
  });

  it('and somebody else on the same key answers everybody, with no more refusals in a window than requests are let go', async () => {
    const clock = createVirtualClock();
    const window = make(20);
    // The other one takes 15 of the 20 places as soon as they are free.
    const takeAll = () => {
      for (let request = 0; request < 15; request += 1) window.admit(clock.now());
    };
    const { answered, bursts: found } = await askAll(60, 20, { window, headers: inSeconds }, { clock, everyMs: WINDOW_MS, work: takeAll });
    expect(answered).toBe(60);
    expect(Math.max(...found)).toBeLessThanOrEqual(20);
  });
});

/** What a 429 may say of how long to wait, and the least and the most that we then wait for the first time. */
const forms: { form: string; header: (waitMs: number, now: number) => string | undefined; least: number; most: number }[] = [
  { form: 'whole seconds', header: () => '1', least: 1_000, most: 1_000 },
  { form: 'fractions of a second', header: () => '0.25', least: 250, most: 250 },
  { form: 'a date', header: (_waitMs, now) => new Date(now + 3_000).toUTCString(), least: 2_000, most: 3_000 },
  { form: 'a date that has passed', header: (_waitMs, now) => new Date(now - 3_600_000).toUTCString(), least: 100, most: 5_000 },
  { form: 'nothing', header: () => undefined, least: 5_000, most: 6_000 },
  { form: 'zero', header: () => '0', least: 100, most: 5_000 },
  { form: 'a negative number', header: () => '-5', least: 5_000, most: 6_000 },
  { form: 'words', header: () => 'soon', least: 5_000, most: 6_000 },
  { form: 'ten years', header: () => '315360000', least: 900_000, most: 900_000 },
];

describe('Retry-After', () => {
  it.each(forms)('of $form is waited for, by everybody, and then all are answered', async ({ header, least, most }) => {
    const headers = (waitMs: number, now: number) => {
      const text = header(waitMs, now);
      return text === undefined ? {} : { 'retry-after': text, date: new Date(now).toUTCString() };
    };
    let requests = 0;
    const firstTen: Window = { admit: () => ((requests += 1) <= 10 ? 1 : 0) };
    const { answered, refusals, tookMs } = await askAll(10, 10, { window: firstTen, headers });
    expect({ answered, refusals }).toEqual({ answered: 10, refusals: 10 });
    // Afterwards the ten places of the first window must be free again too.
    expect(tookMs).toBeGreaterThanOrEqual(Math.max(least, WINDOW_MS));
    expect(tookMs).toBeLessThanOrEqual(Math.max(most, WINDOW_MS) + 10 * STEP_MS);
  });

  it('of zero, again and again, is asked ever more slowly: no busy loop', async () => {
    let requests = 0;
    const hundredth: Window = { admit: () => ((requests += 1) <= 100 ? 1 : 0) };
    const { answered, tookMs } = await askAll(1, 0, { window: hundredth, headers: () => ({ 'retry-after': '0' }) });
    expect(answered).toBe(1);
    // 100, 200, 400 ... ms, then 5 s each.
    expect(tookMs).toBeGreaterThanOrEqual(6_300 + 94 * 5_000);
  });
});
