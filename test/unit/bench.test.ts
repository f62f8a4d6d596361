/* The arithmetic of the benchmark, and that its rivals play by the rules. */
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

type Scenario = { companies: number; limit: number; windowMs: number; slowestJobMs: number };
type Cells = { ours: string; rival: string; ratio: string };
const load = async (file: string): Promise<unknown> => import(new URL(`../../bench/${file}`, import.meta.url).href);
const { floorMs, median, line, tableHead, tableLine } = (await load('figures.mjs')) as {
  floorMs: (scenario: Scenario) => number;
  median: (values: number[]) => number;
  line: (given: object) => Cells;
  tableHead: () => string;
  tableLine: (cells: Cells) => string;
};
const { copyLine } = (await load('copy.mjs')) as { copyLine: (cells: unknown[]) => string };
const { createWindow } = (await load('naive-clients.mjs')) as {
  createWindow: (limit: number, windowMs: number) => { take: () => Promise<() => void> };
};

describe('the floor', () => {
  it.each<[what: string, scenario: Scenario, ms: number]>([
    ['one window less than the requests fill', { companies: 216, limit: 50, windowMs: 3000, slowestJobMs: 900 }, 24_000],
    ['nothing when they fit into the first window', { companies: 25, limit: 50, windowMs: 3000, slowestJobMs: 0 }, 0],
    ['a window for the first request that does not fit', { companies: 26, limit: 50, windowMs: 3000, slowestJobMs: 0 }, 3000],
    ['the slowest job when that takes longer', { companies: 20, limit: 50, windowMs: 60_000, slowestJobMs: 11_000 }, 11_000],
    ['the slowest job when there is no limit', { companies: 5000, limit: 0, windowMs: 3000, slowestJobMs: 70 }, 70],
  ])('is %s', (_, scenario, ms) => {
    expect(floorMs(scenario)).toBe(ms);
  });
});

describe('the median', () => {
  it('has as many values below it as above', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('is refused for nothing', () => {
    expect(() => median([])).toThrow('nothing');
  });
});

describe('a line of the table', () => {
  it('has the ratio of the two figures that it shows', () => {
    expect(line({ part: 'c', what: 'x', ours: 600, rival: 1500, unit: (rate: number) => `${rate}/s`, against: 'bare' })).toMatchObject({ ours: '600/s', rival: '1500/s bare', ratio: '0.40' });
  });

  it('has no ratio without a rival', () => {
    expect(line({ part: 'f', what: 'x', ours: 600 })).toMatchObject({ ours: '600', rival: '', ratio: '' });
  });

  it('has as many cells as the head of the table', () => {
    const bars = (text = '') => text.split('|').length;
    const [headings, rule] = tableHead().split('\n');
    expect([bars(rule), bars(tableLine(line({ part: 'f', what: 'x', ours: 600 })))]).toEqual([bars(headings), bars(headings)]);
  });
});

it('writes cells as COPY reads them', () => {
  expect(copyLine(['a\tb', 'c\\d', 'e\nf', null, ''])).toBe('a\\tb\tc\\\\d\te\\nf\t\\N\t\n');
});

describe('the window of the naive clients', () => {
  it('lets no more through than the limit before a reply', async () => {
    const window = createWindow(3, 60_000);
    let passed = 0;
    for (let at = 0; at < 5; at += 1) void window.take().then(() => (passed += 1));
    await sleep(0);
    expect(passed).toBe(3);
  });

  it('frees a place one window after the reply, first come first served', async () => {
    const window = createWindow(1, 20);
    const order: string[] = [];
    const release = await window.take();
    void window.take().then(() => order.push('second'));
    void window.take().then(() => order.push('third'));
    const repliedAt = performance.now();
    release();
    while (order.length === 0) await sleep(1);
    expect(performance.now() - repliedAt).toBeGreaterThanOrEqual(19);
    expect(order).toEqual(['second']);
  });

  it('holds nobody back without a limit', async () => {
    const window = createWindow(0, 60_000);
    expect(await Promise.all(Array.from({ length: 1000 }, () => window.take()))).toHaveLength(1000);
  });
});
