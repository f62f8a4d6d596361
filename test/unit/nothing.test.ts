import { describe, expect, it } from 'vitest';
import { isNothing } from '../../src/core/nothing.ts';

describe('isNothing', () => {
  it.each(['', ' ', '-', 'N/A', '#N/A', 'NULL', '\\N', 'nan', 'n/a', 'None', '#REF!', '#DIV/0!', '(blank)', ' — '])('takes %j for nothing', (text) => {
    expect(isNothing(text)).toBe(true);
  });

  it.each(['0', 'acme', 'n/a.example', 'Nan Goldin', 'null and void', '-1'])('takes %j for something', (text) => {
    expect(isNothing(text)).toBe(false);
  });
});
