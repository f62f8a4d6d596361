/*
 * Many lanes, one statement: what is asked while one statement is on its way goes together into the next. Each caller
 * waits until its own part is done, so nothing is promised less; a round trip just serves many.
 */

type Waiting<Item, Result> = { item: Item; keys: readonly string[]; resolve: (result: Result) => void; reject: (error: unknown) => void };

/** How batches are put together. */
export type BatchRules<Item> = {
  /** At most so many items go together; the others wait for the next batch. */
  most?: number;
  /** Two items that have one of these in common never go together. */
  keysOf?: (item: Item) => readonly string[];
};

/** Makes a function for one item of a function for many, which gives a result for each item in their order. */
export function inBatches<Item, Result>(
  run: (items: Item[]) => Promise<Result[]>,
  { most = Infinity, keysOf = () => [] }: BatchRules<Item> = {},
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let running = false;

  function takeBatch(): Waiting<Item, Result>[] {
    const taken = new Set<string>();
    const batch: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    for (const one of waiting) {
      // Also for one that stays behind: nobody with a key of it may overtake it.
      const clashes = one.keys.some((key) => taken.has(key));
      for (const key of one.keys) taken.add(key);
      (clashes || batch.length >= most ? left : batch).push(one);
    }
    waiting = left;
    return batch;
  }

  async function runAll(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      const batch = takeBatch();
      try {
        const results = await run(batch.map(({ item }) => item));
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, keys: keysOf(item), resolve, reject });
      if (!running) void runAll();
    });
}
