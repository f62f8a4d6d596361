/* Every fault, over real sockets: what the client sees, and whether a job was made. */
import { describe, expect, it, vi } from 'vitest';
import type { Faults } from '../../src/sandbox/faults.ts';
import { QUESTION, trial } from './trial.ts';

/** How many of `count` companies get `wanted` from a job under these faults. */
async function statuses(faults: Partial<Faults>, seed: number, count = 40): Promise<string> {
  const { jobOf, find, advance } = await trial({ faults, seed });
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push(await jobOf({ domain: `company-${at}.example` }));
  await advance(1000);
  const replies = await Promise.all(ids.map(find));
  return replies.map(({ body }) => (body as { status: string }).status.charAt(0)).join('');
}

describe('faults of a request', () => {
  it.each<[fault: keyof Faults, status: number, launches: number]>([
    ['errorRate', 500, 0],
    ['bareErrorRate', 502, 0],
    ['bareErrorAfterRate', 502, 1],
  ])('%s: a launch gets %i and makes %i jobs', async (fault, status, launches) => {
    const { launch, sandbox } = await trial({ faults: { [fault]: 1 } });
    expect((await launch()).status).toBe(status);
    expect(sandbox.stats().launches).toBe(launches);
  });

  it('tells an error of the API from the page of a proxy', async () => {
    const { launch, withFaults } = await trial({ faults: { errorRate: 1 } });
    expect((await launch()).body).toMatchObject({ status: 'error', category: 'INTERNAL', code: 'INTERNAL_UNCLASSIFIED_ERROR' });
    withFaults({ errorRate: 0, bareErrorRate: 1 });
    const page = await launch();
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.text).toContain('<h1>502 Bad Gateway</h1>');
  });

  it.each<[what: string, faults: Partial<Faults>, launches: number]>([
    ['dropBeforeRate', { dropBeforeRate: 1 }, 0],
    ['dropAfterRate', { dropAfterRate: 1 }, 1],
    ['loseReplies', { loseReplies: true }, 1],
  ])('%s: the socket closes without a reply', async (_, faults, launches) => {
    const { launch, sandbox } = await trial({ faults });
    await expect(launch()).rejects.toThrow('fetch failed');
    expect(sandbox.stats()).toMatchObject({ launches, launch_requests: 1 });
  });

  it.each(['errorRate', 'bareErrorRate', 'dropBeforeRate'] as const)('%s: finds and the account call break too', async (fault) => {
    const { jobOf, find, call, withFaults } = await trial();
    const jobId = await jobOf();
    withFaults({ [fault]: 1 });
    const outcomes = await Promise.allSettled([find(jobId), call('GET', '/v2/account')]);
    const seen = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.status : 0));
    expect(seen).toEqual(Array(2).fill(fault === 'dropBeforeRate' ? 0 : fault === 'errorRate' ? 500 : 502));
  });

  it('after-faults leave finds alone', async () => {
    const { jobOf, find, withFaults } = await trial();
    const jobId = await jobOf();
    withFaults({ dropAfterRate: 1, bareErrorAfterRate: 1, loseReplies: true });
    expect((await find(jobId)).status).toBe(200);
  });

  it('cutRate: a good reply breaks off in the middle, the job is made', async () => {
    const { launch, sandbox } = await trial({ faults: { cutRate: 1 } });
    const reply = await fetch(`${sandbox.url}/v1/prospector`, {
      method: 'POST', headers: { 'x-api-key': 'trial' }, body: JSON.stringify(QUESTION),
    });
    expect(reply.status).toBe(200);
    expect(Number(reply.headers.get('content-length'))).toBeGreaterThan(50);
    await expect(reply.text()).rejects.toThrow('terminated');
    expect(sandbox.stats().launches).toBe(1);
    expect((await launch({ limit: 0 })).status).toBe(400);
  });

  it('badTypeRate: job_id, status and persons have a wrong type', async () => {
    const { launch, jobOf, find, advance, withFaults } = await trial();
    const jobId = await jobOf();
    withFaults({ badTypeRate: 1 });
    expect((await launch()).body).toMatchObject({ job_id: expect.any(Number) as number });
    expect((await find(jobId)).body).toMatchObject({ status: expect.any(Number) as number });
    await advance(1000);
    expect((await find(jobId)).body).toMatchObject({ status: 'SUCCEEDED', output: { persons: expect.any(String) as string } });
  });

  it.each<[what: string, faults: Partial<Faults>, waitMs: number]>([
    ['latencyMs', { latencyMs: 200 }, 200],
    ['slowRate with slowMs', { slowRate: 1, slowMs: 5000 }, 5000],
    ['both', { latencyMs: 200, slowRate: 1, slowMs: 5000 }, 5200],
  ])('%s: the reply comes when the time has passed, not before', async (_, faults, waitMs) => {
    const { launch, clock, advance, sandbox } = await trial({ faults });
    let answered = false;
    const reply = launch().then(({ status }) => {
      answered = true;
      return status;
    });
    await vi.waitFor(() => expect(clock.sleepers()).toBe(1));
    expect(sandbox.stats().launches).toBe(1);
    await advance(waitMs - 1);
    expect([clock.sleepers(), answered]).toEqual([1, false]);
    await advance(1);
    expect(await reply).toBe(200);
  });

  it('latencyJitterMs: replies wait for different times up to it', async () => {
    const { launch, clock, advance } = await trial({ faults: { latencyJitterMs: 1000 } });
    const replies = Promise.all(Array.from({ length: 20 }, () => launch()));
    await vi.waitFor(() => expect(clock.sleepers()).toBe(20));
    await advance(500);
    expect(clock.sleepers()).toBeGreaterThan(2);
    expect(clock.sleepers()).toBeLessThan(18);
    await advance(500);
    expect((await replies).every(({ status }) => status === 200)).toBe(true);
  });

  it('silent: nothing is answered and nothing is done, but the control paths work', async () => {
    const { sandbox, call } = await trial({ faults: { silent: true } });
    const request = { method: 'POST', headers: { 'x-api-key': 'trial' }, body: JSON.stringify(QUESTION), signal: AbortSignal.timeout(150) };
    await expect(fetch(`${sandbox.url}/v1/prospector`, request)).rejects.toThrow('timeout');
    expect((await call('GET', '/sandbox/stats')).body).toMatchObject({ launches: 0 });
  });

  it('down: everything is a bare 503 but the control paths, which bring it up again', async () => {
    const { launch, call, sandbox } = await trial({ faults: { down: true } });
    for (const reply of [await launch(), await call('GET', '/v2/account')]) {
      expect(reply.status).toBe(503);
      expect(reply.headers.get('content-type')).toContain('text/html');
    }
    expect(sandbox.stats()).toMatchObject({ launches: 0, launch_requests: 0 });
    expect((await call('PUT', '/sandbox/faults', { down: false })).status).toBe(200);
    expect((await launch()).status).toBe(200);
  });

  it('rates are chances: about a third of the requests at 0.33, and the same ones with the same seed', async () => {
    const pattern = async (seed: number) => {
      const { call } = await trial({ faults: { errorRate: 0.33 }, seed });
      let seen = '';
      for (let at = 0; at < 60; at += 1) seen += (await call('GET', '/v2/account')).status === 500 ? 'x' : '.';
      return seen;
    };
    const first = await pattern(7);
    expect(first.replaceAll('.', '').length).toBeGreaterThan(10);
    expect(first.replaceAll('.', '').length).toBeLessThan(32);
    expect(await pattern(7)).toBe(first);
    expect(await pattern(8)).not.toBe(first);
  });
});

describe('faults of a job', () => {
  it('failRate: the job ends FAILED with no output and no bill', async () => {
    const { jobOf, find, advance, sandbox } = await trial({ faults: { failRate: 1 } });
    const jobId = await jobOf();
    expect((await find(jobId)).body).toMatchObject({ status: 'RUNNING' });
    await advance(1000);
    expect((await find(jobId)).body).toMatchObject({ status: 'FAILED', stop_date: '2026-03-02T09:14:06.412000+00:00', output: null });
    expect(sandbox.stats()).toMatchObject({ billed_usd: 0, persons_billed: 0, open_jobs: 0 });
  });

  it('stuckRate: the job stays RUNNING', async () => {
    const { jobOf, find, advance, sandbox } = await trial({ faults: { stuckRate: 1 } });
    const jobId = await jobOf();
    await advance(30 * 24 * 3_600_000);
    expect((await find(jobId)).body).toMatchObject({ status: 'RUNNING' });
    expect(sandbox.stats().open_jobs).toBe(1);
  });

  it('forgetRate: the job is unknown, also one that was known before', async () => {
    const { jobOf, find, withFaults } = await trial();
    const jobId = await jobOf();
    expect((await find(jobId)).status).toBe(200);
    withFaults({ forgetRate: 1 });
    expect(await find(jobId)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND_JOB_NOT_FOUND' } });
  });

  it('decides by seed and question which jobs fail or hang', async () => {
    const first = await statuses({ failRate: 0.3, stuckRate: 0.2 }, 5);
    expect(new Set(first)).toEqual(new Set(['S', 'F', 'R']));
    expect(await statuses({ failRate: 0.3, stuckRate: 0.2 }, 5)).toBe(first);
    expect(await statuses({ failRate: 0.3, stuckRate: 0.2 }, 6)).not.toBe(first);
  });

  it('decides it whatever the order of arrival and whatever else breaks', async () => {
    const fates = async (order: number[], faults: Partial<Faults>) => {
      const { jobOf, find, advance, withFaults } = await trial({ faults: { failRate: 0.5, ...faults } });
      const ids = new Map<number, string>();
      for (const at of order) {
        const launched = await jobOf({ domain: `company-${at}.example` });
        ids.set(at, launched);
      }
      withFaults({ errorRate: 0 });
      await advance(1000);
      const failed: number[] = [];
      for (const [at, id] of ids) if (((await find(id)).body as { status: string }).status === 'FAILED') failed.push(at);
      return failed.sort((a, b) => a - b);
    };
    const order = Array.from({ length: 20 }, (_, at) => at);
    const failed = await fates(order, {});
    expect(failed.length).toBeGreaterThan(3);
    expect(await fates(order.toReversed(), { slowRate: 0 })).toEqual(failed);
  });

  it('gives a question that is launched again another chance', async () => {
    const { jobOf, find, advance } = await trial({ faults: { failRate: 0.5 } });
    const seen = new Set<string>();
    for (let turn = 0; turn < 12; turn += 1) {
      const jobId = await jobOf();
      await advance(1000);
      seen.add(((await find(jobId)).body as { status: string }).status);
    }
    expect(seen).toEqual(new Set(['SUCCEEDED', 'FAILED']));
  });

  it('stays with what a job was launched under when the faults change', async () => {
    const { jobOf, find, advance, withFaults } = await trial();
    const jobId = await jobOf();
    withFaults({ failRate: 1 });
    await advance(1000);
    expect((await find(jobId)).body).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('PUT /sandbox/faults', () => {
  it('changes what is named, leaves the rest, and answers with all of them', async () => {
    const { call } = await trial({ faults: { failRate: 0.5 } });
    const { status, body } = await call('PUT', '/sandbox/faults', { latencyMs: 0, cutRate: 0.25 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ failRate: 0.5, cutRate: 0.25, silent: false, down: false });
  });

  it.each<[why: string, body: unknown]>([
    ['an unknown name', { failrate: 0.5 }],
    ['a rate above 1', { failRate: 2 }],
    ['a wrong type', { silent: 'yes' }],
    ['no JSON', '{'],
  ])('refuses %s and changes nothing', async (_, body) => {
    const { call } = await trial({ faults: { failRate: 0.5 } });
    expect(await call('PUT', '/sandbox/faults', body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_BAD_REQUEST' } });
    expect((await call('PUT', '/sandbox/faults', {})).body).toMatchObject({ failRate: 0.5, silent: false });
  });
});
