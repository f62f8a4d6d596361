/* The progress display, on a stream that says whether it is a terminal. */
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from '../../src/cli/progress-bar.ts';
import type { ProgressSnapshot } from '../../src/cli/progress-bar.ts';

const snapshot: ProgressSnapshot = { done: 3, total: 8, contacts: 12, failed: 0, cost_usd: undefined, requestsLeft: Infinity, waitingFor: undefined, leftMs: undefined };

function display(options: { isTTY: boolean; now?: Partial<ProgressSnapshot> }) {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const lines: string[] = [];
  const stderr = Object.assign(stream, { isTTY: options.isTTY, columns: 200 }) as unknown as WriteStream;
  const progress = createProgress(stderr, () => ({ ...snapshot, ...options.now }), (line) => lines.push(line));
  return { progress, lines, written: () => written };
}

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('on a terminal', () => {
  it.each([
    ['how far it is', {}, '3/8  12 contacts'],
    ['rows without an answer', { failed: 2 }, '12 contacts, 2 without an answer'],
    ['the cost as far as it is known', { cost_usd: 1.5 }, '12 contacts, $1.50'],
    ['requests left in the window', { requestsLeft: 7 }, '12 contacts, 7 requests left'],
    ['what everything waits for', { requestsLeft: 0, waitingFor: 'rate limit, 12 s' }, '0 requests left, waiting: rate limit, 12 s'],
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

  it('a list without rows is no bug', () => {
    const { progress } = display({ isTTY: true, now: { done: 0, total: 0 } });
    expect(() => {
      progress.stop();
    }).not.toThrow();
  });
});

describe('elsewhere', () => {
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
