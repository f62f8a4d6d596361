/* `@file` as the value of an option: the same names and filters whatever program saved the file. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFiles } from '../../src/cli/option-files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();

async function file(content: string | Buffer): Promise<string> {
  const path = join(inFolder(), 'given.txt');
  await writeFile(path, content);
  return path;
}

describe('names to leave out, in a file', () => {
  const NAMES = ['Åsa Saint-Exupère', 'Ida Fjord'];
  const text = (end: string) => NAMES.map((name) => name + end).join('');

  it.each<[string, string | Buffer]>([
    ['in UTF-8', text('\n')],
    ['behind the mark of UTF-8', `\uFEFF${text('\n')}`],
    ['in UTF-16 with its mark', Buffer.from(`\uFEFF${text('\r\n')}`, 'utf16le')],
    ['in UTF-16 without a mark', Buffer.from(text('\n'), 'utf16le')],
    ['in Windows-1252', Buffer.from(text('\r\n'), 'latin1')],
    ['on lines that end in CR', text('\r')],
    ['without an end of the last line', text('\n').trimEnd()],
    ['with blanks and blank lines', `\n  ${NAMES.join('  \n\n\t')}  \n \n`],
    ['among words for nothing', `N/A\n${text('\n')}-\n"NULL"\n`],
    ['in quotation marks', NAMES.map((name) => `"${name}"\r\n`).join('')],
  ])('are the same %s', async (_what, content) => {
    const { options, problems } = await withFiles({ excludeName: [`@${await file(content)}`, 'Noor Vale'] });
    expect([options.excludeName, problems]).toEqual([[...NAMES, 'Noor Vale'], []]);
  });

  it('keep quotation marks that belong to them', async () => {
    const { options } = await withFiles({ excludeName: [`@${await file('"Ida ""Io"" Fjord"\nNoor "No" Vale\n')}`] });
    expect(options.excludeName).toEqual(['Ida "Io" Fjord', 'Noor "No" Vale']);
  });
});

describe('a filter in a file', () => {
  it('may stand on several lines, with remarks and blank lines between them', async () => {
    const path = await file('# who decides\r\n(founder OR\r\n  ceo)\r\n\r\n   # and nobody else\r\nAND NOT assistant\r\n');
    const { options, problems } = await withFiles({ titleFilter: `@${path}`, persona: [`leaders=@${path}`, 'sales=vp sales'] });
    const filter = '(founder OR ceo) AND NOT assistant';
    expect([options, problems]).toEqual([{ titleFilter: filter, persona: [`leaders=${filter}`, 'sales=vp sales'] }, []]);
  });
});
