/* Outputs of this program that are given as lists: contacts are recognised, a report asks what its list asked. */
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { EMAIL_REPORT_COLUMNS, ownOutput, REPORT_COLUMNS } from '../../src/core/own-outputs.ts';
import type { QuestionOptions } from '../../src/kinds/contacts/question.ts';
import { chooseColumns, namesOfList } from '../../src/lists/columns.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList } from '../../src/lists/read.ts';
import type { RunOptions } from '../../src/service/options.ts';
import { askContacts } from '../../src/service/contact-rows.ts';
import type { ListRow } from '../../src/lists/read.ts';
import { importedRows } from '../../src/service/start.ts';
import { inputColumnNames } from '../../src/outputs/column-choice.ts';
import { CONTACT_COLUMNS } from '../../src/outputs/contact-columns.ts';
import { outputIsNoList } from '../../src/cli/no-list.ts';
import { EMAIL_COLUMNS } from '../../src/kinds/emails/columns.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const emailNames = EMAIL_COLUMNS.map(({ name }) => name);
const OLDER_REPORT = REPORT_COLUMNS.filter((name) => name !== 'provider' && name !== 'asked_in_vain');
const names = CONTACT_COLUMNS.map(({ name }) => name);
const personas = [{ name: 'leaders', filter: 'ceo OR founder' }, { name: 'sales', filter: 'head of sales OR vp sales' }];

/** What the rows of a list ask, and the cells that travel along. */
async function asked(path: string, question: Partial<QuestionOptions> = {}, asList?: boolean) {
  const list = await openList(path, await examineList(path), { asList });
  const options: RunOptions = {
    question: { api_host: 'sandbox', limit: 10, include_phones: false, include_unverified: false, ...question },
    reading: {},
    rows: null,
    output: { contacts: '-', report: null, style: { delimiter: ',', bom: false } },
  };
  const ignored = () => undefined;
  const ask = (row: ListRow) => askContacts({ columns: list.columns, options: options.question, onAdvice: ignored, onOrRead: ignored }, row);
  const rows = [];
  for await (const row of importedRows({ key: '', input_name: '', list, options, maxAgeMs: 0, fresh: false, ask })) rows.push(row);
  return { columns: namesOfList(list.columns), rows };
}
const hashes = (read: Awaited<ReturnType<typeof asked>>) => read.rows.map(({ question_hash }) => question_hash);

describe('a header', () => {
  it.each([
    ['of contacts', names, 'contacts'],
    ['of contacts of an older version', names.filter((name) => name !== 'outcome'), 'contacts'],
    ['of some columns of the contacts', ['Domain', 'First_Name', 'Professional_Email', 'person_id'], 'contacts'],
    ['of a report of an older version', [...OLDER_REPORT, 'Site'], 'report'],
    ['of a report on addresses', [...EMAIL_REPORT_COLUMNS, 'input_Email'], 'email_report'],
    ['of verdicts', emailNames, 'verified'],
    ['of verdicts on contacts', [...emailNames, ...inputColumnNames(emailNames, names)], 'verified'],
    ['of some columns of the verdicts', ['Email', 'Verdict', 'Good'], 'verified'],
    ['of addresses with a column like one of ours', ['email', 'verdict', 'note'], undefined],
    ['of a report', [...REPORT_COLUMNS, 'input_Domain'], 'report'],
    ['of the report of contacts that were taken as a list', [...REPORT_COLUMNS, ...inputColumnNames(REPORT_COLUMNS, names)], 'report'],
    ['of companies', ['domain', 'title_filter', 'company_name'], undefined],
    ['of companies with a column like one of ours', ['row', 'domain', 'outcome', 'job_id'], undefined],
  ])('%s is recognised', (_what, header, kind) => {
    expect(ownOutput(header)).toBe(kind);
  });
});

describe('a report given as a list', () => {
  beforeAll(() => writeFile(inFolder('list.csv'), 'Domain,Outcome,Titles,company_name\nwww.Acme.example,won,Founder or CEO,Acme\n,lost,cto,\nbeta.example,open,"(cto",Beta\ngamma.example,open,cto,"Gamma",too,long\n'));

  it('asks what the list asked, with the columns of the list under their own names', async () => {
    await writeFile(
      inFolder('report.csv'),
      `${[...REPORT_COLUMNS, ...inputColumnNames(REPORT_COLUMNS, ['Domain', 'Outcome', 'Titles', 'company_name'])].join(',')}\n` +
        '2,acme.example,Founder OR CEO,found,,2,waterfall,,0.2,j1,1,www.Acme.example,won,Founder or CEO,Acme\n' +
        '3,,cto,invalid,the domain is empty,0,,,0,,0,,lost,cto,\n' +
        '4,beta.example,(cto,invalid,"title filter, character 1: this bracket is never closed",0,,,0,,0,beta.example,open,(cto,Beta\n' +
        '5,gamma.example,cto,invalid,"has 6 cells, the header has 4",0,,,0,,0,gamma.example,open,cto,Gamma\n',
    );
    const [list, report] = [await asked(inFolder('list.csv')), await asked(inFolder('report.csv'))];
    expect(report.columns).toEqual(list.columns);
    expect(hashes(report)).toEqual(hashes(list));
    expect(report.rows.map(({ cells }) => cells)).toEqual(list.rows.map(({ cells }) => cells));
    expect(report.rows[0]?.question).toEqual(list.rows[0]?.question);
    expect(report.rows.map(({ reason }) => reason?.split('\n')[0])).toEqual([
      undefined,
      'the domain is empty',
      expect.stringMatching(/never closed/),
      'has 6 cells, the header has 4',
    ]);
  });

  it('asks a row whose domain was filled in since', async () => {
    await writeFile(inFolder('mended.csv'), `${REPORT_COLUMNS.join(',')}\n2,acme.example,cto,invalid,the domain is empty,0,,,0,,0\n`);
    expect((await asked(inFolder('mended.csv'))).rows[0]?.question).toMatchObject({ domain: 'acme.example' });
  });

  it.each([['with the personas of its run', { personas }], ['with no filter given', {}]])('asks for personas %s', async (_what, question) => {
    const list = await asked('test/lists/cases/16-persona-list.csv', { personas });
    expect(hashes(await asked('test/lists/cases/16-report-of-persona-run.csv', question))).toEqual(hashes(list));
  });

  it('is a list like any other with --as-list', async () => {
    expect((await asked('test/lists/cases/16-report-of-persona-run.csv', { personas }, true)).columns).toContain('job_id');
  });

  it('finds its columns whatever the options name in the list', () => {
    expect(chooseColumns([...REPORT_COLUMNS, 'Site'], { domainColumn: 'Site', filterColumn: 'none' })).toMatchObject({ domain: 1, filter: 2, behind: 11 });
  });
});

describe('a report of an older version', () => {
  it('asks what it asked, with the columns behind its own', () => {
    const columns = chooseColumns([...OLDER_REPORT, 'Site']);
    expect(columns).toMatchObject({ domain: 1, filter: 2, behind: 9 });
    expect(namesOfList(columns)).toEqual(['Site']);
  });
});

describe('a list of addresses', () => {
  const choose = (header: readonly string[], more: { emailColumn?: string; asList?: boolean } = {}) => chooseColumns(header, { subject: 'email', ...more });

  it.each([
    ['E-Mail', ['Domain', 'E-Mail'], 1],
    ['work_email', ['personal_email', 'work_email'], 1],
    ['Correo electrónico', ['Nombre', 'Correo electrónico'], 1],
    ['the first of several known names', ['mail', 'email'], 1],
    ['the address at work of our contacts', [...names, 'email'], names.indexOf('professional_email')],
  ])('is found by %s', (_what, header, email) => {
    expect(choose(header)).toEqual({ names: header, email });
  });

  it('is named by the option', () => {
    expect(choose(['email', 'Reply to'], { emailColumn: 'reply-to' })).toMatchObject({ email: 1 });
  });

  it.each([
    ['domains', ['domain', 'title_filter'], /this list has domains and no addresses; .*waterfall-contacts run finds people/],
    ['data at a mail provider', ['jane@gmail.com', 'Jane'], /the first line looks like data \("jane@gmail.com"\)/],
    ['nothing known', ['note', 'x'], /no column of the list looks like the e-mail address; .*--email-column <name>/],
    ['two columns of one name', ['email', 'E-mail'], /2 columns named like "email".*--email-column "E-mail"/],
    ['the report on companies', REPORT_COLUMNS, /report of a run that looked for contacts/],
  ])('is refused with %s', (_what, header, message) => {
    expect(() => choose(header)).toThrow(message);
  });

  it('is refused as a list of companies where it is a report', () => {
    expect(() => chooseColumns(EMAIL_REPORT_COLUMNS)).toThrow(/report of a run that verified addresses/);
  });

  it('is read from the report on it, without what the report says', () => {
    const columns = choose([...EMAIL_REPORT_COLUMNS, 'input_Email', 'note']);
    expect(columns).toMatchObject({ email: 1, behind: 9 });
    expect(namesOfList(columns)).toEqual(['Email', 'note']);
  });

  it('is read below a title, and with addresses alone', async () => {
    await writeFile(inFolder('titled.csv'), 'Export of the fair in March,\n\nname,e-mail\nJane,jane@gmail.com\n');
    const list = await openList(inFolder('titled.csv'), await examineList(inFolder('titled.csv'), { subject: 'email' }), { subject: 'email' });
    expect(list).toMatchObject({ columns: { email: 1 }, skipped: expect.stringContaining('Export of the fair') as string });
    await list.close();
    await writeFile(inFolder('bare.txt'), 'email\njane@acme.example\n');
    const bare = await openList(inFolder('bare.txt'), await examineList(inFolder('bare.txt'), { subject: 'email' }), { subject: 'email' });
    expect(bare.columns).toEqual({ names: ['email'], email: 0 });
    await bare.close();
  });

  it('does not lose an address that stands above the header', async () => {
    await writeFile(inFolder('headless.csv'), 'jane@gmail.com,Jane\nemail,name\nida@acme.example,Ida\n');
    const format = await examineList(inFolder('headless.csv'), { subject: 'email' });
    await expect(openList(inFolder('headless.csv'), format, { subject: 'email' })).rejects.toThrow(/looks like data/);
  });
});

describe('an output that is no list', () => {
  const format = { encoding: 'utf-8', bom: false, delimiter: ',' } as const;
  const said = (kind: 'contacts' | 'emails', path: string, header: readonly string[]) => outputIsNoList(kind, path, header, format)?.what;

  it('is contacts for companies, and no list of addresses is', () => {
    expect(said('contacts', 'x.contacts.csv', names)).toBe('x.contacts.csv holds contacts that this program found, not companies to ask for');
    expect(said('emails', 'x.contacts.csv', names)).toBeUndefined();
  });

  it('is verdicts for both, with the list that may be meant', async () => {
    await writeFile(inFolder('emails.csv'), 'email\n');
    expect(said('emails', inFolder('emails.verified.csv'), emailNames)).toBe(`${inFolder('emails.verified.csv')} holds addresses that this program verified for ${inFolder('emails.csv')}, not addresses to verify`);
    expect(said('contacts', 'x.verified.csv', emailNames)).toBe('x.verified.csv holds addresses that this program verified, not companies to ask for');
    expect(said('contacts', 'x.csv', ['domain'])).toBeUndefined();
  });
});
