/* The columns of the contacts sheet, and what is in them. */
import { describe, expect, it } from 'vitest';
import { CONTACT_COLUMNS, contactCells, inputColumnNames } from '../../src/csv/contact-columns.ts';
import type { ContactSource } from '../../src/csv/contact-columns.ts';

const source: ContactSource = {
  row: 7,
  domain: 'acme.example',
  title_filter: 'CEO',
  job_id: 'job-1',
  fetched_at: new Date('2026-03-02T09:00:00.500Z'),
  answer: {
    company: {
      id: 'c1',
      domain: 'acme.example',
      company_name: 'Acme Ltd',
      linkedin_url: 'https://linkedin.example/company/acme',
      size: '51-200',
      linkedin_industry: 'Robotics',
      country: 'Portugal',
    },
  },
  person: {
    id: 'p1',
    company_id: 'c1',
    first_name: 'Mira',
    last_name: 'Quill',
    title: 'Chief Executive',
    seniority: 'c_suite',
    department: 'management',
    professional_email: 'mira.quill@acme.example',
    email_verified: true,
    email_verified_status: 'valid',
    email_confidence: '0099',
    mobile_phone: '+351 555 0100',
    phone_numbers: ['+351 555 0100', '+351 555 0101'],
    linkedin_url: 'https://linkedin.example/in/mira',
    location: 'Lisbon, Portugal',
    country: 'Portugal',
    company_name: 'Acme Group',
    company_domain: 'group.acme.example',
    personal_email: 'mira@mail.example',
    smtp_provider: 'mailer',
    mx_record: 'mx.acme.example',
  },
};

const cellsOf = (more: Partial<ContactSource> = {}) => {
  const cells = contactCells({ ...source, ...more });
  return Object.fromEntries(CONTACT_COLUMNS.map((name, place) => [name, cells[place]]));
};

describe('the columns', () => {
  it('are those that scripts rely on, in this order', () => {
    expect(CONTACT_COLUMNS.join(', ')).toBe(
      'domain, title_filter, first_name, last_name, title, seniority, department, professional_email, email_verified, ' +
        'email_verified_status, email_confidence, mobile_phone, phone_numbers, linkedin_url, location, country, company_name, company_domain, ' +
        'company_linkedin_url, company_size, company_industry, company_country, personal_email, smtp_provider, mx_record, person_id, company_id, ' +
        'job_id, fetched_at, row',
    );
  });

  it('hold each what their name says', () => {
    expect(contactCells(source)).toEqual([
      'acme.example', 'CEO', 'Mira', 'Quill', 'Chief Executive', 'c_suite', 'management', 'mira.quill@acme.example', 'true',
      'valid', '0099', '+351 555 0100', '+351 555 0100; +351 555 0101', 'https://linkedin.example/in/mira', 'Lisbon, Portugal', 'Portugal',
      'Acme Group', 'group.acme.example', 'https://linkedin.example/company/acme', '51-200', 'Robotics', 'Portugal',
      'mira@mail.example', 'mailer', 'mx.acme.example', 'p1', 'c1', 'job-1', '2026-03-02T09:00:00.500Z', '7',
    ]);
  });

  it('are empty, and never "null", for a person of whom nothing is known', () => {
    const cells = contactCells({ row: 2, domain: 'acme.example', title_filter: '', job_id: null, fetched_at: null, answer: {}, person: { first_name: null, phone_numbers: [] } });
    expect(cells).toEqual(['acme.example', ...Array<string>(CONTACT_COLUMNS.length - 2).fill(''), '2']);
  });

  it("say nothing of the answer's company for a person who is at another one", () => {
    const elsewhere = cellsOf({ person: { ...source.person, company_id: 'c9', company_name: 'Elsewhere Ltd', company_domain: null } });
    expect(elsewhere).toMatchObject({
      company_id: 'c9', company_name: 'Elsewhere Ltd', company_domain: '', company_size: '', company_industry: '', company_country: '', company_linkedin_url: '',
    });
  });

  it.each([
    ['absent', {}],
    ['null', { company_name: null, company_domain: null, company_id: null }],
    ['empty', { company_name: '', company_domain: '', company_id: '' }],
  ])('say what the answer says of the company where the person\'s own words are %s', (_what, person) => {
    expect(cellsOf({ person })).toMatchObject({ company_name: 'Acme Ltd', company_domain: 'acme.example', company_id: 'c1' });
  });

  it('show a value of a kind that nobody expected as text', () => {
    const person = { title: { en: 'CEO' }, seniority: 0, department: false, location: ['Porto', null, 7] } as unknown as ContactSource['person'];
    expect(cellsOf({ person })).toMatchObject({ title: '{"en":"CEO"}', seniority: '0', department: 'false', location: 'Porto; ; 7' });
  });
});

describe('the columns of the input', () => {
  it.each([
    [['customer', 'city'], ['customer', 'city']],
    [['domain', 'city', 'row'], ['input_domain', 'city', 'input_row']],
    [['domain', 'input_domain'], ['input_domain', 'input_input_domain']],
    [['input_domain', 'domain'], ['input_domain', 'input_input_domain']],
    [['Domain', 'Row'], ['Domain', 'Row']],
  ])('%j are called %j', (input, names) => {
    expect(inputColumnNames(CONTACT_COLUMNS, input)).toEqual(names);
  });
});
