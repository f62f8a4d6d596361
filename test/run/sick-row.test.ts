/* One row that fails while others succeed: how many requests it gets, and how it ends (contract, section 5). */
import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/model.ts';
import { broken, domains, fail, MINUTE, openLaboratory, refused, SECOND, type Request, type Script } from './invocation.ts';

const { invoke } = openLaboratory();

const SICK = 'harbour-2.example';
const isSick = ({ kind, domain }: Request, of: Request['kind']) => kind === of && domain === SICK;

/** One lane of healthy rows, which has a success in every second at first and then every few for two minutes, and one for the sick row. */
async function amongHealthy(script: Script) {
  const find = (request: Request): Job | undefined => (isSick(request, 'find') ? script.find?.(request) : undefined);
  const ending = await invoke('run', { ...script, find, findMs: ({ at }) => (at < 12 * SECOND ? 0.7 : 4) * SECOND }, { domains: domains(48), concurrency: 2 });
  const sick = ending.rows.find(({ domain }) => domain === SICK);
  return { ...ending, sick, healthy: ending.rows.filter((row) => row !== sick) };
}

describe('a row whose launches fail while others succeed', () => {
  it.each([
    { what: 'by a 5xx of the API', error: broken, code: 'INTERNAL_UNCLASSIFIED_ERROR' },
    { what: 'by a refused connection', error: refused, code: 'ECONNREFUSED' },
  ])('$what is rejected after exactly 8 requests', async ({ error, code }) => {
    const { sick, requests, result } = await amongHealthy({ launch: (request) => (isSick(request, 'launch') ? fail(error()) : undefined) });
    expect(requests.filter((request) => isSick(request, 'launch'))).toHaveLength(8);
    expect(sick).toMatchObject({ state: 'rejected', launches: 0, reason: expect.stringContaining(code) as string });
    expect(result.exit).toBe(3);
  });

  it('takes none of the others with it', async () => {
    const { healthy } = await amongHealthy({ launch: (request) => (isSick(request, 'launch') ? fail(broken()) : undefined) });
    expect(healthy.filter(({ state }) => state !== 'found')).toEqual([]);
  });

  it('waits between them for longer each time, up to a minute', async () => {
    const { requests } = await amongHealthy({ launch: (request) => (isSick(request, 'launch') ? fail(broken()) : undefined) });
    const times = requests.filter((request) => isSick(request, 'launch')).map(({ at }) => at / SECOND);
    // Each is late by one look at the clock at most.
    const waits = times.slice(1).map((time, index) => Math.floor(time - (times[index] ?? 0)));
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60]);
  });

  it('is launched by its eighth request when that is answered', async () => {
    const { sick } = await amongHealthy({ launch: (request) => (isSick(request, 'launch') && request.nth < 8 ? fail(broken()) : undefined) });
    expect(sick).toMatchObject({ state: 'found', launches: 1 });
  });
});

describe('a row whose finds fail while others succeed', () => {
  it('times out after exactly 8 requests, quick repetitions included, and keeps its job', async () => {
    const { sick, requests } = await amongHealthy({ find: () => fail(broken()) });
    expect(requests.filter((request) => isSick(request, 'find'))).toHaveLength(8);
    expect(sick).toMatchObject({ state: 'timed_out', job_id: `job of ${SICK}`, launches: 1 });
    expect(sick?.reason).toMatch(/^asked 8 times in vain: INTERNAL_UNCLASSIFIED_ERROR/);
  });

  it('is asked for its old job by a later run before anything is launched', async () => {
    await amongHealthy({ find: () => fail(broken()) });
    const { rows, requests } = await invoke('later', {}, { domains: [SICK] });
    expect(rows).toMatchObject([{ state: 'found', launches: 0, job_id: `job of ${SICK}` }]);
    expect(requests.map(({ kind }) => kind)).toEqual(['find']);
  });
});

describe('a row that fails alone', () => {
  it('gets a bounded number of requests', async () => {
    const { requests } = await invoke('run', { launch: () => fail(broken()), account: () => fail(broken()) }, { domains: [SICK] });
    // Parked for up to a minute at first, then one probe every half minute for 15 minutes.
    expect(requests.length).toBeLessThanOrEqual(8 + 30);
  });
});

describe('a row that is the last one left', () => {
  const sick: Script = { launch: (request) => (isSick(request, 'launch') ? fail(broken()) : undefined) };

  it('is rejected after 8 requests that the API refuses itself while its account endpoint answers', async () => {
    const { rows, requests, result } = await invoke('run', sick, { domains: [SICK] });
    expect(requests).toHaveLength(8);
    expect(rows).toMatchObject([{ state: 'rejected', launches: 0 }]);
    expect(result.exit).toBe(3);
  });

  it.each([
    { what: 'launch', concurrency: 200, end: 'rejected' },
    { what: 'launch', concurrency: 1, end: 'rejected' },
    { what: 'find', concurrency: 200, end: 'timed_out' },
  ] as const)('of a list ends when its $what is refused 8 times ($concurrency lanes)', async ({ what, concurrency, end }) => {
    const refuse = ({ domain }: Request) => (domain === SICK ? fail(broken()) : undefined);
    const others = domains(5).filter((domain) => domain !== SICK);
    const { rows, requests, result, logged } = await invoke('run', { [what]: refuse }, { domains: [...others, SICK], concurrency });
    expect(rows.at(-1)).toMatchObject({ domain: SICK, state: end });
    // The first ones may have come while others were open, after their last success.
    expect(requests.filter((request) => isSick(request, what)).length - 8).toBeLessThanOrEqual(2);
    expect([result.exit, logged.filter((line) => line.includes('pausing'))]).toEqual([3, []]);
  });

  it('but one is not condemned', async () => {
    const { rows, result } = await invoke('run', { launch: () => fail(broken()) }, { domains: domains(2) });
    expect([result.exit, ...rows.map(({ state }) => state)]).toEqual([4, 'pending', 'pending']);
  });

  it.each([
    ['the account endpoint fails too', { ...sick, account: () => fail(broken()) }],
    ['the network fails', { launch: () => fail(refused()) }],
  ])('outlives an outage in which %s', async (_what, script: Script) => {
    const { rows, result } = await invoke('run', script, { domains: [SICK] });
    expect(rows).toMatchObject([{ state: 'pending', launches: 0 }]);
    expect(result.exit).toBe(4);
    expect(result.duration_ms).toBeGreaterThanOrEqual(17 * MINUTE);
  });
});
