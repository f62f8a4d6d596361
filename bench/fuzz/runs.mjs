/* Whole runs: a list into the embedded database, answers of any shape to its questions, and both outputs read back. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { createAllowance } from '../../dist/engine/allowance.js';
import { createContactRates } from '../../dist/kinds/contacts/rates.js';
import { prospecting } from '../../dist/providers/provider.js';
import { createBudget } from '../../dist/engine/budget.js';
import { execute } from '../../dist/service/execute.js';
import { askContacts } from '../../dist/service/contact-rows.js';
import { startRun } from '../../dist/service/start.js';
import { createStop } from '../../dist/engine/stop.js';
import { systemClock } from '../../dist/runtime/runtime.js';
import { examineList } from '../../dist/lists/format.js';
import { openList } from '../../dist/lists/read.js';
import { migrate } from '../../dist/store/migrate.js';
import { databaseOf, openDriver } from '../../dist/store/open.js';
import { createLimiter } from '../../dist/providers/http/limiter.js';
import { readReply } from '../../dist/providers/http/read-reply.js';
import { jobReply } from '../../dist/providers/waterfall/wire.js';
import { PERSON_TEXTS, answerText } from './answers.mjs';
import { QUESTION, bytesOf, isBlank, list, optionsOf } from './lists.mjs';
import { readBack, sameCell } from './tables.mjs';

const nothing = () => undefined;
const LOG = { debug: nothing, info: nothing, warn: nothing, error: nothing };
/** Polled at once. */
const MEMORY = { jobTimes: { medianMs: 1, spread: 0.15 }, taken: [], save: async () => undefined };
const TABLES = ['pace', 'forgotten', 'answer_contacts', 'contacts', 'companies', 'input_rows', 'open_questions', 'target_answers', 'answers', 'call_targets', 'targets', 'calls', 'runs'];

/** Every row has its outcome, every person of every answer is saved and on the list of contacts, and every cell comes back. */
export async function runs({ folder, count }) {
  const runtime = { clock: systemClock, random: Math.random, log: LOG };
  const driver = await openDriver({ databaseUrl: undefined, home: join(folder, 'home') }, runtime);
  await migrate(driver);
  const database = databaseOf(driver, runtime);
  const [input, contacts, report] = ['list.csv', 'contacts.csv', 'report.csv'].map((name) => join(folder, name));

  const check = async ({ table, answers }) => {
    if (table.rows.every(isBlank)) return;
    // Read here too: what cannot be read would be asked for again until the run gives up.
    const outputs = answers.map((text) => JSON.parse(text).output);
    for (const text of answers) find(text);
    await driver.script(TABLES.map((name) => `delete from waterfall.${name};`).join('\n'));

    await writeFile(input, bytesOf(table));
    const { columns, rows } = await openList(input, await examineList(input, optionsOf(table)));
    const listed = [];
    async function* noted() {
      for await (const row of rows) {
        listed.push(row);
        yield row;
      }
    }
    const output = { contacts, report, style: { delimiter: ',', bom: false } };
    const options = { question: QUESTION, reading: {}, rows: null, output };
    const stop = createStop();
    const taker = { process_id: randomUUID(), self: { pid: 1, host: 'here', machine: null, hasEnded: () => true }, runtime, signal: stop.signal };
    const run = await startRun(database, { key: 'fuzz', input_name: 'list.csv', list: { columns, rows: noted() }, options, maxAgeMs: 0, fresh: true, ask: (row) => askContacts({ columns, options: QUESTION, onAdvice: nothing, onOrRead: nothing }, row) }, taker);

    const answered = new Map();
    const client = {
      launch: async ({ domain, title_filter }, { place }) => {
        place.release();
        const job_id = `job-${answered.size}`;
        answered.set(job_id, { domain, title_filter, place: answered.size % answers.length });
        return { job_id };
      },
      find: async (job_id, { place } = {}) => {
        place?.release();
        return find(answers[answered.get(job_id).place]);
      },
      requests: () => ({ launches: answered.size, finds: answered.size, throttled: 0 }),
      close: async () => undefined,
    };
    const onStart = async () => ({ allowance: createAllowance(createBudget({ capUsd: undefined, rates: createContactRates(undefined, { limit: QUESTION.limit, includePhones: false }) }), stop) });
    const ownership = { ensure: async () => undefined, isSure: () => true };
    const limiter = createLimiter({ limit: 0, windowMs: 60_000, ...runtime });
    const result = await execute({ run, runtime, database, process_id: taker.process_id, ownership, now: () => runtime.clock.now(), providers: [{ provider: prospecting(client), limiter, memory: MEMORY }], stop, stdout: new PassThrough(), concurrency: 50, jobTimeoutMs: 600_000, inDoubt: 'relaunch', onStart, onSettled: nothing });
    assert.equal(result.stopped, undefined);
    assert.equal(result.writeFailure, undefined);

    const reported = await readBack(report);
    checkReport(reported, listed);
    const targets = await database.query(`select call.job_id, target.contacts, made.target_id is not null as is_saved
      from waterfall.targets as target join waterfall.calls as call on call.id = target.call_id left join waterfall.target_answers as made on made.target_id = target.id order by position`);
    const expected = targets.flatMap(({ job_id, contacts: saved, is_saved }) => {
      assert.ok(is_saved, `${job_id} has no answer`);
      const people = peopleOf(outputs[answered.get(job_id).place]);
      assert.equal(saved, people.length);
      return people.map((person) => ({ job_id, person }));
    });
    if (expected.length > 0) checkContacts(await readBack(contacts), expected);
    const known = new Set((await database.query('select to_jsonb(id) as id from waterfall.contacts')).map(({ id }) => id));
    for (const { person } of expected) if (hasId(person)) assert.ok(known.has(storable(person.id)), `nobody called ${person.id} is saved`);
    count('rows of runs', listed.length);
    count('people saved', expected.length);
  };
  const arbitrary = fc.record({ table: list, answers: fc.array(answerText, { minLength: 1, maxLength: 4 }) });
  return { arbitrary, check };
}

const find = (text) => readReply(jobReply, JSON.parse(text), 'GET /v1/prospector');

function checkReport({ names, rows }, listed) {
  assert.equal(rows.length, listed.length);
  const own = names.length - listed[0].cells.length;
  const at = (name) => names.indexOf(name);
  for (const [place, { cells }] of rows.entries()) {
    assert.equal(cells[at('row')], String(listed[place].line));
    assert.match(cells[at('outcome')], /^(?:found|no_contacts|duplicate|invalid)$/);
    // Why there are no contacts is not always known: an answer that was billed had people who are forgotten now.
    if (cells[at('outcome')] !== 'no_contacts') assert.equal(cells[at('reason')] !== '', /^(?:duplicate|invalid)$/.test(cells[at('outcome')]));
    for (const [column, cell] of listed[place].cells.entries()) checkCell(cells[own + column], cell);
  }
}

function checkContacts({ names, rows }, expected) {
  assert.equal(rows.length, expected.length);
  for (const [place, { cells }] of rows.entries()) {
    const { job_id, person } = expected[place];
    assert.equal(cells[names.indexOf('job_id')], job_id);
    for (const name of PERSON_TEXTS) if (typeof person[name] === 'string') checkCell(cells[names.indexOf(name)], person[name]);
  }
}

function checkCell(found, cell) {
  assert.ok(sameCell(found, storable(cell)), `${JSON.stringify(found)} is not ${JSON.stringify(cell)}`);
}

/** Text as a database can keep it. */
function storable(text) {
  return text.replaceAll('\0', '').toWellFormed();
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Who is no object is nobody. */
const peopleOf = ({ persons }) => (persons ?? []).filter(isObject);
const hasId = ({ id }) => typeof id === 'string' && storable(id) !== '' && id.length <= 200;
