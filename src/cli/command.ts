/* A command from its words to its exit code. */
import { CommanderError } from 'commander';
import { optionsOf } from './command-line.ts';
import { buildProgram } from './program.ts';
import type { GlobalOptions } from './session.ts';
import { printLast } from './stdout.ts';

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
  const said = { help: '', complaint: '' };
  const program = buildProgram((exit) => (outcome.exit = exit), {
    writeOut: (text) => (said.help += text),
    writeErr: (text) => (said.complaint += text),
  });
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
        if (error.exitCode === 0) return printLast(said.help).catch(fail);
        const { complain } = await import('./explain.ts');
        return complain(said.complaint, { ...program.opts<GlobalOptions>(), ...(wantsJson(process.argv) && { logFormat: 'json' }) });
      }
    },
  };
}

/** Whether the words ask for JSON: commander may have stumbled before it came to read that. */
function wantsJson(argv: readonly string[]): boolean {
  return optionsOf(argv, ['--log-format']).at(-1) === 'json';
}
