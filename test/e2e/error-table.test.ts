/*
 * Every message that a user can cause by what they type, set or have: the situation, the exact words, the exit code.
 * Each says what happened, where, and what to do. What the API and the network cause is in failures.md and its tests.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openDriver } from '../../src/store/open.ts';
import { createPostgresDatabase, administrate, testRuntime } from '../support/databases.ts';
import { give } from '../support/in-process.ts';
import { asOrdinaryUser } from '../support/ordinary-user.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Situation = {
  name: string;
  args: readonly string[];
  /** In the folder where the command is given. */
  files?: Record<string, string | Buffer>;
  env?: Record<string, string>;
  /** Whether the user owns nothing. */
  isNobody?: true;
  /** Says that something is so before the command is given; what it returns is added to the environment. */
  given?: (folder: string) => Promise<Record<string, string> | undefined>;
  /** Default: 2. */
  exit?: number;
  /** What is said of what is wrong, with the folder as FOLDER, addresses of databases as HOST. */
  what: string;
  /** What to do; none where the first line says it. */
  fix?: string;
};

const inFolder = temporaryFolder();
const LIST = 'domain,title_filter\nharbour-1.example,ceo\n';
const RUN = ['run', 'list.csv'];
/** Nobody listens there: what is not refused as it should be does no harm. */
const API = { WATERFALL_API_KEY: 'test-key', WATERFALL_BASE_URL: 'http://127.0.0.1:9' };
let databaseUrl = '';

beforeAll(async () => {
  const { url, drop } = await createPostgresDatabase();
  databaseUrl = url;
  return drop;
});

/** A list with other content; undefined: no list. */
const list = (content: string | Buffer) => ({ args: RUN, files: { 'list.csv': content } });
/** An option of `run` with a good list. */
const option = (...args: string[]) => ({ args: [...RUN, ...args], files: { 'list.csv': LIST } });
/** A setting, with a good list. */
const setting = (env: Record<string, string>) => ({ args: RUN, files: { 'list.csv': LIST }, env });

const COMMAND_LINE: Situation[] = [
  { name: 'a command that is misspelt', args: ['exprt'], what: "unknown command 'exprt'\n(Did you mean export?)" },
  { name: 'a command that is none', args: ['frobnicate'], what: "unknown command 'frobnicate'" },
  { name: 'a list where a command should be', args: ['companies.csv'], what: "unknown command 'companies.csv'\n(Did you mean run companies.csv?)" },
  { name: 'an option that is misspelt', ...option('--limt', '5'), what: "unknown option '--limt'\n(Did you mean --limit?)" },
  { name: 'a run without a list', args: ['run'], what: "missing required argument 'companies.csv'" },
  { name: 'two runs', args: ['status', 'a', 'b'], what: "too many arguments for 'status'. Expected 1 argument but got 2." },
  { name: 'an option without its value', ...option('--limit'), what: "option '--limit <n>' argument missing" },
  { name: 'a number out of range', ...option('--limit', '0'), what: '--limit "0" is not a whole number from 1 to 500', fix: 'give one, or leave it out for 10' },
  { name: 'a number that is none', args: ['runs', '--limit', 'all'], what: '--limit "all" is not a whole number from 1 to 10000', fix: 'give one, or leave it out for 20' },
  { name: 'a word that is no choice', ...option('--in-doubt', 'maybe'), what: '--in-doubt "maybe" is not known', fix: 'use one of relaunch, hold' },
  { name: 'a log format that is none', ...option('--log-format', 'xml'), what: '--log-format "xml" is not known', fix: 'use one of text, json' },
  { name: 'a share above 1', args: ['sandbox', '--fail-rate', '2'], what: '--fail-rate "2" is not a number from 0 to 1', fix: 'give one, or leave it out' },
  { name: 'a choice that is none, where no settings are needed', args: ['migrate', '--print', '--log-format', 'xml'], what: '--log-format "xml" is not known', fix: 'use one of text, json' },
  {
    name: 'many mistakes at once', env: { LOG_LEVEL: 'loud', WATERFALL_RATE_LIMIT: 'fast' },
    ...option(
      ...['--limit', '0', '--concurrency', 'many', '--in-doubt', 'maybe', '--job-timeout', 'soon', '--max-cost', '-1', '--price', 'x', '--max-age', 'old'],
      ...['--output-delimiter', 'x', '--columns', 'a,a', '--persona', 'ceo', '--country', 'DE', '--delimiter', '#', '--encoding', 'x'],
    ),
    what: [
      'the rate limit "fast" is not <requests>/<seconds>\n  to do: write for instance 50/60, or 0 for none',
      'LOG_LEVEL is unknown\n  to do: set it to debug, info, warn or error',
      '--limit "0" is not a whole number from 1 to 500\n  to do: give one, or leave it out for 10',
      '--concurrency "many" is not a whole number from 1 to 10000\n  to do: give one, or leave it out for 200',
      '--in-doubt "maybe" is not known\n  to do: use one of relaunch, hold',
      '--job-timeout "soon" is not a duration\n  to do: write for instance 90s, 10m, 12h or 30d',
      '--max-cost "-1" is not an amount in US dollars\n  to do: write for instance --max-cost 25',
      '--price "x" is not an amount in US dollars\n  to do: write for instance --price 0.05',
      '--columns names "a" twice\n  to do: name each column once',
      '--output-delimiter "x" is not known\n  to do: use one of , ; tab |',
      '--max-age "old" is not a duration\n  to do: write for instance 90s, 10m, 12h or 30d',
      '--persona "ceo" is not name=expression\n  to do: write for instance --persona "leaders=ceo OR founder"',
      '--country "DE" is a code, and the API knows countries by their names\n  to do: write it in full, for instance --country "Germany"',
      '--delimiter "#" is not known\n  to do: use one of , ; tab |',
      '--encoding "x" is not known',
    ].join('\nerror: '),
    fix: 'use utf-8, utf-16le, utf-16be, windows-1252, windows-1250, windows-1251, macintosh or gbk',
  },
  {
    name: 'no key and a mistake', ...option('--max-age', 'old'), env: { WATERFALL_API_KEY: '' },
    what: 'there is no API key\n  to do: set WATERFALL_API_KEY in the environment or in .env, or add --sandbox for a trial without one\nerror: --max-age "old" is not a duration',
    fix: 'write for instance 90s, 10m, 12h or 30d',
  },
  {
    name: 'many mistakes of the sandbox at once', args: ['sandbox', '--port', '99999', '--latency', 'x', '--slow', 'y', '--rate-limit', 'z'],
    what: '--port "99999" is not a whole number from 0 to 65535\n  to do: give one, or leave it out for 8787\nerror: --rate-limit "z" is not <requests>/<seconds>\n  to do: write for instance 50/60, or 0 for none\n'
      + 'error: --latency "x" is not a duration\n  to do: write for instance 90s, 10m, 12h or 30d\nerror: --slow "y" is not a duration',
    fix: 'write for instance 90s, 10m, 12h or 30d',
  },
];

const SETTINGS: Situation[] = [
  {
    name: 'no key', args: RUN, files: { 'list.csv': LIST }, env: { WATERFALL_API_KEY: '' }, what: 'there is no API key',
    fix: 'set WATERFALL_API_KEY in the environment or in .env, or add --sandbox for a trial without one',
  },
  { name: 'a key with a space', ...setting({ WATERFALL_API_KEY: 'two words' }), what: 'WATERFALL_API_KEY has characters that no key has', fix: 'copy it again, without spaces or quotes' },
  { name: 'an address that is none', ...setting({ WATERFALL_BASE_URL: 'api.example' }), what: 'WATERFALL_BASE_URL is no http(s) address', fix: 'write for instance https://api.waterfall.io' },
  { name: 'plain http', ...option('--base-url', 'http://api.example'), what: 'the key would go to api.example in plain text', fix: 'use https, or --allow-insecure if you mean it' },
  { name: 'a header that is none', ...setting({ WATERFALL_API_KEY_HEADER: 'x key' }), what: 'WATERFALL_API_KEY_HEADER is no header name', fix: 'write x-api-key' },
  { name: 'a rate limit that is none', ...option('--rate-limit', 'fast'), what: 'the rate limit "fast" is not <requests>/<seconds>', fix: 'write for instance 50/60, or 0 for none' },
  { name: 'a level that is none', ...setting({ LOG_LEVEL: 'loud' }), what: 'LOG_LEVEL is unknown', fix: 'set it to debug, info, warn or error' },
  {
    name: 'another database', ...setting({ DATABASE_URL: 'mysql://db.example/x' }), what: 'DATABASE_URL is no PostgreSQL connection string',
    fix: 'write postgres://user:password@host:5432/database, or leave it out to use the embedded database',
  },
  { name: 'an .env in UTF-16', args: RUN, files: { 'list.csv': LIST, '.env': Buffer.from('\ufeffWATERFALL_API_KEY=test-key\n', 'utf16le') }, what: 'FOLDER/.env is UTF-16, or no text', fix: 'save it as UTF-8' },
  { name: 'an .env that is a folder', ...setting({}), given: (folder) => mkdir(join(folder, '.env')).then(() => undefined), what: 'FOLDER/.env cannot be read (EISDIR)', fix: 'correct its permissions, or remove it' },
];

const OPTIONS: Situation[] = [
  { name: 'a filter for all and personas', ...option('--title-filter', 'ceo', '--persona', 'leaders=ceo'), what: '--title-filter and --persona exclude each other', fix: 'give one of them' },
  {
    name: 'a filter with an open bracket', ...option('--title-filter', 'ceo AND (founder'),
    what: '--title-filter, character 9: this bracket is never closed (VALIDATION_BAD_TITLE_FILTER_MISSING_RIGHT_PARENTHESIS)\n    ceo AND (founder\n            ^',
    fix: 'correct it there: a filter is made of words, AND, OR, NOT in capitals, and brackets',
  },
  { name: 'a persona without a name', ...option('--persona', 'ceo'), what: '--persona "ceo" is not name=expression', fix: 'write for instance --persona "leaders=ceo OR founder"' },
  { name: 'two personas of one name', ...option('--persona', 'leaders=ceo', '--persona', 'leaders=founder'), what: 'two personas are called "leaders"', fix: 'give each --persona a name of its own' },
  {
    name: 'the code of a country', ...option('--country', 'France', '--country', 'DE'), what: '--country "DE" is a code, and the API knows countries by their names',
    fix: 'write it in full, for instance --country "Germany"',
  },
  { name: 'a delimiter for a workbook', ...option('-o', 'contacts.xlsx', '--output-delimiter', ';'), what: '--output-delimiter is for csv, and the output is xlsx', fix: 'leave it out, or choose --format csv' },
  { name: 'a byte order mark for JSON', ...option('-o', 'contacts.jsonl', '--bom'), what: '--bom is for csv and tsv, and the output is jsonl', fix: 'leave it out' },
  { name: 'six personas', ...option(...[1, 2, 3, 4, 5, 6].flatMap((n) => ['--persona', `p${n}=ceo`])), what: 'there are 6 personas', fix: 'give at most 5, which is what the API takes' },
  {
    name: '51 countries', ...option(...Array.from({ length: 51 }, (_, n) => ['--country', `Land ${n}`]).flat()), what: 'there are 51 countries',
    fix: 'give at most 50, which is what the API takes',
  },
  { name: 'a place of 201 characters', ...option('--location', 'x'.repeat(201)), what: `"${'x'.repeat(30)}..." is no place`, fix: 'give at most 200 characters, which is what the API takes' },
  ...['--title-filter', '--location', '--country', '--exclude-name'].map((name) => ({ name: `an empty ${name}`, ...option(name, ' '), what: `${name} is empty`, fix: 'give it a value, or leave it out' })),
  { name: 'a state of the sandbox that is none', args: ['sandbox', '--port', '0', '--state', 'list.csv'], files: { 'list.csv': LIST }, what: 'list.csv is not a state of the sandbox', fix: 'name another file with --state, or one that does not exist yet' },
  { name: 'a file of names that is not there', ...option('--exclude-name', '@names.txt'), what: '--exclude-name: names.txt does not exist', fix: 'check the name, and the folder you are in' },
  { name: 'the code of a country in full-width letters', ...option('--country', 'ＤＥ\u200B'), what: '--country "ＤＥ\u200B" is a code, and the API knows countries by their names', fix: 'write it in full, for instance --country "Germany"' },
  ...[['--title-filter', '#N/A'], ['--location', 'n/a'], ['--country', 'NULL'], ['--exclude-name', '-']].map(([name = '', word = '']) => ({
    name: `a word for nothing in ${name}`, ...option(name, word), what: `${name} "${word}" is a word for nothing`, fix: 'give it a value, or leave it out',
  })),
  { name: 'a word for nothing in a persona', ...option('--persona', 'leaders=N/A'), what: '--persona "N/A" is a word for nothing', fix: 'give it a value, or leave it out' },
  { name: 'a file of names that is empty', args: [...RUN, '--exclude-name', '@names.txt'], files: { 'list.csv': LIST, 'names.txt': '' }, what: '--exclude-name: names.txt is empty', fix: 'give one name a line' },
  {
    name: 'a file of names with a character that was lost', args: [...RUN, '--exclude-name', '@names.txt'], files: { 'list.csv': LIST, 'names.txt': 'Ida Fjord\n\uFFFDsa Vale\n' },
    what: '--exclude-name: line 2 of names.txt has a character that was lost (\uFFFD)', fix: 'save the file anew, as UTF-8',
  },
  ...['--exclude-name', '--title-filter', '--location', '--country'].map((name) => ({
    name: `a character that was lost in ${name}`, ...option(name, '\uFFFDsa'), what: `${name} has a character that was lost (\uFFFD)`, fix: 'set the locale to UTF-8, or give a file in UTF-8',
  })),
  { name: 'a file without a filter', args: [...RUN, '--title-filter', '@filter.txt'], files: { 'list.csv': LIST, 'filter.txt': '# ceo\n' }, what: '--title-filter: filter.txt has only remarks', fix: 'give a title filter' },
  { name: 'a file of a persona that is not there', ...option('--persona', 'leaders=@none.txt'), what: '--persona leaders: none.txt does not exist', fix: 'check the name, and the folder you are in' },
  {
    name: '201 names to leave out', args: [...RUN, '--exclude-name', '@names.txt'], files: { 'list.csv': LIST, 'names.txt': Array.from({ length: 201 }, (_, n) => `Name ${n}`).join('\n') },
    what: 'there are 201 names to leave out', fix: 'give at most 200, which is what the API takes',
  },
  { name: 'a time that is none', ...option('--job-timeout', 'soon'), what: '--job-timeout "soon" is not a duration', fix: 'write for instance 90s, 10m, 12h or 30d' },
  { name: 'an age that is none', ...option('--max-age', '3 weeks'), what: '--max-age "3 weeks" is not a duration', fix: 'write for instance 90s, 10m, 12h or 30d' },
  { name: 'contacts and report to stdout', ...option('-o', '-', '--report', '-'), what: 'contacts and report would both go to stdout', fix: 'name a file for one of them, with -o or --report' },
  { name: 'several lists into one file', args: ['run', 'list.csv', 'b.csv', '-o', 'all.csv'], files: { 'list.csv': LIST, 'b.csv': LIST }, what: '-o all.csv is one file, and there are several lists', fix: 'name a folder: -o all/' },
  { name: 'several lists of one name', args: ['run', 'list.csv', 'list.tsv'], files: { 'list.csv': LIST, 'list.tsv': LIST }, what: 'list.csv and list.tsv would be written to the same files (list.contacts.csv)', fix: 'give them in two commands, with another -o' },
  { name: 'a list twice', args: ['run', 'list.csv', 'list.csv'], files: { 'list.csv': LIST }, what: 'list.csv is given twice', fix: 'give them in two commands, with another -o' },
  { name: 'stdin among lists', args: ['run', 'list.csv', '-'], files: { 'list.csv': LIST }, what: 'stdin is one list, and there are several', fix: 'give it alone, or a file in its place' },
  { name: 'a list that cannot be read behind one that can', args: ['run', 'list.csv', 'b.csv'], files: { 'list.csv': LIST, 'b.csv': 'no,columns\n1,2\n' }, what: 'b.csv: no column of the list looks like the domain; its columns are "no", "columns"', fix: 'name the column with --domain-column <name>, or call it "domain"' },
  { name: 'a delimiter that is not known', ...option('--delimiter', '#'), what: '--delimiter "#" is not known', fix: 'use one of , ; tab |' },
  { name: 'an encoding that is not known', ...option('--encoding', 'ebcdic'), what: '--encoding "ebcdic" is not known', fix: 'use utf-8, utf-16le, utf-16be, windows-1252, windows-1250, windows-1251, macintosh or gbk' },
  { name: 'a column that is misspelt', ...option('--domain-column', 'domian'), what: 'the list has no column "domian" (--domain-column)', fix: 'did you mean "domain"? Its columns are "domain", "title_filter"' },
  { name: 'one column for both', ...option('--filter-column', 'domain'), what: '"domain" cannot hold both the domain and the title filter', fix: 'choose two columns with --domain-column and --filter-column' },
  { name: 'something that is nobody', args: ['forget', 'Jane Doe'], what: 'this is neither an e-mail address nor a person id', fix: 'give one of them whole, as it is in the contacts (professional_email, personal_email or person_id), or @file with one a line' },
  { name: 'nobody to forget', args: ['forget'], what: 'nobody is named', fix: 'give an e-mail address or a person id, @file with one a line, or --replay with an erasures.jsonl' },
  { name: 'somebody to forget, and a ledger besides', args: ['forget', 'mira@alderfinch.example', '--replay', 'erasures.jsonl'], what: '--replay takes everybody from its file, and somebody is named besides', fix: 'give one of the two' },
  { name: 'a rate of the sandbox that is none', args: ['sandbox', '--rate-limit', 'x'], what: '--rate-limit "x" is not <requests>/<seconds>', fix: 'write for instance 50/60, or 0 for none' },
  { name: 'a port that is taken', args: ['sandbox', '--port', '8787'], given: takePort, what: 'port 8787 cannot be used (EADDRINUSE)', fix: 'choose another --port, or 0 for any' },
];

const LISTS: Situation[] = [
  { name: 'that does not exist', args: RUN, what: 'list.csv does not exist', fix: 'check the name, and the folder you are in' },
  { name: 'that is a folder', args: ['run', '.'], what: '. is a folder', fix: 'give a CSV file' },
  { name: 'that may not be read', ...list(LIST), isNobody: true, given: (folder) => chmod(join(folder, 'list.csv'), 0).then(() => undefined), what: 'list.csv may not be read by you', fix: 'change its permissions' },
  { name: 'that is empty', ...list(''), what: 'list.csv is empty', fix: 'give a CSV with a header and at least one row' },
  { name: 'of blank lines', ...list('\n \n'), what: 'list.csv has only blank lines', fix: 'give a CSV with a header and at least one row' },
  { name: 'with a header only', ...list('domain,title_filter\n'), what: 'list.csv has a header but no rows', fix: 'add at least one row' },
  {
    name: 'without a domain column', ...list('firm,city\nHarbour,Oslo\n'), what: 'no column of the list looks like the domain; its columns are "firm", "city"',
    fix: 'name the column with --domain-column <name>, or call it "domain"',
  },
  {
    name: 'without a header', ...list('harbour-1.example,ceo\nharbour-2.example,ceo\n'), what: 'the first line looks like data ("harbour-1.example"), not like column names',
    fix: 'put a line with the names of the columns above it, such as: domain,title_filter',
  },
  { name: 'of bytes that are no text', ...list(Buffer.from([...Array(64).keys()])), what: 'list.csv is not a text file', fix: 'give a CSV' },
  { name: 'that is a piece of a workbook', ...list(Buffer.from('PK\x03\x04\x14\x00\x06\x00', 'latin1')), what: 'list.csv is damaged (its end is missing)', fix: 'take another copy, or open it in a spreadsheet program and save it anew' },
  { name: 'that is an old workbook', ...list(Buffer.from('\xd0\xcf\x11\xe0\xa1', 'latin1')), what: 'list.csv is an Excel workbook of the old kind (.xls)', fix: 'save it as .xlsx or CSV' },
  { name: 'that is compressed', ...list(Buffer.from('\x1f\x8b\x08\x00', 'latin1')), what: 'list.csv is compressed with gzip', fix: 'unpack it first' },
  { name: 'that is a PDF', ...list('%PDF-1.7\n'), what: 'list.csv is a PDF document', fix: 'export the table as CSV' },
  {
    name: 'with two domain columns', ...list('domain,Domain,filter\nharbour-1.example,harbour-2.example,ceo\n'), what: 'the list has 2 columns named like "domain" (columns 1 and 2)',
    fix: 'rename all but one, or choose: --domain-column "domain" or --domain-column "Domain"',
  },
  { name: 'with a quotation mark that is never closed', ...list(`${LIST}"harbour-2.example,ceo\n`), what: 'a quotation mark opens on line 3 and is never closed', fix: 'close it, or remove it' },
  {
    name: 'without any filter', ...list('domain\nharbour-1.example\n'), what: 'list.csv has no column with title filters, and no filter is given for all rows',
    fix: 'add --title-filter "(founder OR ceo) AND NOT assistant", or name the column with --filter-column',
  },
];

const OUTPUTS: Situation[] = [
  {
    name: 'of which several things cannot be', args: [...RUN, '-o', 'no/contacts.ods', '--report', 'list.csv', '--columns', 'domian'], files: { 'list.csv': 'domain\nharbour-1.example\n' },
    what: [
      'there is no column "domian" (--columns)\n  to do: did you mean "domain"?',
      'FOLDER/no/contacts.ods cannot be written in the format of its name\n  to do: use .csv .tsv .jsonl .xlsx, for instance FOLDER/no/contacts.xlsx',
      'the folder FOLDER/no does not exist\n  to do: create it, or choose another place with -o',
      'the output FOLDER/list.csv is the input file\n  to do: choose another one with --report',
      'list.csv has no column with title filters, and no filter is given for all rows',
    ].join('\nerror: '),
    fix: 'add --title-filter "(founder OR ceo) AND NOT assistant", or name the column with --filter-column',
  },
  { name: 'that is the list', ...option('-o', 'list.csv'), what: 'the output FOLDER/list.csv is the input file', fix: 'choose another one with -o' },
  { name: 'in a folder that is missing', ...option('-o', 'no/such/contacts.csv'), what: 'the folder FOLDER/no/such does not exist', fix: 'create it, or choose another place with -o' },
  { name: 'whose folder is a file', ...option('-o', 'list.csv/contacts.csv'), what: 'FOLDER/list.csv is a file, not a folder', fix: 'choose another place with -o' },
  { name: 'with a name that is too long', ...option('-o', `${'x'.repeat(250)}.csv`), what: 'cannot write to FOLDER (name too long)', fix: 'choose another place with -o' },
  { name: 'where this user may not write', ...option(), isNobody: true, what: 'cannot write to FOLDER (permission denied)', fix: 'choose another place with -o' },
  { name: 'whose file is a folder', ...option('-o', '.'), given: (folder) => mkdir(join(folder, 'list.contacts.csv')).then(() => undefined), what: 'the output FOLDER/list.contacts.csv is a folder', fix: 'name a file in it' },
  { name: 'that is the report too', ...option('-o', 'x.csv', '--report', 'x.csv'), what: 'contacts and report would be the same file (FOLDER/x.csv)', fix: 'choose another --report' },
];

const ENCODED = 'write postgres://user:password@host:5432/database; in user and password %40 stands for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %, %5B for [, %20 for a space';

const DATABASES: Situation[] = [
  {
    name: 'where nobody listens', ...setting({ DATABASE_URL: 'postgres://someone@127.0.0.1:9/contacts' }), what: 'the database (127.0.0.1:9/contacts) cannot be used: connection refused',
    fix: 'start the server, or correct host and port in DATABASE_URL; without DATABASE_URL the embedded database is used',
  },
  { name: 'with a wrong password', ...setting({}), given: () => address({ password: 'not-this-one' }), what: 'the database (HOST) cannot be used: wrong user or password', fix: 'correct DATABASE_URL' },
  { name: 'that does not exist', ...setting({}), given: () => address({ pathname: '/of_nobody' }), what: 'the database (HOST) cannot be used: it does not exist', fix: 'create it, or correct the name in DATABASE_URL' },
  {
    name: 'whose host does not exist', ...setting({ DATABASE_URL: 'postgres://someone@db.invalid/contacts' }), what: 'the database (db.invalid/contacts) cannot be used: no such host',
    fix: 'correct the host in DATABASE_URL',
  },
  { name: 'whose address is cut short', ...setting({ DATABASE_URL: 'postgres://someone@:x/' }), what: 'DATABASE_URL is not a connection string', fix: ENCODED },
  { name: 'whose password is not encoded', ...setting({ DATABASE_URL: 'postgres://someone:Zebra@Gir/affe9@db.invalid/contacts' }), what: 'DATABASE_URL has a character in it that must be encoded', fix: ENCODED },
  {
    name: 'that a newer version has made', ...setting({}), given: () => migrated("insert into waterfall.schema_migrations (version, name, checksum) values (9999, '9999_future.sql', 'x')"),
    what: 'the database has schema version 9999, and this program knows VERSION', fix: 'install a newer waterfall-contacts',
  },
  {
    name: 'whose schema was edited', ...setting({}), given: () => migrated("update waterfall.schema_migrations set checksum = 'x' where version = 1"),
    what: 'migration 0001_runs.sql of the database differs from the one in this program', fix: 'use the version of waterfall-contacts that made the database, or another database (waterfall-contacts check names this one)',
  },
  {
    name: 'in which this user may create nothing', ...setting({}), given: asClerk, what: 'this user may not create the schema "waterfall" in the database (HOST)',
    fix: 'let its owner run: waterfall-contacts migrate --print | psql "$DATABASE_URL" (it applies what is missing)',
  },
  {
    name: 'that is older, for one who only looks', args: ['status'], given: () => migrated('delete from waterfall.schema_migrations where version > 1'),
    what: 'the schema "waterfall" in PostgreSQL at HOST has version 1, and this program needs VERSION', fix: 'bring it up to date with: waterfall-contacts migrate',
  },
  {
    name: 'whose home is a file', ...setting({ WATERFALL_CONTACTS_HOME: 'list.csv', DATABASE_URL: '' }), what: "the home folder FOLDER/list.csv cannot be used: EEXIST: file already exists, mkdir 'FOLDER/list.csv'",
    fix: 'choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL',
  },
  {
    name: 'that another process has open', args: [...RUN, '--home', 'home'], files: { 'list.csv': LIST }, env: { DATABASE_URL: '' }, given: openHome, exit: 75,
    what: 'another process (pid PID) uses the embedded database in FOLDER/home', fix: 'wait until it is done, then: waterfall-contacts run list.csv --home home',
  },
];

const RUNS: Situation[] = [
  { name: 'of which there are none', args: ['export'], given: () => migrated(), what: 'there are no runs yet in this database', fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'of which there are none, by id', args: ['status', '2026'], given: () => migrated(), what: 'there are no runs yet in this database', fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'of which there are none, behind npx', args: ['status', '--home', 'home'], env: { DATABASE_URL: '', npm_command: 'exec' }, what: 'there are no runs yet: there is no database in FOLDER/home', fix: 'start one with: npx waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'in a database that is not there yet', args: ['status', '--home', 'home'], env: { DATABASE_URL: '' }, what: 'there are no runs yet: there is no database in FOLDER/home', fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'of which there are none to list', args: ['runs', '--home', 'home'], env: { DATABASE_URL: '' }, what: 'there are no runs yet: there is no database in FOLDER/home', fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'in a home that may not be looked into', args: ['runs', '--home', 'home'], env: { DATABASE_URL: '' }, isNobody: true, given: async (folder) => { await mkdir(join(folder, 'home')); await chmod(join(folder, 'home'), 0); }, what: 'the home folder FOLDER/home cannot be looked into (EACCES)', fix: 'give this command as its owner, or choose another one with --home or WATERFALL_CONTACTS_HOME' },
  { name: 'to export from a database that is not there yet', args: ['export', '--home', 'home'], env: { DATABASE_URL: '' }, what: 'there are no runs yet: there is no database in FOLDER/home', fix: 'start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox' },
  { name: 'to go on with in a database that is not there yet', args: ['resume', '--home', 'home'], env: { DATABASE_URL: '' }, what: 'there is no unfinished run', fix: 'start one with: waterfall-contacts run <companies.csv>' },
  { name: 'that does not exist, for status', args: ['status', '2099'], given: withRuns, what: 'there is no run 2099', fix: 'the latest are 20260302-090100-bbbb, 20260302-090000-aaaa' },
  { name: 'that does not exist, for export', args: ['export', '2099'], given: withRuns, what: 'there is no run 2099', fix: 'the latest are 20260302-090100-bbbb, 20260302-090000-aaaa' },
  { name: 'that does not exist, for resume', args: ['resume', '2099'], given: withRuns, what: 'there is no run 2099', fix: 'the latest are 20260302-090100-bbbb, 20260302-090000-aaaa' },
  {
    name: 'whose id fits several', args: ['status', '20260302'], given: withRuns, what: 'more than one run begins with "20260302"',
    fix: 'give more of its id; the latest are 20260302-090100-bbbb, 20260302-090000-aaaa',
  },
  { name: 'of which none is unfinished', args: ['resume'], given: () => migrated(), what: 'there is no unfinished run', fix: 'start one with: waterfall-contacts run <companies.csv>' },
  {
    name: 'that asks another API', args: ['resume', '20260302-0901'], given: withRuns, what: 'run 20260302-090100-bbbb asks api.waterfall.example, and the settings name 127.0.0.1:9',
    fix: 'set --base-url to the one of api.waterfall.example',
  },
];

describe.each([
  ['a command line', COMMAND_LINE],
  ['a setting', SETTINGS],
  ['an option', OPTIONS],
  ['a list', LISTS],
  ['an output', OUTPUTS],
  ['a database', DATABASES],
  ['a run', RUNS],
])('%s', (_what, situations) => {
  it.each(situations)('$name', async ({ args, files = {}, env = {}, given, isNobody, exit = 2, what, fix }) => {
    const folder = await mkdtemp(inFolder('work-'));
    for (const path of [inFolder(), folder]) await chmod(path, 0o755);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const more = await given?.(folder);
    const surroundings = { folder, env: { PATH: dirname(process.execPath), HOME: folder, ...API, DATABASE_URL: databaseUrl, ...env, ...more } };
    const ended = await (isNobody ? asOrdinaryUser(() => give(args, surroundings)) : give(args, surroundings));
    const said = ended.stderr
      .slice(ended.stderr.indexOf('error:'))
      .replaceAll(folder, 'FOLDER')
      .replace(/(?<=[( ])(127\.0\.0\.1|localhost):(?!9\/)\d+\/\w+/, 'HOST')
      .replace(/(?<=knows |needs )\d+/, 'VERSION')
      .replace(/(?<=pid )\d+/, 'PID')
      .replace(/\n\(waterfall-contacts (\w+ --help shows all its|--help shows all commands and) options\)/, '');
    expect({ said, stdout: ended.stdout, exit: ended.exit }).toEqual({ said: `error: ${what}${fix === undefined ? '' : `\n  to do: ${fix}`}\n`, stdout: '', exit });
  });
});

/** The server's address with something changed. */
function address(change: Partial<URL>): Promise<Record<string, string>> {
  return Promise.resolve({ DATABASE_URL: Object.assign(new URL(inject('postgresUrl')), change).href });
}

/** A database with the schema, and what was done to it. */
async function migrated(statement?: string): Promise<Record<string, string>> {
  const { url, drop } = await createPostgresDatabase();
  onTestFinished(drop);
  await give(['migrate'], { folder: inFolder(), env: { DATABASE_URL: url } });
  if (statement !== undefined) await administrate(statement, url);
  return { DATABASE_URL: url };
}

/** An empty database, as somebody who may only log in. */
async function asClerk(): Promise<Record<string, string>> {
  const { url, drop } = await createPostgresDatabase();
  const role = `clerk_${randomUUID().replaceAll('-', '')}`;
  await administrate(`create role ${role} login password 'clerk'`);
  onTestFinished(async () => {
    await drop();
    await administrate(`drop role ${role}`);
  });
  return { DATABASE_URL: Object.assign(new URL(url), { username: role, password: 'clerk' }).href };
}

async function withRuns(): Promise<Record<string, string>> {
  const options = JSON.stringify({ question: { api_host: 'api.waterfall.example' }, output: { contacts: '-', report: null } });
  const run = (id: string, minute: string) => `('${id}', '${id}', 'list.csv', '{}', '${options}', '2026-03-02T09:${minute}:00Z', 'stopped')`;
  return migrated(`insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, state)
    values ${run('20260302-090000-aaaa', '00')}, ${run('20260302-090100-bbbb', '01')}`);
}

async function openHome(folder: string): Promise<undefined> {
  const driver = await openDriver({ databaseUrl: undefined, home: join(folder, 'home') }, testRuntime());
  onTestFinished(() => driver.close());
}

async function takePort(): Promise<undefined> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(8787, '127.0.0.1', resolve));
  expect((server.address() as AddressInfo).port).toBe(8787);
  onTestFinished(() => void server.close());
}

describe('words that are wrong, with --log-format json', () => {
  it.each([
    [['--bogus', '--log-format', 'json'], "unknown option '--bogus'"],
    [['--log-format=json', 'frobnicate'], "unknown command 'frobnicate'"],
    [['--log-format', 'json'], 'Usage: waterfall-contacts'],
  ])('are complained of in one line of JSON: %j', async (words, says) => {
    const { exit, stdout, stderr } = await give(words, { folder: inFolder() });
    expect([exit, stdout]).toEqual([2, '']);
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', msg: expect.stringContaining(says) as string });
  });
});
