/* Errors in words, with the exit codes that they mean. Apart from the command, so that it is loaded only when there is one. */
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';
import { readSecrets } from '../runtime/config.ts';
import { createLog, scrubber } from '../runtime/log.ts';
import { asStarted, sameCommand } from './command-line.ts';
import type { GlobalOptions } from './session.ts';
import { fitting } from './wrap.ts';

const USAGE = 2;
const BUSY = 75;
const BUG = 1;

/** Says an error on stderr, to people or to the program that asked for JSON; returns the exit code. */
export function explain(error: unknown, options: GlobalOptions): number {
  const say = sayer(options);
  if (error instanceof UsageError) {
    for (const { what, fix } of error.problems) say(`error: ${what}${fix === undefined ? '' : `\n  to do: ${fix}`}`);
    return USAGE;
  }
  if (error instanceof DatabaseError) {
    say(`error: ${error.message}\n  to do: ${error.fix}`);
    return USAGE;
  }
  if (error instanceof BusyError) {
    say(`error: ${error.message}\n  to do: wait until it is done, then: ${sameCommand(process.argv)}`);
    return BUSY;
  }
  say(`This is a bug in waterfall-contacts; please report it.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return BUG;
}

/** Says what commander found wrong with the words of a command; returns the exit code. */
export function complain(text: string, options: GlobalOptions): number {
  if (options.logFormat === 'text') process.stderr.write(text);
  else sayer(options)(text.trim());
  return USAGE;
}

/** Secrets are taken out: a stack may quote anything. */
function sayer(options: GlobalOptions): (text: string) => void {
  const scrub = scrubber(readSecrets(options, process.env, existingFolder()));
  const shown = (text: string) => asStarted(scrub(text), process.env);
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  if (options.logFormat === 'text') return (text) => write(fitting(shown(text), process.stderr));
  const log = createLog({ format: options.logFormat, level: 'error', write });
  return (text) => log.error(shown(text));
}

/** The working directory, or where it was removed a folder without a `.env`: that it is gone is told here too. */
function existingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return import.meta.dirname;
  }
}
