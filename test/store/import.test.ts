/* A new run: its rows, and the targets that they share. */
import { expect, it } from 'vitest';
import { addRows } from '../../src/store/import.ts';
import { describeOnBoth } from '../support/databases.ts';
import { hashFor, rowFor, startedRun, targetsOf, domainOf } from '../support/runs.ts';

describeOnBoth('the rows of a new run', (open) => {
  const rowsOf = (run_id: string) =>
    open().query(
      `select input_row.position, line, input_row.domain, title_filter, cells, outcome, input_row.reason, target.position as asked_at
       from waterfall.input_rows as input_row left join waterfall.targets as target on target.id = input_row.target_id
       where input_row.run_id = $1 order by input_row.position`,
      [run_id],
    );

  it('become one pending target for each question, at the position of the first row that asks it', async () => {
    const targets = await startedRun(open(), 'run-1', ['alderfinch.example', 'hollowoak.example', 'www.AlderFinch.example']);
    expect(targets).toMatchObject([
      { run_id: 'run-1', position: 0, state: 'pending', launches: 0, doubts: 0, job_id: null, launched_at: null },
      { run_id: 'run-1', position: 1, state: 'pending' },
    ]);
    expect(targets.map((target) => domainOf(target))).toEqual(['alderfinch.example', 'hollowoak.example']);
    expect(targets.map((target) => target.question_hash)).toEqual(['alderfinch.example', 'hollowoak.example'].map(hashFor));
  });

  it('are kept as they were read, with line, cells and what was understood', async () => {
    await startedRun(open(), 'run-1', [], { rows: [{ ...rowFor('https://www.hollowoak.example/about', 0), cells: ['Hollow Oak', ''] }] });
    expect(await rowsOf('run-1')).toEqual([
      {
        position: 0,
        line: 2,
        domain: 'hollowoak.example',
        title_filter: 'founder OR ceo',
        cells: ['Hollow Oak', ''],
        outcome: null,
        reason: null,
        asked_at: 0,
      },
    ]);
  });

  it('are duplicates when an earlier row asks the same', async () => {
    await startedRun(open(), 'run-1', ['alderfinch.example', 'alderfinch.example', 'http://alderfinch.example']);
    expect(await rowsOf('run-1')).toMatchObject([
      { outcome: null, asked_at: 0 },
      { outcome: 'duplicate', asked_at: 0 },
      { outcome: 'duplicate', asked_at: 0 },
    ]);
  });

  it('are duplicates also of a row of an earlier batch', async () => {
    await startedRun(open(), 'run-1', ['alderfinch.example']);
    await addRows(open(), 'run-1', [rowFor('hollowoak.example', 1), rowFor('alderfinch.example', 2)]);
    expect(await rowsOf('run-1')).toMatchObject([{ outcome: null }, { outcome: null }, { outcome: 'duplicate', asked_at: 0 }]);
  });

  it('are duplicates of the first one however a batch is ordered', async () => {
    await startedRun(open(), 'run-1', [], { rows: [rowFor('alderfinch.example', 1), rowFor('alderfinch.example', 0)] });
    expect(await rowsOf('run-1')).toMatchObject([{ outcome: null, asked_at: 0 }, { outcome: 'duplicate' }]);
  });

  it('are excluded without a target, and no fault of theirs is told', async () => {
    expect(await startedRun(open(), 'run-1', [], { rows: [{ ...rowFor('no domain', 0), domain: 'alderfinch.example', reason: 'left out', excluded: true }] })).toEqual([]);
    expect(await rowsOf('run-1')).toMatchObject([{ outcome: 'excluded', reason: 'left out', asked_at: null }]);
  });

  it('are invalid, with the reason and without a target, when they cannot be asked', async () => {
    const targets = await startedRun(open(), 'run-1', [], { rows: [{ ...rowFor('no domain', 0), reason: 'no domain here' }] });
    expect(targets).toEqual([]);
    expect(await rowsOf('run-1')).toMatchObject([{ outcome: 'invalid', reason: 'no domain here', asked_at: null, cells: ['no domain'] }]);
  });

  it('share nothing with the rows of another run', async () => {
    await startedRun(open(), 'run-1', ['alderfinch.example']);
    await startedRun(open(), 'run-2', ['alderfinch.example']);
    expect(await rowsOf('run-2')).toMatchObject([{ outcome: null, asked_at: 0 }]);
    expect(await targetsOf(open(), 'run-2')).toHaveLength(1);
  });

  it('can be a thousand at a time', async () => {
    await startedRun(open(), 'run-1', Array.from({ length: 1_000 }, (_, index) => `firm-${index % 900}.example`));
    const [counted] = await open().query(
      'select count(*)::integer as rows, count(outcome)::integer as duplicates, count(distinct target_id)::integer as asked from waterfall.input_rows',
    );
    expect(counted).toEqual({ rows: 1_000, duplicates: 100, asked: 900 });
  });

  it('are there once, however often a batch is saved', async () => {
    await startedRun(open(), 'run-1', ['alderfinch.example', 'nothing', 'alderfinch.example']);
    await addRows(open(), 'run-1', ['alderfinch.example', 'nothing', 'alderfinch.example'].map(rowFor));
    expect(await open().query('select position, outcome from waterfall.input_rows order by position')).toEqual([
      { position: 0, outcome: null },
      { position: 1, outcome: 'invalid' },
      { position: 2, outcome: 'duplicate' },
    ]);
  });
});
