/* The progress display, on a stream that says whether it is a terminal. */
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress, progressLine } from '../../src/cli/progress-bar.ts';
import type { ProgressSnapshot } from '../../src/cli/progress-bar.ts';

const snapshot: ProgressSnapshot = { done: 3, total: 8, contacts: 12, failed: 0, cost_usd: undefined, cap_usd: undefined, requestsLeft: Infinity, waitingFor: undefined, leftMs: undefined };

function display(options: { isTTY: boolean; now?: Partial<ProgressSnapshot>; columns?: number; plain?: boolean }) {
  const lines: ProgressSnapshot[] = [];
  let now = options.now;
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const stderr = Object.assign(stream, { isTTY: options.isTTY, columns: options.columns ?? 200 }) as unknown as WriteStream;
  const progress = createProgress(stderr, () => ({ ...snapshot, ...now }), options.plain ?? false, (at) => lines.push(at));
  return { progress, lines, stderr, written: () => written, change: (changed: Partial<ProgressSnapshot>) => void (now = changed) };
}

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('on a terminal', () => {
  it.each([
    ['how far it is', {}, '3/8, 12 contacts'],
    ['rows without an answer', { failed: 2 }, '12 contacts, 2 without an answer'],
    ['the cost as far as it is known', { cost_usd: 1.5 }, '12 contacts, $1.50'],
    ['the cost beside its cap', { cost_usd: 1.5, cap_usd: 5 }, '12 contacts, $1.50 of $5.00'],
    ['requests left in the window', { requestsLeft: 7 }, '12 contacts, 7 requests free'],
    ['what everything waits for', { requestsLeft: 0, waitingFor: 'rate limit, 12 s' }, '0 requests free, waiting: rate limit, 12 s'],
    ['one of each as one', { contacts: 1, requestsLeft: 1 }, '1 contact, 1 request free'],
    ['the time left', { leftMs: 200_000 }, '12 contacts, about 3 min 20 s left'],
  ])('the display shows %s', (_what, now, text) => {
    const { progress, written } = display({ isTTY: true, now });
    progress.stop();
    expect(written()).toContain(text);
  });

  it('a line that is printed above it is there whole, also the last one before the end', () => {
    const { progress, written } = display({ isTTY: true });
    progress.printAbove('warn: nothing has succeeded\n');
    progress.printAbove('SIGINT: finishing\n');
    progress.stop();
    expect(written()).toContain('warn: nothing has succeeded\n');
    expect(written()).toContain('SIGINT: finishing\n');
  });

  it('the cursor is shown again at the end', () => {
    const { progress, written } = display({ isTTY: true });
    progress.stop();
    expect(written().lastIndexOf('\x1b[?25h')).toBeGreaterThan(written().lastIndexOf('\x1b[?25l'));
  });

  it('nothing is written while nothing changes, and one piece when something does', () => {
    vi.useFakeTimers();
    const { progress, written, change } = display({ isTTY: true });
    const before = written();
    vi.advanceTimersByTime(60_000);
    expect(written()).toBe(before);
    change({ done: 4 });
    vi.advanceTimersByTime(1_000);
    expect(written().slice(before.length)).toMatch(/^\r\x1b\[J[█░]+ 4\/8, 12 contacts$/);
    progress.stop();
  });

  it('a line that the terminal has wrapped, because it became narrower, is erased whole', () => {
    const { progress, stderr, written } = display({ isTTY: true, columns: 60 });
    const shown = written().length;
    stderr.columns = 20;
    stderr.emit('resize');
    // 37 characters are two rows of 20.
    expect(written().slice(shown)).toBe('\r\x1b[1A\x1b[J3/8, 12 contacts');
    progress.stop();
  });

  it('a list without rows is no bug', () => {
    const { progress } = display({ isTTY: true, now: { done: 0, total: 0 } });
    expect(() => {
      progress.stop();
    }).not.toThrow();
  });
});

describe('a line of progress', () => {
  const full: ProgressSnapshot = { done: 3, total: 8, contacts: 12, failed: 2, cost_usd: 1.5, cap_usd: 5, requestsLeft: 7, waitingFor: 'rate limit, 12 s', leftMs: 200_000 };

  it.each([
    [200, '███████░░░░░░░░░░░░░ 3/8, 12 contacts, 2 without an answer, $1.50 of $5.00, 7 requests free, waiting: rate limit, 12 s, about 3 min 20 s left'],
    [100, '████░░░░░░░░ 3/8, 12 contacts, 2 without an answer, waiting: rate limit, 12 s, about 3 min 20 s left'],
    [60, '██░░░░ 3/8, waiting: rate limit, 12 s, about 3 min 20 s left'],
    [39, '████░░░░░░░░ 3/8, about 3 min 20 s left'],
    [10, '██░░░░ 3/8'],
    [2, '3/'],
  ])('of %d characters leaves out what matters least', (columns, line) => {
    expect(progressLine(full, columns)).toBe(line);
  });

  it.each([
    [0, '1 s'],
    [42_100, '43 s'],
    [61_000, '1 min 10 s'],
    [3_600_001, '1 h 1 min'],
  ])('rounds %d ms, since an estimate is no stopwatch', (leftMs, text) => {
    expect(progressLine({ ...full, leftMs })).toContain(`about ${text} left`);
  });
});

describe('elsewhere', () => {
  it('how far it is is said once a minute', () => {
    vi.useFakeTimers();
    const { progress, lines, written } = display({ isTTY: true, plain: true });
    vi.advanceTimersByTime(179_999);
    expect([lines, written()]).toEqual([[snapshot, snapshot], '']);
    progress.stop();
  });

  it.each([
    ['no terminal', false, 'xterm'],
    ['a terminal that can do nothing', true, 'dumb'],
  ])('nothing is drawn, and lines are written as they are: %s', (_what, isTTY, term) => {
    vi.stubEnv('TERM', term);
    const { progress, written, lines } = display({ isTTY });
    progress.printAbove('warn: nothing has succeeded\n');
    progress.stop();
    expect(written()).toBe('warn: nothing has succeeded\n');
    expect(lines).toEqual([]);
  });
});
