/* The README's commands are run as they stand there: the main one in a folder that has nothing but the sample list. */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import { csvRows, it } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-readme-'));
  await mkdir(join(folder, 'data'));
  await cp(join(ROOT, 'data/companies.csv'), join(folder, 'data/companies.csv'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What differs from run to run: its id, times, the number of finds, and where the home folder is. */
const steady = (text: string) =>
  text
    .replace(/\d{8}-\d{6}-\w{4}/g, 'RUN')
    .replace(/after [\d.]+ (s|min.*?):/g, 'after TIME:')
    .replace(/\d+ finds/g, 'N finds')
    .replace(/in \/\S+\/database/g, 'in HOME/database')
    .trim();

it('prints what the README shows', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const command = /^npx waterfall-contacts (run .*--sandbox)$/m.exec(readme)?.[1] ?? '';
  const shown = /```text\n(reading [^]*?)```/.exec(readme)?.[1] ?? '';
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', `"$NODE" "$CLI" ${command}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NODE: process.execPath, CLI: join(ROOT, 'dist/bundle/main.js') },
  });
  expect(steady(stderr)).toBe(steady(shown));
  expect(stdout).toBe('');
  const contacts = await readFile(join(folder, 'data/companies.contacts.csv'), 'utf8');
  expect(contacts.trimEnd().split('\n')).toHaveLength(1 + Number(/(\d+) contacts$/m.exec(shown)?.[1]));
});

it('works to the last command, and shows the contacts that there are', async ({ open }) => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  // The tests are running already.
  const blocks = [...readme.matchAll(/```sh\n([^]*?)```(?:\n\n```text\n([^]*?)```)?/g)].filter(([, commands]) => commands !== 'npm ci && npm test\n');
  const { folder: here, shell, write, read, files } = await open({ embedded: true });
  await cp(join(ROOT, 'data'), join(here, 'data'), { recursive: true });
  await cp(join(ROOT, '.env.example'), join(here, '.env.example'));
  await write('companies.csv', list(companies(2)));
  for (const [, commands = '', shown = ''] of blocks) {
    const script = commands.replace('npm ci\n', '').replaceAll('npx waterfall-contacts', 'waterfall-contacts');
    const { exit, stdout, stderr } = await shell(`set -e\n${script}`);
    expect({ commands, exit, stderr }).toMatchObject({ commands, exit: 0 });
    if (shown !== '' && !shown.startsWith('reading')) expect(stdout).toBe(shown);
  }
  expect(blocks.length).toBeGreaterThan(3);
  expect(csvRows(await read('companies.contacts.csv')).length).toBeGreaterThan(0);
  expect(await files()).toEqual(expect.arrayContaining(['contacts.xlsx', 'companies.report.csv']));
});
