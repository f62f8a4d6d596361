/* Progress of many targets in one statement: each is saved, or refused, as if it were alone. */
import { expect, it } from 'vitest';
import type { Target } from '../../src/core/model.ts';
import { advance } from '../../src/core/progress.ts';
import type { Queryable } from '../../src/store/database.ts';
import { createProgressSaver } from '../../src/store/saver.ts';
import { endCall, loadTarget } from '../../src/store/targets.ts';
import { describeOnBoth } from '../support/databases.ts';
import { CALLER, hashFor, launch, move, NOW, startedRun, startedTarget, targetsOf } from '../support/runs.ts';

const DOMAINS = ['alderfinch.example', 'hollowoak.example', 'cobalt-harbor.example', 'granitepeak.example'];
const claimed = (target: Target) => advance(target, { kind: 'claimed', at: NOW });

describeOnBoth('saving the progress of several targets', (open) => {
  /** The database, and how many statements it was given. */
  function counted(): { database: Queryable; statements: () => number } {
    let statements = 0;
    const database = open();
    return { database: { ...database, query: (sql, parameters) => ((statements += 1), database.query(sql, parameters)) }, statements: () => statements };
  }

  it('saves what comes while a save is on its way in one statement', async () => {
    const targets = await startedRun(open(), 'run-1', DOMAINS);
    const { database, statements } = counted();
    const save = createProgressSaver(database, CALLER);
    const saved = await Promise.all(targets.map((target) => save(target, claimed(target))));
    expect([saved.map((one) => one.saved), statements()]).toEqual([['saved', 'saved', 'saved', 'saved'], 2]);
    expect((await targetsOf(open(), 'run-1')).map(({ state, launches }) => [state, launches])).toEqual(Array(4).fill(['launching', 1]));
  });

  it('says of each whether it was saved, when somebody else moved one of them', async () => {
    const targets = await startedRun(open(), 'run-1', DOMAINS);
    if (!targets[2]) throw new Error('no target');
    await launch(open(), targets[2], 'job-theirs');
    const save = createProgressSaver(open(), CALLER);
    expect((await Promise.all(targets.map((target) => save(target, claimed(target))))).map((one) => one.saved)).toEqual(['saved', 'saved', 'refused', 'saved']);
  });

  it('refuses only the one whose question another run has launched', async () => {
    const theirs = await startedTarget(open(), 'run-2', 'cobalt-harbor.example');
    const targets = await startedRun(open(), 'run-1', DOMAINS);
    await move(open(), theirs, { kind: 'claimed', at: NOW });
    const save = createProgressSaver(open(), CALLER);
    expect((await Promise.all(targets.map((target) => save(target, claimed(target))))).map((one) => one.saved)).toEqual(['saved', 'saved', 'refused', 'saved']);
    expect((await targetsOf(open(), 'run-1')).map(({ state }) => state)).toEqual(['launching', 'launching', 'pending', 'launching']);
  });

  it('tells everybody in a save that failed, and goes on with the next', async () => {
    const targets = await startedRun(open(), 'run-1', DOMAINS);
    const save = createProgressSaver(open(), CALLER);
    const results = await Promise.allSettled(
      targets.map((target, index) => save(target, { ...claimed(target), launches: index === 1 ? -1 : 1 })),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    const [, second] = targets;
    if (!second) throw new Error('no target');
    expect((await save(second, claimed(second))).saved).toBe('saved');
  });
});

describeOnBoth('a job that ended, as a follower was told', (open) => {
  it('ends the target that launched it, so that others may launch its question', async () => {
    const launched = await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    const follower = await startedTarget(open(), 'run-2', 'alderfinch.example');
    await endCall(open(), { call_id: launched.call_id ?? 0, state: 'job_failed', reason: 'FAI\0LED' });
    expect(await open().query('select state, reason, settled_at from waterfall.targets where id = $1', [launched.id])).toEqual([
      { state: 'job_failed', reason: 'FAILED', settled_at: new Date(NOW) },
    ]);
    const pending = await loadTarget(open(), follower.id);
    expect(pending).toMatchObject({ state: 'pending', job_id: null });
    expect(await launch(open(), pending, 'job-2')).toMatchObject({ state: 'launched', question_hash: hashFor('alderfinch.example') });
  });

  it('leaves other jobs and what is settled alone', async () => {
    const other = await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    await endCall(open(), { call_id: 0, state: 'job_lost', reason: 'unknown' });
    expect(await targetsOf(open(), 'run-1')).toEqual([other]);
  });
});
