/* What replies may look like, and how an unreadable one is described. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransportError } from '../../src/core/errors.ts';
import type { Question } from '../../src/core/model.ts';
import { readReply } from '../../src/providers/http/read-reply.ts';
import { accountReply, jobReply, launchBody, launchReply, readError } from '../../src/providers/waterfall/wire.ts';
import account from '../fixtures/api/account.json' with { type: 'json' };
import running from '../fixtures/api/prospector-finder-running.json' with { type: 'json' };
import succeeded from '../fixtures/api/prospector-finder-succeeded.json' with { type: 'json' };
import launched from '../fixtures/api/prospector-launched.json' with { type: 'json' };

const FINDER = 'GET /v1/prospector';

/** The message with which a reply is refused. */
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'UNREADABLE_REPLY', sent: true });
    return (error as Error).message;
  }
  throw new Error('the reply was taken');
}

/** The succeeded job with one member changed, given by its path from the top. */
function changed(path: (string | number)[], value: unknown): unknown {
  const copy: unknown = structuredClone(succeeded);
  const parent = path.slice(0, -1).reduce((at, key) => Reflect.get(at as object, key) as unknown, copy);
  Reflect.set(parent as object, path.at(-1) ?? '', value);
  return copy;
}

describe('documented replies', () => {
  it.each([
    ['a running job', jobReply, running],
    ['a job that succeeded', jobReply, succeeded],
    ['a launched job', launchReply, launched],
    ['an account', accountReply, account],
  ])('%s is taken as it is', (_name, schema, json) => {
    expect(readReply<unknown>(schema, json, 'the reply')).toEqual(json);
  });

  it.each(['FAILED', 'TIMED_OUT', 'ABORTED'])('a job that ended %s may have no output', (status) => {
    expect(readReply(jobReply, { status, stop_date: null, output: null }, FINDER)).toMatchObject({ status });
  });

  it.each([{}, { persons: null }, { persons: [] }, { company: null, persons: [], usage: null }, { usage: {} }])('an answer may be as empty as %j', (output) => {
    expect(readReply(jobReply, { status: 'SUCCEEDED', output }, FINDER).output).toEqual(output);
  });

  it('keeps members that nobody knows, at every level', () => {
    const output = { persons: [{ quality: 3, experiences: [{ start_date: '2020-01-01' }] }], company: { revenue: 'x' }, usage: { new_usd: 1 }, more: [1] };
    const json = { status: 'SUCCEEDED', output, trace: 'a' };
    expect(readReply(jobReply, json, FINDER)).toEqual(json);
  });

  it('lets every member of a person, a company and the usage be null or absent', () => {
    const { company, persons, usage } = succeeded.output;
    const part = (record: object) => fc.subarray(Object.keys(record)).map((keys) => Object.fromEntries(keys.map((key) => [key, null])));
    fc.assert(
      fc.property(part(company), part(persons[0] ?? {}), part(usage), (someCompany, person, someUsage) => {
        const json = { status: 'SUCCEEDED', output: { company: someCompany, persons: [person], usage: someUsage } };
        expect(readReply(jobReply, json, FINDER)).toEqual(json);
      }),
    );
  });
});

describe('a field of another type', () => {
  it.each([
    { path: ['output', 'persons', 0, 'email_verified'], value: 'secret', read: null },
    { path: ['output', 'persons', 0, 'email_verified'], value: 'true', read: true },
    { path: ['output', 'persons', 1, 'phone_numbers'], value: '+15035550142', read: ['+15035550142'] },
    { path: ['output', 'persons', 1, 'phone_numbers'], value: [15035550142, null, {}], read: ['15035550142'] },
    { path: ['output', 'persons', 0, 'experiences'], value: ['x'], read: null },
    { path: ['output', 'persons', 0, 'title'], value: ['CEO'], read: null },
    { path: ['output', 'persons', 0, 'id'], value: 12, read: '12' },
    { path: ['output', 'company', 'linkedin_founded'], value: true, read: null },
    { path: ['output', 'company'], value: [], read: null },
    { path: ['output', 'usage', 'total_usd'], value: '0.35', read: 0.35 },
    { path: ['output', 'usage', 'total_usd'], value: {}, read: null },
    { path: ['output', 'usage'], value: 'none', read: null },
    { path: ['stop_date'], value: 5, read: null },
    { path: ['status'], value: 'succeeded', read: 'SUCCEEDED' },
  ])('loses that field, and not the answer: $path', ({ path, value, read }) => {
    const reply = readReply(jobReply, changed(path, value), FINDER);
    const at = (json: unknown) => path.reduce((node: unknown, key) => (node as Record<PropertyKey, unknown>)[key], json);
    expect(at(reply)).toEqual(read);
    expect(reply.output?.persons).toHaveLength(succeeded.output.persons.length);
  });

  it.each([null, 'Ida', 7, [], [{}]])('is kept out of the way: a person who is %j is nobody', (nobody) => {
    expect(readReply(jobReply, changed(['output', 'persons', 1], nobody), FINDER).output?.persons).toHaveLength(succeeded.output.persons.length - 1);
  });

  it.each([
    [99, 98],
    [100_000, 98],
  ])('is cut off where it is nested %d deep, which nothing could write', (depth, kept) => {
    const { output } = readReply(jobReply, { status: 'SUCCEEDED', output: { more: JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown } }, FINDER);
    expect(JSON.stringify(output?.more).replace('null', '')).toBe('['.repeat(kept) + ']'.repeat(kept));
  });

  it('is a job id all the same when it is a number', () => {
    expect(readReply(launchReply, { job_id: 12 }, FINDER).job_id).toBe('12');
  });
});

describe('a reply that is not as documented', () => {
  it.each([
    { path: ['output', 'persons'], value: {}, text: 'output.persons: expected array, got object' },
    { path: ['output'], value: undefined, text: 'output: missing, though the job SUCCEEDED' },
    { path: ['output'], value: null, text: 'output: missing, though the job SUCCEEDED' },
    { path: ['status'], value: 'PAUSED', text: 'status: unknown job status "PAUSED"' },
    { path: ['status'], value: 'somebody@name.example', text: 'status: unknown job status' },
    { path: ['status'], value: null, text: 'status: expected string, got null' },
    { path: ['status'], value: undefined, text: 'status: expected string, got nothing' },
  ])('is refused: $text', ({ path, value, text }) => {
    expect(refusal(() => readReply(jobReply, changed(path, value), FINDER))).toBe(`reply of ${FINDER}: ${text}`);
  });

  it.each([
    [{}, 'job_id: expected string or number, got nothing'],
    [{ job_id: null }, 'job_id: expected string or number, got null'],
    [{ job_id: 1.5 }, 'job_id: expected string or int, got number'],
    [{ job_id: '' }, 'job_id: expected an id of up to 200 printable characters'],
    [{ job_id: ' ' }, 'job_id: expected an id of up to 200 printable characters'],
    [[], 'expected object, got array'],
    [null, 'expected object, got null'],
  ])('is no launched job: %j', (json, text) => {
    expect(refusal(() => readReply(launchReply, json, 'POST /v1/prospector'))).toBe(`reply of POST /v1/prospector: ${text}`);
  });
});

describe('an error body', () => {
  const read = (body: string, status = 400) => readError({ host: 'api.example', status, body, retryAfterMs: undefined });
  const withBody = (fields: object) => read(JSON.stringify({ status: 'error', code: 'VALIDATION_BAD_REQUEST', ...fields }));

  it.each([
    [{ message: 'Bad request.', error: 'domain: too short' }, 'Bad request. | domain: too short'],
    [{ message: 'Bad request.', error: ['a: x', 'b: y', 'c: z', 'd: w'] }, 'Bad request. | a: x | b: y | c: z'],
    [{ message: 'Bad request.', error: 'Bad request.' }, 'Bad request.'],
    [{ message: null, error: [null, 7, 'domain: too short'] }, 'domain: too short'],
    [{ message: 'two\nlines\u001b[31m' }, 'two lines [31m'],
    [{}, 'VALIDATION_BAD_REQUEST'],
    [{ message: 'x'.repeat(1_000) }, `${'x'.repeat(299)}…`],
  ])('%j says %j', (fields, message) => {
    expect(withBody(fields).message).toBe(message);
  });

  it.each([
    ['RATE_LIMIT_SOMETHING_NEW', 'RATE_LIMIT'],
    ['NOT_FOUND_SOMETHING_NEW', 'NOT_FOUND'],
    ['BILLING_SOMETHING_NEW', 'BILLING'],
    ['ODD', 'ODD'],
  ])('without a category takes it from the code %s', (code, category) => {
    expect(withBody({ code, category: null }).category).toBe(category);
  });

  it('keeps a category that is new', () => {
    expect(withBody({ code: 'BILLING_X', category: 'BILLING' })).toMatchObject({ category: 'BILLING', enveloped: true });
  });

  it.each(['', '<html>502 Bad Gateway</html>', '{"code": 7}', '{"code": ""}', '{"message": "no"}', '["code"]', 'null', '{"code": "VALID'])(
    'of %j is not the API’s own, and is not shown',
    (body) => {
      expect(read(body, 502)).toMatchObject({
        status: 502,
        category: 'HTTP',
        code: 'HTTP_502',
        enveloped: false,
        message: "api.example answered with HTTP 502 and no error body of the API's own",
      });
    },
  );
});

describe('the body of a launch', () => {
  it('is the question without its host, in the order of the documentation', () => {
    const question: Required<Question> = {
      verified_only: true,
      include_phones: false,
      limit: 5,
      excluded_names: ['Ada Example'],
      location_countries: ['France'],
      location_name: 'Paris',
      linkedin: 'northpier-robotics-example',
      company_name: 'Northpier Robotics',
      title_filters: [{ name: 'sales', filter: 'head of sales' }],
      title_filter: 'sales',
      domain: 'northpier-robotics.example',
      api_host: 'api.example',
    };
    expect(JSON.stringify(launchBody(question))).toBe(
      '{"domain":"northpier-robotics.example","title_filter":"sales","title_filters":[{"name":"sales","filter":"head of sales"}],' +
        '"company_name":"Northpier Robotics","linkedin":"northpier-robotics-example","location_name":"Paris",' +
        '"location_countries":["France"],"excluded_names":["Ada Example"],"limit":5,"include_phones":false,"verified_only":true}',
    );
  });
});
