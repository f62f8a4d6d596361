/* What somebody probably meant who typed a name that does not exist. */
import { describe, expect, it } from 'vitest';
import { closest, distanceBetween } from '../../src/core/closest.ts';

describe('closest', () => {
  const names = ['domain', 'first_name', 'last_name', 'title', 'row'];

  it.each([
    ['domian', 'domain'],
    ['firstname', 'first_name'],
    ['lastname', 'last_name'],
    ['titel', 'title'],
    ['rows', 'row'],
    ['title', 'title'],
  ])('takes %s for %s', (wanted, meant) => {
    expect(closest(wanted, names)).toBe(meant);
  });

  it.each(['phone', 'x', '', 'a-name-that-nobody-would-have-meant'])('takes %j for nothing', (wanted) => {
    expect(closest(wanted, names)).toBeUndefined();
  });

  it('knows nothing among no names', () => {
    expect(closest('domain', [])).toBeUndefined();
  });

  it('compares as it is told', () => {
    expect(closest('DOMAIN', names)).toBeUndefined();
    expect(closest('DOMAIN', names, (name) => name.toLowerCase())).toBe('domain');
  });
});

it.each([['', 'abc', 3], ['kitten', 'sitting', 3], ['same', 'same', 0]])('from %j to %j are %i characters', (a, b, distance) => {
  expect(distanceBetween(a, b)).toBe(distance);
});
