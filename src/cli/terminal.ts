/* Everything that goes to stderr passes here: lines for people, log lines, and the progress display under them. */
import type { WriteStream } from 'node:tty';
import type { Log } from '../runtime/runtime.ts';
import { createProgress } from './progress-bar.ts';
import type { Progress, ProgressSource } from './progress-bar.ts';

/** The screen of a command. */
export type Terminal = {
  /** One finished line. Secrets are taken out. */
  line: (text: string) => void;
  /** Lines for people; in JSON they are one log event. Nothing with --quiet. */
  say: (text: string, event?: { message: string } & Record<string, unknown>) => void;
  /** Lines that are shown with --quiet too: why something did not go well. */
  insist: (text: string) => void;
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
  scrub: (text: string) => string;
}): Terminal {
  const { stderr, scrub } = options;
  let log: Log | undefined;
  let progress: Progress | undefined;

  const line = (text: string) => {
    const clean = `${scrub(text)}\n`;
    if (progress === undefined) stderr.write(clean);
    else progress.printAbove(clean);
  };
  // A reader that went away must not end the run.
  stderr.on('error', () => undefined);

  return {
    line,
    say(text, event) {
      if (options.quiet) return;
      if (options.format === 'text') line(text);
      else if (event === undefined) log?.info(text);
      else {
        const { message, ...fields } = event;
        log?.info(message, fields);
      }
    },
    insist(text) {
      if (options.format === 'text') line(text);
      else log?.error(text);
    },
    useLog(made) {
      log = made;
    },
    startProgress(source) {
      if (options.showProgress) progress = createProgress(stderr, source, line);
    },
    stopProgress() {
      progress?.stop();
      progress = undefined;
    },
  };
}
