/* Prints the result of a command on stdout. */

/** The exit code when the reader of stdout has gone (contract, section 3). */
export const CLOSED_STDOUT = 141;

/** Prints text; returns false when the reader has gone, as `head` does when it has seen enough. */
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
        else reject(error);
      });
    });
  } finally {
    stdout.removeListener('error', ignore);
  }
}

/** A record or a list of them, for programs. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
