/* How long jobs take, and which of them take longer. */
import { expect, it } from 'vitest';
import { trial } from './trial.ts';

/** The domains whose jobs are still RUNNING after each of the given moments (milliseconds since the launch). */
async function runningAfter(slowShare: number, moments: readonly number[]): Promise<string[][]> {
  const { jobOf, find, advance } = await trial({ jobTime: { medianMs: 1000, spread: 0, slowShare } });
  const jobs = new Map<string, string>();
  for (let at = 0; at < 24; at += 1) jobs.set(`company-${at}.example`, await jobOf({ domain: `company-${at}.example` }));
  const running: string[][] = [];
  let passedMs = 0;
  for (const moment of moments) {
    await advance(moment - passedMs);
    passedMs = moment;
    const still: string[] = [];
    for (const [domain, id] of jobs) if (((await find(id)).body as { status: string }).status === 'RUNNING') still.push(domain);
    running.push(still);
  }
  return running;
}

it('lets a share of the jobs take exactly ten times as long', async () => {
  const [soon, late, end] = await runningAfter(0.5, [1000, 9999, 10_000]);
  expect(soon?.length).toBeGreaterThan(4);
  expect(soon?.length).toBeLessThan(20);
  expect(late).toEqual(soon);
  expect(end).toEqual([]);
});

it('takes the same jobs each time, and all or none where the share says so', async () => {
  expect(await runningAfter(0.5, [1000])).toEqual(await runningAfter(0.5, [1000]));
  expect((await runningAfter(0, [1000]))[0]).toHaveLength(0);
  expect((await runningAfter(1, [1000]))[0]).toHaveLength(24);
});
