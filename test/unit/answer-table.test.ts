/* The rows of a query on a terminal. */
import { describe, expect, it } from 'vitest';
import { answerText } from '../../src/cli/answer-table.ts';

const columns = [{ name: 'company', type: 25 }, { name: 'contacts', type: 20 }];

async function shown(pages: (string | null)[][][], width = 80): Promise<string> {
  async function* all() {
    for (const page of pages) yield await Promise.resolve(page);
  }
  let text = '';
  for await (const piece of answerText({ columns, pages: all() }, width)) text += piece;
  return text;
}

describe('answerText', () => {
  it('is a table with numbers at the right, its names again on each page', async () => {
    expect(await shown([[['Alder', '7'], [null, '120']], [['Finch', '1']]])).toBe(
      'company  contacts\nAlder           7\n              120\ncompany  contacts\nFinch           1\n(3 rows)\n',
    );
  });

  it('where the screen is too narrow is a block for each row', async () => {
    expect(await shown([[['Alder', '7']], [['Finch', '1']]], 12)).toBe('-- 1\ncompany   Alder\ncontacts  7\n-- 2\ncompany   Finch\ncontacts  1\n(2 rows)\n');
  });

  it('keeps a cell on its line, and shows nothing that moves the cursor', async () => {
    expect(await shown([[['a\nb\u001b[2Jc', '1']]])).toContain('a b [2Jc         1\n');
    expect(await shown([[['x'.repeat(99), '1']]])).toContain(`${'x'.repeat(57)}...`);
  });

  it('of nothing has the names', async () => {
    expect(await shown([])).toBe('company  contacts\n(0 rows)\n');
  });
});
