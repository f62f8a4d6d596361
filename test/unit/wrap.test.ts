/* Text for people on a narrow terminal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapped } from '../../src/cli/wrap.ts';

describe('wrapped', () => {
  it.each([
    ['a line that fits as it is', '  two words', '  two words'],
    ['between words, the rest indented behind the line', '  balance: unknown, not asked', '  balance: unknown,\n    not asked'],
    ['each line by itself', 'first line that is long\nsecond', 'first line that is\n  long\nsecond'],
    ['a word that is longer than the line whole', 'kept in /a/folder/with/a/long/name', 'kept in\n  /a/folder/with/a/long/name'],
    ['no command', 'go on with: waterfall-contacts resume r1 --sandbox', 'go on with: waterfall-contacts resume r1 --sandbox'],
    ['no command behind npx', 'go on with: npx waterfall-contacts resume r1', 'go on with: npx waterfall-contacts resume r1'],
    ['no place of a file', 'contacts: my lists of 2026/a b.csv', 'contacts: my lists of 2026/a b.csv'],
    ['nothing above a caret', 'ceo OR founder OR (cfo\n                  ^', 'ceo OR founder OR (cfo\n                  ^'],
  ])('breaks %s', (_what, text, expected) => {
    expect(wrapped(text, 20)).toBe(expected);
  });

  it('loses no word, and makes no line longer than it must be', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', '$'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 1, max: 40 }), (words, columns) => {
        const lines = wrapped(words.join(' '), columns).split('\n');
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words);
        for (const line of lines) expect(line.length <= columns || !line.trim().includes(' ')).toBe(true);
      }),
    );
  });
});
