#!/usr/bin/env node
/* The entry point: gives the process to the command, and the command's exit code to the process. */
import { givenCommand } from './command.ts';

const command = givenCommand();
// What nobody awaited. Node would print its stack as it is, with all that it quotes.
process.once('uncaughtException', (error) => void command.fail(error).then((exit) => process.exit(exit)));
process.exitCode = await command.perform();
