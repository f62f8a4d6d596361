/*
 * Values of options that cannot be: kept, instead of ending the command at the first, and refused by whoever reads the
 * settings, so that everything that is wrong is said at once.
 */
import { InvalidArgumentError } from 'commander';
import type { Command, Option } from 'commander';
import type { Problem } from '../core/errors.ts';

/** Makes the options of a command add what they cannot read to `misread`, and take what they had before. */
export function keepMisread(command: Command, misread: Problem[]): void {
  for (const option of command.options) {
    const { parseArg } = option;
    if (parseArg === undefined) continue;
    option.argParser((value: string, before: unknown) => {
      try {
        return parseArg(value, before);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        misread.push(problemOf(option, value, error));
        return before;
      }
    });
  }
}

/** The message of the error is what the value should be: `a whole number from 1 to 500`. */
function problemOf({ long, argChoices, defaultValue }: Option, value: string, error: InvalidArgumentError): Problem {
  const name = `${long ?? 'an option'} "${value}"`;
  if (argChoices !== undefined) return { what: `${name} is not known`, fix: `use one of ${argChoices.join(', ')}` };
  return { what: `${name} is not ${error.message}`, fix: `give one, or leave it out${defaultValue === undefined ? '' : ` for ${String(defaultValue)}`}` };
}
