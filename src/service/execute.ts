/* One invocation of a run: recover, work, write the outputs, say how it ended. Used by `run` and by `resume`. */
import type { Writable } from 'node:stream';
import pLimit from 'p-limit';
import { LEFT_OVER, UNANSWERED } from '../core/model.ts';
import type { Outcome } from '../core/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { isClosedPipe } from '../outputs/write.ts';
import type { Database } from '../store/database.ts';
import { countOutcomes, countPaid, countVerdicts, rowsOf } from '../store/outcomes.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import type { Ownership } from '../store/run-owner.ts';
import { endWork } from '../store/runs.ts';
import { CHECKS_RECORDER } from '../store/checks-recorder.ts';
import { CONTACTS_RECORDER } from '../store/contacts-recorder.ts';
import { createProgressSaver, createSettler } from '../store/saver.ts';
import type { Recorder } from '../store/settle.ts';
import { doubtCalls } from '../store/targets.ts';
import type { RequestCounts } from '../providers/waterfall/client.ts';
import type { Limiter } from '../providers/http/limiter.ts';
import type { AnyAnswer, Provider } from '../providers/provider.ts';
import type { Allowance } from '../engine/allowance.ts';
import { openBooks } from '../engine/books.ts';
import { createBreaker } from '../engine/breaker.ts';
import type { InDoubtPolicy } from '../engine/breaker.ts';
import type { Spending } from '../engine/budget.ts';
import type { Follow } from './export.ts';
import { createHealth } from '../engine/health.ts';
import type { Health } from '../engine/health.ts';
import { createJobTimes } from '../engine/job-times.ts';
import { runLanes } from '../engine/lanes.ts';
import type { Memory } from '../engine/memory.ts';
import { providersOf } from './options.ts';
import type { Run } from './options.ts';
import { streamContacts, writeOutputs } from './output.ts';
import type { Written } from './output.ts';
import { createPace } from '../engine/pace.ts';
import type { Stop, StopReason } from '../engine/stop.ts';
import type { Asker } from '../engine/asker.ts';
import { createTurns } from '../engine/turns.ts';
import { UNANSWERED_LAUNCHES } from '../engine/work.ts';
import type { OnSettled } from '../engine/work.ts';

/** A provider that can be asked. */
export type OpenProvider = {
  provider: Provider;
  limiter: Limiter;
  /** What earlier invocations know of the API; without it nothing is passed on. */
  memory?: Memory | undefined;
};

/** What an invocation is given. */
export type Invocation = {
  run: Run;
  /** An earlier command began it. */
  continued?: boolean;
  runtime: Runtime;
  database: Database;
  /** Who works on it: the process that has made or taken the run. */
  process_id: string;
  ownership: Ownership;
  /** The time of the database, in epoch milliseconds. */
  now: () => number;
  /** The providers of the run, in order. */
  providers: readonly OpenProvider[];
  stop: Stop;
  stdout: Writable;
  concurrency: number;
  jobTimeoutMs: number;
  inDoubt: InDoubtPolicy;
  /** Called once, when it is known what there is to do; gives what may be spent on it, and what an answer of each provider costs where its API does not say. Nothing is launched when it throws. */
  onStart: (counts: OutcomeCount[], health: readonly Health[]) => Promise<{ allowance: Allowance; prices?: readonly (number | undefined)[] }>;
  onSettled: OnSettled;
};

/** How an invocation ended. */
export type RunResult = {
  run: Run;
  /** An earlier command began it. */
  continued: boolean;
  counts: OutcomeCount[];
  /** Rows by outcome, zero included. */
  rows: (outcomes: readonly Outcome[]) => number;
  unknown_cost: number;
  /** Contacts that this run paid for, and did not get from another's answer. */
  paid_contacts: number;
  /** Launches in doubt that were repeated, over the whole run. */
  repeated: number;
  /** Of addresses: how many have which verdict. */
  verdicts: { verdict: string; addresses: number }[];
  /** Of this invocation, as its duration. */
  requests: RequestCounts;
  spending: Spending;
  duration_ms: number;
  stopped: StopReason | undefined;
  written: Written | undefined;
  /** Why the outputs could not be written; the contacts are in the database all the same. */
  writeFailure: string | undefined;
  exit: number;
};

/** Works on the run until it is finished or stopped. Throws only what `onStart` throws, and what is a bug. */
export async function execute(invocation: Invocation): Promise<RunResult> {
  const { run, runtime, database, stop, providers } = invocation;
  const [first] = providers;
  if (first === undefined) throw new Error(`run ${run.id} asks nobody`);
  const startedAt = runtime.clock.now();
  const asked = providers.map((one) => ({ ...one, health: createHealth({ clock: runtime.clock, log: runtime.log, stop }) }));

  // The run is ours, so nobody waits for these replies any more.
  const doubted = await doubtCalls(database, { run_id: run.id });
  if (doubted > 0) {
    runtime.log.warn('launches were cut off before their reply was seen: in doubt', { run: run.id, launches: doubted });
  }
  const before = await countOutcomes(database, run.id);
  const { allowance, prices } = await invocation.onStart(before, asked.map(({ health }) => health));
  const askers = asked.map(({ provider, limiter, health }, turn): Asker => {
    const caller = { process_id: invocation.process_id, provider: provider.name, api_host: providersOf(run.options)[turn]?.api_host ?? '' };
    return {
      ...{ provider, limiter, caller, health },
      price_usd: prices?.[turn],
      saveProgress: createProgressSaver(database, caller),
      // One that lets few through keeps nobody else waiting.
      slots: pLimit(Math.max(Math.floor(UNANSWERED_LAUNCHES / providers.length), 1)),
    };
  });

  const toLaunch = rowsOf(before, ['not_launched']);
  const times = createJobTimes(first.memory?.jobTimes);
  const pace = createPace({ times, toLaunch, lanes: invocation.concurrency, jobTimeoutMs: invocation.jobTimeoutMs });
  const changes = createChanges();
  const streaming =
    run.options.output.contacts === '-'
      ? streamContacts(database, run, invocation.stdout, { follow: changes, signal: stop.abort }).catch((error: unknown) => error)
      : Promise.resolve(undefined);
  const books = openBooks(invocation, { times, startedAt });
  try {
    await runLanes({
      ...invocation,
      run_id: run.id,
      askers,
      settle: createSettler(database, (run.options.kind === 'emails' ? CHECKS_RECORDER : CONTACTS_RECORDER) as Recorder<AnyAnswer>),
      allowance,
      breaker: createBreaker({ policy: invocation.inDoubt, targets: rowsOf(before, ['not_launched', 'waiting']), stop }),
      pace,
      turns: createTurns({ pace, limiter: first.limiter, clock: runtime.clock, signal: stop.signal, areLaunchesHeld: () => allowance.waitingFor() !== undefined }),
      sharedFilter: run.options.kind === undefined ? run.options.question.title_filter : undefined,
      onSettled(settled) {
        changes.notify();
        invocation.onSettled(settled);
      },
    });
  } finally {
    changes.end();
    await books.end();
  }

  const streamFailure = await streaming;
  const counts = await countOutcomes(database, run.id);
  const left = rowsOf(counts, LEFT_OVER);
  const { written, failure } = await writeOutputs(database, run, { finished: left === 0, stdout: invocation.stdout }).then(
    (files) => ({ written: files, failure: streamFailure }),
    (error: unknown) => ({ written: undefined, failure: error }),
  );
  for (const { memory, limiter } of providers) await memory?.save(times, limiter);
  // Whoever closed stdout had read enough; that is no unfinished run.
  const unwritten = failure !== undefined && !isCutShort(failure);
  const finished = left === 0 && !unwritten;
  await endWork(database, run.id, {
    ...books.workDone(),
    process_id: invocation.process_id,
    state: !finished ? 'stopped' : rowsOf(counts, UNANSWERED) > 0 ? 'done_with_failures' : 'done',
    finished_at: finished ? new Date(invocation.now()) : null,
    stop_reason: finished ? null : (stop.reason()?.message ?? 'the outputs could not be written'),
  });

  const stopped = left > 0 ? (stop.reason() ?? { exit: 4, message: 'rows are left' }) : undefined;
  return {
    run,
    continued: invocation.continued ?? false,
    counts,
    rows: (outcomes) => rowsOf(counts, outcomes),
    ...(await countPaid(database, run.id)),
    verdicts: run.options.kind === 'emails' ? await countVerdicts(database, run.id) : [],
    requests: requestsOf(providers),
    spending: allowance.spending(),
    duration_ms: runtime.clock.now() - startedAt,
    stopped,
    written,
    writeFailure: unwritten ? (failure instanceof Error ? failure.message : 'unknown reason') : undefined,
    exit: stopped?.exit ?? (unwritten ? 4 : rowsOf(counts, UNANSWERED) > 0 ? 3 : 0),
  };
}

/** What was sent to all of them. */
export function requestsOf(providers: readonly Pick<OpenProvider, 'provider'>[]): RequestCounts {
  const sum = { launches: 0, finds: 0, throttled: 0 };
  for (const { provider } of providers) {
    const { launches, finds, throttled } = provider.requests();
    sum.launches += launches;
    sum.finds += finds;
    sum.throttled += throttled;
  }
  return sum;
}

/** Tells the stdout stream that something was settled, or that nothing more will be. */
function createChanges(): Follow & { notify(): void; end(): void } {
  let changed = false;
  let ended = false;
  let wake: () => void = () => undefined;
  const announce = () => {
    changed = true;
    wake();
  };
  return {
    notify: announce,
    end() {
      ended = true;
      announce();
    },
    async settled() {
      if (!changed) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
      return !ended;
    },
  };
}

/** The reader has gone, or we stopped writing ourselves. */
function isCutShort(error: unknown): boolean {
  return isClosedPipe(error) || (error instanceof Error && error.name === 'AbortError');
}
