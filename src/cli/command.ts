/* A command from its words to its exit code. */
import { CommanderError } from 'commander';
import { buildProgram } from './program.ts';
import type { GlobalOptions } from './session.ts';
import { printLast } from './stdout.ts';

const USAGE = 2;

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
  const help: string[] = [];
  const program = buildProgram(
    (exit) => (outcome.exit = exit),
    (text) => void help.push(text),
  );
  const fail = async (error: unknown) => {
    const { explain } = await import('./explain.ts');
    return explain(error, program.opts<GlobalOptions>());
  };
  return {
    fail,
    async perform() {
      try {
        await program.parseAsync(process.argv);
        return outcome.exit;
      } catch (error) {
        if (!(error instanceof CommanderError)) return fail(error);
        if (error.exitCode !== 0) return USAGE; // commander has said it
        return printLast(help.join('')).catch(fail);
      }
    },
  };
}
