/* Where the outputs go, and what is refused before anything is sent. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import type { ListFormat } from '../../src/lists/format.ts';
import type { OutputOptions } from '../../src/service/options.ts';
import { contactsStyle } from '../../src/service/output-shape.ts';
import { partialPath, unwritable } from '../../src/service/output.ts';
import { chooseOutput } from '../../src/service/output-choice.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const format: ListFormat = { encoding: 'utf-8', bom: false, delimiter: ',' };
const to = (contacts: string, report: string | null = null): OutputOptions => ({ contacts, report, style: { delimiter: ',', bom: false } });

describe('chooseOutput', () => {
  it.each([
    ['companies.csv', {}, 'companies.contacts.csv', 'companies.report.csv'],
    ['lists/companies.csv', {}, 'lists/companies.contacts.csv', 'lists/companies.report.csv'],
    ['companies.tsv', {}, 'companies.contacts.csv', 'companies.report.csv'],
    ['companies', {}, 'companies.contacts.csv', 'companies.report.csv'],
    ['lists/companies.csv', { output: 'out/people.csv' }, 'out/people.csv', 'out/people.report.csv'],
    ['lists/companies.csv', { output: '-' }, '-', null],
    ['lists/companies.csv', { output: '/dev/null' }, '/dev/null', null],
    ['lists/companies.csv', { output: 'a.contacts.xlsx' }, 'a.contacts.xlsx', 'a.report.csv'],
    ['emails.csv', { kind: 'emails' as const }, 'emails.verified.csv', 'emails.report.csv'],
    ['companies.contacts.csv', { kind: 'emails' as const }, 'companies.contacts.verified.csv', 'companies.contacts.report.csv'],
    ['emails.csv', { kind: 'emails' as const, output: 'a.verified.xlsx' }, 'a.verified.xlsx', 'a.report.csv'],
    ['companies.csv', { report: '-' }, 'companies.contacts.csv', '-'],
    ['lists/companies.csv', { rows: 20 }, 'lists/companies.first-20.contacts.csv', 'lists/companies.first-20.report.csv'],
    ['companies.csv', { rows: 20, output: 'test/' }, 'test/companies.first-20.contacts.csv', 'test/companies.first-20.report.csv'],
    ['companies.csv', { rows: 20, output: 'a.csv' }, 'a.csv', 'a.report.csv'],
    ['companies.csv', { report: 'why.csv' }, 'companies.contacts.csv', 'why.csv'],
    ['lists/companies.csv', { output: 'out/' }, 'out/companies.contacts.csv', 'out/companies.report.csv'],
    ['lists/companies.csv', { output: '.', report: 'why/' }, 'companies.contacts.csv', 'why/companies.report.csv'],
    ['-', { output: 'test' }, 'test/stdin.contacts.csv', 'test/stdin.report.csv'],
    ['-', {}, '-', null],
    ['-', { output: 'people.csv' }, 'people.csv', 'people.report.csv'],
    ['-', { report: 'why.csv' }, '-', 'why.csv'],
    ['companies.csv', { shape: { format: 'xlsx' as const } }, 'companies.contacts.xlsx', 'companies.report.csv'],
  ])('for %j with %j is %j and %j', (input, choice, contacts, report) => {
    expect(chooseOutput({ input, ...choice }, format)).toMatchObject({
      contacts: contacts === '-' ? '-' : resolve(contacts),
      report: report === null || report === '-' ? report : resolve(report),
    });
  });

  it.each([
    [{ encoding: 'utf-8', bom: false, delimiter: ';' }, { delimiter: ';', bom: false }],
    [{ encoding: 'utf-8', bom: true, delimiter: ',' }, { delimiter: ',', bom: true }],
    [{ encoding: 'utf-16le', bom: false, delimiter: '\t' }, { delimiter: '\t', bom: true }],
    [{ encoding: 'windows-1252', bom: false, delimiter: ';' }, { delimiter: ';', bom: true }],
  ] as const)('makes files that open where the list came from: %j -> %j', (list, style) => {
    expect(chooseOutput({ input: 'companies.csv' }, list).style).toEqual(style);
  });

  it('puts tabs into a file called .tsv', () => {
    expect(contactsStyle(chooseOutput({ input: 'companies.csv', output: 'people.TSV' }, format))).toMatchObject({ format: 'tsv', delimiter: '\t' });
  });
});

describe('partialPath', () => {
  it.each([
    ['/x/companies.contacts.csv', '/x/companies.contacts.partial.csv'],
    ['/x/people', '/x/people.partial'],
    ['/x.y/people.tsv', '/x.y/people.partial.tsv'],
    ['/x/people.xlsx', '/x/people.partial.xlsx'],
  ])('of %s is %s', (path, partial) => {
    expect(partialPath(path)).toBe(partial);
  });
});

describe('unwritable', () => {
  /** The problems in words, a line each; undefined for none. */
  const problemOf = async (output: OutputOptions, input?: string): Promise<string | undefined> => {
    const problems = await unwritable(output, { input });
    return problems.length === 0 ? undefined : new UsageError(problems).message;
  };

  it.each([
    ['stdout', () => to('-')],
    ['a new file', () => to(inFolder('new.csv'), inFolder('new.report.csv'))],
    ['a device', () => to('/dev/null')],
  ])('accepts %s', async (_what, output) => {
    expect(await problemOf(output())).toBeUndefined();
  });

  it('accepts a file that is to be replaced, and a named pipe', async () => {
    await writeFile(inFolder('old.csv'), 'old');
    await promisify(execFile)('mkfifo', [inFolder('pipe')]);
    expect(await problemOf(to(inFolder('old.csv'), inFolder('pipe')))).toBeUndefined();
  });

  it('refuses one file for both outputs', async () => {
    expect(await problemOf(to(inFolder('a.csv'), inFolder('a.csv')))).toMatch(/same file .*: choose another --report/);
  });

  it('refuses the input as an output, also behind a symbolic link', async () => {
    await writeFile(inFolder('list.csv'), 'domain\n');
    await symlink(inFolder('list.csv'), inFolder('list-link.csv'));
    for (const name of ['list.csv', 'list-link.csv']) {
      expect(await problemOf(to(inFolder(name)), inFolder('list.csv'))).toMatch(/is the input file: choose another one with -o/);
    }
  });

  it('refuses a folder', async () => {
    expect(await problemOf(to(inFolder()))).toMatch(/is a folder: name a file in it/);
  });

  it('refuses a folder that does not exist, for the report too', async () => {
    const message = new RegExp(`the folder ${inFolder('none')} does not exist: create it`);
    expect(await problemOf(to(join(inFolder('none'), 'a.csv')))).toMatch(message);
    expect(await problemOf(to('-', join(inFolder('none'), 'a.csv')))).toMatch(message);
  });

  it('refuses a symbolic link into a folder that does not exist, and one that leads to itself', async () => {
    await symlink(join(inFolder('none'), 'a.csv'), inFolder('astray.csv'));
    expect(await problemOf(to(inFolder('astray.csv')))).toMatch(new RegExp(`the folder ${inFolder('none')} does not exist: create it`));
    await symlink('round.csv', inFolder('round.csv'));
    expect(await problemOf(to(inFolder('round.csv')))).toMatch(/round\.csv is a symbolic link that leads to itself: choose another one with -o/);
  });

  it('refuses a path that leads through a file', async () => {
    await writeFile(inFolder('file'), '');
    expect(await problemOf(to(join(inFolder('file'), 'a.csv')))).toMatch(/file is a file, not a folder: choose another place with -o/);
  });

  it('names what is wrong with both outputs at once', async () => {
    await writeFile(inFolder('plain'), '');
    expect(await problemOf(to(join(inFolder('none'), 'a.csv'), join(inFolder('plain'), 'r.csv')))).toMatch(/none does not exist: .* -o\n.*plain is a file, .* --report$/);
  });

  it('leaves nothing behind where it has tried, and what is there as it was', async () => {
    const folder = await mkdtemp(inFolder('tried-'));
    await writeFile(join(folder, 'a.csv'), 'old');
    expect(await problemOf(to(join(folder, 'a.csv'), join(folder, 'r.csv')))).toBeUndefined();
    expect([await readdir(folder), await readFile(join(folder, 'a.csv'), 'utf8')]).toEqual([['a.csv'], 'old']);
  });

  it('tries nothing for a dry run', async () => {
    const long = to(inFolder(`${'x'.repeat(250)}.csv`));
    expect(await problemOf(long)).toMatch(/\(name too long\): choose another place with -o$/);
    expect(await unwritable(long, { isTrying: false })).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('refuses a file system that is none, though the permissions of its folder would do', async () => {
    expect(await problemOf(to('/proc/a.csv'))).toBe('cannot write to /proc (no such file or directory): choose another place with -o');
  });

  it('refuses a folder in which nobody may write, the superuser neither', async () => {
    const sealed = process.platform === 'darwin' ? '/System' : '/proc/sys/kernel';
    expect(await problemOf(to(join(sealed, 'a.csv')))).toMatch(new RegExp(`^cannot write to ${sealed} \\(.+\\): choose another place with -o$`));
  });
});
