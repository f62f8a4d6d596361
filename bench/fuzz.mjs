/*
 * `npm run fuzz`: any bytes as a list, any text in a cell, any JSON of the right outline as an answer, through everything that reads
 * and writes. What is checked is beside each property in bench/fuzz/. One that does not hold ends the fuzz with exit 1, the smallest
 * counterexample that was found and the seed that gives it again; so does a case that takes longer than a minute.
 *
 *   npm run fuzz                                thirty minutes
 *   npm run fuzz -- --minutes 1 --seed 2026     the short form that CI runs
 *   npm run fuzz -- --only runs                 one property
 *
 * Rounds go on from the seed by one, so that the seed of a failure begins with the round that failed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';

/** Of cases that are cheap many, of those that need a database few: a round takes some seconds in all. */
const PROPERTIES = [
  { name: 'domains', file: 'cells', runs: 1_000 },
  { name: 'filters', file: 'cells', runs: 500 },
  { name: 'linear', file: 'linear', runs: 100 },
  { name: 'lists', file: 'lists', runs: 60 },
  { name: 'bytes', file: 'lists', runs: 60 },
  { name: 'tables', file: 'tables', runs: 40 },
  { name: 'runs', file: 'runs', runs: 15 },
];
const LONGEST_CASE_MS = 60_000;
/** What a terminal can take of a counterexample; the file has all of it. */
const MOST_SHOWN = 2_000;

if (isMainThread) watch();
else await work(workerData);

/** The cases run in a thread of their own: a case that never ends is seen, and shown, all the same. */
function watch() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string', default: String(Date.now() % 100_000) }, only: { type: 'string' } },
  });
  const chosen = PROPERTIES.filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length === 0 || !(Number(values.minutes) > 0) || !Number.isSafeInteger(Number(values.seed))) {
    console.error(`usage: npm run fuzz -- [--minutes n] [--seed n] [--only ${PROPERTIES.map(({ name }) => name).join('|')}]`);
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), 'waterfall-contacts-fuzz-'));
  const seed = Number(values.seed);
  console.log(`seed ${seed}, ${values.minutes} minutes`);
  const worker = new Worker(new URL(import.meta.url), { workerData: { folder, seed, endAt: Date.now() + Number(values.minutes) * 60_000, chosen } });

  let current;
  let timer;
  const fail = ({ name, seed: found, counterexample, error }) => {
    clearTimeout(timer);
    const file = join(folder, 'counterexample.txt');
    writeFileSync(file, counterexample);
    const shown = counterexample.length > MOST_SHOWN ? `${counterexample.slice(0, MOST_SHOWN)} ...` : counterexample;
    console.error(`${name} does not hold: ${error}\n\n${shown}\n\nagain: npm run fuzz -- --seed ${found} --only ${name}\nwhole: ${file}`);
    process.exit(1);
  };
  worker.on('message', (message) => {
    if (message.kind === 'failed') fail(message);
    if (message.kind === 'done') {
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
      console.log(`all properties held: ${JSON.stringify(message.totals)}`);
      process.exit(0);
    }
    current = message;
    clearTimeout(timer);
    timer = setTimeout(() => fail({ ...current, counterexample: fc.stringify(current.value), error: `a case takes longer than ${LONGEST_CASE_MS / 1000} s` }), LONGEST_CASE_MS);
  });
  worker.on('error', (error) => {
    if (current !== undefined) fail({ ...current, counterexample: fc.stringify(current.value), error: error.stack });
    console.error(error.stack);
    process.exit(1);
  });
}

async function work({ folder, seed, endAt, chosen }) {
  const totals = {};
  const count = (what, many = 1) => (totals[what] = (totals[what] ?? 0) + many);
  const properties = [];
  for (const { name, file, runs } of chosen) {
    const { [name]: create } = await import(`./fuzz/${file}.mjs`);
    properties.push({ name, runs, ...(await create({ folder, count })) });
  }
  for (let round = seed; Date.now() < endAt; round += 1) {
    for (const { name, runs, arbitrary, check } of properties) {
      let failed = false;
      const property = fc.asyncProperty(arbitrary, async (value) => {
        if (Date.now() > endAt && !failed) return;
        parentPort.postMessage({ kind: 'case', name, seed: round, value });
        try {
          await check(value);
        } catch (error) {
          failed = true;
          throw error;
        }
        count(name);
      });
      const result = await fc.check(property, { seed: round, numRuns: runs, interruptAfterTimeLimit: Math.max(endAt - Date.now(), 0) + 5 * 60_000 });
      if (!result.failed) continue;
      parentPort.postMessage({ kind: 'failed', name, seed: round, counterexample: fc.stringify(result.counterexample), error: result.errorInstance?.stack ?? 'no case was run' });
      return;
    }
  }
  parentPort.postMessage({ kind: 'done', totals });
}
