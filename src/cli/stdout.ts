/* Prints the result of a command on stdout. */
import { UsageError } from '../core/errors.ts';

/** The exit code when the reader of stdout has gone (contract, section 3). */
export const CLOSED_STDOUT = 141;

/**
 * Prints text; returns false when the reader has gone, as `head` does when it has seen enough.
 * @throws {UsageError} when nothing can be written there.
 */
export async function print(text: string): Promise<boolean> {
  const { stdout } = process;
  // The failure is told to the callback; without a listener it would end the process as well.
  const ignore = () => undefined;
  stdout.on('error', ignore);
  try {
    return await new Promise<boolean>((resolve, reject) => {
      stdout.write(text, (error?: NodeJS.ErrnoException | null) => {
        if (error === undefined || error === null) resolve(true);
        else if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') resolve(false);
        else reject(new UsageError({ what: `stdout cannot be written (${error.code})`, fix: 'give it a place that is not full, and that you may write to' }, { cause: error }));
      });
    });
  } finally {
    stdout.removeListener('error', ignore);
  }
}

/** The exit code of a command whose work is done when it has printed this. */
export async function printLast(text: string): Promise<number> {
  return (await print(text)) ? 0 : CLOSED_STDOUT;
}

/** A record or a list of them, for programs. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
