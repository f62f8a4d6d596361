/*
 * Signals: the first stops launching and lets calls in flight end, all within 8 seconds; the second ends at once. When the main
 * thread is too busy to hear them, the watchdog ends the process.
 */
import { Worker } from 'node:worker_threads';
import { ignoredHere } from './ignored-signals.ts';
import type { WatchdogData } from './watchdog.ts';

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Signals that ask a run to stop. */
export type StopSignal = keyof typeof EXIT_CODES;

/** Calls in flight get so long to end by themselves, and then saving and exporting gets the rest of the 8 seconds. */
const CALLS_MS = 4_000;
const ALL_MS = 7_500;

/** What is done on the way down. `exit` ends the process at once. */
export type Shutdown = {
  onFirst: (signal: StopSignal, exitCode: number) => void;
  abortCalls: () => void;
  /** Called before an exit that could not wait, to say how to go on. */
  onForced: () => void;
  /** What the watchdog says when nobody else can; with its line end. */
  lastWords: string;
};

/** Listens until `dispose` is called, but for signals that the process was started to ignore. */
export function listenForSignals(shutdown: Shutdown): { dispose: () => void } {
  let stopping = false;
  const timers: NodeJS.Timeout[] = [];
  const force = (code: number) => {
    shutdown.onForced();
    process.exit(code);
  };
  const ignored = ignoredHere();
  const heard = Object.entries(EXIT_CODES).filter(([name]) => !ignored.includes(name));
  const listeners = heard.map(([name, code]) => {
    const listener = () => {
      if (stopping) force(code);
      stopping = true;
      shutdown.onFirst(name as StopSignal, code);
      timers.push(setTimeout(shutdown.abortCalls, CALLS_MS), setTimeout(() => force(code), ALL_MS));
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  const watchdog = startWatchdog({ signals: heard.map(([name]) => name as StopSignal), patienceMs: ALL_MS, lastWords: shutdown.lastWords });
  return {
    dispose() {
      void watchdog.terminate();
      for (const timer of timers) clearTimeout(timer);
      for (const [name, listener] of listeners) process.removeListener(name, listener);
    },
  };
}

function startWatchdog(workerData: WatchdogData): Worker {
  const watchdog = new Worker(new URL('./watchdog.js', import.meta.url), { workerData, resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8 } });
  watchdog.unref();
  // A Node without what it needs has no watchdog, and all else works.
  watchdog.on('error', () => undefined);
  return watchdog;
}
