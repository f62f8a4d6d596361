/*
 * (g) Reading a big list of a kind that people have: addresses in many spellings, one row in ten a duplicate, one in a hundred unusable.
 * Against a bare csv-parse that only counts the rows. `run --dry-run` reads, cleans and finds duplicates; the import also writes the rows
 * into PostgreSQL, and is timed from the start of the command to its first request.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { CLI, FILTER } from './companies.mjs';
import { line, median, megabytes, perSecond, whole } from './figures.mjs';
import { timeToFirstRequest } from './first-request.mjs';
import { measureChild } from './measured-child.mjs';

const SIZE = { full: { rows: 1_000_000, rounds: 1 }, short: { rows: 100_000, rounds: 1 }, tiny: { rows: 1000, rounds: 1 } };
const SPELLINGS = [(name) => name, (name) => `https://www.${name}/about`, (name) => ` ${name.toUpperCase()}`, (name) => `http://${name}`, (name) => `www.${name}/?utm_source=list`];

/** Part (g). */
export async function benchReading(services, form) {
  const { rows, rounds } = SIZE[form];
  const list = join(services.folder, 'big.csv');
  await pipeline(Readable.from(listLines(rows)), createWriteStream(list));
  const bareMs = [];
  const dry = [];
  const imported = [];
  for (let round = 0; round < rounds; round += 1) {
    bareMs.push(await readBare(list, rows));
    dry.push(await readAlone(services, list));
    imported.push(await services.withDatabase((databaseUrl) => timeToFirstRequest(services, { list, databaseUrl, thenKill: true })));
  }
  const shared = { part: 'g', rival: perSecond(rows, median(bareMs)), against: 'csv-parse, counting', unit: (value) => `${whole(value)}/s` };
  const peak = (results) => `peak ${megabytes(median(results.map(({ peakBytes }) => peakBytes)))}`;
  const rate = (results) => perSecond(rows, median(results.map(({ wallMs }) => wallMs)));
  return [
    line({ ...shared, what: `${whole(rows)} rows read, cleaned, duplicates found`, ours: rate(dry), more: peak(dry), reach: '<= 300 MB' }),
    line({ ...shared, what: `${whole(rows)} rows imported into PostgreSQL`, ours: rate(imported), more: `${peak(imported)}, to the first request`, reach: '<= 300 MB' }),
  ];
}

/** Reads the list without any database. */
function readAlone(services, list) {
  const options = ['--dry-run', '--title-filter', FILTER, '--rate-limit', '0', '-o', join(services.folder, 'out.csv')];
  return measureChild([CLI, 'run', list, ...options], { services, env: services.environment(undefined, 'nothing-here') });
}

/** The lines of the list, in pieces of a thousand. */
export function* listLines(rows) {
  yield 'Company,Website,Country,Note\n';
  for (let at = 0; at < rows; at += 1000) {
    yield Array.from({ length: Math.min(1000, rows - at) }, (_, index) => listLine(at + index)).join('');
  }
}

function listLine(at) {
  // Every tenth asks for a company of ten rows before, in another spelling.
  const company = at % 10 === 9 ? at - 9 : at;
  const website = at % 100 === 50 ? 'n/a' : SPELLINGS[(at * 7) % SPELLINGS.length](`company-${company}.example`);
  return `"Company ${company}, Inc.",${website},Portugal,imported\n`;
}

async function readBare(list, expected) {
  const startedAt = performance.now();
  let rows = 0;
  const parser = createReadStream(list).pipe(parse({ from: 2 }));
  for await (const record of parser) rows += record.length > 0 ? 1 : 0;
  if (rows !== expected) throw new Error(`${rows} rows were read of ${expected}`);
  return performance.now() - startedAt;
}
