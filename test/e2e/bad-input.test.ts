/* Lists and options that cannot be used: one sentence with what to do, exit 2, and nothing is sent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect } from 'vitest';
import { it, type Ended } from '../support/command.ts';

const GOOD = 'domain,title_filter\nharbour-1.example,ceo\n';

/** Where the API would be: it only counts what is sent. */
const API = { WATERFALL_BASE_URL: '' };
let requests = 0;

beforeAll(async () => {
  const server = createServer((request) => {
    requests += 1;
    request.socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  API.WATERFALL_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => void server.close();
});

describe.concurrent('a list', () => {
  it.for([
    { name: 'that does not exist', content: undefined, what: 'list.csv does not exist', fix: 'check the name, and the folder you are in' },
    { name: 'that is empty', content: '', what: 'list.csv is empty', fix: 'give a CSV with a header and at least one row' },
    { name: 'of blank lines', content: '\n \n', what: 'list.csv has only blank lines', fix: 'give a CSV with a header and at least one row' },
    { name: 'with a header only', content: 'domain,title_filter\n', what: 'list.csv has a header but no rows', fix: 'add at least one row' },
    {
      name: 'without a domain column',
      content: 'firm,city\nHarbour,Oslo\n',
      what: 'no column of the list looks like the domain; its columns are "firm", "city"',
      fix: 'name the column with --domain-column <name>, or call it "domain"',
    },
    {
      name: 'whose first line looks like data',
      content: 'harbour-1.example,ceo\nharbour-2.example,ceo\n',
      what: 'the first line looks like data ("harbour-1.example"), not like column names',
      fix: 'put a line with the names of the columns above it, such as: domain,title_filter',
    },
    { name: 'of bytes that are no text', content: Buffer.from([...Array(64).keys()]), what: 'list.csv is not a text file', fix: 'give a CSV' },
    {
      name: 'that is a workbook',
      content: Buffer.from('PK\x03\x04\x14\x00\x06\x00', 'latin1'),
      what: 'list.csv is an Excel workbook (or another zip file)',
      fix: 'save it as CSV',
    },
    {
      name: 'with two domain columns',
      content: 'domain,Domain,filter\nharbour-1.example,harbour-2.example,ceo\n',
      what: 'the list has 2 columns named like "domain" (columns 1 and 2)',
      fix: 'rename all but one, or choose: --domain-column "domain" or --domain-column "Domain"',
    },
    {
      name: 'with a quotation mark that is never closed',
      content: `${GOOD}"harbour-2.example,ceo\n`,
      what: 'a quotation mark opens on line 3 and is never closed',
      fix: 'close it, or remove it',
    },
    {
      name: 'without any filter',
      content: 'domain\nharbour-1.example\n',
      what: 'list.csv has no column with title filters, and no filter is given for all rows',
      fix: 'add --title-filter "(founder OR ceo) AND NOT assistant", or name the column with --filter-column',
    },
  ])('$name is refused', async ({ content, what, fix }, { openWorkplace, databaseUrl }) => {
    const { run, write } = await openWorkplace({ ...API, DATABASE_URL: databaseUrl });
    if (content !== undefined) await write('list.csv', content);
    const refused = await run(['run', 'list.csv']);
    expect(refusal(refused)).toBe(`error: ${what}\n  to do: ${fix}\n`);
  });

  it('that is a folder is refused', async ({ openWorkplace }) => {
    const { run, folder } = await openWorkplace(API);
    expect(refusal(await run(['run', folder]))).toBe(`error: ${folder} is a folder\n  to do: give a CSV file\n`);
  });

  it('on stdin is refused in the same words', async ({ openWorkplace }) => {
    const { run } = await openWorkplace(API);
    expect(refusal(await run(['run', '-']))).toBe('error: stdin is empty\n  to do: give a CSV with a header and at least one row\n');
  });
});

describe.concurrent('an option', () => {
  it.for([
    { args: ['--limt', '5'], says: /^error: unknown option '--limt'\n\(Did you mean --limit\?\)\n/ },
    { args: ['--limit', '0'], says: /^error: option '--limit <n>' argument '0' is invalid\. It must be a whole number from 1 to 500\.\n/ },
    {
      args: ['--title-filter', 'ceo', '--persona', 'leaders=ceo'],
      says: /^error: --title-filter and --persona exclude each other\n {2}to do: give one of them\n$/,
    },
    {
      args: ['--title-filter', 'ceo AND (founder OR'],
      says: /^error: --title-filter, character \d+: .+ \(VALIDATION_BAD_TITLE_FILTER\w*\)\n {4}ceo AND \(founder OR\n {4} *\^\n$/,
    },
    { args: ['--job-timeout', 'soon'], says: /^error: --job-timeout "soon" is not a duration\n {2}to do: write for instance 90s, 10m, 12h or 30d\n$/ },
    { args: ['--max-age', '3 weeks'], says: /^error: --max-age "3 weeks" is not a duration\n {2}to do: .+\n$/ },
    { args: ['--rate-limit', 'fast'], says: /^error: the rate limit "fast" is not <requests>\/<seconds>: write for instance 50\/60, or 0 for none\n$/ },
    {
      args: ['--base-url', 'http://api.example'],
      says: /^error: the key would go to api\.example in plain text\n {2}to do: use https, or --allow-insecure if you mean it\n$/,
    },
    { args: ['-o', 'list.csv'], says: /^error: the output \S+\/list\.csv is the input file\n {2}to do: choose another one with -o\n$/ },
    { args: ['-o', 'no/such/contacts.csv'], says: /^error: the folder \S+\/no\/such does not exist\n {2}to do: create it, or choose another place with -o\n$/ },
    { args: ['--domain-column', 'domian'], says: /^error: the list has no column "domian" \(--domain-column\)\n {2}to do: did you mean "domain"\? / },
  ])('$args is refused', async ({ args, says }, { openWorkplace, databaseUrl }) => {
    const { run, write, read } = await openWorkplace({ ...API, DATABASE_URL: databaseUrl });
    await write('list.csv', GOOD);
    expect(refusal(await run(['run', 'list.csv', ...args]))).toMatch(says);
    expect(await read('list.csv')).toBe(GOOD);
  });

  it('and a setting that are both wrong are refused together', async ({ openWorkplace }) => {
    const { run, write } = await openWorkplace({ ...API, DATABASE_URL: 'mysql://db.example/x', LOG_LEVEL: 'loud' });
    await write('list.csv', GOOD);
    const said = refusal(await run(['run', 'list.csv', '--rate-limit', 'fast']));
    expect(said).toContain('DATABASE_URL is no PostgreSQL connection string');
    expect(said).toContain('LOG_LEVEL is unknown');
    expect(said).toContain('the rate limit "fast"');
  });
});

/** The error that was said to somebody whose command was refused: nothing sent, nothing on stdout, no stack. */
function refusal({ exit, stdout, stderr }: Ended): string {
  expect([exit, stdout, requests]).toEqual([2, '', 0]);
  expect(stderr).not.toMatch(/\n\s+at |node:internal|bug in waterfall/);
  return stderr.slice(stderr.indexOf('error:'));
}
