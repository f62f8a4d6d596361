/* Several processes save at once: what they have in common is saved once, and nobody waits for anybody in a circle. */
import { expect, it } from 'vitest';
import type { Person } from '../../src/core/model.ts';
import { describeOnPostgres } from '../support/databases.ts';
import { answerOf, launch, NOW, person, settleJob, startedRun, startedTarget } from '../support/runs.ts';

const MANY = 60;

describeOnPostgres('eight settles at once', (open) => {
  /** The same people at the same companies, in an order of its own for each number. */
  const people = (turn: number): Person[] => {
    const all = Array.from({ length: MANY }, (_, index) => person(`p${index}`, { company_id: `company-${index % 7}`, title: `title ${turn}` }));
    const turned = [...all.slice(turn * 7), ...all.slice(0, turn * 7)];
    return turn % 2 === 0 ? turned : turned.reverse();
  };

  it('of answers with the same people and companies all succeed, and nobody is there twice', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = `run-${round}`;
      const targets = await startedRun(open(), id, Array.from({ length: 8 }, (_, turn) => `firm-${turn}.example`), { maxAgeDays: null });
      for (const target of targets) await launch(open(), target, `job-${round}-${target.position}`);
      const settled = await Promise.all(
        targets.map(({ position }) =>
          settleJob(open(), { job_id: `job-${round}-${position}`, answer: answerOf(people(position)), answered_at: NOW, at: NOW + round }),
        ),
      );
      expect(settled.map(({ targets }) => targets)).toEqual(Array(8).fill(1));
    }
    expect(await open().query('select count(*)::integer as contacts from waterfall.contacts')).toEqual([{ contacts: MANY }]);
    expect(await open().query('select count(*)::integer as links from waterfall.answer_contacts')).toEqual([{ links: 5 * 8 * MANY }]);
  });

  it('of one job save it once', async () => {
    await launch(open(), await startedTarget(open(), 'run-1', 'alderfinch.example'), 'job-1');
    await startedTarget(open(), 'run-2', 'alderfinch.example');
    const saves = Array.from({ length: 8 }, (_, turn) =>
      settleJob(open(), { job_id: 'job-1', answer: answerOf(people(turn)), answered_at: NOW, at: NOW }),
    );
    expect((await Promise.all(saves)).map(({ targets }) => targets).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 2]);
    expect(await open().query('select count(*)::integer as links, count(distinct answer_id)::integer as holders from waterfall.answer_contacts')).toEqual([
      { links: MANY, holders: 1 },
    ]);
  });
});
