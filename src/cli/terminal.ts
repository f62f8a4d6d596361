/* Everything that goes to stderr passes here: lines for people, log lines, and the progress display under them. */
import type { WriteStream } from 'node:tty';
import type { Log } from '../runtime/runtime.ts';
import { createProgress, progressLine } from './progress-bar.ts';
import type { Progress, ProgressSource } from './progress-bar.ts';
import { fitting } from './wrap.ts';

/** What `--log-format json` writes instead of lines for people: a fixed sentence and its fields (docs/log.md). */
export type LogEvent = { message: string } & Record<string, unknown>;

/** The screen of a command. */
export type Terminal = {
  /** One finished line. */
  line: (text: string) => void;
  /** Lines for people; in JSON they are one log event. Nothing with --quiet. */
  say: (text: string, event?: LogEvent) => void;
  /** Lines that are shown with --quiet too: why something did not go well. */
  insist: (text: string, event?: LogEvent) => void;
  /** What `insist` would write, for a thread that has to write it by itself. */
  lastWords: (text: string) => string;
  useLog: (log: Log) => void;
  startProgress: (source: ProgressSource) => void;
  stopProgress: () => void;
};

/** Makes the terminal of one command. */
export function createTerminal(options: {
  stderr: WriteStream;
  format: 'text' | 'json';
  quiet: boolean;
  showProgress: boolean;
  /** Every line as it is shown: without secrets, and with commands as this one was started. */
  shown: (text: string) => string;
}): Terminal {
  const { stderr, shown } = options;
  let log: Log | undefined;
  let progress: Progress | undefined;

  const put = (clean: string) => {
    if (progress === undefined) stderr.write(`${clean}\n`);
    else progress.printAbove(`${clean}\n`);
  };
  const line = (text: string) => put(shown(text));
  // Behind the removal of secrets, which might be broken in two.
  const tell = (text: string) => put(fitting(shown(text), stderr));
  const write = (level: 'info' | 'error', text: string, event: LogEvent | undefined) => {
    const { message, ...fields } = event ?? { message: text };
    log?.[level](message, fields);
  };
  // A reader that went away must not end the run.
  stderr.on('error', () => undefined);

  return {
    line,
    say(text, event) {
      if (options.quiet) return;
      if (options.format === 'text') tell(text);
      else write('info', text, event);
    },
    insist(text, event) {
      if (options.format === 'text') tell(text);
      else write('error', text, event);
    },
    lastWords: (text) => `${options.format === 'text' ? shown(text) : JSON.stringify({ level: 'error', msg: shown(text) })}\n`,
    useLog(made) {
      log = made;
    },
    startProgress(source) {
      if (!options.showProgress) return;
      progress = createProgress(stderr, source, options.format === 'json', (now) => {
        if (options.format === 'text') {
          line(progressLine(now));
          return;
        }
        const { requestsLeft, waitingFor, leftMs, ...fields } = now;
        log?.info('progress', { ...fields, requests_left: Number.isFinite(requestsLeft) ? requestsLeft : null, waiting_for: waitingFor, left_ms: leftMs });
      });
    },
    stopProgress() {
      progress?.stop();
      progress = undefined;
    },
  };
}
