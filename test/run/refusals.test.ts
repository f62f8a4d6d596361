/* Refusals by the API: which are about a row, which stop the run, and what is left then (contract, section 5). */
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/core/errors.ts';
import { apiError, domains, fail, openLaboratory, type Request } from './invocation.ts';

const { invoke, rows: rowsNow } = openLaboratory();

const launches = (requests: Request[]) => requests.filter(({ kind }) => kind === 'launch');

describe('a refusal that would meet every call', () => {
  it.each([
    { status: 401, code: 'AUTH_MISSING_API_KEY', fix: /WATERFALL_API_KEY/ },
    { status: 403, code: 'AUTH_BAD_API_KEY', fix: /WATERFALL_API_KEY/ },
    { status: 403, code: 'PERMISSION_FEATURE_NOT_ENABLED', fix: /ask Waterfall to enable this/ },
    { status: 403, code: 'PERMISSION_INCLUDE_PHONES_REQUIRES_PHONE_ENRICHMENT', fix: /--include-phones/ },
    { status: 402, code: 'QUOTA_ACCOUNT_OVER_QUOTA', fix: /top up the account/ },
    { status: 400, code: 'ROUTING_INVALID_PATH_OR_METHOD', fix: /WATERFALL_BASE_URL/ },
    { status: 404, code: 'NOT_FOUND_ACCOUNT_OR_KEY_NOT_FOUND', fix: /check that the account and its key are set up/ },
  ])('$code stops at the first reply with exit 4 and what to do, and leaves every row not launched', async ({ status, code, fix }) => {
    const { result, rows, requests } = await invoke('run', { launch: () => fail(apiError(status, code)) }, { domains: domains(30) });
    expect(result.exit).toBe(4);
    expect(result.stopped).toMatchObject({ message: expect.stringContaining(code) as string, fix: expect.stringMatching(fix) as string });
    expect(rows.map(({ state, launches, reason }) => [state, launches, reason])).toEqual(Array(20 + 10).fill(['pending', 0, null]));
    // Those that were on their way together.
    expect(launches(requests).length).toBeLessThanOrEqual(10);
  });

  it('of a find leaves the jobs to be asked again', async () => {
    const { result, rows } = await invoke('run', { find: () => fail(apiError(402, 'QUOTA_ACCOUNT_OVER_QUOTA')) }, { domains: domains(5) });
    expect(result.exit).toBe(4);
    expect(rows.map(({ state, job_id }) => [state, job_id])).toEqual(domains(5).map((domain) => ['launched', `job of ${domain}`]));
  });

  it('is gone on with when it is mended', async () => {
    await invoke('run', { launch: () => fail(apiError(402, 'QUOTA_ACCOUNT_OVER_QUOTA')) }, { domains: domains(5) });
    const { result, rows } = await invoke('run', {});
    expect(result.exit).toBe(0);
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual(Array(5).fill(['found', 1]));
  });
});

describe('a title filter that all rows share', () => {
  it('and that the API refuses stops the run at the first reply, with all rows left', async () => {
    const script = { launch: () => fail(apiError(400, 'VALIDATION_BAD_TITLE_FILTER_EXTRA_STRING')) };
    const { result, rows } = await invoke('run', script, { domains: domains(8), concurrency: 1 });
    expect(result.stopped).toMatchObject({ exit: 4, fix: 'correct --title-filter or --persona; it is the same for all rows' });
    expect(result.requests.launches).toBe(1);
    expect(rows.map(({ state }) => state)).toEqual(Array(8).fill('pending'));
  });
});

describe('the same refusal of one row after the other', () => {
  it('stops the run at the fifth and puts the five back', async () => {
    const script = { launch: () => fail(apiError(400, 'VALIDATION_BAD_REQUEST')) };
    const { result, rows } = await invoke('run', script, { domains: domains(20), concurrency: 1 });
    expect(result.stopped).toMatchObject({ exit: 4, message: 'the API refused 5 rows in a row with VALIDATION_BAD_REQUEST: no' });
    expect(result.requests.launches).toBe(5);
    expect(rows.map(({ state, reason }) => [state, reason])).toEqual(Array(20).fill(['pending', null]));
  });

  it('puts back also those that were refused on their way together', async () => {
    const script = { launch: () => fail(apiError(400, 'VALIDATION_BAD_REQUEST')), launchMs: 200 };
    const { result, rows } = await invoke('run', script, { domains: domains(20) });
    expect(result.requests.launches).toBeGreaterThan(5);
    expect(rows.map(({ state }) => state)).toEqual(Array(20).fill('pending'));
  });

  it('of four rows, with a job between, rejects just these', async () => {
    const script = { launch: ({ domain }: Request) => (domain === 'harbour-5.example' ? undefined : fail(apiError(400, 'VALIDATION_BAD_REQUEST'))) };
    const { result, rows } = await invoke('run', script, { domains: domains(9), concurrency: 1 });
    expect(result.exit).toBe(3);
    expect(rows.map(({ state }) => state)).toEqual([...Array<string>(4).fill('rejected'), 'found', ...Array<string>(4).fill('rejected')]);
  });

  it('about their domains rejects them all and stops nothing', async () => {
    const script = { launch: () => fail(apiError(400, 'VALIDATION_BAD_DOMAIN_NO_MX')) };
    const { result, rows } = await invoke('run', script, { domains: domains(20) });
    expect(result.exit).toBe(3);
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual(Array(20).fill(['rejected', 0]));
  });

  describe('by a page of a firewall', () => {
    const page = () => fail(new ApiError({ status: 403, category: 'HTTP', code: 'HTTP_403', message: 'no', enveloped: false }));
    const sickAt = (sick: (index: number) => boolean) => {
      const refused = new Set(domains(40).filter((_, index) => sick(index)));
      return { launch: ({ domain }: Request) => (refused.has(domain) ? page() : undefined), launchMs: ({ domain }: Request) => (refused.has(domain) ? 10 : 400) };
    };

    it.each([
      ['spread', (index: number) => index % 4 === 1],
      ['first', (index: number) => index < 11],
      ['last', (index: number) => index >= 29],
    ])('ends eleven of forty rows, %s, and the others are found', async (_where, sick) => {
      const { result, rows } = await invoke('run', sickAt(sick), { domains: domains(40) });
      expect(rows.map(({ state }) => state)).toEqual(rows.map((_, index) => (sick(index) ? 'rejected' : 'found')));
      expect(result.exit).toBe(3);
    });

    it.each([6, 20, 200])('stops the run when it meets all of %i rows, and puts them back', async (count) => {
      const { result, rows, requests } = await invoke('run', { launch: page }, { domains: domains(count) });
      expect(result.exit).toBe(4);
      expect(rows.map(({ state }) => state)).toEqual(Array(count).fill('pending'));
      expect(launches(requests).length).toBeLessThanOrEqual(25 + 10);
    });
  });

  it('is about the row when one refusal came alone, and a later run asks it anew', async () => {
    await invoke('run', { launch: () => fail(apiError(400, 'VALIDATION_BAD_REQUEST')) }, { domains: domains(1) });
    expect(await rowsNow('run')).toMatchObject([{ state: 'rejected', reason: 'VALIDATION_BAD_REQUEST: no' }]);
    expect((await invoke('later', {}, { domains: domains(1) })).rows).toMatchObject([{ state: 'found', launches: 1 }]);
  });
});
