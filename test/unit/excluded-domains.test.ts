/* `--exclude-domain`: the companies that are meant, whatever program saved the file; what is none is never passed over in silence. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { excludedDomains } from '../../src/cli/excluded-domains.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();

async function read(content: string | Buffer) {
  await writeFile(inFolder('customers.csv'), content);
  const { domains, problems, hints } = await excludedDomains(['www.Acme.example', `@${inFolder('customers.csv')}`]);
  return { domains: [...domains], problems: problems.map(({ what }) => what.replaceAll(inFolder('customers.csv'), 'file')), hints: hints.map((hint) => hint.replaceAll(inFolder('customers.csv'), 'file')) };
}
const BOTH = ['acme.example', 'beta.example', 'xn--mnchen-3ya.de'];

describe('companies to leave out', () => {
  it.each<[string, string | Buffer]>([
    ['one a line', 'beta.example\nhttps://münchen.de/\n'],
    ['one a line, in quotation marks and UTF-16', Buffer.from('\uFEFF"beta.example"\r\n"münchen.de"\r\n', 'utf16le')],
    ['in a list', 'name,Website\nBeta,https://beta.example\nNone,\nMünchen,www.münchen.de\n'],
    ['in a list of Excel, in Windows-1252', Buffer.from('Name;Domain\r\nBeta;beta.example\r\nStadt;münchen.de\r\n', 'latin1')],
    ['in a file of contacts', 'domain,person_id,job_id\nbeta.example,1,2\nmünchen.de,3,4\n'],
  ])('are the same %s', async (_what, content) => {
    expect(await read(content)).toEqual({ domains: BOTH, problems: [], hints: [] });
  });

  it.each([
    ['a line that is none', 'beta.example\nlinkedin.com/in/jane\n', [expect.stringMatching(/^--exclude-domain: line 2 of file: .* page at a social network/)], []],
    ['rows of a list that are none', 'domain,n\nbeta.example,1\ngmail.com,2\nacme..com,3\n', [], [expect.stringMatching(/leave nobody out: 2, the first in line 3: "gmail.com"/)]],
    ['a list without any', 'domain,n\n,1\n', ['--exclude-domain: file names no company'], []],
    ['an empty file', '', [expect.stringMatching(/^--exclude-domain: file is empty/)], []],
  ])('are told of %s', async (_what, content, problems, hints) => {
    expect(await read(content)).toMatchObject({ problems, hints });
  });

  it.each(['', 'n/a', 'acme', '@/nowhere/customers.csv'])('are not %j', async (value) => {
    expect((await excludedDomains([value])).problems).toHaveLength(1);
  });
});
