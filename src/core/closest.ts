/* What somebody probably meant, who typed a name that does not exist. */

/**
 * The name that is at most a third different from what was typed; undefined when none is near.
 * `keyOf` makes names alike that people take for the same, such as those that differ in case.
 */
export function closest(wanted: string, names: readonly string[], keyOf: (name: string) => string = (name) => name): string | undefined {
  const key = keyOf(wanted);
  const ranked = names
    .map((name) => ({ name, distance: distanceBetween(key, keyOf(name).slice(0, 100)) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.ceil(key.length / 3) ? best.name : undefined;
}

/** Levenshtein's edit distance: how many characters must be put in, left out or replaced. */
export function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
