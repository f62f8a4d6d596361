/* Launches whose replies are lost: how many there can be, how many are repeated, and when it stops (contract, section 5). */
import { describe, expect, it } from 'vitest';
import { domains, fail, lost, openLaboratory, proxyPage, refused, SECOND, type Request } from './invocation.ts';

const { invoke } = openLaboratory();

const launchesOf = (requests: Request[], domain: string) => requests.filter((request) => request.kind === 'launch' && request.domain === domain).length;

/** The replies to the first launches of every second row are lost. */
const everySecondLost = ({ domain, nth }: Request) => (nth === 1 && Number(/\d+/.exec(domain)?.[0]) % 2 === 1 ? fail(lost()) : undefined);

describe('launches', () => {
  it('are never more than 10 without a reply, however many rows wait', async () => {
    const { mostLaunching, result } = await invoke('run', { launchMs: 5 * SECOND }, { domains: domains(60) });
    expect(mostLaunching).toBe(10);
    expect(result.exit).toBe(0);
  });
});

describe('an API that loses every reply to a launch', () => {
  it.each([
    { what: 'to resets', error: lost, rows: 20 },
    { what: 'to resets', error: lost, rows: 1_000 },
    { what: 'behind a proxy’s page', error: proxyPage, rows: 1_000 },
  ])('$what gets about ten launches from a list of $rows rows, and the run stops with exit 4', async ({ error, rows }) => {
    const script = { launch: () => fail(error()), launchMs: 30 * SECOND };
    const { result, requests } = await invoke('run', script, { domains: domains(rows) });
    expect(result.stopped).toMatchObject({ exit: 4, message: expect.stringMatching(/^the replies to \d+ launches in a row were lost$/) as string });
    expect(requests.length).toBeGreaterThanOrEqual(10);
    expect(requests.length).toBeLessThan(20);
  });

  it('leaves each of these rows with one doubt, and the others untouched', async () => {
    const { rows, requests } = await invoke('run', { launch: () => fail(lost()), launchMs: SECOND }, { domains: domains(40) });
    const asked = new Set(requests.map(({ domain }) => domain));
    expect(rows.map(({ domain, state, launches, doubts }) => [domain, state, launches, doubts])).toEqual(
      domains(40).map((domain) => [domain, 'pending', asked.has(domain) ? 1 : 0, asked.has(domain) ? 1 : 0]),
    );
  });

  it('and that is well again at the next invocation costs at most ten repeats', async () => {
    await invoke('run', { launch: () => fail(lost()), launchMs: SECOND }, { domains: domains(40) });
    const { rows, result, requests } = await invoke('run', {});
    const repeated = rows.filter(({ launches }) => launches === 2);
    expect(repeated).toHaveLength(10);
    expect(result.repeated).toBe(10);
    expect(Math.max(...domains(40).map((domain) => launchesOf(requests, domain)))).toBe(1);
    expect(rows.filter(({ state }) => state === 'pending' || state === 'launched')).toEqual([]);
  });
});

describe('a launch in doubt', () => {
  it('is repeated once, and what it brings is taken', async () => {
    const script = { launch: ({ nth, domain }: Request) => (nth === 1 && domain === 'harbour-2.example' ? fail(lost()) : undefined) };
    const { rows, result, requests } = await invoke('run', script, { domains: domains(3) });
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual([['found', 1], ['found', 2], ['found', 1]]);
    expect(launchesOf(requests, 'harbour-2.example')).toBe(2);
    expect(result).toMatchObject({ repeated: 1, exit: 0 });
  });

  it('whose repeat is lost too is held: not launched a third time', async () => {
    const script = { launch: ({ domain }: Request) => (domain === 'harbour-2.example' ? fail(lost()) : undefined) };
    const { rows, requests, result } = await invoke('run', script, { domains: domains(3) });
    expect(launchesOf(requests, 'harbour-2.example')).toBe(2);
    expect(rows[1]).toMatchObject({ state: 'in_doubt', launches: 2, reason: expect.stringContaining('not launched a third time') as string });
    expect(result.exit).toBe(3);
  });

  it('is not repeated by a later run that finds it held', async () => {
    const script = { launch: ({ domain }: Request) => (domain === 'harbour-2.example' ? fail(lost()) : undefined) };
    await invoke('run', script, { domains: domains(3) });
    const { rows, requests } = await invoke('later', {}, { domains: domains(3) });
    expect(launchesOf(requests, 'harbour-2.example')).toBe(0);
    expect(rows[1]).toMatchObject({ state: 'in_doubt', launches: 0 });
  });

  it('is never repeated under --in-doubt hold', async () => {
    const { rows, result, requests } = await invoke('run', { launch: everySecondLost }, { domains: domains(6), concurrency: 1, inDoubt: 'hold' });
    expect(rows.map(({ state, launches }) => [state, launches])).toEqual([1, 2, 3, 4, 5, 6].map((n) => [n % 2 === 1 ? 'in_doubt' : 'found', 1]));
    expect(Math.max(...domains(6).map((domain) => launchesOf(requests, domain)))).toBe(1);
    expect(result).toMatchObject({ repeated: 0, exit: 3 });
  });

  it('beyond the tenth of an invocation is held', async () => {
    const { rows, result } = await invoke('run', { launch: everySecondLost }, { domains: domains(30), concurrency: 1 });
    expect(result).toMatchObject({ repeated: 10, exit: 3 });
    expect(rows.filter(({ state }) => state === 'in_doubt').map(({ launches, reason }) => [launches, reason])).toEqual(
      Array(5).fill([1, 'launch in doubt: no reply was seen, and one command repeats at most 10; the next may repeat this one']),
    );
  });

  it('whose repeat certainly was not launched leaves its place among the ten to another', async () => {
    const script = { launch: (request: Request) => (request.nth === 2 && request.domain === 'harbour-1.example' ? fail(refused()) : everySecondLost(request)) };
    const { result } = await invoke('run', script, { domains: domains(20), concurrency: 1 });
    expect(result).toMatchObject({ repeated: 10, exit: 0 });
  });
});

describe('launches that are in doubt with a reply between them', () => {
  it('do not stop the run', async () => {
    const { result } = await invoke('run', { launch: everySecondLost }, { domains: domains(60), concurrency: 1 });
    expect(result.stopped).toBeUndefined();
  });
});
