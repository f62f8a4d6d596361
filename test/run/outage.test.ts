/* An API that fails for everybody: the run pauses, probes, goes on or stops, and no row loses its life (contract, section 5). */
import { describe, expect, it } from 'vitest';
import { broken, domains, fail, MINUTE, openLaboratory, refused, SECOND, throttledFor, type Request } from './invocation.ts';

const { invoke } = openLaboratory();

/** The moments of the requests, in minutes, that came in an outage: after two minutes of trying. */
const probes = (requests: Request[]) => requests.map(({ at }) => at / MINUTE).filter((at) => at > 2.1);

const failures = [
  { what: 'a 5xx', error: broken },
  { what: 'a refused connection', error: refused },
  { what: 'a 429', error: () => throttledFor(20 * SECOND) },
];

describe.each(failures)('$what for every launch', ({ error }) => {
  it('pauses the run after 2 minutes, with one probe every 30 s, and stops it after 15 more with exit 4', async () => {
    const { result, requests, logged } = await invoke('outage', { launch: () => fail(error()) }, { domains: domains(6) });
    expect(result.stopped).toMatchObject({ exit: 4, message: 'the API has not answered for 17 minutes' });
    expect(result.exit).toBe(4);
    expect(result.duration_ms / MINUTE).toBeGreaterThanOrEqual(17);
    expect(result.duration_ms / MINUTE).toBeLessThan(18);
    const times = probes(requests);
    expect(times.length).toBeGreaterThanOrEqual(29);
    expect(times.length).toBeLessThanOrEqual(31);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.5);
    expect(logged).toContain('nothing has succeeded for 2 minutes: pausing, one probe every 30 s');
  });

  it('leaves every row not launched, and none in doubt', async () => {
    const { rows } = await invoke('outage', { launch: () => fail(error()) }, { domains: domains(6) });
    expect(rows.map(({ state, launches, doubts }) => [state, launches, doubts])).toEqual(Array(6).fill(['pending', 0, 0]));
  });

  it('that is over after 5 minutes leaves every row answered', async () => {
    const script = { launch: ({ at }: Request) => (at < 5 * MINUTE ? fail(error()) : undefined) };
    const { result, rows, requests } = await invoke('outage', script, { domains: domains(6) });
    expect(result.exit).toBe(0);
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual(Array(6).fill(['found', 1]));
    expect(requests.filter(({ kind, at }) => kind === 'launch' && at >= 5 * MINUTE)).toHaveLength(6);
  });
});

describe.each(failures)('$what for every find', ({ error }) => {
  it('stops the run with exit 4 and leaves every job to be asked again', async () => {
    const { result, rows } = await invoke('outage', { find: () => fail(error()) }, { domains: domains(6) });
    expect(result.stopped).toMatchObject({ exit: 4, message: 'the API has not answered for 17 minutes' });
    expect(rows.map(({ state, job_id }) => [state, job_id])).toEqual(domains(6).map((domain) => ['launched', `job of ${domain}`]));
  });

  it('that is over after 5 minutes leaves every row answered, with one launch each', async () => {
    const script = { find: ({ at }: Request) => (at < 5 * MINUTE ? fail(error()) : undefined) };
    const { result, rows } = await invoke('outage', script, { domains: domains(6) });
    expect(result.exit).toBe(0);
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual(Array(6).fill(['found', 1]));
  });
});

describe('an outage in the middle of a run', () => {
  it('leaves what was answered, what was launched and what was not, each as it was', async () => {
    const script = {
      launch: ({ domain, at }: Request) => (at > 0 || domain === 'harbour-4.example' ? fail(refused()) : undefined),
      find: ({ domain, at }: Request) => (domain !== 'harbour-1.example' || at > MINUTE ? fail(refused()) : undefined),
    };
    const { result, rows } = await invoke('outage', script, { domains: domains(4) });
    expect(result.exit).toBe(4);
    expect(rows.map(({ state }) => state)).toEqual(['found', 'launched', 'launched', 'pending']);
  });

  it('is gone on with later, from where it was', async () => {
    await invoke('outage', { find: () => fail(broken()) }, { domains: domains(5) });
    const { result, rows, requests } = await invoke('outage', {});
    expect(result.exit).toBe(0);
    expect(rows.map(({ state }) => state)).toEqual(Array(5).fill('found'));
    expect(requests.filter(({ kind }) => kind === 'launch')).toEqual([]);
  });
});

describe('a 429', () => {
  it('is no attempt of its row, however many there are while others succeed', async () => {
    const script = {
      launch: ({ domain, nth }: Request) => (domain === 'harbour-3.example' && nth <= 20 ? fail(throttledFor(SECOND)) : undefined),
      find: ({ domain, nth }: Request) => (domain !== 'harbour-3.example' && nth < 9 ? ({ status: 'RUNNING' } as const) : undefined),
    };
    const { result, rows, requests } = await invoke('throttled', script, { domains: domains(6) });
    expect(result.exit).toBe(0);
    expect(rows.map(({ state }) => state)).toEqual(Array(6).fill('found'));
    expect(requests.filter(({ kind, domain }) => kind === 'launch' && domain === 'harbour-3.example')).toHaveLength(21);
  });

  it('with a Retry-After of 15 minutes is waited out, and asked once', async () => {
    const script = { launch: ({ nth, at }: Request) => (nth === 1 && at < MINUTE ? fail(throttledFor(15 * MINUTE)) : undefined) };
    const { result, requests } = await invoke('throttled', script, { domains: domains(3) });
    expect(result.exit).toBe(0);
    expect(requests.filter(({ at }) => at > 0 && at < 15 * MINUTE)).toEqual([]);
    expect(result.requests.launches).toBe(6);
  });
});
