/* What every way of writing a list gives: records, the names of the columns first. */

/** A record of a list. `line` is where it begins, `lines` how many it takes, `raw` what stands there. With a `problem` it must not be asked. */
export type ListRecord = { cells: string[]; line: number; lines: number; raw: string; problem?: string };

/** All three line ends at once, since files that were glued together mix them. */
export const LINE_END = /\r\n|\n|\r/g;

/** The members of the object that a line is; undefined where it is none. */
export function membersOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
