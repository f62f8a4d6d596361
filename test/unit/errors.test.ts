/* What each error means for the run, and whether a launch that ended with it may have made a job. */
import { describe, expect, it } from 'vitest';
import { ApiError, isInDoubt, TransportError, UsageError, verdict } from '../../src/core/errors.ts';
import codes from '../fixtures/api/error-codes.json' with { type: 'json' };

const api = (fields: Partial<ConstructorParameters<typeof ApiError>[0]>) =>
  new ApiError({ status: 400, category: 'HTTP', code: 'HTTP_400', message: 'no', enveloped: false, ...fields });

const transport = (code: string, sent: boolean) => new TransportError({ code, sent, message: 'no reply' });

describe('the documented error codes', () => {
  it('are 49', () => {
    expect(new Set(codes.map(({ code }) => code)).size).toBe(49);
  });

  it.each(codes)('$code ($status) means $verdict, and no launch is in doubt', ({ verdict: expected, ...fields }) => {
    const error = api({ ...fields, enveloped: true });
    expect(verdict(error)).toBe(expected);
    expect(isInDoubt(error)).toBe(false);
  });
});

describe('a code that is new', () => {
  it.each([
    { category: 'QUOTA', status: 400, expected: 'stop' },
    { category: 'PERMISSION', status: 400, expected: 'stop' },
    { category: 'RATE_LIMIT', status: 400, expected: 'wait' },
    { category: 'VALIDATION', status: 422, expected: 'fail' },
    { category: 'BILLING', status: 402, expected: 'stop' },
    { category: 'MAINTENANCE', status: 503, expected: 'retry' },
    { category: 'SOMETHING', status: 409, expected: 'fail' },
  ])('of category $category with status $status means $expected', ({ category, status, expected }) => {
    expect(verdict(api({ category, status, code: `${category}_NEW`, enveloped: true }))).toBe(expected);
  });
});

describe('an error that is not in the envelope of the API', () => {
  it.each([
    { status: 400, expected: 'fail', doubt: false },
    { status: 401, expected: 'stop', doubt: false },
    { status: 403, expected: 'fail', doubt: false },
    { status: 404, expected: 'fail', doubt: false },
    { status: 407, expected: 'stop', doubt: false },
    { status: 408, expected: 'retry', doubt: false },
    { status: 425, expected: 'retry', doubt: false },
    { status: 429, expected: 'wait', doubt: false },
    { status: 500, expected: 'retry', doubt: true },
    { status: 502, expected: 'retry', doubt: true },
    { status: 503, expected: 'retry', doubt: true },
    { status: 504, expected: 'retry', doubt: true },
  ])('with status $status means $expected; launch in doubt: $doubt', ({ status, expected, doubt }) => {
    const error = api({ status, code: `HTTP_${status}` });
    expect(verdict(error)).toBe(expected);
    expect(isInDoubt(error)).toBe(doubt);
  });
});

describe('no usable reply', () => {
  it.each([
    ['ECONNREFUSED', false],
    ['TIMEOUT', true],
    ['REDIRECT', true],
    ['UNREADABLE_REPLY', true],
  ])('%s is tried again; launch in doubt: %s', (code, sent) => {
    const error = transport(code, sent);
    expect(verdict(error)).toBe('retry');
    expect(isInDoubt(error)).toBe(sent);
  });
});

describe('UsageError', () => {
  it('says every problem with its fix', () => {
    const error = new UsageError([{ what: 'no such file', fix: 'check the path' }, { what: 'no key' }]);
    expect(error.message).toBe('no such file: check the path\nno key');
    expect(error.problems).toHaveLength(2);
  });
});
