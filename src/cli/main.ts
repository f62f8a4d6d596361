#!/usr/bin/env node
/* The entry point, and the only place that turns errors into words and exit codes. */
import { buildProgram } from './program.ts';
import { CommanderError } from 'commander';
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';

const USAGE = 2;
const BUSY = 75;
const BUG = 1;

async function main(): Promise<number> {
  const outcome = { exit: 0 };
  try {
    await buildProgram((exit) => (outcome.exit = exit)).parseAsync(process.argv);
    return outcome.exit;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE; // commander has printed it
  if (error instanceof UsageError) {
    for (const { what, fix } of error.problems) say(`error: ${what}${fix === undefined ? '' : `\n  to do: ${fix}`}`);
    return USAGE;
  }
  if (error instanceof DatabaseError) {
    say(`error: ${error.message}`);
    return USAGE;
  }
  if (error instanceof BusyError) {
    say(`error: ${error.message}\n  to do: wait until it is done, then give the same command again`);
    return BUSY;
  }
  say(`This is a bug in waterfall-contacts; please report it.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return BUG;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await main();
