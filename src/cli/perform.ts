/* What `run` and `resume` share: database, lock, API, signals, display; and the words and exit code at the end. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../core/errors.ts';
import { LEFT_OVER, UNANSWERED } from '../core/model.ts';
import { execute, rowsOf } from '../run/execute.ts';
import type { RunResult } from '../run/execute.ts';
import type { InDoubtPolicy } from '../run/breaker.ts';
import type { Health } from '../run/health.ts';
import type { Run } from '../run/options.ts';
import { openMemory } from '../run/memory.ts';
import { createStop, databaseStop } from '../run/stop.ts';
import type { Stop, StopReason } from '../run/stop.ts';
import { openingLines, planOf, reasonLines, summaryLines, troubleLines } from '../run/summary.ts';
import { durationOption } from '../runtime/config.ts';
import { listenForSignals } from '../runtime/shutdown.ts';
import type { Database } from '../store/database.ts';
import { reportRows } from '../store/outcomes.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import { createClient } from '../waterfall/client.ts';
import { createLimiter } from '../waterfall/limiter.ts';
import type { Limiter } from '../waterfall/limiter.ts';
import { exportCommand, resumeCommand, sameCommand } from './command-line.ts';
import type { ProgressSource } from './progress-bar.ts';
import { keyOf, openDatabase, placeOf } from './session.ts';
import type { Session } from './session.ts';

/** Options of pace, as commander gives them. */
export type PaceOptions = {
  concurrency: number;
  rateLimit?: string;
  jobTimeout: string;
  inDoubt: InDoubtPolicy;
  sandbox?: boolean;
};

/** The same, understood. */
export type PaceSettings = { concurrency: number; jobTimeoutMs: number; inDoubt: InDoubtPolicy; sandbox: boolean };

/** How many rows are named in the opening lines, and at the end. */
const ROWS_NAMED = 5;

/** @throws {UsageError} for a duration that is none. The rate limit is a setting, checked with the others. */
export function readPace(options: PaceOptions): PaceSettings {
  return {
    concurrency: options.concurrency,
    jobTimeoutMs: durationOption('--job-timeout', options.jobTimeout),
    inDoubt: options.inDoubt,
    sandbox: options.sandbox ?? false,
  };
}

/**
 * Works on a run. `key` is what the lock is on; `getRun` finds or makes the run, behind the lock.
 * Returns the exit code.
 */
export async function perform(
  session: Session,
  pace: PaceSettings,
  key: string | ((database: Database) => Promise<string>),
  getRun: (database: Database) => Promise<{ run: Run; continued: boolean }>,
): Promise<number> {
  const { settings, runtime, terminal } = session;
  const stop = createStop();
  let goOn = sameCommand(process.argv);
  const signals = listenForSignals({
    onFirst(signal, exit) {
      stop.request({ exit, message: `stopped by ${signal}` });
      terminal.insist(`${signal}: finishing what is on its way; again to end at once`);
    },
    abortCalls: () => stop.abortCalls(),
    onForced() {
      terminal.stopProgress();
      terminal.insist(`ended at once; all answers are kept\ngo on with: ${goOn}`);
    },
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    stop.request({ exit: 141, message: error.code === 'EPIPE' ? 'the reader of stdout has gone' : `stdout cannot be written (${error.code})` });
  });

  const closing: (() => Promise<void>)[] = [];
  try {
    const database = await openDatabase(session, stop.abort);
    closing.push(() => database.close());
    const lock = await database.lock(typeof key === 'string' ? key : await key(database));
    closing.push(() => lock.release());
    const { run, continued } = await getRun(database);
    goOn = resumeCommand(run.id, process.argv);

    const sandbox = pace.sandbox ? await startTrialApi(session) : undefined;
    if (sandbox !== undefined) closing.push(() => sandbox.close());
    const memory = await openMemory(database, runtime, { api_host: run.options.question.api_host, apiKey: keyOf(settings) });
    // The window of a trial begins with it, as its API does.
    const taken = sandbox === undefined ? memory.taken : [];
    const limiter = createLimiter({ ...settings.rateLimit, taken, clock: runtime.clock, log: runtime.log });
    const client = createClient({
      baseUrl: sandbox?.url ?? settings.baseUrl,
      apiKey: keyOf(settings),
      keyHeader: settings.keyHeader,
      limiter,
      runtime,
    });
    closing.push(() => client.close());

    const invalidRows = continued ? [] : await reportRows(database, { run_id: run.id, after: -1, limit: ROWS_NAMED, outcomes: ['invalid'] });
    const display = createDisplay(limiter, () => runtime.clock.now());
    const working = execute({
      ...pace,
      run,
      runtime,
      database,
      lock,
      client,
      limiter,
      memory,
      stop,
      stdout: process.stdout,
      onStart(counts, health) {
        const plan = planOf(run, counts, settings.rateLimit);
        const lines = openingLines({ run, plan, continued, invalidRows, rateLimit: settings.rateLimit, database: placeOf(database) });
        terminal.say(lines.join('\n'), { message: 'run started', run: run.id, continued, ...plan });
        terminal.startProgress(display.source(counts, health));
      },
      onSettled: (settled) => display.settled(settled),
    });
    const result = await working.catch((error: unknown) => cutShort(error, stop));
    terminal.stopProgress();
    if ('counts' in result) {
      await close(terminal, database, result, goOn);
    } else {
      const { message, fix } = result;
      terminal.insist(`stopped: ${message}${fix === undefined ? '' : `\n  to do: ${fix}`}\ngo on with: ${goOn}`);
    }
    return result.exit;
  } finally {
    terminal.stopProgress();
    for (const end of closing.reverse()) await end();
    signals.dispose();
  }
}

/** Why nothing could be counted or written at the end: the database was away for too long, or the user would not wait for it. */
function cutShort(error: unknown, stop: Stop): StopReason {
  const reason = stop.reason();
  if (reason !== undefined && (error instanceof DatabaseError || error === reason)) return reason;
  if (error instanceof DatabaseError) return databaseStop(error);
  throw error;
}

async function close(terminal: Session['terminal'], database: Database, result: RunResult, goOn: string): Promise<void> {
  const { run, exit } = result;
  const outcomes = Object.fromEntries(result.counts.map(({ outcome, rows }) => [outcome, rows]));
  terminal.say(summaryLines(result).join('\n'), {
    message: result.stopped === undefined ? 'run finished' : 'run stopped',
    run: run.id,
    exit,
    outcomes,
    contacts: result.counts.reduce((sum, { contacts }) => sum + contacts, 0),
    requests: result.requests,
    duration_ms: Math.round(result.duration_ms),
    written: result.written,
    reason: result.stopped?.message,
  });
  if (exit === 0) return;
  const failed = UNANSWERED.filter((outcome) => outcome !== 'invalid');
  const rows = await reportRows(database, { run_id: run.id, after: -1, limit: ROWS_NAMED, outcomes: failed });
  const count = rowsOf(result.counts, failed);
  const more = count > rows.length ? [`  and ${count - rows.length} more; all are in the report`] : [];
  const next =
    result.stopped !== undefined
      ? `go on with: ${goOn}`
      : result.writeFailure !== undefined
        ? `write them with: ${exportCommand(run.id, run.options.output, process.argv)}`
        : count > 0
          ? `to ask again for rows without an answer, give the same command: ${sameCommand(process.argv)}`
          : 'rows that are invalid were not asked: correct them in the list, then give the same command';
  terminal.insist([...reasonLines(rows), ...more, ...troubleLines(result), next].join('\n'));
}

/** The fictional API inside this process. Its jobs are kept beside its database, so that a killed trial can go on. */
async function startTrialApi(session: Session) {
  const { startSandbox } = await import('../sandbox/server.ts');
  const { settings, runtime } = session;
  await mkdir(settings.home, { recursive: true, mode: 0o700 });
  return startSandbox({
    runtime,
    rateLimit: settings.rateLimit,
    stateFile: join(settings.home, 'jobs.jsonl'),
  });
}

/** Counts what the progress display shows. */
function createDisplay(limiter: Limiter, now: () => number) {
  let settledNow = 0;
  let contacts = 0;
  let failed = 0;
  let cost_usd: number | undefined;
  return {
    settled(target: { state: string; contacts: number; cost_usd: number | null }) {
      settledNow += 1;
      contacts += target.contacts;
      if (target.state !== 'found' && target.state !== 'no_contacts') failed += 1;
      if (target.cost_usd !== null) cost_usd = (cost_usd ?? 0) + target.cost_usd;
    },
    source(counts: readonly OutcomeCount[], health: Health): ProgressSource {
      const startedAt = now();
      const left = rowsOf(counts, LEFT_OVER);
      const total = counts.reduce((sum, { rows }) => sum + rows, 0);
      contacts += counts.reduce((sum, count) => sum + count.contacts, 0);
      return () => {
        const { free, waiting, nextFreeInMs } = limiter.state();
        const pausedSince = health.pausedSince();
        const waitingFor =
          pausedSince !== undefined
            ? 'the API does not answer'
            : waiting > 0 && free <= 0
              ? `rate limit, ${Math.ceil(nextFreeInMs / 1000)} s`
              : undefined;
        return {
          done: total - left + settledNow,
          total,
          contacts,
          failed,
          cost_usd,
          requestsLeft: Math.max(free, 0),
          waitingFor,
          leftMs: settledNow === 0 ? undefined : ((now() - startedAt) / settledNow) * (left - settledNow),
        };
      };
    },
  };
}
