/* What was probably meant. */
import { expect, it } from 'vitest';
import { closest, distanceBetween } from '../../src/core/closest.ts';

it.each([
  ['exprt', 'export'],
  ['satus', 'status'],
  ['runs', 'runs'],
  ['Run', 'run'],
  ['frobnicate', undefined],
])('%s is %s', (typed, meant) => {
  expect(closest(typed, ['run', 'runs', 'export', 'status'], (name) => name.toLowerCase())).toBe(meant);
});

it.each([['', 'abc', 3], ['kitten', 'sitting', 3], ['same', 'same', 0]])('from %j to %j are %i characters', (a, b, distance) => {
  expect(distanceBetween(a, b)).toBe(distance);
});
