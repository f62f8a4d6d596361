/* What `run` and `resume` share: database, lock, API, signals, display; and the words and exit code at the end. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../core/errors.ts';
import { FAILED } from '../core/model.ts';
import { readAll } from '../core/problems.ts';
import type { Allowance } from '../engine/allowance.ts';
import { execute, requestsOf } from '../service/execute.ts';
import type { RunResult } from '../service/execute.ts';
import type { InDoubtPolicy } from '../engine/breaker.ts';
import type { Run } from '../service/options.ts';
import { createStop, databaseStop } from '../engine/stop.ts';
import type { Stop, StopReason } from '../engine/stop.ts';
import { moreRows } from '../service/report.ts';
import { reconcile, reconciliationLines, readingOf } from '../service/reconcile.ts';
import type { Reading } from '../service/reconcile.ts';
import { knownCost, reasonLines, summaryLines, troubleLines } from '../service/summary.ts';
import { durationOption } from '../runtime/config.ts';
import { thisProcess } from '../runtime/machine.ts';
import { listenForSignals } from '../runtime/shutdown.ts';
import type { Database } from '../store/database.ts';
import { homeFolder } from '../store/embedded-folder.ts';
import { reportRows, rowsOf } from '../store/outcomes.ts';
import { joinProcesses } from '../store/processes.ts';
import { ownershipOf } from '../store/run-owner.ts';
import type { Taker } from '../store/run-owner.ts';
import { saveOptions } from '../store/runs.ts';
import type { Client } from '../providers/waterfall/client.ts';
import { boundIn, boundsWith, exportCommand, resumeCommand, sameCommand } from './command-line.ts';
import { createDisplay } from './display.ts';
import { askAccount, moneyOf, readMoney } from './money.ts';
import type { MoneyOptions, MoneySettings } from './money.ts';
import { begin, ROWS_NAMED } from './opening.ts';
import type { Taking } from './opening.ts';
import { openProviders } from './providers.ts';
import { openDatabase } from './session.ts';
import type { Session } from './session.ts';
import { CLOSED_STDOUT } from './stdout.ts';
import type { Terminal } from './terminal.ts';

/** Options of pace and money, as commander gives them. */
export type PaceOptions = MoneyOptions & {
  concurrency: number;
  rateLimit?: string;
  jobTimeout: string;
  inDoubt: InDoubtPolicy;
  sandbox?: boolean;
};

/** The same, understood. */
export type PaceSettings = { concurrency: number; jobTimeoutMs: number; inDoubt: InDoubtPolicy; sandbox: boolean; money: MoneySettings };

/** @throws {UsageError} for all durations and amounts that are none. The rate limit is a setting, checked with the others. */
export function readPace(options: PaceOptions): PaceSettings {
  const [jobTimeoutMs, money] = readAll(
    () => durationOption('--job-timeout', options.jobTimeout),
    () => readMoney(options),
  );
  const { concurrency, inDoubt, sandbox = false } = options;
  // A trial costs nothing: nobody is asked about it, unless they wish to be.
  const { confirmAboveUsd = sandbox ? Infinity : undefined } = money;
  return { concurrency, jobTimeoutMs, inDoubt, sandbox, money: { ...money, confirmAboveUsd } };
}

/** The pace with the bounds that hold for the run, over all its commands. */
function withBounds(pace: PaceSettings, bounds: readonly string[] = []): PaceSettings {
  return { ...pace, inDoubt: boundIn(bounds, '--in-doubt') === 'hold' ? 'hold' : 'relaunch', money: moneyOf(pace.money, bounds) };
}

/** Works on a run, which `getRun` makes or takes. Returns the exit code. */
export async function perform(
  session: Session,
  given: PaceSettings,
  getRun: (database: Database, taker: Taker) => Promise<{ run: Run; continued: boolean; taking?: Taking }>,
): Promise<number> {
  const { runtime, terminal } = session;
  const stop = createStop();
  let goOn = sameCommand(process.argv);
  const signals = listenForSignals({
    onFirst(signal, exit) {
      stop.request({ exit, message: `it got the signal ${signal}` });
      terminal.insist(`${signal}: finishing what is on its way; again to end at once`, { message: 'stopping', signal });
    },
    abortCalls: () => stop.abortCalls(),
    onForced() {
      terminal.stopProgress();
      terminal.insist(`ended at once; all answers are kept\ngo on with: ${goOn}`, { message: 'ended at once', command: goOn });
    },
    lastWords: terminal.lastWords(`ended by force: the program was too busy to hear the signal; all answers are kept\ngo on with: ${goOn}`),
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stop.request({ exit: CLOSED_STDOUT, message: 'the reader of stdout has gone' });
    else stop.request({ exit: 4, message: `stdout cannot be written (${error.code})` });
  });

  const closing: (() => Promise<void>)[] = [];
  // Loading undici takes 70 ms, in which a database can open.
  import('../providers/waterfall/client.ts').catch(() => undefined);
  try {
    const database = await openDatabase(session, stop.abort);
    closing.push(() => database.close());
    const self = thisProcess();
    const member = await joinProcesses(database, self, runtime);
    closing.push(() => member.leave());
    const { run, continued, taking } = await getRun(database, { process_id: member.id, self, runtime, signal: stop.signal });
    goOn = resumeCommand(run.id, process.argv, run.options.bounds);
    const pace = withBounds(given, run.options.bounds);

    const sandbox = pace.sandbox ? await startTrialApi(session) : undefined;
    if (sandbox !== undefined) closing.push(() => sandbox.close());
    const { providers, account: client, close: closeProviders } = await openProviders(session, database, run, sandbox?.url);
    closing.push(closeProviders);

    const display = createDisplay({ limiters: providers.map(({ limiter }) => limiter), now: () => runtime.clock.now(), requests: () => requestsOf(providers), jobTimeoutMs: pace.jobTimeoutMs, isDatabaseAway: () => database.isAway() });
    let atStart: Start | undefined;
    const working = execute({
      ...pace,
      ...{ run, continued },
      runtime,
      database,
      process_id: member.id,
      ownership: ownershipOf(database, run.id, member),
      now: member.now,
      providers,
      stop,
      stdout: process.stdout,
      async onStart(counts, health) {
        const { money, inDoubt } = pace;
        const { allowance, before, prices } = await begin({ session, database, client, stop, money, inDoubt, run, continued, taking }, counts);
        if (before !== undefined) atStart = { before, allowance };
        // Not earlier: a command that was refused has changed nothing.
        if (continued) await saveOptions(database, run.id, run.options);
        terminal.startProgress(display.source(counts, { health, allowance }));
        return { allowance, prices };
      },
      onSettled: (settled) => display.settled(settled),
    });
    const result = await working.catch((error: unknown) => cutShort(error, stop));
    terminal.stopProgress();
    if ('counts' in result) {
      const needs = result.stopped?.needs;
      if (needs !== undefined) {
        await saveOptions(database, run.id, { ...run.options, needs });
        goOn = resumeCommand(run.id, process.argv, boundsWith(run.options.bounds ?? [], needs));
      }
      await close({ session, database, client: providers.length === 1 ? client : undefined }, result, goOn, atStart);
    } else {
      sayCutShort(terminal, result, goOn, run.id);
    }
    return result.exit;
  } catch (error) {
    // Nobody wanted to wait for the list to be saved: there is no run, and nothing was sent.
    const reason = stop.reason();
    if (reason === undefined || error !== reason) throw error;
    sayCutShort(terminal, reason, goOn);
    return reason.exit;
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

function sayCutShort(terminal: Terminal, { exit, message, fix }: StopReason, goOn: string, run_id?: string): void {
  terminal.insist(`stopped: ${message}${fix === undefined ? '' : `\n  to do: ${fix}`}\ngo on with: ${goOn}`, {
    message: 'run cut short',
    ...(run_id !== undefined && { run: run_id }),
    ...{ exit, reason: message, command: goOn },
  });
}

/** The account before anything was launched, and what is counted since. */
type Start = { before: Reading; allowance: Allowance };

async function close(
  parts: { session: Session; database: Database; client: Client | undefined },
  result: RunResult,
  goOn: string,
  atStart: Start | undefined,
): Promise<void> {
  const { database, session } = parts;
  const { terminal } = session;
  const { run, exit } = result;
  const account = await compared(parts, result, atStart);
  const outcomes = Object.fromEntries(result.counts.map(({ outcome, rows }) => [outcome, rows]));
  terminal.say(summaryLines(result, account?.lines).join('\n'), {
    message: result.stopped === undefined ? 'run finished' : 'run stopped',
    run: run.id,
    exit,
    outcomes,
    contacts: result.counts.reduce((sum, { contacts }) => sum + contacts, 0),
    ...(result.verdicts.length > 0 && { verdicts: Object.fromEntries(result.verdicts.map(({ verdict, addresses }) => [verdict, addresses])) }),
    cost_usd: knownCost(result),
    requests: result.requests,
    account: account?.fields,
    duration_ms: Math.round(result.duration_ms),
    written: result.written,
    reason: result.stopped?.message,
  });
  if (exit === 0) return;
  const rows = await reportRows(database, { run_id: run.id, after: -1, limit: ROWS_NAMED, outcomes: FAILED });
  const count = rowsOf(result.counts, FAILED);
  const more = count > rows.length ? [`  ${moreRows(count - rows.length, run.options.output.report !== null)}`] : [];
  const next =
    result.stopped !== undefined
      ? `go on with: ${goOn}`
      : result.writeFailure !== undefined
        ? `write them with: ${exportCommand(run.id, run.options.output, process.argv)}`
        : count > 0
          ? `to ask again for rows without an answer, give the same command: ${run.options.command ?? sameCommand(process.argv)}`
          : 'rows that are invalid were not asked: correct them in the list, then give the same command';
  terminal.insist([...reasonLines(rows), ...more, ...troubleLines(result), next].join('\n'), {
    message: 'rows without an answer',
    run: run.id,
    rows: count,
    first: rows.map(({ row, outcome }) => ({ row, outcome })),
    reason: result.stopped?.message ?? result.writeFailure,
    next,
  });
}

/** The vendor's count beside ours. Not asked when nothing was launched, nor when a signal leaves no time for it. */
async function compared({ session, client }: { session: Session; client: Client | undefined }, result: RunResult, start: Start | undefined) {
  const ours = start?.allowance.spending();
  const hurried = (result.stopped?.exit ?? 0) > 128;
  if (client === undefined || start === undefined || ours === undefined || hurried || ours.launched + ours.doubted === 0) return undefined;
  const account = await askAccount(client, session.runtime.clock, new AbortController().signal);
  if (account instanceof Error) return undefined;
  const fields = reconcile(start.before, readingOf(account, result.run.options.kind), ours);
  return fields && { fields, lines: reconciliationLines(fields, ours) };
}

/** The fictional API inside this process. Its jobs are kept beside its database, so that a killed trial can go on. */
async function startTrialApi(session: Session) {
  const { startSandbox } = await import('../sandbox/server.ts');
  const { settings, runtime } = session;
  const home = homeFolder(settings.home);
  await mkdir(home, { recursive: true, mode: 0o700 });
  return startSandbox({
    runtime,
    rateLimit: settings.rateLimit,
    stateFile: join(home, 'jobs.jsonl'),
  });
}
