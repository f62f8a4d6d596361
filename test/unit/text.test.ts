/* Text that is cut to be shown or kept. */
import { describe, expect, it } from 'vitest';
import { beginning } from '../../src/core/text.ts';
import { chooseColumns } from '../../src/lists/columns.ts';
import { chooseContactColumns } from '../../src/outputs/column-choice.ts';
import { readError } from '../../src/providers/waterfall/wire.ts';

const foxesFrom = (length: number) => `${'n'.repeat(length)}${'🦊'.repeat(300)}`;
const wordsOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return '';
};

describe('the beginning of a text', () => {
  it.each([
    ['🦊🦊', 4, '🦊🦊'],
    ['🦊🦊', 3, '🦊'],
    ['n🦊', 2, 'n'],
    ['n🦊', 1, 'n'],
    ['', 1, ''],
  ])('of %j, %d units of it, is %j', (text, length, expected) => {
    expect(beginning(text, length)).toBe(expected);
  });

  it.each<[what: string, words: (name: string) => string]>([
    ['header', (name) => wordsOf(() => chooseColumns([name]))],
    ['column of the output', (name) => wordsOf(() => chooseContactColumns([name], []))],
    ['error of the API', (name) => readError({ host: 'api.example', status: 400, body: JSON.stringify({ code: 'X', message: name }), retryAfterMs: undefined }).message],
  ])('is whole characters where a %s is shown', (_what, words) => {
    for (const length of [0, 1]) {
      expect(words(foxesFrom(length))).toContain('🦊');
      expect(words(foxesFrom(length)).isWellFormed()).toBe(true);
    }
  });
});
