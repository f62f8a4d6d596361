/* The exact bytes of each request and what becomes of each documented reply, with undici's mock in the place of the connections. */
import { MockAgent } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, isInDoubt, UsageError, verdict } from '../../src/core/errors.ts';
import type { Question } from '../../src/core/model.ts';
import { systemClock, type Clock } from '../../src/runtime/runtime.ts';
import { createClient, type Client } from '../../src/providers/waterfall/client.ts';
import { createLimiter } from '../../src/providers/http/limiter.ts';
import account from '../fixtures/api/account.json' with { type: 'json' };
import badFilter from '../fixtures/api/error-bad-title-filter.json' with { type: 'json' };
import codes from '../fixtures/api/error-codes.json' with { type: 'json' };
import rateLimit from '../fixtures/api/error-rate-limit.json' with { type: 'json' };
import running from '../fixtures/api/prospector-finder-running.json' with { type: 'json' };
import succeeded from '../fixtures/api/prospector-finder-succeeded.json' with { type: 'json' };
import launched from '../fixtures/api/prospector-launched.json' with { type: 'json' };
import { createVirtualClock } from '../support/virtual-clock.ts';

const API = 'https://api.waterfall.example';
const KEY = '0d4b2c1e-9f3a-4e77-8a51-2b6c7d8e9f00';
const JOB = launched.job_id;

const question: Question = {
  api_host: 'api.waterfall.example',
  domain: 'northpier-robotics.example',
  title_filter: 'sales OR marketing',
  limit: 5,
  include_phones: false,
  verified_only: true,
};

/** What is sent with every request, and nothing else: a header more would say something of us, or change the reply. */
const HEADERS = { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'waterfall-contacts', 'x-api-key': KEY };

const open: Client[] = [];
let agent: MockAgent;

beforeEach(() => {
  agent = new MockAgent();
  agent.disableNetConnect();
});

afterEach(async () => {
  try {
    agent.assertNoPendingInterceptors(); // closing forgets them
  } finally {
    await Promise.all(open.splice(0).map((client) => client.close()));
  }
});

/** The next `times` requests of this method for this path, with its query, get the reply or the error that is chosen. */
function on(method: 'GET' | 'POST', path: string, { base = API, body, times = 1 }: { base?: string; body?: string; times?: number } = {}) {
  const interceptor = agent.get(base).intercept({ method, path, ...(body === undefined ? {} : { body }) });
  return {
    /** Gives back the headers of each request that came. */
    reply(status: number, data: string | object = '', headers: Record<string, string> = {}): unknown[] {
      const seen: unknown[] = [];
      interceptor
        .reply((request) => {
          seen.push(request.headers);
          return { statusCode: status, data, responseOptions: { headers } };
        })
        .times(times);
      return seen;
    },
    fail: (error: Error) => interceptor.replyWithError(error).times(times),
  };
}

const PROSPECTOR = '/v1/prospector';
const FIND = `${PROSPECTOR}?job_id=${JOB}`;

function setUp(options: { limit?: number; clock?: Clock; baseUrl?: string; apiKey?: string; keyHeader?: string } = {}) {
  const clock = options.clock ?? systemClock;
  const logged: unknown[] = [];
  const note = (message: string, fields?: Record<string, unknown>) => logged.push({ message, ...fields });
  const log = { debug: note, info: note, warn: note, error: note };
  const limiter = createLimiter({ limit: options.limit ?? 50, windowMs: 60_000, clock, log });
  const client = createClient({
    baseUrl: options.baseUrl ?? API,
    apiKey: options.apiKey ?? KEY,
    keyHeader: options.keyHeader ?? 'x-api-key',
    limiter,
    runtime: { clock, random: () => 0, log },
    retryDelayMs: 0,
    dispatcher: agent,
  });
  open.push(client);
  const launch = async () => client.launch(question, { place: await limiter.take('launch') });
  return { client, limiter, launch, logged };
}

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe('a launch', () => {
  it('sends the question as JSON with the key in its header, and gives back the job', async () => {
    const body =
      '{"domain":"northpier-robotics.example","title_filter":"sales OR marketing","limit":5,"include_phones":false,"verified_only":true}';
    const sent = on('POST', PROSPECTOR, { body }).reply(200, launched);
    const { launch, client } = setUp();
    expect(await launch()).toEqual(launched);
    expect(sent).toEqual([{ ...HEADERS, 'content-type': 'application/json' }]);
    expect(client.requests()).toEqual({ launches: 1, finds: 0, throttled: 0 });
  });

  it('gives its place back when the reply is here', async () => {
    on('POST', PROSPECTOR).reply(200, launched);
    const { launch, limiter } = setUp({ limit: 3 });
    await launch();
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 2 });
  });

  it('gives its place back after an error, and is never repeated', async () => {
    on('POST', PROSPECTOR).reply(502, '<html>Bad Gateway</html>');
    const { launch, limiter, client } = setUp({ limit: 3 });
    const error = await failure(launch());
    expect(error).toMatchObject({ code: 'HTTP_502', attempts: 1 });
    expect(isInDoubt(error)).toBe(true);
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 2 });
    expect(client.requests().launches).toBe(1);
  });

  it('that is aborted before it is sent rejects with the reason and frees its place at once', async () => {
    const { client, limiter } = setUp({ limit: 3 });
    const place = await limiter.take('launch');
    await expect(client.launch(question, { place, signal: AbortSignal.abort('stopped') })).rejects.toBe('stopped');
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 3 });
    expect(client.requests().launches).toBe(0);
  });

  it.each([
    { code: 'EHOSTUNREACH', syscall: 'connect', sent: false },
    { code: 'ENETUNREACH', syscall: 'connect', sent: false },
    { code: 'ETIMEDOUT', syscall: 'connect', sent: false },
    { code: 'EACCES', syscall: 'connect', sent: false },
    { code: 'ENODATA', syscall: 'getaddrinfo', sent: false },
    { code: 'ECONNREFUSED', sent: false },
    { code: 'ENOTFOUND', sent: false },
    { code: 'EAI_AGAIN', sent: false },
    { code: 'UND_ERR_CONNECT_TIMEOUT', named: 'CONNECT_TIMEOUT', sent: false },
    { code: 'CERT_HAS_EXPIRED', sent: false },
    { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', sent: false },
    { code: 'SELF_SIGNED_CERT_IN_CHAIN', sent: false },
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', sent: false },
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID', sent: false },
    { code: 'EHOSTUNREACH', syscall: 'read', sent: true },
    { code: 'ETIMEDOUT', syscall: 'read', sent: true },
    { code: 'EPIPE', syscall: 'write', sent: true },
    { code: 'ECONNRESET', syscall: 'read', sent: true },
    { code: 'UND_ERR_SOCKET', named: 'ECONNRESET', sent: true },
    { code: 'UND_ERR_HEADERS_TIMEOUT', named: 'TIMEOUT', sent: true },
    { code: 'UND_ERR_BODY_TIMEOUT', named: 'TIMEOUT', sent: true },
    { code: 'SOMETHING_NEW', sent: true },
    { code: undefined, named: 'NETWORK', sent: true },
  ])('that ends with $code in $syscall may have been sent: $sent', async ({ code, syscall, named = code, sent }) => {
    on('POST', PROSPECTOR).fail(Object.assign(new Error('oh no'), { code, syscall }));
    await expect(setUp().launch()).rejects.toMatchObject({ name: 'TransportError', code: named, sent });
  });

  it.each([
    { syscalls: ['connect', 'connect'], sent: false },
    { syscalls: ['connect', 'read'], sent: true },
  ])('that fails on two addresses in $syscalls may have been sent: $sent', async ({ syscalls, sent }) => {
    const errors = syscalls.map((syscall) => Object.assign(new Error('oh no'), { code: 'ETIMEDOUT', syscall }));
    on('POST', PROSPECTOR).fail(Object.assign(new AggregateError(errors), { code: 'ETIMEDOUT' }));
    await expect(setUp().launch()).rejects.toMatchObject({ code: 'ETIMEDOUT', sent });
  });

  it('without a job id in the reply is unreadable, so it is in doubt', async () => {
    on('POST', PROSPECTOR).reply(200, { start_date: launched.start_date });
    await expect(setUp().launch()).rejects.toMatchObject({
      code: 'UNREADABLE_REPLY',
      sent: true,
      message: 'reply of POST /v1/prospector: job_id: expected string or number, got nothing',
    });
  });
});

describe('a find', () => {
  it.each([
    ['RUNNING', running],
    ['SUCCEEDED', succeeded],
    ['FAILED', { status: 'FAILED', start_date: launched.start_date, stop_date: launched.start_date, output: null }],
    ['TIMED_OUT', { status: 'TIMED_OUT' }],
    ['ABORTED', { status: 'ABORTED', output: null }],
  ])('asks for the job by its id and gives back what is %s', async (_status, reply) => {
    const sent = on('GET', FIND).reply(200, reply);
    const { client } = setUp();
    expect(await client.find(JOB)).toEqual(reply);
    expect(sent).toEqual([HEADERS]);
  });

  it('escapes an odd job id', async () => {
    on('GET', `${PROSPECTOR}?job_id=a%26b+c`).reply(200, running);
    expect(await setUp().client.find('a&b c')).toEqual(running);
  });

  it('is repeated once after a passing error, with a place of its own', async () => {
    on('GET', FIND).reply(502, 'Bad Gateway');
    on('GET', FIND).reply(200, running);
    const { client, limiter } = setUp({ limit: 3 });
    expect(await client.find(JOB)).toEqual(running);
    expect(client.requests()).toEqual({ launches: 0, finds: 2, throttled: 0 });
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 1 });
  });

  it('gives up after the second error and says how many requests it made', async () => {
    on('GET', FIND, { times: 2 }).reply(500, { code: 'INTERNAL_UNCLASSIFIED_ERROR', category: 'INTERNAL' });
    const error = await failure(setUp().client.find(JOB));
    expect(error).toMatchObject({ code: 'INTERNAL_UNCLASSIFIED_ERROR', attempts: 2 });
  });

  it('counts no request that never left', async () => {
    on('GET', FIND, { times: 2 }).fail(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }));
    const { client } = setUp();
    await expect(client.find(JOB)).rejects.toMatchObject({ code: 'ECONNREFUSED', sent: false, attempts: 2 });
    expect(client.requests().finds).toBe(0);
  });

  it('that waits for a place rejects with the reason when aborted', async () => {
    const { client, limiter } = setUp({ limit: 1 });
    await limiter.take('launch');
    const abort = new AbortController();
    const waiting = client.find(JOB, { signal: abort.signal });
    abort.abort('stopped');
    await expect(waiting).rejects.toBe('stopped');
  });
});

describe('the account', () => {
  it('is read with the key and without a place', async () => {
    const sent = on('GET', '/v2/account').reply(200, account);
    const { client, limiter } = setUp({ limit: 1 });
    expect(await client.account()).toEqual(account);
    expect(sent).toEqual([HEADERS]);
    expect(limiter.state().free).toBe(1);
    expect(client.requests()).toEqual({ launches: 0, finds: 0, throttled: 0 });
  });

  it('can be read for a month', async () => {
    on('GET', '/v2/account?month=2026-03').reply(200, account);
    expect(await setUp().client.account({ month: '2026-03' })).toEqual(account);
  });

  it('of an ordinary key has no prices', async () => {
    const ordinary = { ...account, price: undefined };
    on('GET', '/v2/account').reply(200, ordinary);
    expect(await setUp().client.account()).toEqual(ordinary);
  });
});

describe('the documented error codes', () => {
  it.each(codes)('$code with status $status is read as $category', async ({ verdict: expected, ...fields }) => {
    const { status, category, code } = fields;
    on('POST', PROSPECTOR).reply(status, { status: 'error', message: 'No.', category, code });
    const error = await failure(setUp().launch());
    expect(error).toMatchObject({ ...fields, enveloped: true, message: 'No.', attempts: 1 });
    expect(verdict(error)).toBe(expected);
    expect(isInDoubt(error)).toBe(false);
  });

  it('come with the message and its details', async () => {
    on('POST', PROSPECTOR).reply(400, badFilter);
    const error = await failure(setUp().launch());
    expect(error.message).toBe('The title filter cannot be read. | title_filter: closing parenthesis expected');
  });
});

describe('a 429', () => {
  const refuse = (headers: Record<string, string> = {}) => on('GET', FIND).reply(429, rateLimit, headers);

  it('pauses everybody for as long as the API says, and is not repeated', async () => {
    refuse({ 'Retry-After': '2.5' });
    const { client, limiter } = setUp({ clock: createVirtualClock() });
    const error = await failure(client.find(JOB));
    expect(error).toMatchObject({ code: 'RATE_LIMIT_RATE_LIMIT_EXCEEDED', retryAfterMs: 2_500, attempts: 1 });
    expect(limiter.state()).toMatchObject({ free: 0, nextFreeInMs: 2_500 });
    expect(client.requests()).toEqual({ launches: 0, finds: 1, throttled: 1 });
  });

  it('without Retry-After pauses for longer each time, until a request goes through', async () => {
    const clock = createVirtualClock();
    const { client, limiter } = setUp({ clock });
    const pauses: number[] = [];
    for (const reply of ['refused', 'refused', 'fine', 'refused']) {
      if (reply === 'fine') {
        on('GET', FIND).reply(200, running);
        await client.find(JOB);
      } else {
        refuse();
        await failure(client.find(JOB));
        pauses.push(limiter.state().nextFreeInMs);
        await clock.advance(60_000);
      }
    }
    expect(pauses).toEqual([5_000, 10_000, 5_000]);
  });

  it('of requests that went together counts as one refusal', async () => {
    const { client, limiter } = setUp({ clock: createVirtualClock() });
    for (let i = 0; i < 5; i += 1) refuse();
    await Promise.all(Array.from({ length: 5 }, () => failure(client.find(JOB))));
    expect(limiter.state().nextFreeInMs).toBe(5_000);
    expect(client.requests().throttled).toBe(5);
  });

  it('of a proxy pauses too', async () => {
    on('POST', PROSPECTOR).reply(429, '<html>slow down</html>', { 'Retry-After': '7' });
    const { launch, limiter } = setUp({ clock: createVirtualClock() });
    expect(await failure(launch())).toMatchObject({ code: 'HTTP_429', enveloped: false });
    expect(limiter.state().nextFreeInMs).toBe(7_000);
  });
});

describe('the headers of the limit', () => {
  it.each([
    { status: 429, headers: { 'X-RateLimit-Limit': '30', 'X-RateLimit-Interval': '60' }, limit: 30 },
    { status: 200, headers: { 'X-RateLimit-Limit': '30', 'X-RateLimit-Interval': '60.0' }, limit: 30 },
    { status: 200, headers: { 'X-RateLimit-Limit': '500', 'X-RateLimit-Interval': '60' }, limit: 50 },
    { status: 200, headers: { 'X-RateLimit-Limit': '30' }, limit: 50 },
    { status: 200, headers: { 'X-RateLimit-Interval': '60' }, limit: 50 },
    { status: 200, headers: { 'X-RateLimit-Limit': '', 'X-RateLimit-Interval': '60' }, limit: 50 },
    { status: 200, headers: { 'X-RateLimit-Limit': 'thirty', 'X-RateLimit-Interval': '60' }, limit: 50 },
    { status: 200, headers: { 'X-RateLimit-Limit': '1', 'X-RateLimit-Interval': '999999999' }, limit: 50 },
  ])('$headers with status $status leave a limit of $limit', async ({ status, headers, limit }) => {
    on('GET', FIND).reply(status, status === 200 ? running : rateLimit, headers);
    const { client, limiter } = setUp();
    await client.find(JOB).catch(() => undefined);
    expect(limiter.state().limit).toBe(limit);
  });
});

describe('settings', () => {
  it('the header of the key and a base URL with a path can be other ones', async () => {
    const sent = on('GET', '/waterfall/v2/account', { base: 'https://proxy.example' }).reply(200, account);
    const { client } = setUp({ baseUrl: 'https://proxy.example/waterfall/', keyHeader: 'x-waterfall-api-key' });
    expect(await client.account()).toEqual(account);
    const { 'x-api-key': key, ...others } = HEADERS;
    expect(sent).toEqual([{ ...others, 'x-waterfall-api-key': key }]);
  });

  it('space around the key is not sent', async () => {
    const sent = on('GET', '/v2/account').reply(200, account);
    await setUp({ apiKey: ` ${KEY}\n` }).client.account();
    expect(sent).toEqual([HEADERS]);
  });

  it.each([
    ['a key with a line break inside', { apiKey: 'secret\nkey' }],
    ['a key with characters beyond Latin-1', { apiKey: 'secret–key' }],
    ['a key with a control character', { apiKey: 'secret\u0001key' }],
    ['a header name with a space', { keyHeader: 'x api key' }],
  ])('%s is refused at the start, without showing it', (_name, options) => {
    expect(() => setUp(options)).toThrow(UsageError);
    expect(() => setUp(options)).not.toThrow(/secret/);
  });
});

describe('the log', () => {
  it('has one line for each request, with neither key nor body', async () => {
    on('POST', PROSPECTOR).reply(200, launched);
    on('GET', FIND).reply(200, succeeded);
    const { client, launch, logged } = setUp({ clock: createVirtualClock() });
    await launch();
    await client.find(JOB);
    expect(logged).toEqual([
      { message: 'request', method: 'POST', path: '/v1/prospector', status: 200, ms: 0 },
      { message: 'request', method: 'GET', path: '/v1/prospector', status: 200, ms: 0 },
    ]);
  });

  it('never shows the key, even when the API repeats it in an error', async () => {
    on('POST', PROSPECTOR).reply(403, { code: 'AUTH_BAD_API_KEY', message: `The key ${KEY} is unknown.` });
    const { launch, logged } = setUp();
    const error = await failure(launch());
    expect(error.message).toBe('The key [key] is unknown.');
    expect(JSON.stringify(logged)).not.toContain(KEY);
  });
});
