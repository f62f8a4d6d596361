/* Numbers of things, for people. */

/** `1 row`, `2 rows`, `2 launches`: the word for one, and for more where an `s` does not make it. */
export function many(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}
