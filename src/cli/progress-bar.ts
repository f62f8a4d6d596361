/*
 * The progress display: one line on a terminal, redrawn in place and only when it changes; elsewhere a plain line a
 * minute. It is cut to the width of the terminal by leaving out what matters least.
 */
import type { WriteStream } from 'node:tty';
import { many } from '../core/count.ts';
import { formatDuration } from '../core/duration.ts';
import { formatUsd } from '../core/money.ts';

/** What the display shows, asked for anew each time. */
export type ProgressSnapshot = {
  done: number;
  total: number;
  contacts: number;
  failed: number;
  /** Known so far; undefined when the API says nothing of cost. */
  cost_usd: number | undefined;
  /** The cost cap, if there is one. */
  cap_usd: number | undefined;
  /** Requests left in the window; Infinity without a limit. */
  requestsLeft: number;
  /** What everything waits for, if it waits. */
  waitingFor: string | undefined;
  /** Time left, in milliseconds; undefined while unknown. */
  leftMs: number | undefined;
};

/** Gives the current state. */
export type ProgressSource = () => ProgressSnapshot;

/** A running display. */
export type Progress = { printAbove: (line: string) => void; stop: () => void };

const REDRAW_EVERY_MS = 200;
const PLAIN_LINE_EVERY_MS = 60_000;
const LONGEST_BAR = 20;
const SHORTEST_BAR = 5;
/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_BELOW = '\x1b[J';
const up = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '');

/** Starts the display; `line` prints how far it is where there is no terminal, or where `plain` lines are wanted. */
export function createProgress(stderr: WriteStream, source: ProgressSource, plain: boolean, line: (now: ProgressSnapshot) => void): Progress {
  return !plain && stderr.isTTY && process.env.TERM !== 'dumb' ? redrawn(stderr, source) : plainLines(stderr, source, line);
}

function redrawn(stderr: WriteStream, source: ProgressSource): Progress {
  let shown = '';
  /** Back to where the line begins. A terminal that became narrower has wrapped it, and the cursor is on its last row. */
  const erase = () => `\r${up(Math.ceil(shown.length / (stderr.columns || USUAL_COLUMNS)) - 1)}${ERASE_BELOW}`;
  const draw = () => {
    const next = progressLine(source(), (stderr.columns || USUAL_COLUMNS) - 1);
    if (next === shown) return;
    // In one piece, so that nobody sees the line without its text.
    stderr.write(`${erase()}${next}`);
    shown = next;
  };
  stderr.write(HIDE_CURSOR);
  draw();
  const timer = setInterval(draw, REDRAW_EVERY_MS);
  timer.unref();
  stderr.on('resize', draw);
  return {
    printAbove: (text) => void stderr.write(`${erase()}${text}${shown}`),
    stop() {
      clearInterval(timer);
      stderr.removeListener('resize', draw);
      stderr.write(`${erase()}${SHOW_CURSOR}`);
    },
  };
}

function plainLines(stderr: WriteStream, source: ProgressSource, line: (now: ProgressSnapshot) => void): Progress {
  const timer = setInterval(() => line(source()), PLAIN_LINE_EVERY_MS);
  timer.unref();
  return { printAbove: (text) => void stderr.write(text), stop: () => clearInterval(timer) };
}

/** The display as one line of at most `columns` characters. */
export function progressLine(now: ProgressSnapshot, columns = Infinity): string {
  const parts = partsOf(now);
  for (let least = 0; ; least += 1) {
    const text = parts.filter(({ rank }) => rank >= least).map((part) => part.text).join(', ');
    const room = Math.min(columns - text.length - 1, LONGEST_BAR);
    // A bar says more than the requests that are left.
    const fits = least === 0 ? room >= SHORTEST_BAR : text.length <= columns;
    if (fits) return room < SHORTEST_BAR || columns === Infinity ? text : `${bar(now, room)} ${text}`;
    if (least === MOST_RANK) return text.slice(0, columns);
  }
}

const MOST_RANK = 6;

/** What is shown, in order; of a higher rank is what stays longer on a narrow terminal. */
function partsOf(now: ProgressSnapshot): { rank: number; text: string }[] {
  const spent = now.cost_usd ?? (now.cap_usd === undefined ? undefined : 0);
  return [
    { rank: MOST_RANK, text: `${now.done}/${now.total}` },
    { rank: 2, text: many(now.contacts, 'contact') },
    ...(now.failed > 0 ? [{ rank: 3, text: `${now.failed} without an answer` }] : []),
    ...(spent === undefined ? [] : [{ rank: 1, text: `${formatUsd(spent)}${now.cap_usd === undefined ? '' : ` of ${formatUsd(now.cap_usd)}`}` }]),
    ...(Number.isFinite(now.requestsLeft) ? [{ rank: 0, text: `${many(now.requestsLeft, 'request')} free` }] : []),
    ...(now.waitingFor === undefined ? [] : [{ rank: 4, text: `waiting: ${now.waitingFor}` }]),
    ...(now.leftMs === undefined ? [] : [{ rank: 5, text: `about ${formatDuration(roundedMs(now.leftMs)).replace('.0 s', ' s')} left` }]),
  ];
}

function bar({ done, total }: ProgressSnapshot, width: number): string {
  const full = total === 0 ? width : Math.floor((done / total) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** An estimate is no stopwatch: whole seconds, from a minute on tens of them, from an hour on minutes. */
function roundedMs(ms: number): number {
  const stepMs = ms < 60_000 ? 1_000 : ms < 3_600_000 ? 10_000 : 60_000;
  return Math.max(Math.ceil(ms / stepMs) * stepMs, 1_000);
}
