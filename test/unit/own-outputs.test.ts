/* Outputs of this program that are given as lists: contacts are recognised, a report asks what its list asked. */
import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { ownOutput, REPORT_COLUMNS } from '../../src/core/own-outputs.ts';
import type { QuestionOptions } from '../../src/kinds/contacts/question.ts';
import { chooseColumns, namesOfList } from '../../src/lists/columns.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList } from '../../src/lists/read.ts';
import type { RunOptions } from '../../src/service/options.ts';
import { importedRows } from '../../src/service/start.ts';
import { inputColumnNames } from '../../src/outputs/column-choice.ts';
import { CONTACT_COLUMNS } from '../../src/outputs/contact-columns.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
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
  const rows = [];
  for await (const row of importedRows({ key: '', input_name: '', list, options, maxAgeMs: 0, fresh: false, onAdvice: ignored, onOrRead: ignored })) rows.push(row);
  return { columns: namesOfList(list.columns), rows };
}
const hashes = (read: Awaited<ReturnType<typeof asked>>) => read.rows.map(({ question_hash }) => question_hash);

describe('a header', () => {
  it.each([
    ['of contacts', names, 'contacts'],
    ['of contacts of an older version', names.filter((name) => name !== 'outcome'), 'contacts'],
    ['of some columns of the contacts', ['Domain', 'First_Name', 'Professional_Email', 'person_id'], 'contacts'],
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
        '2,acme.example,Founder OR CEO,found,,2,0.2,j1,1,www.Acme.example,won,Founder or CEO,Acme\n' +
        '3,,cto,invalid,the domain is empty,0,0,,0,,lost,cto,\n' +
        '4,beta.example,(cto,invalid,"title filter, character 1: this bracket is never closed",0,0,,0,beta.example,open,(cto,Beta\n' +
        '5,gamma.example,cto,invalid,"has 6 cells, the header has 4",0,0,,0,gamma.example,open,cto,Gamma\n',
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
    await writeFile(inFolder('mended.csv'), `${REPORT_COLUMNS.join(',')}\n2,acme.example,cto,invalid,the domain is empty,0,0,,0\n`);
    expect((await asked(inFolder('mended.csv'))).rows[0]?.question?.domain).toBe('acme.example');
  });

  it.each([['with the personas of its run', { personas }], ['with no filter given', {}]])('asks for personas %s', async (_what, question) => {
    const list = await asked('test/lists/cases/16-persona-list.csv', { personas });
    expect(hashes(await asked('test/lists/cases/16-report-of-persona-run.csv', question))).toEqual(hashes(list));
  });

  it('is a list like any other with --as-list', async () => {
    expect((await asked('test/lists/cases/16-report-of-persona-run.csv', { personas }, true)).columns).toContain('job_id');
  });

  it('finds its columns whatever the options name in the list', () => {
    expect(chooseColumns([...REPORT_COLUMNS, 'Site'], { domainColumn: 'Site', filterColumn: 'none' })).toMatchObject({ domain: 1, filter: 2, behind: 9 });
  });
});
