/*
 * A thread that hears signals beside the main one, and ends the process when the main one does not: Node runs a listener only
 * between two pieces of work, so that a piece that never ends is deaf. Node lets only the main thread listen, by the name of
 * the event; underneath, every thread has a loop of its own that signals are told to.
 */
import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { workerData } from 'node:worker_threads';

/** `patienceMs`: how long the main thread may take after the first signal. `lastWords` go to stderr. */
export type WatchdogData = { signals: readonly NodeJS.Signals[]; patienceMs: number; lastWords: string };

type SignalHandle = { onsignal: () => void; start: (signal: number) => number };
type Internals = { binding: (name: 'signal_wrap') => { Signal: new () => SignalHandle } };

/** At the second signal the main thread has nothing left to do but to end; after the first it may just be at that. */
const LAST_MS = 1_000;

const { signals, patienceMs, lastWords } = workerData as WatchdogData;
process.noDeprecation = true;
const { Signal } = (process as unknown as Internals).binding('signal_wrap');

const end = () => {
  writeSync(2, lastWords);
  process.kill(process.pid, 'SIGKILL');
};
let heard = false;
for (const name of signals) {
  const handle = new Signal();
  handle.onsignal = () => {
    // In two steps: a process that was stopped for long and goes on gets the second one whole.
    setTimeout(() => setTimeout(end, LAST_MS), heard ? 0 : patienceMs);
    heard = true;
  };
  handle.start(constants.signals[name]);
}
