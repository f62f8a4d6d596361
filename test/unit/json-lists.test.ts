/* Lists in JSON Lines: an object a line, whose members are the cells. */
import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList, type ListRow } from '../../src/lists/read.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();

async function read(text: string | Buffer, name = 'list.jsonl'): Promise<{ names: string[]; rows: ListRow[]; lines: number }> {
  await writeFile(inFolder(name), text);
  const { columns, rows, linesRead } = await openList(inFolder(name), await examineList(inFolder(name)));
  const all: ListRow[] = [];
  for await (const row of rows) all.push(row);
  return { names: columns.names, rows: all, lines: linesRead() };
}

describe('a list in JSON Lines', () => {
  it('has the members of all its lines as columns, and a row for each line', async () => {
    const { names, rows, lines } = await read('{"domain":"acme.example","size":12}\r\n\r\n{"domain":"beta.example","tags":["a","b"],"more":{"x":1},"open":true}\n{"size":null}');
    expect(names).toEqual(['domain', 'size', 'tags', 'more', 'open']);
    expect(rows).toEqual([
      { line: 1, cells: ['acme.example', '12', '', '', ''] },
      { line: 3, cells: ['beta.example', '', 'a; b', '{"x":1}', 'true'] },
      { line: 4, cells: ['', '', '', '', ''] },
    ]);
    expect(lines).toBe(3);
  });

  it.each([
    ['by its first line, whatever it is called', '{"domain":"acme.example"}\n', 'list.txt'],
    ['behind a mark', '\ufeff{"domain":"acme.example"}\n', 'list.jsonl'],
    ['in UTF-16', Buffer.from('\ufeff{"domain":"acme.example"}\n', 'utf16le'), 'list.jsonl'],
  ])('is known %s', async (_how, text, name) => {
    expect((await read(text, name)).rows).toEqual([{ line: 1, cells: ['acme.example'] }]);
  });

  it('keeps a line that is no object, and says so', async () => {
    const { rows } = await read('{"domain":"acme.example"}\n{"domain":\n["beta.example"]\n');
    expect(rows.map(({ line, problem }) => [line, problem])).toEqual([[1, undefined], [2, 'is no JSON object'], [3, 'is no JSON object']]);
  });

  it.each([
    ['that begins with something else', 'domain\nacme.example\n', /^line 1 of .*list\.jsonl is no JSON object: give one object a line/],
    ['that is one array', '[\n{"domain":"acme.example"}]', /list\.jsonl is a JSON array: give one object a line \(jq -c '\.\[\]'\), or a CSV/],
    ['without a domain', '{"size":1}\n', /no column of the list looks like the domain; its columns are "size"/],
    ['without a row', '{}\n', /no column of the list/],
  ])('%s is refused', async (_what, text, words) => {
    const failure = await read(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String((failure as Error).message)).toMatch(words);
  });

  it('gives back every text, whatever is in it', async () => {
    const cells = fc.array(fc.record({ domain: fc.string({ unit: 'binary' }), note: fc.string({ unit: 'grapheme' }) }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cells, fc.constantFrom('\n', '\r\n', '\r'), async (given, end) => {
        const { rows } = await read(given.map((row) => `${JSON.stringify(row)}${end}`).join(''));
        expect(rows.map((row) => row.cells)).toEqual(given.map(({ domain, note }) => [domain, note]));
      }),
      { numRuns: 60 },
    );
  });
});
