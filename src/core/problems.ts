/* Reading several things that a user gave, so that all that is wrong with them is said at once (contract, section 2). */
import { UsageError } from './errors.ts';
import type { Problem } from './errors.ts';

/**
 * What the readers give, in their order. All of them are called, whichever of them throws.
 * @throws {UsageError} with the problems of all readers; at once what is no UsageError.
 */
export function readAll<Given extends readonly unknown[]>(...readers: { [Place in keyof Given]: () => Given[Place] }): Given {
  const problems: Problem[] = [];
  const given = readers.map((read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  });
  refuse(problems);
  return given as unknown as Given;
}

/** @throws {UsageError} when there are problems. */
export function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UsageError(problems);
}

/** The same error with its texts in other words, such as the user's name for a file. */
export function reworded(error: UsageError, inWords: (text: string) => string): UsageError {
  return new UsageError(error.problems.map(({ what, fix }) => ({ what: inWords(what), ...(fix !== undefined && { fix: inWords(fix) }) })), { cause: error });
}
