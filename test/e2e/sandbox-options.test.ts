/* The options of `sandbox` that decide what its companies and jobs are like. */
import { expect, it, onTestFinished } from 'vitest';
import { FILTER, startSandboxProcess } from '../support/sandbox-process.ts';

type Job = { status: string; start_date: string; stop_date: string; output: { persons: unknown[] } };

/** Launches a job at a sandbox with these options, and gives it as it is when it has ended. */
async function ask(domain: string, ...options: string[]): Promise<Job> {
  const sandbox = await startSandboxProcess(options);
  onTestFinished(() => sandbox.stop());
  const headers = { 'x-api-key': 'trial' };
  const body = JSON.stringify({ domain, title_filter: FILTER });
  const launched = await fetch(`${sandbox.url}/v1/prospector`, { method: 'POST', headers, body });
  const { job_id } = (await launched.json()) as { job_id: string };
  for (;;) {
    const job = (await (await fetch(`${sandbox.url}/v1/prospector?job_id=${job_id}`, { headers })).json()) as Job;
    if (job.status !== 'RUNNING') return job;
  }
}

it.each(['harbour-1.example', 'harbour-2.example'])('finds as many people at %s as --persons says', async (domain) => {
  expect((await ask(domain, '--persons', '7')).output.persons).toHaveLength(7);
});

it('takes --job-time sharp without a spread, and ten times that for the share of --slow-jobs', async () => {
  const { start_date, stop_date } = await ask('harbour-1.example', '--job-time', '20ms', '--job-spread', '0', '--slow-jobs', '1');
  expect(Date.parse(stop_date) - Date.parse(start_date)).toBe(200);
});
