/* The documented shape of every reply of the sandbox, good and bad, and its rate limit. */
import { describe, expect, it } from 'vitest';
import { example, QUESTION, START, trial } from './trial.ts';

/** Every documented code with its status and category. */
const documented = example('error-codes') as unknown as { code: string; status: number; category: string }[];

/** Names of the members, sorted. */
const members = (value: unknown) => Object.keys(value as object).sort();

describe('launcher and finder', () => {
  it('answers a launch with a job id and the moment, with microseconds', async () => {
    const { launch } = await trial();
    const { status, body } = await launch();
    expect(status).toBe(200);
    expect(body).toEqual({
      job_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/) as string,
      start_date: '2026-03-02T09:14:05.412000+00:00',
    });
  });

  it('says RUNNING in the documented shape until the job has had its time', async () => {
    const { jobOf, find, advance } = await trial();
    const jobId = await jobOf({ custom_fields: { row: '7', batch: 'spring-list' }, limit: 5 });
    await advance(999);
    const expected = example('prospector-finder-running') as { input: { task: object } };
    expect((await find(jobId)).body).toEqual({
      ...expected,
      input: { task: { ...expected.input.task, job_id: jobId, context_id: jobId } },
    });
  });

  it('has every documented member of a job that SUCCEEDED, and no other', async () => {
    const { jobOf, find, advance } = await trial({ personsPerCompany: 10 });
    const jobId = await jobOf({ include_phones: true });
    await advance(1000);
    const expected = example('prospector-finder-succeeded') as { output: { company: object; persons: { experiences: object[] }[]; usage: object } };
    const { body } = (await find(jobId)) as { body: typeof expected };
    expect(body).toMatchObject({ status: 'SUCCEEDED', stop_date: '2026-03-02T09:14:06.412000+00:00' });
    expect(members(body)).toEqual(members(expected));
    expect(members(body.output)).toEqual(members(expected.output));
    expect(members(body.output.company)).toEqual(members(expected.output.company));
    expect(members(body.output.usage)).toEqual(members(expected.output.usage));
    expect(body.output.persons).toHaveLength(10);
    for (const person of body.output.persons) {
      expect(members(person)).toEqual(members(expected.output.persons[0]));
      for (const experience of person.experiences) {
        expect(members(experience)).toEqual(members(expected.output.persons[0]?.experiences[0]));
      }
    }
  });

  it('takes a web address for its company domain', async () => {
    const { ask } = await trial();
    const output = await ask({ domain: 'https://www.Northpier-Robotics.example/about' });
    expect(output.company).toMatchObject({ domain: QUESTION.domain, company_name: 'Northpier Robotics (Sandbox)' });
  });

  it('lets a job take its time: log-normal around the median', async () => {
    const { jobOf, find, advance } = await trial({ jobTime: { medianMs: 1000, spread: 0.5 } });
    const ids = await Promise.all(Array.from({ length: 200 }, (_, at) => jobOf({ domain: `company-${at}.example` })));
    const doneAfter = async (ms: number) => {
      await advance(ms);
      const replies = await Promise.all(ids.map(find));
      return replies.filter(({ body }) => (body as { status: string }).status === 'SUCCEEDED').length;
    };
    expect(await doneAfter(1000 / 2.8)).toBeLessThan(20); // two deviations below the median: 2 % are expected
    const half = await doneAfter(1000 - 1000 / 2.8);
    expect(half).toBeGreaterThan(75);
    expect(half).toBeLessThan(125);
    expect(await doneAfter(2800 - 1000)).toBeGreaterThan(180); // two above: 98 %
  });

  it('has jobs done at once with a median of 0', async () => {
    const { jobOf, find } = await trial({ jobTime: { medianMs: 0, spread: 0.5 } });
    expect((await find(await jobOf())).body).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('refusals', () => {
  it.each(['facebook.com', 'instagram.com', 'notion.so', 'bit.ly', 'yahoo.com'])('do not meet %s: a home page is the company itself', async (domain) => {
    const { call } = await trial();
    expect(await call('POST', '/v1/prospector', { ...QUESTION, domain })).toMatchObject({ status: 200 });
  });

  const filter = (text: string) => ({ title_filter: text });
  it.each<[code: string, body: unknown]>([
    ['VALIDATION_MISSING_BODY', ''],
    ['VALIDATION_BAD_REQUEST', '{"domain":'],
    ['VALIDATION_BAD_REQUEST', '["acme.example"]'],
    ['VALIDATION_BAD_REQUEST', { title_filter: 'CEO' }],
    ['VALIDATION_BAD_REQUEST', { ...QUESTION, limit: 0 }],
    ['VALIDATION_BAD_REQUEST', { ...QUESTION, limit: 501 }],
    ['VALIDATION_BAD_REQUEST', { ...QUESTION, limit: 2.5 }],
    ['VALIDATION_BAD_REQUEST', { ...QUESTION, include_phones: 'yes' }],
    ['VALIDATION_BAD_REQUEST', { domain: QUESTION.domain, title_filters: [] }],
    ['VALIDATION_MISSING_TITLE_FILTERS', { domain: QUESTION.domain }],
    ['VALIDATION_BAD_DOMAIN', { ...QUESTION, domain: 'localhost' }],
    ['VALIDATION_BAD_DOMAIN_EMAIL_PROVIDER', { ...QUESTION, domain: 'https://mail.gmail.com/inbox' }],
    ['VALIDATION_BAD_DOMAIN_EMAIL_PROVIDER', { ...QUESTION, domain: 'someone@gmail.com' }],
    ['VALIDATION_BAD_DOMAIN_SOCIAL_MEDIA', { ...QUESTION, domain: 'www.instagram.com/northpier' }],
    ['VALIDATION_BAD_DOMAIN_DISPOSABLE', { ...QUESTION, domain: 'mailinator.com' }],
    ['VALIDATION_BAD_DOMAIN_URL_SHORTENER', { ...QUESTION, domain: 'bit.ly/x' }],
    ['VALIDATION_BAD_DOMAIN_INVALID_CHARACTERS', { ...QUESTION, domain: 'north pier!.example' }],
    ['VALIDATION_BAD_DOMAIN_NO_MX', { ...QUESTION, domain: 'nomx-northpier.example' }],
    ['VALIDATION_BAD_TITLE_FILTER_MISSING_RIGHT_PARENTHESIS', { ...QUESTION, ...filter('(CEO OR CTO') }],
    ['VALIDATION_BAD_TITLE_FILTER_MISSING_STRING', { ...QUESTION, ...filter('CEO OR') }],
    [
      'VALIDATION_BAD_TITLE_FILTER_EXTRA_RIGHT_PARENTHESIS',
      { domain: QUESTION.domain, title_filters: [{ name: 'good', filter: 'CEO' }, { name: 'bad', filter: 'CTO)' }] },
    ],
    ['VALIDATION_BAD_DOMAIN_SOCIAL_MEDIA', { ...QUESTION, domain: 'linkedin.com/company/northpier' }],
    ['VALIDATION_BAD_DOMAIN_EMAIL_PROVIDER', { ...QUESTION, domain: 'someone@yahoo.com' }],
  ])('refuses a launch with %s: %j', async (expected, body) => {
    const { call, sandbox } = await trial();
    const reply = await call('POST', '/v1/prospector', body === '' ? undefined : body);
    expect(reply).toMatchObject({ status: 400, body: { status: 'error', category: 'VALIDATION', code: expected } });
    expect(documented).toContainEqual(expect.objectContaining({ code: expected, status: 400, category: 'VALIDATION' }));
    expect(sandbox.stats().launches).toBe(0);
  });

  it.each<[code: string, status: number, method: string, path: string]>([
    ['VALIDATION_MISSING_JOB_ID_PARAMETER', 400, 'GET', '/v1/prospector'],
    ['VALIDATION_BAD_JOB_ID', 400, 'GET', '/v1/prospector?job_id=7'],
    ['NOT_FOUND_JOB_NOT_FOUND', 404, 'GET', '/v1/prospector?job_id=5f0c1a7e-2b64-4c1d-9a83-6e7d0b9f4c21'],
    ['ROUTING_INVALID_PATH_OR_METHOD', 400, 'GET', '/v1/prospectors'],
    ['ROUTING_INVALID_PATH_OR_METHOD', 400, 'DELETE', '/v1/prospector'],
    ['ROUTING_INVALID_PATH_OR_METHOD', 400, 'GET', '/sandbox/nothing'],
    ['VALIDATION_BAD_REQUEST', 400, 'GET', '/v2/account?month=2026-13'],
  ])('answers %s (%i) to %s %s', async (expected, status, method, path) => {
    const { call } = await trial();
    const category = documented.find((error) => error.code === expected && error.status === status)?.category;
    expect(category).toBeDefined();
    expect(await call(method, path)).toMatchObject({ status, body: { status: 'error', code: expected, category } });
  });

  it('uses the documented error envelope, with details in `error`', async () => {
    const { launch } = await trial();
    const { body } = await launch({ title_filter: '(CEO OR CTO' });
    const { code, category, status } = example('error-bad-title-filter');
    expect(body).toMatchObject({ code, category, status });
    expect(members(body)).toEqual(members(example('error-bad-title-filter')));
  });

  it('wants a key', async () => {
    const { call } = await trial();
    const reply = await call('GET', '/v2/account', undefined, { 'x-api-key': '' });
    expect(reply).toMatchObject({ status: 401, body: { category: 'AUTH', code: 'AUTH_MISSING_API_KEY' } });
  });

  it('takes only the key it was given', async () => {
    const { call } = await trial({ apiKey: 'right' });
    expect(await call('GET', '/v2/account', undefined, { 'x-api-key': 'wrong' })).toMatchObject({
      status: 403,
      body: { code: 'AUTH_BAD_API_KEY' },
    });
    expect((await call('GET', '/v2/account', undefined, { 'x-api-key': 'right' })).status).toBe(200);
  });

  it('refuses launches with 402 once the balance is used up, and still answers finds', async () => {
    const { launch, jobOf, find, advance, call } = await trial({ balance_usd: 0.5, personsPerCompany: 10 });
    const jobId = await jobOf();
    await advance(1000);
    expect((await find(jobId)).body).toMatchObject({ output: { usage: { total_usd: 0.5, balance_remaining_usd: 0 } } });
    expect(await launch()).toMatchObject({ status: 402, body: { category: 'QUOTA', code: 'QUOTA_ACCOUNT_OVER_QUOTA' } });
    expect((await find(jobId)).status).toBe(200);
    expect((await call('GET', '/v2/account')).body).toMatchObject({ balance_remaining_usd: 0 });
  });
});

describe('rate limit', () => {
  const rateLimit = { limit: 3, windowMs: 10_000 };

  it('counts launches and finds together and says how many are left', async () => {
    const { launch, find, jobOf } = await trial({ rateLimit });
    const jobId = await jobOf();
    const second = await find(jobId);
    expect(second.headers.get('x-ratelimit-limit')).toBe('3');
    expect(second.headers.get('x-ratelimit-interval')).toBe('10');
    expect(second.headers.get('x-ratelimit-remaining')).toBe('1');
    expect((await launch()).headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await launch()).status).toBe(429);
    expect((await find(jobId)).status).toBe(429);
  });

  it('refuses in the documented shape and says when to come back, in fractions of a second', async () => {
    const { launch, find, advance, jobOf } = await trial({ rateLimit });
    const jobId = await jobOf();
    await advance(1250);
    await find(jobId);
    await find(jobId);
    const refused = await launch();
    expect(refused.body).toEqual(example('error-rate-limit'));
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      'retry-after': '8.75',
      'x-ratelimit-limit': '3',
      'x-ratelimit-interval': '10',
      'x-ratelimit-remaining': '0',
    });
  });

  it('slides: a place frees exactly one window after its arrival, and refused requests took none', async () => {
    const { launch, advance } = await trial({ rateLimit });
    const statuses: number[] = [];
    for (const pauseMs of [0, 4000, 4000, 1999, 1, 3999, 1]) {
      await advance(pauseMs);
      statuses.push((await launch()).status);
    }
    // Arrivals at 0, 4000, 8000; refused at 9999; the place of 0 is free at 10,000, that of 4000 at 14,000.
    expect(statuses).toEqual([200, 200, 200, 429, 200, 429, 200]);
  });

  it('never touches the account call', async () => {
    const { launch, call } = await trial({ rateLimit: { limit: 1, windowMs: 10_000 } });
    await launch();
    expect((await launch()).status).toBe(429);
    expect((await call('GET', '/v2/account')).status).toBe(200);
  });
});

describe('account', () => {
  it('has every documented member and the counters of the month', async () => {
    const { call, ask, launch } = await trial({ personsPerCompany: 4 });
    const { usage } = await ask({ include_phones: true });
    await launch();
    const { body } = (await call('GET', '/v2/account')) as { body: Record<string, Record<string, unknown>> };
    const expected = example('account');
    expect(members(body)).toEqual(members(expected));
    expect(members(body['key_usage'])).toEqual(members(expected['key_usage']));
    expect(members(body['price'])).toEqual(members(expected['price']));
    expect(body['account_usage']).toEqual(body['key_usage']);
    expect(body['key_usage']).toMatchObject({
      start_date: '2026-03-01',
      end_date: '2026-04-01',
      prospector_requests: 2,
      prospector_persons: 4,
      prospector_persons_phones: usage['phones_count'],
    });
  });

  it('tells months apart', async () => {
    const { call, launch } = await trial({ startAt: START });
    await launch();
    const { body } = await call('GET', '/v2/account?month=2026-02');
    expect(body).toMatchObject({ key_usage: { start_date: '2026-02-01', end_date: '2026-03-01', prospector_requests: 0 } });
  });

  it('charges persons and phones at the given prices, once for each job', async () => {
    const { call, jobOf, find, advance } = await trial({
      balance_usd: 100, personsPerCompany: 8, prices: { persons_safe_usd: 0.1, mobile_phones_usd: 1 },
    });
    const jobId = await jobOf({ include_phones: true });
    await advance(1000);
    const { usage } = ((await find(jobId)).body as { output: { usage: Record<string, number> } }).output;
    await find(jobId);
    expect(usage).toMatchObject({ persons_count: 8, persons_usd: 0.8, companies_usd: 0, companies_count: 0 });
    expect(usage['phones_count']).toBeGreaterThan(0);
    expect(usage['phones_usd']).toBe(usage['phones_count']);
    expect(usage['total_usd']).toBeCloseTo(0.8 + (usage['phones_count'] ?? 0), 4);
    const { body } = (await call('GET', '/v2/account')) as { body: { balance_remaining_usd: number } };
    expect(body.balance_remaining_usd).toBeCloseTo(100 - (usage['total_usd'] ?? 0), 4);
  });
});
