/* What a later answer does to companies and contacts that are known, and how they are kept. */
import { expect, it } from 'vitest';
import type { Company, Person } from '../../src/core/model.ts';
import { describeOnBoth } from '../support/databases.ts';
import { ALDERFINCH, answeredRun, answerOf, launch, NOW, person, settleJob, startedTarget } from '../support/runs.ts';

const DOMAIN = 'alderfinch.example';
const LATER = NOW + 60_000;

const FULL: Person = person('p1', {
  title: 'Head of Operations',
  phone_numbers: ['+49 30 5550100', '+49 30 5550101'],
  experiences: [{ title: 'Intern', company: { name: 'Hollow "Oak", Ltd.', tags: ['a,b', '{}'] }, current: false, years: 1.5, until: null }],
  email_verified: true,
});

describeOnBoth('a contact that is known', (open) => {
  const contact = async () =>
    (await open().query<Record<string, unknown>>('select title, phone_numbers, experiences, email_verified, created_at, updated_at, xmin::text, ctid::text from waterfall.contacts'))[0];
  const both = async (first: Person, second: Person) => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([first]), NOW);
    const before = await contact();
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([second]), LATER);
    return { before, after: await contact() };
  };

  it('keeps the structure of its experiences and its list of phone numbers', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([FULL]));
    expect(await contact()).toMatchObject({ phone_numbers: FULL.phone_numbers, experiences: FULL.experiences });
    expect(await open().query(`select experiences -> 0 -> 'company' ->> 'name' as name, phone_numbers[2] as second from waterfall.contacts`)).toEqual([
      { name: 'Hollow "Oak", Ltd.', second: '+49 30 5550101' },
    ]);
  });

  it.each([
    ['null', null, null, null, null],
    ['nothing', undefined, undefined, undefined, undefined],
    ['empty text and empty lists', '', [], [], undefined],
  ])('loses nothing to %s', async (_what, title, phone_numbers, experiences, email_verified) => {
    const { before, after } = await both(FULL, person('p1', { title, phone_numbers, experiences, email_verified }));
    expect(after).toEqual(before);
  });

  it('is not rewritten by an answer that says the same', async () => {
    const { before, after } = await both(FULL, { ...FULL });
    expect(after).toEqual(before);
  });

  it('has the later values, and the later moment, when something changed', async () => {
    const { before, after } = await both(FULL, { ...FULL, title: 'Managing Director', phone_numbers: ['+49 30 5550199'], email_verified: false });
    expect(after).toMatchObject({
      title: 'Managing Director',
      phone_numbers: ['+49 30 5550199'],
      experiences: FULL.experiences,
      email_verified: false,
      created_at: new Date(NOW),
      updated_at: new Date(LATER),
    });
    expect(after?.xmin).not.toBe(before?.xmin);
  });

  it('gains what was unknown', async () => {
    const { after } = await both(person('p1'), FULL);
    expect(after).toMatchObject({ title: 'Head of Operations', phone_numbers: FULL.phone_numbers, updated_at: new Date(LATER) });
  });

  it('keeps what a later answer said when one comes that is older, and takes from it what is not known', async () => {
    const [late, later] = [await startedTarget(open(), 'late', DOMAIN, { maxAgeDays: null }), await startedTarget(open(), 'later', 'hollowoak.example', { maxAgeDays: null })];
    await launch(open(), late, 'job-late');
    await launch(open(), later, 'job-later');
    const company = { ...ALDERFINCH, size: '51-200' };
    await settleJob(open(), { job_id: 'job-later', answer: answerOf([person('p1', { title: 'Managing Director' })], company), answered_at: NOW - 1_000, at: NOW });
    const old = answerOf([person('p1', { title: 'Intern', seniority: 'junior' })], { ...ALDERFINCH, size: '1-10', website: 'https://alderfinch.example' });
    await settleJob(open(), { job_id: 'job-late', answer: old, answered_at: NOW - 60_000, at: NOW });
    expect(await open().query('select title, seniority from waterfall.contacts')).toEqual([{ title: 'Managing Director', seniority: 'junior' }]);
    expect(await open().query('select size, website from waterfall.companies')).toEqual([{ size: '51-200', website: 'https://alderfinch.example' }]);
  });

  it('moves to the company where it was seen last, and stays when that is not said', async () => {
    const where = async () => (await open().query('select company_id from waterfall.contacts'))[0];
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]));
    await answeredRun(open(), 'run-2', 'hollowoak.example', answerOf([person('p1')], { id: 'company-hollowoak' }), LATER);
    expect(await where()).toEqual({ company_id: 'company-hollowoak' });
    await answeredRun(open(), 'run-3', DOMAIN, { persons: [person('p1')] }, LATER);
    expect(await where()).toEqual({ company_id: 'company-hollowoak' });
  });
});

describeOnBoth('a company that is known', (open) => {
  const company = async () => (await open().query(`select *, xmin::text from waterfall.companies where id = $1`, [ALDERFINCH.id]))[0];
  const FIRM: Company = { ...ALDERFINCH, size: '11-50', linkedin_followers: 1_200, generic_emails: ['hello@alderfinch.example', 'info@alderfinch.example'] };

  it('loses nothing to empty values, and is not rewritten', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([], FIRM), NOW);
    const before = await company();
    expect(before).toMatchObject(FIRM);
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([], { id: FIRM.id, domain: '', size: null, linkedin_followers: null, generic_emails: [] }), LATER);
    expect(await company()).toEqual(before);
  });

  it('has the later values, and the later moment, when something changed', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([], FIRM), NOW);
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([], { id: FIRM.id, size: '51-200' }), LATER);
    expect(await company()).toMatchObject({ ...FIRM, size: '51-200', created_at: new Date(NOW), updated_at: new Date(LATER) });
  });

  it('keeps its name when a person who works there knows less of it', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([], FIRM), NOW);
    await answeredRun(open(), 'run-2', 'hollowoak.example', answerOf([person('p1', { company_id: FIRM.id })], { id: 'company-hollowoak' }), LATER);
    expect(await company()).toMatchObject(FIRM);
  });

  it.each([
    ['text of a number', '1200', 1_200],
    ['a number', 10_001, 10_001],
    ['a number too large for an integer', 3_000_000_000, 3_000_000_000],
    ['text that is no number', '10001+', null],
    ['a broken number', 12.5, null],
    ['empty text', '', null],
    ['a number beyond what is exact', 1e300, null],
  ])('keeps %s as a whole number, or not at all', async (_what, linkedin_employees_count, kept) => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([], { ...ALDERFINCH, linkedin_employees_count }));
    expect(await company()).toMatchObject({ linkedin_employees_count: kept });
  });
});

describeOnBoth('the view contact_list', (open) => {
  const list = () => open().query('select person_id, last_name, company_name, company_domain, company_size from waterfall.contact_list order by person_id');

  it('has each contact once, with its company', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1'), person('p2')], { ...ALDERFINCH, size: '11-50' }));
    await answeredRun(open(), 'run-2', 'hollowoak.example', answerOf([person('p1')], { ...ALDERFINCH, size: '11-50' }), LATER);
    const firm = { company_name: 'Alder & Finch', company_domain: DOMAIN, company_size: '11-50' };
    expect(await list()).toEqual([
      { person_id: 'p1', last_name: 'Fjord-p1', ...firm },
      { person_id: 'p2', last_name: 'Fjord-p2', ...firm },
    ]);
  });

  it('changes with the company, and has what verifiers say of the address', async () => {
    await answeredRun(open(), 'run-1', DOMAIN, answerOf([person('p1')]));
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([], { ...ALDERFINCH, size: '51-200' }), LATER);
    await open().query(`insert into waterfall.email_checks (address, provider, verdict, checked_at, key) values ('p1@alderfinch.example', 'waterfall', 'catch_all', $1, 1), ('p1@alderfinch.example', 'abstractapi', 'unknown', $2, 1)`, [new Date(NOW), new Date(LATER)]);
    expect(await open().query('select updated_at, email_verdict, email_checked_at from waterfall.contact_list')).toEqual([{ updated_at: new Date(LATER), email_verdict: 'catch_all', email_checked_at: new Date(NOW) }]);
  });

  it('says what the contact says where the company is not known, or has no name', async () => {
    const says = { company_name: 'Hollow Oak', company_domain: 'hollowoak.example' };
    await answeredRun(open(), 'run-1', DOMAIN, { persons: [person('p1', says)] });
    await answeredRun(open(), 'run-2', DOMAIN, answerOf([person('p2', says)], { id: 'company-of-no-name' }), LATER);
    expect(await list()).toMatchObject([
      { person_id: 'p1', ...says },
      { person_id: 'p2', ...says },
    ]);
  });
});
