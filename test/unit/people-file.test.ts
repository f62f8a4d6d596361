/* `forget @file`: whom a file names, whatever program saved it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPeople } from '../../src/cli/people-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const ID = '0051ef39-4d83-40d0-9766-604c81db3b7b';

async function read(content: string | Buffer) {
  const path = join(inFolder(), 'unsubscribed.csv');
  await writeFile(path, content);
  return readPeople(path);
}

describe('a file of people', () => {
  it.each<[string, string | Buffer]>([
    ['one a line', `ida@alder.example\n${ID}\n`],
    ['with a header, quotes and blank lines', `"E-Mail"\r\n"Ida@Alder.example"\r\n\r\n${ID}\r\n`],
    ['in UTF-16', Buffer.from(`\uFEFFida@alder.example\r\n${ID}`, 'utf16le')],
    ['as a table', `name;E-mail address;owner\nFjord, Ida;ida@alder.example;maya@ours.example\nNoor Vale;${ID};maya@ours.example\n`],
    ['as a table with the id beside the address', `person_id,professional_email,date\n${ID},ida@alder.example,2026-03-02\n`],
  ])('is read %s', async (_what, content) => {
    expect(await read(content)).toEqual({ ids: [ID], emails: ['ida@alder.example'] });
  });

  it.each([
    ['a line that names nobody, without its text', 'ida@alder.example\nnoor vale\n', /^line 2 of .*unsubscribed\.csv \(blank ones not counted\) is neither/],
    ['a table without such a column', 'name,owner\nIda,maya@ours.example\n', /has no column that is called "email" or "person_id"/],
    ['a table without names of its columns: whose address is whose?', 'ida@alder.example,maya@ours.example\n', /has no column/],
    ['a header alone', 'email\n', /names nobody$/],
  ])('is refused for %s', async (_what, content, words) => {
    await expect(read(content)).rejects.toMatchObject({ problems: [{ what: expect.stringMatching(words) as string }] });
  });

  it('names the first five of many wrong lines', async () => {
    const refused = read(`email\n${'ida at alder\n'.repeat(9)}`);
    await expect(refused).rejects.toMatchObject({ problems: Array.from({ length: 6 }, (_, n) => (n < 5 ? { what: expect.stringContaining(`line ${n + 2} `) as string } : { what: 'and 4 more such lines' })) });
    await expect(refused).rejects.not.toThrow('ida at');
  });
});
