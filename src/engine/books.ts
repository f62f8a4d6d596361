/*
 * What an invocation writes down about itself while it works: how many requests and how much time the run has taken, which
 * `status` shows, and what it learnt of the API. A process that is killed has told all but its last moments.
 */
import type { Runtime } from '../runtime/runtime.ts';
import type { Database } from '../store/database.ts';
import { saveWork } from '../store/runs.ts';
import type { RunRecord, WorkDone } from '../store/runs.ts';
import type { Limiter } from '../providers/http/limiter.ts';
import type { Provider } from '../providers/provider.ts';
import type { JobTimes } from './job-times.ts';
import type { Memory } from './memory.ts';

/** The books of one invocation. */
export type Books = {
  /** What the run has taken by now, with all its earlier invocations. */
  workDone(): WorkDone;
  /** Ends the writing; what is on its way is waited for. */
  end(): Promise<void>;
};

/** So often it is written down: two small statements. */
const SAVE_EVERY_MS = 2_000;

/**
 * Opens the books, and writes at once that the run is worked on. `run` is as it was read behind the lock, so that its
 * figures are those of all earlier invocations; `startedAt` (epoch milliseconds) is when this one began.
 */
export function openBooks(
  invocation: { run: RunRecord<unknown>; runtime: Runtime; database: Database; providers: readonly { provider: Provider; limiter: Limiter; memory?: Memory | undefined }[] },
  { times, startedAt }: { times: JobTimes; startedAt: number },
): Books {
  const { run, runtime, database, providers } = invocation;
  const { clock, log } = runtime;
  const ending = new AbortController();

  function workDone(): WorkDone {
    const sent = providers.map(({ provider }) => provider.requests()).reduce((sum, { launches, finds }) => sum + launches + finds, 0);
    return { requests: run.requests + sent, worked_ms: run.worked_ms + clock.now() - startedAt };
  }

  async function write(): Promise<void> {
    await saveWork(database, run.id, workDone()).catch((error: unknown) => void log.debug('the progress cannot be saved', { error: String(error) }));
    for (const { memory, limiter } of providers) await memory?.save(times, limiter);
  }

  async function writeNowAndThen(): Promise<void> {
    const tick = () => clock.sleep(SAVE_EVERY_MS, ending.signal).then(() => true, () => false);
    do await write();
    while (await tick());
  }

  const written = writeNowAndThen();
  return {
    workDone,
    async end() {
      ending.abort();
      await written;
    },
  };
}
