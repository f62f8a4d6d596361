/* Reading several things: all that is wrong with them is said at once. */
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { readAll, refuse } from '../../src/core/problems.ts';

const wrong = (...whats: string[]) => () => refuse(whats.map((what) => ({ what })));

describe('readAll', () => {
  it('gives what is read, in order', () => {
    expect(readAll(() => 1, () => 'two', () => undefined)).toEqual([1, 'two', undefined]);
  });

  it('throws the problems of all readers, in order, though some can read', () => {
    expect(() => readAll(wrong('a', 'b'), () => 1, wrong('c'))).toThrow(new UsageError([{ what: 'a' }, { what: 'b' }, { what: 'c' }]));
  });

  it('throws at once what is no mistake of the user', () => {
    const bug = () => {
      throw new TypeError('a bug');
    };
    expect(() => readAll(wrong('a'), bug)).toThrow(TypeError);
  });
});
