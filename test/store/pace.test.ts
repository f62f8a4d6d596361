/* What one invocation tells the next about an API, on both databases. */
import { expect, it } from 'vitest';
import { loadPace, savePace } from '../../src/store/pace.ts';
import { describeOnBoth } from '../support/databases.ts';
import { NOW } from '../support/runs.ts';

const KEY = { api_host: 'api.waterfall.example', key_hash: 'hash of a key' };
const PACE = { job_times: { medianMs: 5_000, spread: 0.5 }, taken: [[NOW, 3]], at: NOW };

describeOnBoth('what is known of an API', (open) => {
  it('is nothing at first', async () => {
    expect(await loadPace(open(), KEY)).toBeUndefined();
  });

  it('is what was saved last', async () => {
    await savePace(open(), KEY, { ...PACE, taken: [] });
    await savePace(open(), KEY, PACE);
    expect(await loadPace(open(), KEY)).toEqual({ job_times: PACE.job_times, taken: PACE.taken });
  });

  it('keeps its job times when an invocation learnt none', async () => {
    await savePace(open(), KEY, PACE);
    await savePace(open(), KEY, { ...PACE, job_times: undefined, taken: [] });
    expect(await loadPace(open(), KEY)).toEqual({ job_times: PACE.job_times, taken: [] });
  });

  it('has the job times of another key of the host, but not its requests', async () => {
    await savePace(open(), KEY, PACE);
    expect(await loadPace(open(), { ...KEY, key_hash: 'another' })).toEqual({ job_times: PACE.job_times, taken: null });
  });

  it('is of its host alone', async () => {
    await savePace(open(), KEY, PACE);
    expect(await loadPace(open(), { ...KEY, api_host: 'elsewhere.example' })).toBeUndefined();
  });
});
