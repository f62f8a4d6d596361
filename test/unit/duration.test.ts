/* Durations as people write and read them. */
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/core/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    [' 0 ', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['30d', 2_592_000_000],
    [' 2 h ', 7_200_000],
    ['0s', 0],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', '10', '10 minutes', '-1s', '1,5h', '1e3s', 's', '1h30m', '10M', 'Infinitys', '.5s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0.0 s'],
    [4_249, '4.2 s'],
    [10_000, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_400, '59 min 59 s'],
    [3_599_500, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '24 h'],
  ])('%d ms is "%s"', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
