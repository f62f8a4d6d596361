/* Many answers in one statement: each is saved as if it were alone. */
import { expect, it } from 'vitest';
import { hashesOf } from '../../src/core/forgotten.ts';
import { forgetPeople } from '../../src/store/forget.ts';
import type { Queryable } from '../../src/store/database.ts';
import type { Answer } from '../../src/core/model.ts';
import { CONTACTS_RECORDER } from '../../src/store/contacts-recorder.ts';
import { createSettler } from '../../src/store/saver.ts';
import type { Settlement } from '../../src/store/settle.ts';
import { describeOnBoth } from '../support/databases.ts';
import { launch, NOW, person, startedRun, TARGETS, settlementOf } from '../support/runs.ts';

const DOMAINS = ['alderfinch.example', 'hollowoak.example', 'cobalt-harbor.example', 'granitepeak.example'];

describeOnBoth('saving several answers', (open) => {
  let calls: number[] = [];

  /** A settler, four jobs that wait for their answers, and how many statements were sent. */
  async function fourJobs() {
    calls = [];
    for (const [index, target] of (await startedRun(open(), 'run-1', DOMAINS)).entries()) calls.push((await launch(open(), target, `job-${index}`)).call_id ?? 0);
    let statements = 0;
    const database: Queryable = { ...open(), query: (sql, parameters) => ((statements += 1), open().query(sql, parameters)) };
    const answers = (settlements: Settlement<Answer>[]) => Promise.all(settlements.map(createSettler(database, CONTACTS_RECORDER)));
    return { answers, statements: () => statements };
  }
  const settlement = (index: number, ...people: Parameters<typeof person>[]): Settlement<Answer> => ({
    ...settlementOf(calls[index] ?? 0, { company: { id: `company-${index}` }, persons: people.map((one) => person(...one)), usage: { total_usd: index / 10 } }, { answered_at: NOW + index, at: NOW + 10 + index }),
  });
  const targets = () =>
    open().query(
      `select job_id, state, contacts, cost_usd::float8, answer -> 'persons' -> 0 ->> 'id' as first, settled_at, array(
         select contact_id from waterfall.answer_contacts as link where link.answer_id = target.answer_id order by position) as links
       from ${TARGETS} order by position`,
    );

  it('takes two statements for four: what comes while one is on its way goes together', async () => {
    const { answers, statements } = await fourJobs();
    const saved = await answers([settlement(0, ['p0']), settlement(1, ['p1'], ['p2']), settlement(2), settlement(3, ['p3'])]);
    expect(saved).toEqual([{ targets: 1, contacts: 1 }, { targets: 1, contacts: 2 }, { targets: 1, contacts: 0 }, { targets: 1, contacts: 1 }]);
    expect(statements()).toBe(2);
    expect(await targets()).toEqual([
      { job_id: 'job-0', state: 'found', contacts: 1, cost_usd: 0, first: 'p0', settled_at: new Date(NOW), links: ['p0'] },
      { job_id: 'job-1', state: 'found', contacts: 2, cost_usd: 0.1, first: 'p1', settled_at: new Date(NOW), links: ['p1', 'p2'] },
      { job_id: 'job-2', state: 'no_contacts', contacts: 0, cost_usd: 0.2, first: null, settled_at: new Date(NOW), links: [] },
      { job_id: 'job-3', state: 'found', contacts: 1, cost_usd: 0.3, first: 'p3', settled_at: new Date(NOW), links: ['p3'] },
    ]);
  });

  it('lets no answer erase what another one of the same moment knows of a person', async () => {
    const { answers } = await fourJobs();
    await answers([
      settlement(0, ['p0']),
      settlement(1, ['shared', { title: 'Founder', seniority: null }]),
      settlement(2, ['shared', { title: null, seniority: 'Owner' }]),
    ]);
    expect(await open().query(`select title, seniority, company_id from waterfall.contacts where id = 'shared'`)).toEqual([
      { title: 'Founder', seniority: 'Owner', company_id: 'company-2' },
    ]);
  });

  it('saves a job once that two lanes bring', async () => {
    const { answers } = await fourJobs();
    const saved = await answers([settlement(0, ['p0']), settlement(1, ['p1']), settlement(1, ['p1'])]);
    expect(saved.map((one) => one.targets)).toEqual([1, 1, 0]);
  });

  it('leaves out a forgotten person of one, and nobody of the others', async () => {
    const { answers } = await fourJobs();
    await forgetPeople(open(), hashesOf({ ids: ['p1'], emails: [] }), NOW);
    const saved = await answers([settlement(0, ['p0']), settlement(1, ['p1'], ['p2']), settlement(2, ['p3'])]);
    expect(saved.map((one) => one.contacts)).toEqual([1, 1, 1]);
    expect(await targets()).toMatchObject([{ links: ['p0'] }, { first: 'p2', links: ['p2'] }, { links: ['p3'] }, { state: 'launched' }]);
  });

  it('brings nothing of a job that nobody waits for', async () => {
    const { answers } = await fourJobs();
    const saved = await answers([settlement(0, ['p0']), settlement(1, ['p1']), settlement(9, ['p9'])]);
    expect(saved.map((one) => one.targets)).toEqual([1, 1, 0]);
    expect(await open().query('select id from waterfall.contacts order by id')).toEqual([{ id: 'p0' }, { id: 'p1' }]);
  });
});
