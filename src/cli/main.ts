#!/usr/bin/env node
/* The entry point, and the only place that turns errors into words and exit codes. */
import { CommanderError } from 'commander';
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';
import { sameCommand } from './command-line.ts';
import { buildProgram } from './program.ts';
import type { GlobalOptions } from './session.ts';

const USAGE = 2;
const BUSY = 75;
const BUG = 1;

async function main(): Promise<number> {
  const outcome = { exit: 0 };
  const program = buildProgram((exit) => (outcome.exit = exit));
  try {
    await program.parseAsync(process.argv);
    return outcome.exit;
  } catch (error) {
    return explain(error, await sayer(program.opts<GlobalOptions>().logFormat));
  }
}

function explain(error: unknown, say: (text: string) => void): number {
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
    say(`error: ${error.message}\n  to do: wait until it is done, then: ${sameCommand(process.argv)}`);
    return BUSY;
  }
  say(`This is a bug in waterfall-contacts; please report it.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return BUG;
}

/** Says an error to people, or to the program that asked for JSON. */
async function sayer(format: GlobalOptions['logFormat']): Promise<(text: string) => void> {
  const write = (line: string) => void process.stderr.write(`${line}\n`);
  if (format === 'text') return write;
  const { createLog } = await import('../runtime/log.ts');
  const log = createLog({ format, level: 'error', write });
  return (text) => log.error(text);
}

process.exitCode = await main();
