/* The shapes of the outputs, through the command: formats, columns, and what stays the same when a run is cut off. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, it, type Scene } from '../support/command.ts';
import { companies, FILTER } from '../support/sandbox-process.ts';
import { namedSheet } from '../support/sheets.ts';
import { readWorkbook, workbookBytes } from '../support/workbooks.ts';

const DOMAINS = companies(4);
const NOTES = ['0042', '=1+1', 'Größe 😀', '営業'];
const LIST = ['domain,title_filter,note', ...DOMAINS.map((domain, place) => `${domain},${FILTER},${NOTES[place]}`), ''].join('\n');

async function withList(scene: Scene): Promise<Scene> {
  await scene.write('list.csv', LIST);
  return scene;
}

/** The run that a command worked on: other tests have runs in the same database. */
const idOf = (stderr: string) => /^run (\S+) \(/m.exec(stderr)?.[1] ?? '';
const bytesOf = ({ folder }: Scene, name: string) => readFile(join(folder, name));
const objectsIn = (text: string) => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe.concurrent('a list of whole companies that have pages of others too', () => {
  it.for([
    ['with its filters', '"domain","title_filter"\n"google.com","CEO"\n"facebook.com","Founder or CEO"\n', []],
    ['with one filter for all', 'domain\nstripe.com\nopenai.com\nnotion.so\n', ['--title-filter', 'ceo']],
  ] as const)('%s is asked whole', async ([, list, options], { open }) => {
    const scene = await open();
    await scene.write('list.csv', list);
    expect((await scene.give(['run', 'list.csv', ...options])).exit).toBe(0);
    expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).not.toContain('invalid');
    expect((await scene.sandbox.stats()).launches).toBe(list.trim().split('\n').length - 1);
  });
});

describe.concurrent('a list in a workbook', () => {
  it('is run like the CSV, by name and by pipe, each question paid once; and so is the report in a workbook', async ({ open }) => {
    const scene = await withList(await open());
    const rows = DOMAINS.map((domain, place) => [domain, FILTER, NOTES[place]]);
    const bytes = await workbookBytes([namedSheet('Notes', ['remark'], []), namedSheet('Companies', ['domain', 'title_filter', 'note'], [...rows, ['n/a', FILTER, '']])]);
    await writeFile(join(scene.folder, 'book.xlsx'), bytes);
    const looked = await scene.run(['run', 'book.xlsx', '--sheet', 'companies', '--dry-run']);
    expect([looked.exit, looked.stderr]).toEqual([0, expect.stringMatching(/reading book\.xlsx \(sheet "Companies"\): domains in column "domain"[^]*dry run of book\.xlsx: 5 rows, 1 invalid, 4 to launch/)]);
    const ran = await scene.run(['run', 'book.xlsx', '--sheet', 'Companies', '-o', 'people.xlsx', '--report', 'why.xlsx']);
    expect(ran.exit).toBe(3);
    const { launches } = await scene.sandbox.stats();
    expect(launches).toBe(4);

    const again = await scene.run(['run', 'list.csv']);
    expect([again.exit, (await scene.sandbox.stats()).launches]).toEqual([0, launches]);
    const notes = (await scene.rows('list.report.csv')).map(({ row, outcome, note }) => [row, outcome, note]);
    expect(notes).toEqual(NOTES.map((note, place) => [String(place + 2), 'cached', note.replace(/^=/, "'=")]));

    const piped = await scene.shell('cat book.xlsx | waterfall-contacts run - --sheet Companies -o piped.csv --report piped-why.csv');
    expect([piped.exit, (await scene.rows('piped-why.csv')).map(({ outcome, note }) => [outcome, note])]).toEqual([3, [...notes.map(([, outcome, note]) => [outcome, note]), ['invalid', '']]]);
    const reported = await scene.run(['run', 'people.xlsx', '--sheet', 'report', '-o', 'reported.csv', '--report', 'reported-why.csv']);
    expect([reported.exit, reported.stderr]).toEqual([3, expect.stringContaining('reading people.xlsx, a report of an earlier run (sheet "report")')]);
    expect((await scene.rows('reported-why.csv')).map(({ note }) => note)).toEqual([...notes.map(([, , note]) => note), '']);
    const refused = await scene.run(['run', 'people.xlsx']);
    expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining('or its report (--sheet report); --as-list takes it')]);
    expect((await scene.sandbox.stats()).launches).toBe(launches);
  });
});

describe.concurrent('companies that one already has', () => {
  it('are never asked, and count as answered', async ({ open }) => {
    const scene = await withList(await open());
    const [first = '', second = ''] = DOMAINS;
    await scene.write('customers.csv', `Website\nhttps://www.${second}/\n`);
    const ran = await scene.run(['run', 'list.csv', '--exclude-domain', first, '--exclude-domain', '@customers.csv']);
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringMatching(/: 4 rows, 2 excluded, 2 to launch/)]);
    expect((await scene.rows('list.report.csv')).map(({ outcome, cost_usd }) => [outcome, cost_usd === '0'])).toEqual([['excluded', true], ['excluded', true], ['found', false], ['found', false]]);
    expect((await scene.sandbox.stats()).launches).toBe(2);
  });
});

describe.concurrent('an output given as a list', () => {
  it('is refused when it holds contacts, and asks nothing again when it is a report', async ({ open }) => {
    const scene = await withList(await open());
    expect((await scene.give(['run', 'list.csv'])).exit).toBe(0);
    const { launches } = await scene.sandbox.stats();
    const refused = await scene.give(['run', 'list.contacts.csv', '--title-filter', 'cto']);
    expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining('list.contacts.csv holds contacts that this program found for list.csv')]);
    expect((await scene.run(['run', 'list.report.csv', '-o', 'again.csv', '--report', 'why.csv'])).exit).toBe(0);
    expect((await scene.sandbox.stats()).launches).toBe(launches);
    expect((await scene.rows('why.csv')).map(({ outcome, note }) => ({ outcome, note }))).toEqual((await scene.rows('list.report.csv')).map(({ note }) => ({ outcome: 'cached', note })));
  });
});

describe.concurrent('the same contacts', () => {
  it('are in each format, and each report has a line for every row', async ({ open }) => {
    const scene = await withList(await open());
    const ran = await scene.give(['run', 'list.csv']);
    expect(ran.exit, ran.stderr).toBe(0);
    for (const format of ['tsv', 'jsonl', 'xlsx']) {
      const { exit, stderr } = await scene.run(['export', idOf(ran.stderr), '-o', `people.${format}`, '--report', `why.${format}`]);
      expect([exit, stderr]).toEqual([0, expect.stringContaining(`people.${format}`)]);
    }
    const rows = await scene.rows('list.contacts.csv');
    const emails = rows.map(({ professional_email }) => professional_email);

    const tabs = (await scene.read('people.tsv')).split('\n').slice(1, -1).map((line) => line.split('\t'));
    expect(tabs.map((cells) => cells[7])).toEqual(emails);

    const objects = objectsIn(await scene.read('people.jsonl'));
    expect(objects.map(({ professional_email }) => professional_email ?? '')).toEqual(emails);
    expect(objects[0]).toMatchObject({ row: 2, phone_numbers: [], note: '0042', mobile_phone: null });
    expect(new Set(objects.map(({ note }) => note))).toEqual(new Set(NOTES));

    const { contacts: [header = [], ...lines] = [], report = [] } = await readWorkbook(await bytesOf(scene, 'people.xlsx'));
    expect(header).toEqual(Object.keys(rows[0] ?? {}));
    expect(lines.map((cells) => cells[7] ?? '')).toEqual(emails);
    expect(new Set(lines.map((cells) => cells.at(-1)))).toEqual(new Set(NOTES));
    expect(report.slice(1).map((cells) => [cells[0], cells[3]])).toEqual([2, 3, 4, 5].map((row) => [row, 'found']));

    expect(objectsIn(await scene.read('why.jsonl')).map(({ row, outcome, launches, reason }) => ({ row, outcome, launches, reason }))).toEqual(
      [2, 3, 4, 5].map((row) => ({ row, outcome: 'found', launches: 1, reason: null })),
    );
  });

  it('are in the columns that were asked for, in that order', async ({ open }) => {
    const scene = await withList(await open());
    const { exit, stdout, stderr } = await scene.run(['run', 'list.csv', '-o', '-', '--columns', 'note,row,first_name', '--no-formula-guard']);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^note,row,first_name\n0042,2,/);
    expect(new Set(csvRows(stdout).map(({ note }) => note))).toEqual(new Set(NOTES));
    expect((await scene.give(['export', idOf(stderr)])).stdout).toBe(stdout);
    expect((await scene.give(['export', idOf(stderr), '--formula-guard', '--columns', 'note'])).stdout).toContain("'=1+1\n");
  });

  it('go to a pipe as a workbook with --format', async ({ open }) => {
    const scene = await withList(await open());
    const { exit } = await scene.shell('waterfall-contacts run list.csv --format xlsx -o - > people.xlsx');
    expect(exit).toBe(0);
    const { contacts = [], report = [] } = await readWorkbook(await bytesOf(scene, 'people.xlsx'));
    expect(new Set(contacts.slice(1).map(([domain]) => domain))).toEqual(new Set(DOMAINS));
    expect(report).toHaveLength(1 + DOMAINS.length);
  });
});

describe.concurrent('a run that is cut off', () => {
  it('leaves a partial workbook, and resumed gives the bytes of an export', async ({ open }) => {
    const scene = await withList(await open());
    await scene.write('long.csv', ['domain,title_filter', ...companies(12).map((domain) => `${domain},${FILTER}`), ''].join('\n'));
    const running = scene.start(['run', 'long.csv', '-o', 'people.xlsx', '--columns', 'all', '--rate-limit', '9/600', '--concurrency', '3']);
    await running.said('kept in');
    running.signal('SIGTERM');
    const { exit, stderr } = await running.ended;
    expect(exit).toBe(143);
    expect(await scene.files()).toContain('people.partial.xlsx');
    expect((await readWorkbook(await bytesOf(scene, 'people.partial.xlsx'))).report).toHaveLength(13);

    expect((await scene.run(['resume', idOf(stderr)])).exit).toBe(0);
    expect(await scene.files()).not.toContain('people.partial.xlsx');
    await scene.give(['export', idOf(stderr), '-o', 'again.xlsx']);
    expect((await bytesOf(scene, 'people.xlsx')).equals(await bytesOf(scene, 'again.xlsx'))).toBe(true);
  });

  it('may go on with another shape', async ({ open }) => {
    const scene = await withList(await open());
    const running = scene.start(['run', 'list.csv', '--format', 'jsonl', '--rate-limit', '2/600', '--concurrency', '1']);
    await running.said('kept in');
    running.signal('SIGINT');
    const { exit, stderr } = await running.ended;
    expect(exit).toBe(130);
    expect(await scene.files()).toContain('list.contacts.partial.jsonl');
    expect((await scene.give(['resume', idOf(stderr), '-o', 'people.tsv', '--columns', 'row,domain'])).exit).toBe(0);
    expect(await scene.read('people.tsv')).toMatch(/^row\tdomain\n2\t/);
  });
});

describe.concurrent('a shape that cannot be', () => {
  it.for([
    { args: ['--columns', 'domian'], says: 'there is no column "domian" (--columns)\n  to do: did you mean "domain"?\n' },
    { args: ['--columns', 'nots'], says: 'there is no column "nots" (--columns)\n  to do: did you mean "note"?\n' },
    { args: ['--columns', 'row,row'], says: '--columns names "row" twice\n  to do: name each column once\n' },
    { args: ['--format', 'xml'], says: '--format "xml" is not known\n  to do: use one of csv, tsv, jsonl, xlsx\n' },
    { args: ['--output-delimiter', 'x'], says: '--output-delimiter "x" is not known\n  to do: use one of , ; tab |\n' },
    { args: ['-o', 'no/such/people.xlsx'], says: '/no/such does not exist\n  to do: create it, or choose another place with -o\n' },
    { args: ['-o', 'people.xls'], says: '/people.xls cannot be written in the format of its name\n  to do: use .csv .tsv .jsonl .xlsx, for instance ' },
  ])('$args is refused before anything is asked', async ({ args, says }, { open }) => {
    const scene = await withList(await open());
    const { exit, stdout, stderr } = await scene.give(['run', 'list.csv', ...args]);
    expect([exit, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
    expect((await scene.sandbox.stats()).launch_requests).toBe(0);
    expect(await scene.files()).toEqual(['list.csv']);
  });
});
