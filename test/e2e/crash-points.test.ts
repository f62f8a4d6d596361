/* `kill -9` at each hop of a row's way: the same command then leaves what an unbroken run leaves, and pays for nothing twice. */
import pg from 'pg';
import { describe, expect } from 'vitest';
import { eventually, it as base, sql, type Running, type Scene } from '../support/command.ts';
import type { Held } from '../support/gate.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { expectHonestLaunches, tracesOf, type Traces } from '../support/traces.ts';

const DOMAINS = companies(6);
const RUN = ['run', 'list.csv', '--concurrency', '2'];

/** A moment is named by the words at which the door shuts; `doubts`: how many launches may be in doubt afterwards. */
type Moment = { moment: string; at: 'api' | 'database'; held: Held; words: string; doubts: number };

const MOMENTS: readonly Moment[] = [
  { moment: 'the list is read and its rows are not saved', at: 'database', held: 'request', words: 'insert into waterfall.runs', doubts: 0 },
  { moment: 'the rows are being saved', at: 'database', held: 'answer', words: 'insert into waterfall.input_rows', doubts: 0 },
  { moment: 'the rows are saved', at: 'database', held: 'answer', words: 'commit', doubts: 0 },
  { moment: 'the intent is not saved', at: 'database', held: 'request', words: '"state":"launching"', doubts: 0 },
  { moment: 'the intent is saved and the process does not know it', at: 'database', held: 'answer', words: '"state":"launching"', doubts: 2 },
  { moment: 'the intent is saved and the POST is not sent', at: 'api', held: 'request', words: 'POST /v1/prospector', doubts: 2 },
  { moment: 'the job is made and the reply is not here', at: 'api', held: 'answer', words: 'POST /v1/prospector', doubts: 2 },
  { moment: 'the job_id is here and not saved', at: 'database', held: 'request', words: '"state":"launched"', doubts: 2 },
  { moment: 'the job_id is saved and the process does not know it', at: 'database', held: 'answer', words: '"state":"launched"', doubts: 2 },
  { moment: 'the job is asked for', at: 'api', held: 'answer', words: 'GET /v1/prospector', doubts: 2 },
  { moment: 'the answer is here and not saved', at: 'database', held: 'request', words: 'payer as materialized', doubts: 2 },
  { moment: 'the answer is saved and the process does not know it', at: 'database', held: 'answer', words: 'payer as materialized', doubts: 2 },
  { moment: 'the contacts are being written', at: 'database', held: 'request', words: 'answer.answered_at, case', doubts: 0 },
  { moment: 'the files are written and the run is not finished', at: 'database', held: 'request', words: 'finished_at = $4', doubts: 0 },
  { moment: 'the run is finished and the process does not know it', at: 'database', held: 'answer', words: 'finished_at = $4', doubts: 0 },
];

let leftUnbroken: Promise<Traces> | undefined;

/** `it` with what an unbroken run leaves. */
const it = base.extend('unbroken', ({ open, newDatabase }): Promise<Traces> => {
  const leave = async () => {
    const scene = await open();
    const databaseUrl = await newDatabase({ migrated: true });
    await scene.write('list.csv', list(DOMAINS));
    expect((await scene.give(RUN, { env: { DATABASE_URL: databaseUrl } })).exit).toBe(0);
    return tracesOf(scene, databaseUrl);
  };
  return (leftUnbroken ??= leave()); // the same for all
});

// What is left of a killed process does not depend on which process goes on: on a server it is that of the test.
describe.concurrent('a run that is killed when', () => {
  it.for(MOMENTS)('$moment is finished by the same command, on PostgreSQL', async ({ at, held, words, doubts }, { open, newDatabase, newGate, unbroken }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const databaseUrl = await newDatabase({ migrated: true });
    const gates = { api: await newGate(scene.sandbox.url), database: await newGate(databaseUrl) };
    const env = { WATERFALL_BASE_URL: gates.api.url, DATABASE_URL: gates.database.url };

    const reached = gates[at].shutAt(held, words);
    await killed(scene.start(RUN, { env }), reached);
    gates[at].open();
    expect(await scene.give(RUN, { env })).toMatchObject({ exit: 0 });
    // A run that was finished is not gone on with: the next one takes all answers from the database, and says so.
    const isAskedAnew = held === 'answer' && words === 'finished_at = $4';
    const lines = isAskedAnew ? unbroken.lines.map((line) => ({ ...line, outcome: 'cached' })) : unbroken.lines;
    expect(await tracesOf(scene, databaseUrl)).toEqual({ ...unbroken, lines });
    expect(sum(await expectHonestLaunches(scene, databaseUrl))).toBeLessThanOrEqual(doubts);
  });

  it.for(MOMENTS.filter(({ words }) => words.startsWith('POST')))('$moment is finished by the same command, on PGlite', async ({ held, words, doubts }, { open, newGate, unbroken }) => {
    const scene = await open({ embedded: true });
    await scene.write('list.csv', list(DOMAINS));
    const gate = await newGate(scene.sandbox.url);
    const env = { WATERFALL_BASE_URL: gate.url };

    const reached = gate.shutAt(held, words);
    await killed(scene.start(RUN, { env }), reached);
    gate.open();
    expect(await scene.run(RUN, { env })).toMatchObject({ exit: 0 });
    expect(await tracesOf(scene, undefined)).toEqual(unbroken);
    expect(sum(await expectHonestLaunches(scene, undefined))).toBeLessThanOrEqual(doubts);
  });

  it('the schema is half made is finished by the same command', async ({ open, newDatabase, newGate, unbroken }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const databaseUrl = await newDatabase();
    const gate = await newGate(databaseUrl);
    const env = { DATABASE_URL: gate.url };
    await killed(scene.start(RUN, { env }), gate.shutAt('answer', 'create table waterfall.runs'));
    gate.open();
    expect(await scene.give(RUN, { env })).toMatchObject({ exit: 0 });
    expect(await tracesOf(scene, databaseUrl)).toEqual(unbroken);
  });

  it('it waits to make the schema is finished by the same command', async ({ open, newDatabase, unbroken }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const databaseUrl = await newDatabase();
    const env = { DATABASE_URL: databaseUrl };
    await holding(databaseUrl, 'select pg_advisory_lock(20261122)', async () => {
      await killed(scene.start(RUN, { env }), waitingFor(databaseUrl, 'pg_advisory_xact_lock'));
    });
    expect(await scene.give(RUN, { env })).toMatchObject({ exit: 0 });
    expect(await tracesOf(scene, databaseUrl)).toEqual(unbroken);
  });

  it('the server is in the middle of saving an answer is finished by the same command', async ({ open, newDatabase, newGate, unbroken }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const databaseUrl = await newDatabase({ migrated: true });
    const gate = await newGate(scene.sandbox.url);
    const env = { WATERFALL_BASE_URL: gate.url, DATABASE_URL: databaseUrl };
    const asked = gate.shutAt('answer', 'GET /v1/prospector');
    const running = scene.start(RUN, { env });
    await asked;
    await holding(databaseUrl, "select from waterfall.targets where state = 'launched' for update", async () => {
      gate.open();
      await killed(running, waitingFor(databaseUrl, 'given as materialized'));
    });
    expect(await scene.give(RUN, { env })).toMatchObject({ exit: 0 });
    expect(await tracesOf(scene, databaseUrl)).toEqual(unbroken);
    await expectHonestLaunches(scene, databaseUrl);
  });

  it('it writes what there is so far leaves no temporary file once the same command has ended', async ({ open, newDatabase, newGate, unbroken }) => {
    const scene = await open();
    await scene.write('list.csv', list(DOMAINS));
    const databaseUrl = await newDatabase({ migrated: true });
    const gate = await newGate(databaseUrl);
    const env = { DATABASE_URL: gate.url };
    const running = scene.start([...RUN, '--rate-limit', '4/600'], { env });
    await eventually(async () => expect(await requests(scene)).toBe(4));
    const writing = gate.shutAt('request', 'answer.answered_at, case');
    running.signal('SIGINT');
    const begun = async () => expect((await scene.files()).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
    await killed(running, writing.then(() => eventually(begun)));
    gate.open();
    expect(await scene.give(RUN, { env })).toMatchObject({ exit: 0 });
    expect(await tracesOf(scene, databaseUrl)).toEqual(unbroken);
  });
});

/** Kills a command at a moment. */
async function killed(running: Running, moment: Promise<unknown>): Promise<void> {
  await Promise.race([
    moment,
    running.ended.then(({ stderr }) => {
      throw new Error(`ended before the moment came:\n${stderr}`);
    }),
  ]);
  running.signal('SIGKILL');
  expect((await running.ended).exit).toBeNull();
}

/** Does work while a transaction of another session holds what the statement locks. */
async function holding(databaseUrl: string, statement: string, work: () => Promise<void>): Promise<void> {
  const other = new pg.Client({ connectionString: databaseUrl });
  await other.connect();
  try {
    await other.query('begin');
    await other.query(statement);
    await work();
  } finally {
    await other.end();
  }
}

/** Resolves when some session waits for a lock inside a statement with these words; the server keeps the first 1,024 bytes of one. */
async function waitingFor(databaseUrl: string, words: string): Promise<void> {
  await eventually(async () => {
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0";
    expect(await sql(databaseUrl, waiting, [words])).not.toEqual([]);
  });
}

async function requests({ sandbox }: Scene): Promise<number> {
  const { launch_requests, finds } = await sandbox.stats();
  return launch_requests + finds;
}

function sum(doubts: Map<string, number>): number {
  return [...doubts.values()].reduce((total, count) => total + count, 0);
}
