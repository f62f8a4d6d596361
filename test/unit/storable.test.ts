/* What PostgreSQL refuses is taken out of text and JSON, and nothing else is touched. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storableJson, storableText } from '../../src/store/storable.ts';

describe('storableText', () => {
  it.each([
    ['Acme', 'Acme'],
    ['', ''],
    ['Ac\0me\0', 'Acme'],
    ['a\ud83d', 'a\ufffd'],
    ['\ude00b', '\ufffdb'],
    ['😀', '😀'],
    ['\u0001\ufeff\t', '\u0001\ufeff\t'],
  ])('%j becomes %j', (text, kept) => {
    expect(storableText(text)).toBe(kept);
  });
});

describe('storableJson', () => {
  it.each([
    ['NUL in a value', { a: 'x\0y' }, { a: 'xy' }],
    ['NUL in a name', { 'a\0': 1 }, { a: 1 }],
    ['half a character, deep inside', { a: [{ b: ['\ud800'] }] }, { a: [{ b: ['\ufffd'] }] }],
    ['text that only looks like an escape', { a: '\\u0000 \\ud800' }, { a: '\\u0000 \\ud800' }],
    ['both', ['\\u0000', '\0'], ['\\u0000', '']],
    ['numbers, booleans and null beside it', [1, true, null, '\0'], [1, true, null, '']],
  ])('of %s', (_what, value, kept) => {
    expect(JSON.parse(storableJson(value))).toEqual(kept);
  });

  it('holds nothing that jsonb refuses, whatever the value, and the value itself when that holds nothing', () => {
    const piece = fc.constantFrom('\0', '\ud800', '\udfff', '\\', 'u', '0000', '"', 'é', '😀', 'd83d');
    const key = fc.string({ unit: piece, maxLength: 6 });
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, key, fc.integer(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(key, tie('value'), { maxKeys: 3 })),
    }));
    const clean = (text: string) => !text.includes('\0') && text.isWellFormed();
    const texts = (any: unknown): string[] => {
      if (typeof any === 'string') return [any];
      return typeof any === 'object' && any !== null ? Object.entries(any).flatMap(([name, member]) => [name, ...texts(member)]) : [];
    };
    fc.assert(
      fc.property(value, (any) => {
        const stored: unknown = JSON.parse(storableJson(any));
        expect(texts(stored).every(clean)).toBe(true);
        if (texts(any).every(clean)) expect(stored).toEqual(any);
      }),
      { numRuns: 500 },
    );
  });
});
