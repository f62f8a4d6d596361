/* The verifiers against a server of this process: the exact requests, and what becomes of every reply, documented or not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adviceFor } from '../../src/core/advice.ts';
import { ApiError, isInDoubt, TransportError, verdict } from '../../src/core/errors.ts';
import { isTemporary } from '../../src/kinds/emails/verdict.ts';
import { createAbstractVerifier } from '../../src/providers/abstractapi/verifier.ts';
import { createLimiter } from '../../src/providers/http/limiter.ts';
import { createWaterfallVerifier } from '../../src/providers/waterfall/verifier.ts';
import { systemClock, type Clock } from '../../src/runtime/runtime.ts';
import account from '../fixtures/api/account.json' with { type: 'json' };
import { createVirtualClock } from '../support/virtual-clock.ts';

const KEY = '0d4b2c1e9f3a4e778a512b6c7d8e9f00';
const JO = 'jo@northpier.example';

type Said = { status?: number; json?: unknown; body?: string; headers?: Record<string, string> };
type Listener = (request: IncomingMessage, response: ServerResponse, nth: number) => void;

/** A verifier whose server answers like this, and what the server has seen. */
async function serve(name: 'waterfall' | 'abstractapi', answer: Said | Listener, { clock = systemClock, path = '' }: { clock?: Clock; path?: string } = {}) {
  const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() });
      if (typeof answer === 'function') answer(request, response, seen.length);
      else response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers }).end(answer.body ?? JSON.stringify(answer.json));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const logged: unknown[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const log = { debug: note, info: note, warn: note, error: note };
  const limiter = createLimiter({ limit: 100, windowMs: 1_000, clock, log });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const options = { apiKey: KEY, limiter, runtime: { clock, random: () => 0, log }, timeoutMs: 5_000 };
  const verifier =
    name === 'waterfall'
      ? createWaterfallVerifier({ ...options, baseUrl: `${origin}${path}`, keyHeader: 'x-api-key', retryDelayMs: 0 })
      : createAbstractVerifier({ ...options, baseUrl: `${origin}${path === '' ? '/v1/' : path}` });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await verifier.close();
  });
  const verify = async (address = JO, signal?: AbortSignal) => verifier.verify(address, { place: await limiter.take('launch'), signal });
  /** The error of a verification that must fail; neither it nor the log shows the key or the address. */
  const failure = async (address = JO): Promise<ApiError | TransportError> => {
    const error: unknown = await verify(address).then(() => undefined, (reason: unknown) => reason);
    if (!(error instanceof ApiError || error instanceof TransportError)) throw error ?? new Error('it was answered');
    const shown = JSON.stringify([error, error.message, error.stack, error.cause, logged]);
    expect(shown).not.toContain(KEY);
    expect(shown.toLowerCase()).not.toContain(address.toLowerCase());
    return error;
  };
  return { verifier, verify, failure, limiter, seen, logged };
}

describe('at Waterfall', () => {
  const reply = (email_status: unknown, usage: unknown = { total_usd: 0.01, balance_remaining_usd: 5 }) => ({
    status: 'SUCCEEDED',
    start_date: '2026-03-02T09:14:05.412000+00:00',
    stop_date: '2026-03-02T09:14:06.412Z',
    input: { task: { email: JO, job_id: 'e8d1', context_id: 'e8d1' } },
    output: { email: { email: JO, domain: 'northpier.example', email_status, smtp_provider: 'Google', mx_records: ['mx.northpier.example'] }, usage },
  });

  it('sends the address as JSON with the key in its header, and keeps the reply as it came', async () => {
    const json = reply('valid');
    const { verify, verifier, seen, limiter } = await serve('waterfall', { json });
    expect(await verify("jo.o'neil+news@northpier.example")).toEqual({
      answer: { verdict: 'deliverable', reason: null, provider_status: 'valid', is_role: null, is_free: null, is_disposable: null, suggestion: null, reply: json },
      cost_usd: 0.01,
    });
    expect(seen).toMatchObject([{ method: 'POST', url: '/v1/verify/email', body: '{"email":"jo.o\'neil+news@northpier.example"}', headers: { 'x-api-key': KEY, 'content-type': 'application/json' } }]);
    expect(verifier.requests()).toEqual({ launches: 1, finds: 0, throttled: 0 });
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 99 });
  });

  it.each([
    ['valid', 'deliverable', null],
    [' VALID ', 'deliverable', null],
    ['invalid', 'undeliverable', null],
    ['risky', 'risky', null],
    ['unknown', 'unknown', 'the mail domain did not answer'],
    ['accept_all', 'unknown', 'the provider uses a word that is not known here'],
    ['greylisted', 'unknown', 'temporary'],
    ['__proto__', 'unknown', 'the provider uses a word that is not known here'],
    ['toString', 'unknown', 'the provider uses a word that is not known here'],
    [7, 'unknown', 'the provider uses a word that is not known here'],
    ['', 'unknown', 'the provider gave no status'],
    [null, 'unknown', 'the provider gave no status'],
    [{}, 'unknown', 'the provider gave no status'],
  ])('%j is %s', async (word, expected, reason) => {
    const { answer } = await (await serve('waterfall', { json: reply(word) })).verify();
    expect(answer).toMatchObject({ verdict: expected, reason });
  });

  it.each([
    ['valid', { total_usd: 0.01 }, 0.01],
    ['valid', { persons_usd: '0.02' }, 0.02],
    ['invalid', {}, null],
    ['risky', null, null],
    ['valid', 'free', null],
    ['unknown', null, 0],
    ['unknown', { total_usd: 0 }, 0],
    ['accept_all', { total_usd: 0.01 }, 0.01],
    [null, null, null],
  ])('%j with usage %j costs %j', async (word, usage, cost) => {
    expect((await (await serve('waterfall', { json: reply(word, usage) })).verify()).cost_usd).toBe(cost);
  });

  it.each([
    [{ status: 'FAILED', output: null }, 'unknown', 'the verification ended FAILED', null],
    [{ status: 'TIMED_OUT' }, 'unknown', 'the verification ended TIMED_OUT', null],
    [{ output: { usage: null, email: { email_status: 'invalid' } }, extra: [1] }, 'undeliverable', null, 'invalid'],
    [{ status: 'SUCCEEDED', output: { email: null } }, 'unknown', 'the provider gave no status', null],
    [{ status: 'SUCCEEDED', output: { email: [JO] } }, 'unknown', 'the provider gave no status', null],
  ])('%j is an answer: %s', async (json, expected, reason, provider_status) => {
    const { answer } = await (await serve('waterfall', { json })).verify();
    expect(answer).toMatchObject({ verdict: expected, reason, provider_status, reply: json });
  });

  it.each(['null', '[]', '"valid"', '{}', '{"status":"RUNNING"}', '{"status":"SUCCEEDED","output":"none"}', '{"status":"SUC', ''])('%s is none, so it is in doubt', async (body) => {
    const error = await (await serve('waterfall', { body })).failure();
    expect(error).toMatchObject({ code: 'UNREADABLE_REPLY', sent: true });
  });

  it.each([
    ['VALIDATION_BAD_EMAIL_ROLE', 400, 'fail'],
    ['VALIDATION_BAD_EMAIL_INVALID', 400, 'fail'],
    ['AUTH_BAD_API_KEY', 403, 'stop'],
    ['QUOTA_ACCOUNT_OVER_QUOTA', 402, 'stop'],
    ['INTERNAL_UNCLASSIFIED_ERROR', 500, 'retry'],
  ])('%s is %i: %s', async (code, status, meaning) => {
    const { failure, seen } = await serve('waterfall', { status, json: { status: 'error', code, message: `No: ${JO.toUpperCase()} with ${KEY}` } });
    const error = await failure();
    expect({ code: error.code, meaning: verdict(error), message: error.message }).toEqual({ code, meaning, message: 'No: [address] with [key]' });
    expect(seen).toHaveLength(1);
  });

  it('an error within a 200 shows neither key nor address', async () => {
    const { failure } = await serve('waterfall', { json: { status: 'error', code: 'AUTH_BAD_API_KEY', message: `${KEY} of ${JO}` } });
    expect((await failure()).message).toBe('[key] of [address]');
  });

  it('has a ping that is free and takes no place', async () => {
    const { verifier, seen, limiter } = await serve('waterfall', { json: account });
    await verifier.ping?.();
    expect(seen).toMatchObject([{ method: 'GET', url: '/v2/account' }]);
    expect(limiter.state().free).toBe(100);
    expect(verifier.requests().launches).toBe(0);
  });
});

describe('at AbstractAPI', () => {
  const reputation = (deliverability: object = {}, quality: object = {}) => ({
    email_address: JO,
    email_deliverability: { status: 'deliverable', status_detail: 'valid_email', is_format_valid: true, is_smtp_valid: true, is_mx_valid: true, mx_records: ['mx.northpier.example'], ...deliverability },
    email_quality: { score: 0.8, is_free_email: false, is_username_suspicious: false, is_disposable: false, is_catchall: false, is_subaddress: false, is_role: false, is_dmarc_enforced: null, is_spf_strict: null, minimum_age: null, ...quality },
    email_domain: { domain: 'northpier.example', domain_age: 3650 },
    email_risk: { address_risk_status: 'low', domain_risk_status: 'low' },
  });
  const value = (said: boolean | null) => ({ value: said, text: String(said).toUpperCase() });
  const validation = (more: object = {}) => ({
    email: JO, autocorrect: '', deliverability: 'DELIVERABLE', quality_score: '0.90',
    is_valid_format: value(true), is_free_email: value(false), is_disposable_email: value(false), is_role_email: value(false), is_catchall_email: value(false), is_mx_found: value(true), is_smtp_valid: value(true),
    ...more,
  });

  it('asks by the address alone, with the key as a bearer, and drops what nobody asked for', async () => {
    const json = { ...reputation(), email_sender: { first_name: 'Jo' }, email_breaches: { total_breaches: 2 } };
    const { verify, verifier, seen, logged, limiter } = await serve('abstractapi', { json });
    expect(await verify("jo.o'neil+news@northpier.example")).toEqual({
      answer: { verdict: 'deliverable', reason: null, provider_status: 'deliverable', is_role: false, is_free: false, is_disposable: false, suggestion: null, reply: reputation() },
      cost_usd: null,
    });
    expect(seen).toEqual([{ method: 'GET', url: '/v1/?email=jo.o%27neil%2Bnews%40northpier.example', body: '', headers: { host: expect.any(String) as string, connection: 'keep-alive', accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'waterfall-contacts', authorization: `Bearer ${KEY}` } }]);
    expect(JSON.stringify(logged)).not.toMatch(new RegExp(`neil|${KEY}`));
    expect(verifier.requests()).toEqual({ launches: 1, finds: 0, throttled: 0 });
    expect(verifier.ping).toBeUndefined();
    expect(limiter.state()).toMatchObject({ inFlight: 0, free: 99 });
  });

  it.each(['/v1', '/v1/', '/proxy/v1/'])('its address may be written %s', async (path) => {
    const { verify, seen } = await serve('abstractapi', { json: reputation() }, { path });
    await verify();
    expect(seen[0]?.url).toBe(`${path.replace(/\/$/, '')}/?email=jo%40northpier.example`);
  });

  it.each<[what: string, json: object, verdict: string, reason: string | null]>([
    ['deliverable', reputation(), 'deliverable', null],
    ['catch-all', reputation({}, { is_catchall: true }), 'catch_all', 'catch-all domain'],
    ['catch-all not determined', reputation({}, { is_catchall: null }), 'catch_all', 'catch-all not determined'],
    ['undeliverable', reputation({ status: 'undeliverable', status_detail: 'invalid_format' }), 'undeliverable', 'invalid_format'],
    ['undeliverable catch-all', reputation({ status: 'undeliverable', status_detail: null, is_mx_valid: false }, { is_catchall: true }), 'undeliverable', 'no mail server'],
    ['unknown', reputation({ status: 'unknown', status_detail: 'no_reply' }), 'unknown', 'no_reply'],
    ['disposable', reputation({}, { is_disposable: true, is_catchall: true }), 'do_not_mail', 'disposable domain'],
    ['greylisted', reputation({ status: 'undeliverable', status_detail: 'greylisted' }), 'unknown', 'temporary: greylisted'],
    ['timed out', reputation({ status_detail: 'smtp_timeout' }), 'unknown', 'temporary: smtp_timeout'],
    ['too many', reputation({ status: 'undeliverable', status_detail: 'too_many_recipients' }), 'unknown', 'temporary: too_many_recipients'],
    ['a new word', reputation({ status: 'accept_all' }), 'unknown', 'the provider uses a word that is not known here'],
    ['flags as text', reputation({}, { is_catchall: 'False', is_disposable: 'false', is_role: 'TRUE' }), 'deliverable', null],
    ['disposable as text', reputation({}, { is_disposable: 'True' }), 'do_not_mail', 'disposable domain'],
    ['flags as numbers', reputation({}, { is_catchall: 1 }), 'catch_all', 'catch-all domain'],
    ['a flag that is a list', reputation({}, { is_catchall: [false] }), 'catch_all', 'catch-all not determined'],
    ['no quality', { ...reputation(), email_quality: null }, 'catch_all', 'catch-all not determined'],
    ['no deliverability', { ...reputation(), email_deliverability: null }, 'unknown', 'the provider gave no status'],
    ['text for an object', { ...reputation(), email_deliverability: 'none', email_quality: 'none' }, 'unknown', 'the provider gave no status'],
    ['another order', Object.fromEntries(Object.entries(reputation({ status: 'undeliverable', status_detail: 'x' })).reverse()), 'undeliverable', 'x'],
    ['older: deliverable', validation(), 'deliverable', null],
    ['older: catch-all', validation({ is_catchall_email: value(true) }), 'catch_all', 'catch-all domain'],
    ['older: not determined', validation({ is_catchall_email: value(null) }), 'catch_all', 'catch-all not determined'],
    ['older: null for an object', validation({ is_catchall_email: null, is_role_email: null }), 'catch_all', 'catch-all not determined'],
    ['older: values as text', validation({ is_catchall_email: { value: 'false', text: 'FALSE' } }), 'deliverable', null],
    ['older: plain flags', validation({ is_catchall_email: false, is_disposable_email: 'true' }), 'do_not_mail', 'disposable domain'],
    ['older: undeliverable', validation({ deliverability: 'UNDELIVERABLE', is_smtp_valid: value(false) }), 'undeliverable', 'no such mailbox'],
    ['older: bad format', validation({ deliverability: 'UNDELIVERABLE', is_valid_format: value(false) }), 'undeliverable', 'invalid format'],
    ['older: risky', validation({ deliverability: 'RISKY' }), 'risky', null],
    ['older: unknown', validation({ deliverability: 'UNKNOWN' }), 'unknown', null],
    ['older: null', validation({ deliverability: null }), 'unknown', 'the provider gave no status'],
  ])('%s', async (_what, json, expected, reason) => {
    const { answer, cost_usd } = await (await serve('abstractapi', { json })).verify();
    expect(answer).toMatchObject({ verdict: expected, reason, reply: json });
    expect(cost_usd).toBeNull();
  });

  it('hands on a suggestion and what it says of the address', async () => {
    const { answer } = await (await serve('abstractapi', { json: validation({ autocorrect: 'jo@north-pier.example', is_role_email: value(true), is_free_email: value(null) }) })).verify();
    expect(answer).toMatchObject({ verdict: 'deliverable', suggestion: 'jo@north-pier.example', is_role: true, is_free: null, is_disposable: false, provider_status: 'DELIVERABLE' });
  });

  it.each(['null', '[]', '{}', '"deliverable"', '{"email_address":"x"}', '{"email_deliverability":', ''])('%s is no answer, so it is in doubt', async (body) => {
    expect(await (await serve('abstractapi', { body })).failure()).toMatchObject({ name: 'TransportError', code: 'UNREADABLE_REPLY', sent: true });
  });

  const refusal = (code: string, details: unknown = null, message = 'No.') => ({ error: { message, code, details } });

  it.each([
    [400, refusal('validation_error', { email: ['Enter a valid email address.'] }), 'fail', 'ABSTRACTAPI_VALIDATION_ERROR', 'No. | email: Enter a valid email address.', undefined],
    [400, refusal('validation_error', { api_key: ['This field is required.'] }), 'stop', 'ABSTRACTAPI_VALIDATION_ERROR', 'No. | api_key: This field is required.', /ABSTRACTAPI_KEY/],
    [401, refusal('unauthorized'), 'stop', 'ABSTRACTAPI_UNAUTHORIZED', 'No.', /ABSTRACTAPI_KEY/],
    [403, refusal('forbidden'), 'stop', 'ABSTRACTAPI_FORBIDDEN', 'No.', /AbstractAPI/],
    [404, refusal('not_found'), 'stop', 'ABSTRACTAPI_NOT_FOUND', 'No.', /ABSTRACTAPI_BASE_URL/],
    [422, refusal('quota_reached'), 'stop', 'ABSTRACTAPI_QUOTA_REACHED', 'No.', /used up/],
    [429, refusal('too_many_requests'), 'wait', 'ABSTRACTAPI_TOO_MANY_REQUESTS', 'No.', undefined],
    [500, refusal('internal_server_error'), 'retry', 'ABSTRACTAPI_INTERNAL_SERVER_ERROR', 'No.', undefined],
    [503, refusal('service_unavailable', { x: null }), 'retry', 'ABSTRACTAPI_SERVICE_UNAVAILABLE', 'No. | x:', undefined],
    [400, refusal('new_code', ['a', { b: 1 }], ''), 'fail', 'ABSTRACTAPI_NEW_CODE', 'new_code', undefined],
  ])('%i %j means %s', async (status, json, meaning, code, message, advice) => {
    const { failure, seen } = await serve('abstractapi', { status, json });
    const error = await failure();
    expect({ meaning: verdict(error), code: error.code, message: error.message, doubt: isInDoubt(error) }).toEqual({ meaning, code, message, doubt: false });
    if (advice === undefined) expect(adviceFor(error)).toBeUndefined();
    else expect(adviceFor(error)).toMatch(advice);
    expect(seen).toHaveLength(1);
  });

  it.each([
    [422, 'stop', false],
    [401, 'stop', false],
    [429, 'wait', false],
    [502, 'retry', true],
    [400, 'fail', false],
  ])('a page with %i means %s, in doubt: %s', async (status, meaning, doubt) => {
    const error = await (await serve('abstractapi', { status, body: '<html>no</html>' })).failure();
    expect([error.code, verdict(error), isInDoubt(error)]).toEqual([`HTTP_${status}`, meaning, doubt]);
  });

  it('shows neither key nor address where the API repeats them', async () => {
    const { failure } = await serve('abstractapi', { status: 400, json: refusal('validation_error', { email: [`Jo@NorthPier.example with ${KEY}`] }) });
    expect((await failure()).message).toBe('No. | email: [address] with [key]');
  });

  it('waits after a 429 for 1 s, then twice as long each time, at most 30 s', async () => {
    const clock = createVirtualClock();
    const { failure, limiter, verifier } = await serve('abstractapi', { status: 429, json: refusal('too_many_requests') }, { clock });
    const pauses: number[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      await failure();
      pauses.push(limiter.state().nextFreeInMs);
      await clock.advance(31_000);
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(verifier.requests()).toEqual({ launches: 7, finds: 0, throttled: 7 });
  });
});

describe.each(['waterfall', 'abstractapi'] as const)('whatever %s does', (name) => {
  const fine = name === 'waterfall' ? { status: 'SUCCEEDED', output: { email: { email_status: 'valid' } } } : { email_deliverability: { status: 'deliverable' }, email_quality: {} };

  it('a connection that has served before and is reset gets one request, which is in doubt', async () => {
    const sockets = new Set<unknown>();
    const { verify, failure, seen, verifier } = await serve(name, (request, response, nth) => {
      sockets.add(request.socket);
      if (nth === 1) response.end(JSON.stringify(fine));
      else request.socket.resetAndDestroy();
    });
    await verify();
    await new Promise((resolve) => setTimeout(resolve, 100)); // a connection is free a moment after its reply is here
    expect(await failure()).toMatchObject({ name: 'TransportError', code: 'ECONNRESET', sent: true, attempts: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200)); // time enough to send it again
    expect([seen.length, sockets.size]).toEqual([2, 1]);
    expect(verifier.requests().launches).toBe(2);
  });

  it('a verification that is aborted before rejects with the reason, and gives its place back unused', async () => {
    const { verify, limiter, seen } = await serve(name, { json: fine });
    await expect(verify(JO, AbortSignal.abort('stopped'))).rejects.toBe('stopped');
    expect([seen.length, limiter.state().free]).toEqual([0, 100]);
  });

  it('one that is aborted on its way rejects with the reason', async () => {
    const abort = new AbortController();
    const { verify } = await serve(name, () => abort.abort('stopped'));
    await expect(verify(JO, abort.signal)).rejects.toBe('stopped');
  });

  it('an answer may nest deeper than any could be kept', async () => {
    const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const { answer } = await (await serve(name, { body: `${JSON.stringify(fine).slice(0, -1)},"deep":${deep}}` })).verify();
    expect(JSON.stringify(answer.reply).length).toBeLessThan(2_000);
  });

  it('a key that cannot be sent is refused without showing it', () => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const runtime = { clock: systemClock, random: () => 0, log };
    const options = { baseUrl: 'https://api.example', apiKey: 'secret\nkey', keyHeader: 'x-api-key', limiter: createLimiter({ limit: 0, windowMs: 1, clock: systemClock, log }), runtime };
    const make = () => (name === 'waterfall' ? createWaterfallVerifier(options) : createAbstractVerifier(options));
    expect(make).toThrow(name === 'waterfall' ? 'check WATERFALL_API_KEY' : 'check ABSTRACTAPI_KEY');
    expect(make).not.toThrow(/secret/);
  });
});

describe('a detail is temporary', () => {
  it.each(['greylisted', 'Grey-listing', 'smtp_timeout', 'timed out', 'temporary_failure', 'too many recipients', '451 4.7.1 try again', '4.2.2 mailbox'])('%s', (detail) => {
    expect(isTemporary(detail)).toBe(true);
  });

  it.each(['valid_email', 'invalid_format', '550 5.1.1 no such user', 'mailbox_not_found', 'no_mx_record'])('but not %s', (detail) => {
    expect(isTemporary(detail)).toBe(false);
  });
});
