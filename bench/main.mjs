/*
 * `npm run bench`: one run, one table, each line against a floor or a rival that was measured in the same run on this machine, on a real
 * PostgreSQL and with the sandbox in a process of its own. Quote the ratios, not the seconds. docs/performance.md has the figures.
 *
 *   npm run bench                      all parts, about half an hour
 *   npm run bench -- --short           all parts, smaller, 2 minutes
 *   npm run bench -- --only a,c        some parts
 *   npm run bench -- --tiny            does everything still run? its figures say nothing
 *
 * Parts: (a) bound by the request limit, (b) few companies, (c) no limit, (d) saving, (e) export, (f) growth, (g) reading, (h) start-up.
 * The table goes to stdout, what is being done to stderr. What a reach says is printed, never asserted.
 */
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { CLI } from './companies.mjs';
import { benchExport } from './export.mjs';
import { tableHead, tableLine } from './figures.mjs';
import { benchGrowth } from './growth.mjs';
import { benchFew, benchLimit } from './limit.mjs';
import { benchReading } from './reading.mjs';
import { benchSaving } from './saving.mjs';
import { startServices } from './services.mjs';
import { benchStartUp } from './start-up.mjs';
import { benchThroughput } from './throughput.mjs';

const PARTS = { a: benchLimit, b: benchFew, c: benchThroughput, d: benchSaving, e: benchExport, f: benchGrowth, g: benchReading, h: benchStartUp };
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

const USAGE = 'npm run bench -- [--short | --tiny] [--only a,b,...]      parts a to h: docs/performance.md';
const { values } = readArguments();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const form = values.tiny ? 'tiny' : values.short ? 'short' : 'full';
const wanted = values.only === undefined ? Object.keys(PARTS) : values.only.split(',').map((part) => part.trim());
const unknown = wanted.filter((part) => !(part in PARTS));
if (unknown.length > 0 || !existsSync(CLI)) {
  console.error(unknown.length > 0 ? `there is no part ${unknown.join(', ')}: choose from ${Object.keys(PARTS).join(', ')}` : 'build the command first: npm run build');
  process.exit(2);
}

const startedAt = performance.now();
const since = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
// The services clean up whenever this process exits.
for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(code));

const services = await startServices();
try {
  console.log(`${form} form; Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${services.server}\n`);
  console.log(tableHead());
  for (const part of wanted) {
    console.error(`${since()}: part ${part}`);
    for (const line of await PARTS[part](services, form)) console.log(tableLine(line));
  }
  console.error(`${since()}: done`);
} finally {
  await services.stop();
}

function readArguments() {
  try {
    return parseArgs({ options: { short: { type: 'boolean' }, tiny: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
