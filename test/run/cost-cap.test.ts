/* A run with --max-cost: what it launches, when it stops, and that it collects what it has paid for (contract, section 2). */
import { describe, expect, it } from 'vitest';
import type { Price } from '../../src/kinds/contacts/price.ts';
import type { StopReason } from '../../src/engine/stop.ts';
import { knownCost } from '../../src/service/summary.ts';
import { launch, startedRun } from '../support/runs.ts';
import { apiError, done, domains, fail, lost, openLaboratory, SECOND, type Request } from './invocation.ts';

const { clock, database, invoke } = openLaboratory();

/** At this price a company costs $0.25 at worst, and with `done` it costs just that. */
const price: Price = { person_usd: 0.025, phone_usd: 0, source: 'account' };
const launchesOf = (requests: readonly Request[]) => requests.filter(({ kind }) => kind === 'launch').map(({ domain }) => domain);
/** A job that costs as much as the worst case. */
const dear = (domain: string) => ({ ...done(domain), output: { ...done(domain).output, persons: Array.from({ length: 10 }, (_, n) => ({ id: `${domain} ${n}` })) } });

describe('a cost cap', () => {
  it('stops launching before it could be passed, collects what is on its way, and says how to go on', async () => {
    const { result, rows, requests } = await invoke('run', { find: ({ domain }) => dear(domain), findMs: SECOND }, { domains: domains(9), capUsd: 1, price });
    expect(launchesOf(requests)).toHaveLength(4);
    expect(rows.map(({ state }) => state)).toEqual([...Array<string>(4).fill('found'), ...Array<string>(5).fill('pending')]);
    expect(result).toMatchObject({
      exit: 4,
      stopped: {
        message: 'the cost cap of $1.00 (--max-cost) allows no more launches: $1.00 is spent, and one more company could cost $0.25',
        fix: 'the cap is for the run, over all its commands: give --max-cost 1.25 or more, or make a new run with a lower --limit',
      },
    });
  });

  it('is the run\'s, over all its invocations: the next one launches nothing more under it, and as many as a higher one allows', async () => {
    const script = { find: ({ domain }: Request) => dear(domain) };
    await invoke('run', script, { domains: domains(9), capUsd: 1, price });
    const again = await invoke('run', script, { capUsd: 1, price });
    expect([launchesOf(again.requests), again.result.exit]).toEqual([[], 4]);
    const higher = await invoke('run', script, { capUsd: 1.6, price });
    expect([launchesOf(higher.requests).length, higher.result.stopped?.needs]).toEqual([2, { cap_usd: 1.75 }]);
  });

  it('counts what earlier invocations left in doubt or on its way', async () => {
    await invoke('run', { launch: ({ nth }) => (nth === 1 ? fail(lost()) : undefined) }, { domains: domains(1), capUsd: 0.3, price });
    const again = await invoke('run', {}, { capUsd: 0.49, price });
    expect([again.requests, again.result.stopped?.needs]).toEqual([[], { cap_usd: 0.5 }]);
    expect((await invoke('run', {}, { capUsd: 0.5, price })).result.exit).toBe(0);
  });

  it('that is lower than one company may cost launches nothing and names the least that would do', async () => {
    const { result, requests } = await invoke('run', {}, { domains: domains(2), capUsd: 0.2, price });
    expect([requests, result.stopped?.fix]).toEqual([[], 'the cap is for the run, over all its commands: give --max-cost 0.25 or more, or make a new run with a lower --limit']);
  });

  it.each<[string, number, Price | undefined, StopReason['needs']]>([
    ['a cap of one company, in whole cents', 0.2, { ...price, person_usd: 0.02512 }, { cap_usd: 0.26 }],
    ['the price, where nobody knows it and the cap allows nothing', 0, undefined, 'price'],
    ['a cap that one company more fits in', 0.3, price, { cap_usd: 0.5 }],
  ])('that stops the run needs %s', async (_what, capUsd, known, needs) => {
    const { result } = await invoke('run', { find: ({ domain }) => dear(domain), findMs: SECOND }, { domains: domains(3), capUsd, ...(known && { price: known }) });
    expect([result.exit, result.stopped?.needs]).toEqual([4, needs]);
  });

  it('still collects the jobs of an earlier invocation', async () => {
    const [, second] = await startedRun(database(), 'run', domains(3));
    if (second !== undefined) await launch(database(), second, 'job of harbour-2.example', clock.now());
    const { result, rows, requests } = await invoke('run', { findMs: SECOND }, { capUsd: 0, price });
    expect([launchesOf(requests), rows.map(({ state }) => state), result.exit]).toEqual([[], ['pending', 'found', 'pending'], 4]);
  });

  it('without a known price lets one job go at a time, until an answer tells the price', async () => {
    const { result, requests } = await invoke('run', { findMs: SECOND }, { domains: domains(6), capUsd: 100 });
    expect(requests.slice(0, 3).map(({ kind }) => kind)).toEqual(['launch', 'find', 'launch']);
    expect(requests.slice(2, 7).map(({ kind }) => kind)).toEqual(Array(5).fill('launch'));
    expect(result.exit).toBe(0);
  });

  it('keeps launches in doubt, and the repeats of them, at their worst case', async () => {
    const { result, rows, requests } = await invoke('run', { launch: ({ nth }) => (nth === 1 ? fail(lost()) : undefined) }, { domains: domains(1), capUsd: 0.3, price });
    expect([launchesOf(requests).length, rows]).toMatchObject([1, [{ state: 'pending', launches: 1, doubts: 1 }]]);
    expect(result.stopped?.message).toContain('$0.00 is spent, $0.25 may have been, and one more company could cost $0.25');
  });

  it('is not used up by rows that the API refuses', async () => {
    const refuse = () => fail(apiError(400, 'VALIDATION_BAD_DOMAIN'));
    const { rows } = await invoke('run', { launch: ({ domain }) => (domain === 'harbour-9.example' ? undefined : refuse()) }, { domains: domains(9), capUsd: 0.25, price });
    expect(rows.map(({ state }) => state)).toEqual([...Array<string>(8).fill('rejected'), 'found']);
  });
});

describe('the cost of a job that two runs wait for', () => {
  const waitingTwice = async () => {
    const [first] = await startedRun(database(), 'launcher', domains(1), { at: clock.now() });
    if (first === undefined) throw new Error('no target');
    await launch(database(), first, 'job of harbour-1.example', clock.now());
    await startedRun(database(), 'follower', domains(1), { at: clock.now() });
  };

  it('is in the sum of the run that launched it, whichever of them brings the answer', async () => {
    await waitingTwice();
    const follower = await invoke('follower', {}, { price });
    const launcher = await invoke('launcher', {}, { price });
    expect(follower.result.spending.collected_usd).toBe(0);
    expect([follower, launcher].map(({ result }) => [knownCost(result), result.paid_contacts])).toEqual([[0, 0], [0.25, 1]]);
  });

  it('is in the sum of a run that follows it, where its own gave it up', async () => {
    await waitingTwice();
    await invoke('launcher', { find: () => ({ status: 'RUNNING' }) }, { price, jobTimeoutMs: SECOND });
    const follower = await invoke('follower', {}, { price });
    expect([follower.result.spending.collected_usd, follower.result.paid_contacts]).toEqual([0.25, 1]);
  });
});
