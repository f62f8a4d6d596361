/* A command from its words to its exit code: the one place that turns errors into words and exit codes. */
import { CommanderError } from 'commander';
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';
import { asStarted, sameCommand } from './command-line.ts';
import { buildProgram } from './program.ts';
import type { GlobalOptions } from './session.ts';
import { fitting } from './wrap.ts';

const USAGE = 2;
const BUSY = 75;
const BUG = 1;

/** A command that was given. */
export type GivenCommand = {
  /** Does what it says; returns the exit code. */
  perform: () => Promise<number>;
  /** Says an error; returns the exit code that it means. */
  fail: (error: unknown) => Promise<number>;
};

/** The command of the words in `process.argv`. */
export function givenCommand(): GivenCommand {
  const outcome = { exit: 0 };
  const program = buildProgram((exit) => (outcome.exit = exit));
  const fail = async (error: unknown) => explain(error, await sayer(program.opts<GlobalOptions>()));
  return {
    fail,
    async perform() {
      try {
        await program.parseAsync(process.argv);
        return outcome.exit;
      } catch (error) {
        if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // commander has printed it
        return fail(error);
      }
    },
  };
}

function explain(error: unknown, say: (text: string) => void): number {
  if (error instanceof UsageError) {
    for (const { what, fix } of error.problems) say(`error: ${what}${fix === undefined ? '' : `\n  to do: ${fix}`}`);
    return USAGE;
  }
  if (error instanceof DatabaseError) {
    say(`error: ${error.message}`);
    return USAGE;
  }
  if (error instanceof BusyError) {
    say(`error: ${error.message}\n  to do: wait until it is done, then: ${sameCommand(process.argv)}`);
    return BUSY;
  }
  say(`This is a bug in waterfall-contacts; please report it.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return BUG;
}

/** Says an error to people, or to the program that asked for JSON. Secrets are taken out: a stack may quote anything. */
async function sayer(options: GlobalOptions): Promise<(text: string) => void> {
  const [{ createLog, scrubber }, { readSecrets }] = await Promise.all([import('../runtime/log.ts'), import('../runtime/config.ts')]);
  const scrub = scrubber(readSecrets(options, process.env, process.cwd()));
  const shown = (text: string) => asStarted(scrub(text), process.env);
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  if (options.logFormat === 'text') return (text) => write(fitting(shown(text), process.stderr));
  const log = createLog({ format: options.logFormat, level: 'error', write });
  return (text) => log.error(shown(text));
}
