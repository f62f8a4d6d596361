/* The progress display: a bar on a terminal (cli-progress), one line a minute otherwise. */
import type { WriteStream } from 'node:tty';
import cliProgress from 'cli-progress';
import { formatDuration } from '../core/duration.ts';

/** What the display shows, asked for anew each time. */
export type ProgressSnapshot = {
  done: number;
  total: number;
  contacts: number;
  failed: number;
  /** Known so far; undefined when the API says nothing of cost. */
  cost_usd: number | undefined;
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

const REDRAWS_PER_SECOND = 5;
const PLAIN_LINE_EVERY_MS = 60_000;

/** Starts the display; `line` prints a plain line where there is no terminal. */
export function createProgress(stderr: WriteStream, source: ProgressSource, line: (text: string) => void): Progress {
  return stderr.isTTY && process.env.TERM !== 'dumb' ? bar(stderr, source) : plainLines(stderr, source, line);
}

function bar(stderr: WriteStream, source: ProgressSource): Progress {
  const bars = new cliProgress.MultiBar({
    stream: stderr,
    format: '{bar} {done}/{total}  {details}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 20,
    fps: REDRAWS_PER_SECOND,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is ours: the library would end the display and leave the run without one.
    gracefulExit: false,
    linewrap: false,
  });
  const first = source();
  const single = bars.create(Math.max(first.total, 1), first.done, payload(first));
  bars.on('redraw-pre', () => {
    const now = source();
    single.setTotal(Math.max(now.total, 1));
    single.update(now.done, payload(now));
  });
  return {
    printAbove: (text) => bars.log(text),
    stop() {
      bars.update(); // writes the lines that were still to be printed above
      bars.stop();
    },
  };
}

function plainLines(stderr: WriteStream, source: ProgressSource, line: (text: string) => void): Progress {
  const timer = setInterval(() => {
    const now = source();
    line(`${now.done}/${now.total}  ${details(now)}`);
  }, PLAIN_LINE_EVERY_MS);
  timer.unref();
  return { printAbove: (text) => stderr.write(text), stop: () => clearInterval(timer) };
}

function payload(now: ProgressSnapshot) {
  return { done: now.done, details: details(now) };
}

function details(now: ProgressSnapshot): string {
  return [
    `${now.contacts} contacts`,
    ...(now.failed > 0 ? [`${now.failed} without an answer`] : []),
    ...(now.cost_usd === undefined ? [] : [`$${now.cost_usd.toFixed(2)}`]),
    ...(Number.isFinite(now.requestsLeft) ? [`${now.requestsLeft} requests left`] : []),
    ...(now.waitingFor === undefined ? [] : [`waiting: ${now.waitingFor}`]),
    ...(now.leftMs === undefined ? [] : [`about ${formatDuration(now.leftMs)} left`]),
  ].join(', ');
}
