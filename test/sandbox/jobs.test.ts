/* Jobs over a restart, the bill, the statistics, and the end of a sandbox. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { QUESTION, START, trial } from './trial.ts';

/** The path of a state file that is not there yet, in a folder that is not there either. */
function newStateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'deeper', 'jobs.jsonl');
}

describe('restart', () => {
  it('keeps jobs: what was launched before is found after, with the same answer', async () => {
    const stateFile = newStateFile();
    const before = await trial({ stateFile });
    const jobId = await before.jobOf({ include_phones: true });
    await before.advance(1000);
    const first = await before.find(jobId);
    await before.sandbox.close();
    const after = await trial({ stateFile, startAt: START + 5000 });
    expect((await after.find(jobId)).text).toBe(first.text);
  });

  it('lets a running job go on: its time counts from its launch', async () => {
    const stateFile = newStateFile();
    const before = await trial({ stateFile });
    const jobId = await before.jobOf();
    await before.sandbox.close();
    const after = await trial({ stateFile, startAt: START + 999 });
    expect((await after.find(jobId)).body).toMatchObject({ status: 'RUNNING' });
    await after.advance(1);
    expect((await after.find(jobId)).body).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('keeps the fate of jobs, whatever the faults and the seed are now', async () => {
    const stateFile = newStateFile();
    const before = await trial({ stateFile, faults: { failRate: 1 } });
    const failing = await before.jobOf();
    before.withFaults({ failRate: 0, stuckRate: 1 });
    const stuck = await before.jobOf();
    await before.sandbox.close();
    const after = await trial({ stateFile, seed: 3, startAt: START + 3_600_000 });
    expect((await after.find(failing)).body).toMatchObject({ status: 'FAILED' });
    expect((await after.find(stuck)).body).toMatchObject({ status: 'RUNNING' });
  });

  it('has the job in the file before the launch is answered, even when the reply is lost', async () => {
    const stateFile = newStateFile();
    const { launch } = await trial({ stateFile, faults: { loseReplies: true } });
    await expect(launch()).rejects.toThrow();
    expect(JSON.parse(readFileSync(stateFile, 'utf8'))).toMatchObject({ task: QUESTION, launched_at: START });
  });

  it('ignores a cut last line and writes whole lines after it', async () => {
    const stateFile = newStateFile();
    const first = await trial({ stateFile });
    const kept = await first.jobOf();
    await first.sandbox.close();
    appendFileSync(stateFile, '{"job_id":"5f0c1a7e-2b64-4c1d-9a83-6e7d0b9f4c21","launched_at":17');
    const second = await trial({ stateFile, startAt: START + 1 });
    const added = await second.jobOf({ domain: 'tidewater-sensors.example' });
    await second.sandbox.close();
    const third = await trial({ stateFile, startAt: START + 2 });
    expect(third.sandbox.stats().launches).toBe(2);
    expect([(await third.find(kept)).status, (await third.find(added)).status]).toEqual([200, 200]);
    expect((await third.find('5f0c1a7e-2b64-4c1d-9a83-6e7d0b9f4c21')).status).toBe(404);
  });

  it('counts earlier jobs and their bill, but not earlier requests', async () => {
    const stateFile = newStateFile();
    const before = await trial({ stateFile, personsPerCompany: 4 });
    await before.ask();
    await before.sandbox.close();
    const after = await trial({ stateFile, personsPerCompany: 4, startAt: START + 5000 });
    await after.launch();
    expect(after.sandbox.stats()).toMatchObject({
      launches: 2,
      launch_requests: 1,
      finds: 0,
      launches_by_question: { [`${QUESTION.domain}|${QUESTION.title_filter}`]: 2 },
      billed_usd: 0.2,
      persons_billed: 4,
      open_jobs: 1,
    });
  });

  it('forgets everything without a state file', async () => {
    const before = await trial();
    const jobId = await before.jobOf();
    await before.sandbox.close();
    const after = await trial();
    expect((await after.find(jobId)).status).toBe(404);
  });
});

describe('statistics', () => {
  it('counts requests, jobs, refusals and money, the same over HTTP', async () => {
    const { sandbox, call, launch, jobOf, find, advance } = await trial({
      rateLimit: { limit: 5, windowMs: 1000 }, personsPerCompany: 3,
    });
    const personas = [{ name: 'buyers', filter: 'purchasing' }, { name: 'makers', filter: 'engineer' }];
    const jobId = await jobOf();
    await launch({ domain: 'gmail.com' });
    await call('GET', '/v2/account');
    await call('GET', '/v2/account', undefined, { 'x-api-key': '' });
    await advance(1000);
    await launch();
    await launch({ title_filter: undefined, title_filters: personas });
    for (let turn = 0; turn < 4; turn += 1) await find(jobId);
    const expected = {
      launches: 3,
      launch_requests: 4,
      finds: 4,
      throttled: 1,
      account: 1,
      launches_by_question: {
        [`${QUESTION.domain}|${QUESTION.title_filter}`]: 2,
        [`${QUESTION.domain}|buyers=purchasing; makers=engineer`]: 1,
      },
      billed_usd: 0.15,
      persons_billed: 3,
      open_jobs: 2,
      requests_per_window_max: 6,
      ...{ verify_requests: 0, verified: 0, verified_usd: 0, abstract_requests: 0, verifications_by_address: {} },
    };
    expect(sandbox.stats()).toEqual(expected);
    expect((await call('GET', '/sandbox/stats')).body).toEqual(expected);
  });

  it('bills a job once it has SUCCEEDED, found or not, and agrees with the account', async () => {
    const { sandbox, call, launch, advance } = await trial({ personsPerCompany: 7, balance_usd: 10 });
    await launch();
    await advance(999);
    expect(sandbox.stats()).toMatchObject({ billed_usd: 0, persons_billed: 0, open_jobs: 1 });
    await advance(1);
    const account = { balance_remaining_usd: 9.65, key_usage: { prospector_requests: 1, prospector_persons: 7 } };
    expect((await call('GET', '/v2/account')).body).toMatchObject(account);
    expect(sandbox.stats()).toMatchObject({ billed_usd: 0.35, persons_billed: 7, open_jobs: 0 });
    await launch();
    await advance(1000);
    expect(sandbox.stats()).toMatchObject({ billed_usd: 0.7, persons_billed: 14, open_jobs: 0 });
  });

  it('logs each request without a word on whom it is about', async () => {
    const { ask, logged } = await trial({ personsPerCompany: 2 });
    await ask();
    expect(logged).toEqual([
      ['sandbox request', { route: 'POST /v1/prospector', status: 200 }],
      ['sandbox request', { route: 'GET /v1/prospector', status: 200 }],
    ]);
  });
});

describe('start and end', () => {
  it('listens on loopback only', async () => {
    const { sandbox } = await trial();
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('rejects when the port is taken', async () => {
    const { sandbox } = await trial();
    await expect(trial({ port: Number(new URL(sandbox.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes at once while replies are held back, and may be closed twice', async () => {
    const { sandbox, launch, clock } = await trial({ faults: { latencyMs: 60_000 } });
    const reply = expect(launch()).rejects.toThrow('fetch failed');
    await vi.waitFor(() => expect(clock.sleepers()).toBe(1));
    await sandbox.close();
    await sandbox.close();
    await reply;
    expect(clock.sleepers()).toBe(0);
  });

  it('closes at once while requests are ignored and connections are kept alive', async () => {
    const { sandbox, call, withFaults } = await trial();
    await call('GET', '/v2/account');
    withFaults({ silent: true });
    const reply = expect(call('GET', '/v2/account')).rejects.toThrow('fetch failed');
    await call('GET', '/sandbox/stats'); // sent later, so that the ignored one has arrived
    await sandbox.close();
    await reply;
  });
});
