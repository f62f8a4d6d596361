/* Saving the answer of a finished job: answer, company, contacts, links and outcome, all at once. */
import { expect, it } from 'vitest';
import { loadTarget } from '../../src/store/targets.ts';
import { describeOnBoth, setMoment } from '../support/databases.ts';
import { ALDERFINCH, answeredRun, answerOf, launch, meet, move, NOW, person, settleJob, startedTarget, TARGETS } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';

describeOnBoth('settling a job', (open) => {
  const targets = () =>
    open().query(
      `select state, answer, answered_by, job_id, answered_at, contacts, cost_usd::text, reason, settled_at
       from ${TARGETS} order by id`,
    );
  const contacts = () => open().query('select id, company_id, last_name from waterfall.contacts order by id');
  const links = () => open().query('select position, contact_id from waterfall.answer_contacts order by answer_id, position');

  it('saves the outcome, the whole answer, the cost and the age', async () => {
    const answer = { ...answerOf([person('p1', { shoe_size: 43 }), person('p2')]), batch: { of: 'tomorrow' } };
    await launch(open(), await startedTarget(open(), 'run-1', DOMAIN), 'job-1');
    await setMoment(open(), NOW + 2);
    expect(await settleJob(open(), { job_id: 'job-1', answer, answered_at: NOW + 1, at: NOW + 2 })).toMatchObject({ targets: 1 });
    expect(await targets()).toEqual([
      {
        state: 'found',
        answer,
        answered_by: null,
        job_id: 'job-1',
        answered_at: new Date(NOW + 1),
        contacts: 2,
        cost_usd: '0.5',
        reason: null,
        settled_at: new Date(NOW + 2),
      },
    ]);
  });

  it('adds up a cost of which the API says only the parts', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, { ...answerOf([person('p1')]), usage: { persons_usd: 0.25, phones_usd: 0.5 } });
    expect(await targets()).toMatchObject([{ cost_usd: '0.75' }]);
  });

  it('saves the company, the contacts and their order', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p2'), person('p1')]));
    expect(await open().query('select id, domain, company_name, created_at, updated_at from waterfall.companies')).toEqual([
      { ...ALDERFINCH, created_at: new Date(NOW), updated_at: new Date(NOW) },
    ]);
    expect(await contacts()).toEqual([
      { id: 'p1', company_id: ALDERFINCH.id, last_name: 'Fjord-p1' },
      { id: 'p2', company_id: ALDERFINCH.id, last_name: 'Fjord-p2' },
    ]);
    expect(await links()).toEqual([
      { position: 0, contact_id: 'p2' },
      { position: 1, contact_id: 'p1' },
    ]);
  });

  it.each([
    ['without persons', { company: ALDERFINCH, persons: [] }],
    ['with persons null', { company: ALDERFINCH, persons: null }],
    ['with nothing in it', {}],
  ])('takes an answer %s for no contacts', async (_what, answer) => {
    await answeredRun(open(), 'run-1', DOMAIN, answer);
    expect(await targets()).toMatchObject([{ state: 'no_contacts', answer, contacts: 0, cost_usd: null }]);
  });

  it('does no harm when it is done again, with another answer too', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]));
    const before = [await targets(), await contacts(), await links()];
    expect(await settleJob(open(), { job_id: 'job of run-1', answer: answerOf([person('p9')]), answered_at: NOW + 9, at: NOW + 9 })).toMatchObject({ targets: 0 });
    expect([await targets(), await contacts(), await links()]).toEqual(before);
  });

  it('saves nothing for a job that nobody waits for', async () => {
    expect(await settleJob(open(), { job_id: 'of nobody', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW })).toMatchObject({ targets: 0 });
    expect([await contacts(), await open().query('select 1 from waterfall.companies')]).toEqual([[], []]);
  });

  it('gives the answer to the followers of other runs, at no cost', async () => {
    const launcher = await startedTarget(open(), 'run-1', DOMAIN);
    await launch(open(), launcher, 'job-1');
    await startedTarget(open(), 'run-2', DOMAIN);
    await startedTarget(open(), 'run-3', DOMAIN);
    expect(await settleJob(open(), { job_id: 'job-1', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW })).toMatchObject({ targets: 3 });
    const followed = { state: 'found', answer: null, answered_by: launcher.id, contacts: 1, cost_usd: '0', settled_at: new Date(NOW) };
    expect(await targets()).toMatchObject([{ state: 'found', answered_by: null, cost_usd: '0.25' }, followed, followed]);
    expect(await links()).toHaveLength(1);
  });

  it('lets the launcher hold the answer also when a follower is older', async () => {
    const follower = await startedTarget(open(), 'run-1', DOMAIN);
    const launcher = await startedTarget(open(), 'run-2', DOMAIN);
    await launch(open(), launcher, 'job-1');
    await meet(open(), follower, 'job-1');
    await settleJob(open(), { job_id: 'job-1', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW });
    expect(await targets()).toMatchObject([{ answered_by: launcher.id, cost_usd: '0' }, { answered_by: null, cost_usd: '0.25' }]);
  });

  it('lets a follower hold answer and cost of a job that its own run gave up', async () => {
    const launched = await launch(open(), await startedTarget(open(), 'run-1', DOMAIN), 'job-1');
    await move(open(), launched, { kind: 'gave_up', reason: 'still RUNNING after 10m' });
    await startedTarget(open(), 'run-2', DOMAIN);
    await settleJob(open(), { job_id: 'job-1', answer: answerOf([person('p1')]), answered_at: NOW, at: NOW });
    expect(await targets()).toMatchObject([
      { state: 'timed_out', reason: 'still RUNNING after 10m', answer: null },
      { state: 'found', answered_by: null, cost_usd: '0.25' },
    ]);
  });

  it('leaves targets of other jobs alone', async () => {
    const other = await launch(open(), await startedTarget(open(), 'run-1', 'hollowoak.example'), 'job-2');
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([person('p1')]));
    expect(await loadTarget(open(), other.id)).toEqual(other);
  });

  it('keeps a person who is in an answer twice as one contact, with both places', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1'), person('p2'), person('p1', { last_name: 'Vega' })]));
    expect(await contacts()).toMatchObject([{ id: 'p1', last_name: 'Vega' }, { id: 'p2' }]);
    expect(await links()).toMatchObject([{ contact_id: 'p1' }, { contact_id: 'p2' }, { contact_id: 'p1' }]);
    expect(await targets()).toMatchObject([{ contacts: 3 }]);
  });

  it.each([['no id'], ['an empty id', ''], ['the id null', null]])('keeps a person with %s in the answer only', async (_what, id?: string | null) => {
    const nameless = { ...person('p1'), id };
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([nameless, person('p2')]));
    expect(await contacts()).toMatchObject([{ id: 'p2' }]);
    expect(await links()).toEqual([{ position: 1, contact_id: 'p2' }]);
    expect(await targets()).toMatchObject([{ contacts: 2, answer: { persons: [{ last_name: 'Fjord-p1' }, { id: 'p2' }] } }]);
  });

  it('makes the other company of a person from what the person says of it', async () => {
    const elsewhere = { company_id: 'company-hollowoak', company_name: 'Hollow Oak', company_domain: 'hollowoak.example' };
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1', elsewhere)]));
    expect(await contacts()).toMatchObject([{ id: 'p1', company_id: 'company-hollowoak' }]);
    expect(await open().query(`select domain, company_name from waterfall.companies where id = 'company-hollowoak'`)).toEqual([
      { domain: 'hollowoak.example', company_name: 'Hollow Oak' },
    ]);
  });

  it('keeps a person of whose company nothing is known', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, { persons: [person('p1')] });
    expect(await contacts()).toMatchObject([{ id: 'p1', company_id: null }]);
  });

  it('saves nothing at all when a part of it cannot be saved', async () => {
    const launched = await launch(open(), await startedTarget(open(), 'run-1', DOMAIN), 'job-1');
    const answer = answerOf([person('p1', { email_verified: 'perhaps' as unknown as boolean })]);
    await expect(settleJob(open(), { job_id: 'job-1', answer, answered_at: NOW, at: NOW })).rejects.toMatchObject({ code: '22P02' });
    expect(await loadTarget(open(), launched.id)).toEqual(launched);
    expect(await open().query('select 1 from waterfall.companies')).toEqual([]);
  });
});
