/* Runs at a glance, and who works on them. */
import { expect, it } from 'vitest';
import { countByFilter, overviews } from '../../src/store/overview.ts';
import { anyRunAtWork, workersOn } from '../../src/store/run-owner.ts';
import { runsLike } from '../../src/store/runs.ts';
import { loadTarget } from '../../src/store/targets.ts';
import { describeOnBoth, describeOnPostgres, setMoment } from '../support/databases.ts';
import { answeredRun, answerOf, bringToLife, launch, move, NOW, person, rowFor, settleJob, startedRun, taker } from '../support/runs.ts';

const { self } = taker();

describeOnBoth('the overview of a run', (open) => {
  it('counts rows, answers, contacts, known and unknown cost, and launches, each question once', async () => {
    await answeredRun(open(), 'earlier', 'cached.example', answerOf([person('p9')]));
    const [found, empty, failed] = await startedRun(open(), 'run-1', ['found.example', 'empty.example', 'failed.example', 'open.example', 'cached.example', '', 'found.example', 'open.example']);
    if (found === undefined || empty === undefined || failed === undefined) throw new Error('no targets');
    await launch(open(), found, 'job-1');
    await settleJob(open(), { job_id: 'job-1', answer: answerOf([person('p1'), person('p2')]), answered_at: NOW, at: NOW });
    await launch(open(), empty, 'job-2');
    await settleJob(open(), { job_id: 'job-2', answer: {}, answered_at: NOW, at: NOW });
    await launch(open(), failed, 'job-3');
    await move(open(), await loadTarget(open(), failed.id), { kind: 'job_ended', reason: 'the job ended FAILED' });
    expect(await overviews(open(), ['run-1', 'none', 'earlier'])).toEqual([
      { run_id: 'run-1', rows: 8, rows_done: 7, answered: 3, with_contacts: 2, contacts: 3, paid_contacts: 2, cost_usd: 0.5, unknown_cost: 1, launches: 3, without_answer: 1 },
      { run_id: 'none', rows: 0, rows_done: 0, answered: 0, with_contacts: 0, contacts: 0, paid_contacts: 0, cost_usd: null, unknown_cost: 0, launches: 0, without_answer: 0 },
      { run_id: 'earlier', rows: 1, rows_done: 1, answered: 1, with_contacts: 1, contacts: 1, paid_contacts: 1, cost_usd: 0.25, unknown_cost: 0, launches: 1, without_answer: 0 },
    ]);
  });

  it('by title filter has those with most questions first, and says how many there are', async () => {
    const filters = ['cfo', 'ceo', 'ceo', 'cto'];
    const rows = filters.map((title_filter, position) => ({ ...rowFor(`company-${position}.example`, position), title_filter }));
    await startedRun(open(), 'run-1', [], { rows: [...rows, rowFor('', 4)] });
    await startedRun(open(), 'other', ['elsewhere.example']);
    const { filters: counted, total } = await countByFilter(open(), 'run-1', 2);
    expect([total, counted.map(({ title_filter, questions }) => [title_filter, questions])]).toEqual([3, [['ceo', 2], ['cfo', 1]]]);
  });

  it('is found by the beginning of an id, in which nothing is a pattern', async () => {
    for (const id of ['2026-a', '2026-b', '2027_c']) await startedRun(open(), id, [`${id.slice(-1)}.example`]);
    const like = async (prefix: string) => (await runsLike(open(), prefix, 9)).map(({ id }) => id);
    expect([await like('2026'), await like('2026-b'), await like('20__'), await like('%'), await like('2027_')]).toEqual([['2026-b', '2026-a'], ['2026-b'], [], [], ['2027_c']]);
  });

  it('has nobody at work where its process is dead', async () => {
    await startedRun(open(), 'run-1', ['a.example']);
    expect(await workersOn(open(), ['run-1'], self)).toEqual([]);
  });
});

describeOnPostgres('who works on a run', (open) => {
  it('is seen by others, for the runs that they ask for, while it is alive', async () => {
    for (const id of ['run-1', 'run-2']) await startedRun(open(), id, ['a.example']);
    await bringToLife(open());
    expect(await workersOn(open(), ['run-1', 'run-9'], self)).toEqual([{ run_id: 'run-1', pid: 4321, host: 'elsewhere', machine: null, since: new Date(NOW) }]);
    expect(await anyRunAtWork(open())).toBeDefined();
    expect(await workersOn(open(), ['run-1'], { ...self, hasEnded: ({ pid }) => pid === 4321 })).toEqual([]);
    await setMoment(open(), NOW + 20_000);
    expect(await workersOn(open(), ['run-1'], self)).toEqual([]);
    expect(await anyRunAtWork(open())).toBeUndefined();
  });
});
