/*
 * (e) Export: the contacts of a big run, from the database to a CSV file, against a bare reader that only takes the same answers from the
 * database, page by page, and parses them. All companies of the run but one are made in SQL from a few answers of the sandbox,
 * over and over: the export reads answers only, and those are as large as the sandbox's.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { CLI, FILTER } from './companies.mjs';
import { line, median, megabytes, perSecond, whole } from './figures.mjs';
import { measureChild } from './measured-child.mjs';
import { answersOf, CONTACTS } from './saving.mjs';
import { withClient } from './services.mjs';

const SIZE = { full: { contacts: 1_000_000, rounds: 3 }, short: { contacts: 100_000, rounds: 1 }, tiny: { contacts: 2000, rounds: 1 } };
const SAMPLES = 200;
/** As many companies as the command reads at once. */
const PAGE = 200;
const PAGES = `
  select id, answer from waterfall.answers where id > $1 order by id limit ${PAGE}`;

// The run is one that the command has made, of one company; it gets the rest here.
const TARGETS = `
  with given as materialized (
    select run.id as run_id, at, nextval('waterfall.calls_id_seq') as call_id, sha256(convert_to('question-' || at, 'UTF8')) as question_hash
    from waterfall.runs as run, generate_series(1, $1::integer - 1) as at
  ),
  called as (
    insert into waterfall.calls (id, provider, api_host, state, replied_at, job_id) overriding system value
    select call_id, 'waterfall', 'bench', 'ended', now(), gen_random_uuid() from given
  ),
  asked as (
    insert into waterfall.targets (run_id, position, question_hash, question, question_limit, state, launches, call_id, contacts, cost_usd, settled_at)
    select run_id, at, question_hash, '{}', ${CONTACTS}, 'found', 1, call_id, ${CONTACTS}, 0.5, now() from given returning id, position, question_hash, call_id
  ),
  answered as (
    insert into waterfall.answers (question_hash, provider, api_host, question_limit, answer, contacts, cost_usd, answered_at, saved_at, call_id, target_id)
    select question_hash, 'waterfall', 'bench', ${CONTACTS}, sample.answer, sample.contacts, 0.5, now(), now(), call_id, asked.id
    from asked join samples as sample on sample.id = position % ${SAMPLES} returning id, target_id
  )
  insert into waterfall.target_answers (target_id, answer_id) select target_id, id from answered`;
const ROWS = `
  insert into waterfall.input_rows (run_id, position, line, domain, title_filter, cells, target_id)
  select run_id, position, position + 2, 'company-' || position || '.example', '${FILTER}', array['company-' || position || '.example'], id
  from waterfall.targets where position > 0`;

/** Part (e). */
export async function benchExport(services, form) {
  const { contacts, rounds } = SIZE[form];
  return services.withDatabase(async (databaseUrl) => {
    await runOneCompany(services, databaseUrl);
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

async function runOneCompany(services, databaseUrl) {
  const sandbox = await services.startSandbox(['--rate-limit', '0', '--job-time', '0', '--persons', String(CONTACTS)]);
  try {
    await services.run(services.listOf(1), { url: sandbox.url, databaseUrl, options: ['--rate-limit', '0'] });
  } finally {
    await sandbox.stop();
  }
}

/** Makes the run a big one. Returns how large a person is, as JSON, in bytes. */
async function fill(connectionString, contacts) {
  return withClient(connectionString, async (client) => {
    const samples = answersOf(SAMPLES);
    await client.query('create temporary table samples (id integer primary key, contacts integer, answer jsonb)');
    for (const [id, answer] of samples.entries()) await client.query('insert into samples values ($1, $2, $3)', [id, answer.persons.length, JSON.stringify(answer)]);
    await client.query(TARGETS, [contacts / CONTACTS]);
    await client.query(ROWS);
    await client.query('vacuum analyze waterfall.targets, waterfall.calls, waterfall.answers, waterfall.target_answers, waterfall.input_rows');
    return Buffer.byteLength(JSON.stringify(samples.flatMap(({ persons }) => persons))) / samples.flatMap(({ persons }) => persons).length;
  });
}

/** Reads and parses every answer, and forgets it. Returns milliseconds. */
async function readBare(connectionString, contacts) {
  return withClient(connectionString, async (client) => {
    const startedAt = performance.now();
    let read = 0;
    for (let after = '0'; ; ) {
      const { rows } = await client.query({ name: 'page', text: PAGES, values: [after] });
      for (const { answer } of rows) read += answer.persons.length;
      if (rows.length === 0) break;
      after = rows.at(-1).id;
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
