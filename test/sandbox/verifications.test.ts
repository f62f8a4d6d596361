/* The verifiers of the sandbox: documented replies, verdicts by the address, bills, limits and faults. */
import { describe, expect, it } from 'vitest';
import { sandboxMx } from '../../src/sandbox/mail-exchange.ts';
import type { Faults } from '../../src/sandbox/faults.ts';
import { trial } from './trial.ts';

type Verified = { output: { email: { email_status: string; mx_records: string[] }; usage: Record<string, number> } };
type Reputation = { email_deliverability: { status: string; status_detail: string }; email_quality: Record<string, unknown> };

const BEARER = { authorization: 'Bearer trial' };

async function setUp(options: Parameters<typeof trial>[0] = {}) {
  const scene = await trial(options);
  const atWaterfall = (email: string) => scene.call('POST', '/v1/verify/email', { email });
  const atAbstractapi = (email: string) => scene.call('GET', `/v1/?email=${encodeURIComponent(email)}`, undefined, BEARER);
  return { ...scene, atWaterfall, atAbstractapi };
}

describe('what becomes of an address', () => {
  const both = async (scene: Awaited<ReturnType<typeof setUp>>, email: string) => {
    const [waterfall, abstractapi] = [await scene.atWaterfall(email), await scene.atAbstractapi(email)];
    const { email_deliverability, email_quality } = abstractapi.body as Reputation;
    const status = waterfall.status === 200 ? (waterfall.body as Verified).output.email.email_status : (waterfall.body as { code: string }).code;
    return [status, email_deliverability.status, email_deliverability.status_detail, email_quality.is_catchall, email_quality.is_disposable];
  };

  it.each([
    ['there.jo@northpier.example', ['valid', 'deliverable', 'valid_email', false, false]],
    ['bounce.jo@northpier.example', ['invalid', 'undeliverable', 'invalid_mailbox', false, false]],
    ['catchall.jo@northpier.example', ['risky', 'deliverable', 'valid_email', true, false]],
    ['unclear.jo@northpier.example', ['risky', 'deliverable', 'valid_email', null, false]],
    ['risky@northpier.example', ['risky', 'risky', 'low_quality', false, false]],
    ['UNKNOWN.jo@northpier.example', ['unknown', 'deliverable', 'valid_email', false, false]],
    ['silent.jo@northpier.example', ['unknown', 'unknown', 'no_answer', null, false]],
    ['greylisted.jo@northpier.example', ['unknown', 'undeliverable', 'greylisted', false, false]],
    ['spamtrap.jo@northpier.example', ['risky', 'deliverable', 'valid_email', false, true]],
    ['newword.jo@northpier.example', ['probably', 'probably', 'new_detail', false, false]],
    ['there@nomail.example', ['invalid', 'undeliverable', 'invalid_mailbox', false, false]],
    ['there@nomx-northpier.example', ['invalid', 'undeliverable', 'invalid_mailbox', false, false]],
    ['there@slowdns.example', ['unknown', 'unknown', 'no_answer', null, false]],
  ])('%s', async (email, expected) => {
    expect(await both(await setUp(), email)).toEqual(expected);
  });

  it('is the same each time and in each process, mostly deliverable at both, and of every sort', async () => {
    const read = async () => {
      const scene = await setUp();
      const seen: unknown[][] = [];
      for (let n = 0; n < 200; n += 1) seen.push(await both(scene, `person-${n}@harbour-${n % 20}.example`));
      return seen;
    };
    const seen = await read();
    expect(await read()).toEqual(seen);
    const waterfall = seen.map(([word]) => word);
    expect(new Set(waterfall)).toEqual(new Set(['valid', 'invalid', 'risky', 'unknown']));
    const good = seen.filter(([first, second]) => first === 'valid' && second === 'deliverable').length;
    expect(good).toBeGreaterThan(120);
    expect(seen.filter(([first, second]) => first === 'unknown' && second === 'deliverable').length).toBeGreaterThan(0);
  });
});

describe('mail exchange', () => {
  it.each([['northpier.example', 'mail'], ['nomail.example', 'no_mail'], ['nomx1.example', 'no_mail'], ['slowdns.example', 'failed']])('of %s: %s', (domain, found) => {
    expect(sandboxMx(domain)).toBe(found);
  });
});

describe('POST /v1/verify/email', () => {
  it('answers in the documented envelope', async () => {
    const { atWaterfall } = await setUp();
    expect((await atWaterfall('there.jo@northpier.example')).body).toEqual({
      status: 'SUCCEEDED',
      start_date: '2026-03-02T09:14:05.412000+00:00',
      stop_date: '2026-03-02T09:14:05.412000+00:00',
      input: { task: { email: 'there.jo@northpier.example' } },
      output: {
        email: { email: 'there.jo@northpier.example', domain: 'northpier.example', email_status: 'valid', smtp_provider: null, mx_records: [] },
        usage: { total_usd: 0.01, balance_remaining_usd: 999_999.99 },
      },
    });
  });

  it('bills what it knows, not unknown, in balance, usage and statistics', async () => {
    const { atWaterfall, call, sandbox } = await setUp({ balance_usd: 10, verify_usd: 0.02 });
    for (const local of ['bounce', 'risky', 'unknown', 'info']) await atWaterfall(`${local}@northpier.example`);
    expect((await call('GET', '/v2/account')).body).toMatchObject({ balance_remaining_usd: 9.96, key_usage: { verify_email_requests: 3, verify_email_verified: 2 } });
    expect((await call('GET', '/v2/account?month=2026-02')).body).toMatchObject({ key_usage: { verify_email_requests: 0 } });
    expect(sandbox.stats()).toMatchObject({ billed_usd: 0, verified_usd: 0.04, verify_requests: 4, verified: 3, verifications_by_address: { 'waterfall|risky@northpier.example': 1 } });
  });

  it('refuses with 402 once the balance is used up', async () => {
    const { atWaterfall } = await setUp({ balance_usd: 0.01 });
    expect((await atWaterfall('there.jo@northpier.example')).status).toBe(200);
    expect(await atWaterfall('there.kim@northpier.example')).toMatchObject({ status: 402, body: { code: 'QUOTA_ACCOUNT_OVER_QUOTA' } });
  });

  it.each([['', 'VALIDATION_MISSING_BODY'], ['{', 'VALIDATION_BAD_REQUEST'], ['{"email":7}', 'VALIDATION_BAD_REQUEST']])('refuses the body %j with %s', async (body, code) => {
    const { call } = await setUp();
    expect(await call('POST', '/v1/verify/email', body)).toMatchObject({ status: 400, body: { code } });
  });

  it('shares its limit with launches, and wants the key', async () => {
    const { atWaterfall, launch, call } = await setUp({ rateLimit: { limit: 2, windowMs: 60_000 } });
    await launch();
    await atWaterfall('there.jo@northpier.example');
    expect(await atWaterfall('there.jo@northpier.example')).toMatchObject({ status: 429, body: { code: 'RATE_LIMIT_RATE_LIMIT_EXCEEDED' } });
    expect((await call('POST', '/v1/verify/email', {}, { 'x-api-key': '' })).status).toBe(401);
  });
});

it.each([
  ['info@northpier.example', 'VALIDATION_BAD_EMAIL_ROLE'],
  ['jo@northpier', 'VALIDATION_BAD_EMAIL_INVALID'],
  [`${'a'.repeat(250)}@x.example`, 'VALIDATION_BAD_EMAIL_TOO_LONG'],
])('Waterfall does not look at %s', async (email, code) => {
  const { atWaterfall, sandbox } = await setUp();
  expect(await atWaterfall(email)).toMatchObject({ status: 400, body: { category: 'VALIDATION', code } });
  expect(sandbox.stats()).toMatchObject({ verified: 0, verified_usd: 0 });
});

describe('GET /v1/ of AbstractAPI', () => {
  it('answers with the documented members', async () => {
    const { atAbstractapi } = await setUp();
    expect((await atAbstractapi('there.jo+news@northpier.example')).body).toMatchObject({
      email_address: 'there.jo+news@northpier.example',
      email_deliverability: { status: 'deliverable', status_detail: 'valid_email', is_format_valid: true, is_smtp_valid: true, is_mx_valid: true, mx_records: ['mx.northpier.example'] },
      email_quality: { score: 0.95, is_free_email: false, is_disposable: false, is_catchall: false, is_subaddress: true, is_role: false },
    });
  });

  it('counts every request until its plan is used up', async () => {
    const { atAbstractapi, sandbox, call } = await setUp({ abstract: { quota: 2 } });
    await atAbstractapi('jo@northpier.example');
    await atAbstractapi('jo@northpier.example');
    expect(await atAbstractapi('kim@northpier.example')).toMatchObject({ status: 422, body: { error: { code: 'quota_reached', details: null } } });
    expect(await call('GET', '/v1/', undefined, BEARER)).toMatchObject({ status: 400, body: { error: { code: 'validation_error', details: { email: [expect.any(String)] } } } });
    expect(sandbox.stats()).toMatchObject({ verify_requests: 0, verified_usd: 0, abstract_requests: 4, verifications_by_address: { 'abstractapi|jo@northpier.example': 2 } });
  });

  it('has a limit of its own, without a header that says so', async () => {
    const { atAbstractapi, advance } = await setUp({ abstract: { rate: { limit: 1, windowMs: 1000 } } });
    expect((await atAbstractapi('jo@northpier.example')).status).toBe(200);
    const refused = await atAbstractapi('jo@northpier.example');
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'too_many_requests' } } });
    expect([...refused.headers.keys()].filter((name) => /retry|limit/.test(name))).toEqual([]);
    await advance(1000);
    expect((await atAbstractapi('jo@northpier.example')).status).toBe(200);
  });

  it('wants a key', async () => {
    const { sandbox } = await setUp();
    const refused = await fetch(`${sandbox.url}/v1/?email=jo@northpier.example`);
    expect([refused.status, await refused.json()]).toEqual([401, { error: { message: 'Invalid API key provided.', code: 'unauthorized', details: null } }]);
  });
});

describe.each(['atWaterfall', 'atAbstractapi'] as const)('faults of a verification %s', (api) => {
  /** Addresses that were looked at. */
  const billed = ({ sandbox }: Awaited<ReturnType<typeof setUp>>) => Object.keys(sandbox.stats().verifications_by_address).length;

  it.each<[fault: keyof Faults, status: number, bills: number]>([
    ['errorRate', 500, 0],
    ['bareErrorRate', 502, 0],
    ['bareErrorAfterRate', 502, 1],
    ['dropBeforeRate', 0, 0],
    ['dropAfterRate', 0, 1],
  ])('%s: status %i and %i bills', async (fault, status, bills) => {
    const scene = await setUp({ faults: { [fault]: 1 } });
    expect(await scene[api]('jo@northpier.example').then((reply) => reply.status, () => 0)).toBe(status);
    expect(billed(scene)).toBe(bills);
  });

  it.each<[what: string, faults: Partial<Faults>]>([['cut', { cutRate: 1 }], ['lost', { loseReplies: true }]])('%s: billed, and no reply', async (_what, faults) => {
    const scene = await setUp({ faults });
    await expect(scene[api]('jo@northpier.example')).rejects.toThrow();
    expect(billed(scene)).toBe(1);
  });

  it('down: a bare 503, and nothing is billed', async () => {
    const scene = await setUp({ faults: { down: true } });
    expect((await scene[api]('jo@northpier.example')).status).toBe(503);
    expect(billed(scene)).toBe(0);
  });

  it('badTypeRate: a member has a wrong type', async () => {
    const scene = await setUp({ faults: { badTypeRate: 1 } });
    expect((await scene[api]('jo@northpier.example')).body).toMatchObject(api === 'atWaterfall' ? { output: { email: [expect.any(String)] } } : { email_deliverability: 'none' });
  });
});
