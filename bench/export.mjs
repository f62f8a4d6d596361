/*
 * (e) Export: the contacts of a big run, from the database to a CSV file, against a bare reader that only takes the same answers from the
 * database, page by page, and parses them. The run is made in SQL from a few answers of the sandbox, over and over: the
 * export reads answers only, and those are as large as the sandbox's.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { CLI } from './companies.mjs';
import { line, median, megabytes, perSecond, whole } from './figures.mjs';
import { measureChild } from './measured-child.mjs';
import { answersOf } from './saving.mjs';
import { withClient } from './services.mjs';

const SIZE = { full: { contacts: 1_000_000, rounds: 3 }, short: { contacts: 100_000, rounds: 1 }, tiny: { contacts: 2000, rounds: 1 } };
const SAMPLES = 200;
/** As many companies as the command reads at once. */
const PAGE = 200;
const PAGES = `
  select position, answer from waterfall.targets where run_id = 'big' and position > $1 order by position limit ${PAGE}`;

const RUN = `
  insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, finished_at)
  values ('big', 'big', 'big.csv', '{domain}', $1::jsonb, now(), now())`;
const TARGETS = `
  insert into waterfall.targets (run_id, position, question_hash, question, state, launches, job_id, launched_at, stop_date, settled_at, contacts, cost_usd, answer)
  select 'big', at, 'question-' || at, '{}', 'found', 1, gen_random_uuid(), now(), now(), now(), sample.contacts, 0.5, sample.answer
  from generate_series(0, $1::integer - 1) as at
  join samples as sample on sample.id = at % ${SAMPLES}`;
const ROWS = `
  insert into waterfall.input_rows (run_id, position, line, domain, title_filter, cells, target_id)
  select 'big', position, position + 2, 'company-' || position || '.example', 'founder OR ceo', array['company-' || position || '.example'], id
  from waterfall.targets where run_id = 'big'`;

/** Part (e). */
export async function benchExport(services, form) {
  const { contacts, rounds } = SIZE[form];
  return services.withDatabase(async (databaseUrl) => {
    const personBytes = await fill(databaseUrl, contacts);
    const file = join(services.folder, 'big.contacts.csv');
    const results = [];
    const bareMs = [];
    for (let round = 0; round < rounds; round += 1) {
      bareMs.push(await readBare(databaseUrl, contacts));
      results.push(await measureChild([CLI, 'export', '--quiet', '--database-url', databaseUrl, '-o', file], { services, env: services.environment() }));
    }
    await checkLines(file, contacts);
    const middle = (of) => median(results.map((result) => result[of]));
    return [
      line({
        part: 'e',
        what: `${whole(contacts)} contacts to CSV (${(personBytes / 1000).toFixed(1)} kB each)`,
        ours: perSecond(contacts, middle('wallMs')),
        rival: perSecond(contacts, median(bareMs)),
        unit: (value) => `${whole(value)}/s`,
        against: 'answers read and parsed',
        more: `peak ${megabytes(middle('peakBytes'))}`,
        reach: '>= 50,000/s, <= 150 MB',
      }),
    ];
  });
}

/** Makes the run. Returns how large a person is, as JSON, in bytes. */
async function fill(connectionString, contacts) {
  return withClient(connectionString, async (client) => {
    const samples = answersOf(SAMPLES);
    const perAnswer = samples[0].persons.length;
    const options = {
      question: { api_host: 'bench', title_filter: 'founder OR ceo', limit: perAnswer, include_phones: true, include_unverified: false },
      ...{ reading: {}, rows: null, output: { contacts: '-', report: null, style: { delimiter: ',', bom: false } } },
    };
    await client.query('create temporary table samples (id integer primary key, contacts integer, answer jsonb)');
    for (const [id, answer] of samples.entries()) await client.query('insert into samples values ($1, $2, $3)', [id, answer.persons.length, JSON.stringify(answer)]);
    await client.query(RUN, [JSON.stringify(options)]);
    await client.query(TARGETS, [contacts / perAnswer]);
    await client.query(ROWS);
    await client.query('vacuum analyze waterfall.targets, waterfall.input_rows');
    return Buffer.byteLength(JSON.stringify(samples.flatMap(({ persons }) => persons))) / samples.flatMap(({ persons }) => persons).length;
  });
}

/** Reads and parses every answer, and forgets it. Returns milliseconds. */
async function readBare(connectionString, contacts) {
  return withClient(connectionString, async (client) => {
    const startedAt = performance.now();
    let read = 0;
    for (let after = -1; ; ) {
      const { rows } = await client.query({ name: 'page', text: PAGES, values: [after], types: pg.types });
      for (const { answer } of rows) read += answer.persons.length;
      if (rows.length === 0) break;
      after = rows.at(-1).position;
    }
    if (read !== contacts) throw new Error(`${read} contacts were read of ${contacts}`);
    return performance.now() - startedAt;
  });
}

/** The header and a line for each contact: no cell of the sandbox's people has a line end in it that the sheet shows. */
async function checkLines(file, contacts) {
  let lines = 0;
  for await (const chunk of createReadStream(file)) for (const byte of chunk) lines += byte === 10 ? 1 : 0;
  if (lines !== contacts + 1) throw new Error(`${lines} lines were exported for ${contacts} contacts`);
}
