/* How long to wait, and what is repeated, on a clock that is moved by hand. */
import { describe, expect, it } from 'vitest';
import { ApiError, TransportError } from '../../src/core/errors.ts';
import { retryAfterMs, throttlePauseMs, withRetry } from '../../src/providers/http/retry.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const ignore = () => undefined;
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe('Retry-After as a date', () => {
  const date = 'Fri, 27 Nov 2026 10:00:00 GMT';
  it.each([
    ['is compared with the date of the reply, however wrong our clock is', 'Fri, 27 Nov 2026 10:00:30 GMT', 0, date, 30_000],
    ['is compared with our clock where the reply has none', 'Fri, 27 Nov 2026 10:00:30 GMT', Date.parse(date), undefined, 30_000],
    ['is nothing when it is no date of HTTP', 'Friday 10:00', 0, date, undefined],
    ['is nothing when it is no date at all', 'Fri, 99 Xxx 2026 GMT', 0, date, undefined],
    ['is at most a quarter of an hour', 'Sat, 27 Nov 2027 10:00:30 GMT', 0, date, 900_000],
  ])('%s', (_what, header, now, replied, ms) => {
    expect(retryAfterMs(header, now, replied)).toBe(ms);
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 2, 2, 9, 0, 0);

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['0.25', 250],
    [' 1.0004 ', 1_001],
    ['900', 900_000],
    ['86400', 900_000],
    ['99999999999999999999', 900_000],
    ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000],
    ['Monday, 02-Mar-26 09:00:30 GMT', 30_000],
    ['Mon, 02 Mar 2026 08:00:00 GMT', 0],
    ['Wed, 02 Mar 2033 09:00:00 GMT', 900_000],
    ['-5', undefined],
    ['', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['Infinity', undefined],
    ['2026-03-02T09:00:30Z', undefined],
    ['Mon, 99 Xyz 2026 09:00:30 GMT', undefined],
    [undefined, undefined],
  ])('%j is %j ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});

describe('the pause after a 429', () => {
  it.each([
    { refusals: 1, told: 400, pause: 400 },
    { refusals: 1, told: 900_000, pause: 900_000 },
    { refusals: 1, told: 0, pause: 100 },
    { refusals: 4, told: 0, pause: 800 },
    { refusals: 50, told: 0, pause: 5_000 },
    { refusals: 1, told: undefined, pause: 5_500 },
    { refusals: 2, told: undefined, pause: 11_000 },
    { refusals: 5, told: undefined, pause: 60_000 },
    { refusals: 2_000, told: undefined, pause: 60_000 },
  ])('is $pause ms after $refusals in a row when told $told', ({ refusals, told, pause }) => {
    expect(throttlePauseMs(refusals, told, () => 0.5)).toBe(pause);
  });
});

describe('a call that can be repeated', () => {
  const apiError = (status: number, more: { category?: string; retryAfterMs?: number } = {}) =>
    new ApiError({ status, category: 'HTTP', code: `HTTP_${status}`, message: 'no', enveloped: false, ...more });
  const reset = () => new TransportError({ code: 'ECONNRESET', sent: true, message: 'reset' });

  /** Makes the call with these results, one for each request; an Error is thrown. */
  function call(results: unknown[], signal?: AbortSignal) {
    const clock = createVirtualClock();
    let requests = 0;
    const done = withRetry(
      () => {
        const result = results[requests];
        requests += 1;
        return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
      },
      { runtime: { clock, random: () => 0.5, log }, delayMs: 500, signal },
    );
    done.catch(() => undefined);
    return { clock, done, requests: () => requests };
  }

  it('is not repeated when it succeeds', async () => {
    const { done, requests } = call(['fine']);
    expect(await done).toBe('fine');
    expect(requests()).toBe(1);
  });

  it.each([
    ['a reset', reset()],
    ['a 502 page', apiError(502)],
    ['an internal error', apiError(500, { category: 'INTERNAL' })],
  ])('is repeated once, one and a half delays after %s', async (_name, error) => {
    const { clock, done, requests } = call([error, 'fine']);
    await clock.advance(749);
    expect(requests()).toBe(1);
    await clock.advance(1);
    expect(await done).toBe('fine');
  });

  it('gives up with the second error, which counts both requests', async () => {
    const second = reset();
    const { clock, done, requests } = call([apiError(502), second, 'never asked']);
    await clock.advance(60_000);
    await expect(done).rejects.toBe(second);
    expect(second.attempts).toBe(2);
    expect(requests()).toBe(2);
  });

  it.each([
    ['a 429', apiError(429)],
    ['a rejected row', apiError(400, { category: 'VALIDATION' })],
    ['a refused key', apiError(403, { category: 'AUTH' })],
    ['a 503 that names its own time', apiError(503, { retryAfterMs: 20_000 })],
    ['a mistake of ours', new TypeError('x is not a function')],
  ])('is not repeated after %s', async (_name, error) => {
    const { clock, done, requests } = call([error, 'fine']);
    await clock.advance(60_000);
    await expect(done).rejects.toBe(error);
    expect(requests()).toBe(1);
  });

  it('ends with the reason as it is when aborted during the wait', async () => {
    const abort = new AbortController();
    const { clock, done, requests } = call([reset(), 'fine'], abort.signal);
    await clock.advance(100);
    abort.abort('stopped by the user');
    await expect(done).rejects.toBe('stopped by the user');
    expect(requests()).toBe(1);
    expect(clock.sleepers()).toBe(0);
  });

  it('keeps a reply that came although it was aborted meanwhile', async () => {
    const abort = new AbortController();
    const { done } = call(['fine'], abort.signal);
    abort.abort('stopped by the user');
    expect(await done).toBe('fine');
  });
});
