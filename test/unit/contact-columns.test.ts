/* The columns of the contacts sheet, and what is in them. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { chooseContactColumns, inputColumnNames, readColumnList } from '../../src/outputs/column-choice.ts';
import { ALL_CONTACT_COLUMNS, CONTACT_COLUMNS } from '../../src/outputs/contact-columns.ts';
import type { ContactSource } from '../../src/outputs/contact-columns.ts';
import { cellText } from '../../src/outputs/sheet.ts';

const source: ContactSource = {
  row: 7,
  domain: 'acme.example',
  title_filter: 'CEO',
  outcome: 'found',
  cells: ['0042', 'north'],
  job_id: 'job-1',
  fetched_at: '2026-03-02T09:00:00.500Z',
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
  return Object.fromEntries(ALL_CONTACT_COLUMNS.map(({ name, cell }) => [name, cellText(cell({ ...source, ...more }))]));
};

const namesOf = (columns: readonly { name: string }[]) => columns.map(({ name }) => name);

describe('the columns', () => {
  it('are those that scripts rely on, in this order', () => {
    expect(namesOf(CONTACT_COLUMNS).join(', ')).toBe(
      'domain, title_filter, first_name, last_name, title, seniority, department, professional_email, email_verified, ' +
        'email_verified_status, email_confidence, mobile_phone, phone_numbers, linkedin_url, location, country, company_name, company_domain, ' +
        'company_linkedin_url, company_size, company_industry, company_country, personal_email, smtp_provider, mx_record, person_id, company_id, ' +
        'job_id, fetched_at, outcome, row',
    );
  });

  it('hold each what their name says', () => {
    expect(CONTACT_COLUMNS.map(({ cell }) => cellText(cell(source)))).toEqual([
      'acme.example', 'CEO', 'Mira', 'Quill', 'Chief Executive', 'c_suite', 'management', 'mira.quill@acme.example', 'true',
      'valid', '0099', '+351 555 0100', '+351 555 0100; +351 555 0101', 'https://linkedin.example/in/mira', 'Lisbon, Portugal', 'Portugal',
      'Acme Group', 'group.acme.example', 'https://linkedin.example/company/acme', '51-200', 'Robotics', 'Portugal',
      'mira@mail.example', 'mailer', 'mx.acme.example', 'p1', 'c1', 'job-1', '2026-03-02T09:00:00.500Z', 'found', '7',
    ]);
  });

  it('are empty, and never "null", for a person of whom nothing is known', () => {
    const nobody = { row: 2, domain: 'acme.example', title_filter: '', outcome: 'cached' as const, cells: [], job_id: null, fetched_at: null, answer: {}, person: { first_name: null, phone_numbers: [] } };
    expect(CONTACT_COLUMNS.map(({ cell }) => cellText(cell(nobody)))).toEqual(['acme.example', ...Array<string>(CONTACT_COLUMNS.length - 3).fill(''), 'cached', '2']);
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
    [['Domain', 'Row'], ['input_Domain', 'input_Row']],
    [['Note', 'note', 'NOTE'], ['Note', 'input_note', 'input_input_NOTE']],
    [['Größe', 'GRO\u0308SSE', 'gro\u0308ße'], ['Größe', 'GRO\u0308SSE', 'input_gro\u0308ße']],
    [['Outcome', 'Input_Outcome'], ['input_Outcome', 'input_Input_Outcome']],
  ])('%j are called %j', (input, names) => {
    expect(inputColumnNames(namesOf(CONTACT_COLUMNS), input)).toEqual(names);
  });
});

describe('all columns', () => {
  const answer: ContactSource['answer'] = {
    company: { ...source.answer.company, website: 'https://acme.example', linkedin_followers: 10, generic_emails: ['hello@acme.example'], stage: 'B' },
    usage: { total_usd: 0.35, persons_count: 2, credits: 3 },
    warnings: ['slow'],
  };
  const person = { ...source.person, linkedin_id: 'mira', experiences: [{ title: 'CEO' }], quality: 0.9 };

  it('are the default ones with the rest of the API before what belongs to the row', () => {
    const all = namesOf(ALL_CONTACT_COLUMNS);
    expect(all.filter((name) => namesOf(CONTACT_COLUMNS).includes(name))).toEqual(namesOf(CONTACT_COLUMNS));
    expect(all.slice(-2)).toEqual(['outcome', 'row']);
    expect(new Set(all).size).toBe(all.length);
  });

  it('hold what the API says, in its own types', () => {
    const values = Object.fromEntries(ALL_CONTACT_COLUMNS.map(({ name, cell }) => [name, cell({ ...source, answer, person })]));
    expect(values).toMatchObject({
      linkedin_id: 'mira', experiences: [{ title: 'CEO' }], company_website: 'https://acme.example', company_linkedin_followers: 10,
      company_generic_emails: ['hello@acme.example'], usage_total_usd: 0.35, usage_persons_count: 2, email_verified: true, row: 7,
    });
  });

  it('hold under other_members what the API has begun to say since, and nothing that has a column', () => {
    const { cell } = ALL_CONTACT_COLUMNS.find(({ name }) => name === 'other_members') ?? {};
    expect(cell?.({ ...source, answer, person })).toEqual({ person: { quality: 0.9 }, company: { stage: 'B' }, usage: { credits: 3 }, answer: { warnings: ['slow'] } });
    expect(cell?.(source)).toBeUndefined();
  });
});

describe('--columns', () => {
  const input = ['Customer', 'domain', 'company_website', 'Name, legal'];
  const problemsOf = (act: () => unknown): string[] => {
    try {
      act();
    } catch (error) {
      if (error instanceof UsageError) return error.message.split('\n');
      throw error;
    }
    return [];
  };

  it.each([
    ['domain,first_name', ['domain', 'first_name']],
    [' row , domain ', ['row', 'domain']],
    ['row\ndomain\n', ['row', 'domain']],
    ['"Name, legal",row', ['Name, legal', 'row']],
    ['ALL', 'all'],
  ])('%j is read as %j', (text, list) => {
    expect(readColumnList(text)).toEqual(list);
  });

  it.each([
    ['', ['--columns names no column: write for instance --columns domain,first_name,professional_email, or all']],
    [' , ', ['--columns names no column: write for instance --columns domain,first_name,professional_email, or all']],
    ['row,domain,row', ['--columns names "row" twice: name each column once']],
    ['row,domain,Row', ['--columns names "Row" twice: name each column once']],
    ['"row', ['--columns has a quotation mark that is never closed: put "..." around a name that has a comma in it']],
  ])('%j is refused', (text, problems) => {
    expect(problemsOf(() => readColumnList(text))).toEqual(problems);
  });

  it.each([
    [['row', 'last_name', 'Customer'], ['row', 'last_name', 'Customer']],
    [['experiences', 'input_domain', 'Name, legal'], ['experiences', 'input_domain', 'Name, legal']],
    [['Domain', 'INPUT_domain', 'customer'], ['domain', 'input_domain', 'Customer']],
  ])('takes %j in that order', (list, names) => {
    expect(namesOf(chooseContactColumns(list, input))).toEqual(names);
  });

  it('takes a name for the column of the list that the default output calls so, and each under the name that all calls it', () => {
    const shown = chooseContactColumns(['company_website', 'input_company_website'], input).map(({ cell }) => cell({ ...source, cells: ['c', 'd', 'w', 'n'] }));
    expect(shown).toEqual(['w', 'w']);
    expect(namesOf(chooseContactColumns('all', input)).slice(-5)).toEqual(['row', 'Customer', 'input_domain', 'input_company_website', 'Name, legal']);
  });

  it.each([
    ['profesional_email', 'there is no column "profesional_email" (--columns): did you mean "professional_email"?'],
    ['customr', 'there is no column "customr" (--columns): did you mean "Customer"?'],
    ['phone', 'there is no column "phone" (--columns): did you mean "mobile_phone" or "phone_numbers" or "usage_phones_usd" or "usage_phones_count"?'],
  ])('with %s says what may have been meant', (name, problem) => {
    expect(problemsOf(() => chooseContactColumns([name, 'domain'], input))).toEqual([problem]);
  });

  it('with names that are like no other lists the columns once', () => {
    const [problem, ...more] = problemsOf(() => chooseContactColumns(['zzzz', 'qqqq'], input));
    expect(problem).toMatch(/^there is no column "zzzz" or "qqqq" \(--columns\): the columns are domain, title_filter, first_name, .*, row, those of the list/);
    expect(more).toEqual([]);
  });
});
