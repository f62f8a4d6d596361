/* A copy of everything into another database: nothing is lost, changed or paid again, and what cannot be done leaves nothing behind. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { copyAll } from '../../src/store/copy.ts';
import { patient, type Database, type Driver } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { findRun } from '../../src/store/runs.ts';
import { describeOnPostgres, EMPTY, testRuntime } from '../support/databases.ts';
import { ALDERFINCH, answeredRun, bringToLife, launch, meet, move, NOW, person, settleJob, startedRun, startedTarget } from '../support/runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CLAIM = { kind: 'claimed', at: NOW } as const;
const silent = () => undefined;

/** All rows of all tables, as PostgreSQL writes them. */
async function contentOf(database: Database): Promise<Record<string, string[]>> {
  const tables = await database.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'waterfall' and tablename not in ('schema_migrations', 'processes') order by 1");
  const content: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`select to_jsonb(each)::text as row from waterfall.${name} as each order by 1`);
    content[name] = rows.map(({ row }) => row);
  }
  return content;
}

/** Runs in every state, an answer that a question with a lower id refers to, and values that are easily lost. */
async function fill(database: Database): Promise<void> {
  const odd = { ...person('p2'), first_name: 'Åsa "Io" \\ 𝒳\n', phone_numbers: ['+49 30 1', ''], experiences: [{ n: 1.10, none: null }] };
  await answeredRun(database, 'first', 'first.example', { company: ALDERFINCH, persons: [person('p1'), odd], usage: { total_usd: 0.123456789012345 } });
  const follower = await startedTarget(database, 'follower', 'shared.example');
  const leader = await startedTarget(database, 'leader', 'shared.example');
  await launch(database, leader, 'job-shared');
  await meet(database, follower, 'job-shared');
  await settleJob(database, { job_id: 'job-shared', answer: { persons: [person('p3')] }, answered_at: NOW, at: NOW });
  const [open, doubt] = await startedRun(database, 'unfinished', ['open.example', 'doubt.example', 'first.example', 'no domain', 'open.example']);
  if (open === undefined || doubt === undefined) throw new Error('no targets');
  await launch(database, open, 'job-open');
  await move(database, doubt, CLAIM, { kind: 'in_doubt' });
  await database.query(`insert into waterfall.email_checks (address, provider, verdict, checked_at, key) values ('jane@acme.example', 'waterfall', 'deliverable', '2026-03-02 09:00:00.123456+00', 7)`);
  await database.query("insert into waterfall.forgotten values ('hash', '2026-03-02 09:00:00.123456+00')");
  await database.query(`insert into waterfall.pace values ('api', 'key', null, '[[1, 2]]', 'infinity')`);
  await database.query("update waterfall.runs set finished_at = created_at, state = 'done' where id <> 'unfinished'");
}

describeOnPostgres('a copy', (server) => {
  const home = temporaryFolder();
  let driver: Driver | undefined;
  const embedded = () => {
    if (driver === undefined) throw new Error('the database is for the inside of a case');
    return patient(driver, { runtime: testRuntime(), patienceMs: 0 });
  };
  beforeAll(async () => {
    driver = await openEmbedded(home(randomUUID()));
    await migrate(driver);
  });
  beforeEach(() => embedded().script(EMPTY));
  afterAll(() => driver?.close());

  it('into a server has every row of every table as it was, and the way back too', async () => {
    await fill(embedded());
    const before = await contentOf(embedded());
    const copied = await copyAll(embedded(), server(), silent);
    expect(await contentOf(server())).toEqual(before);
    expect(copied).toEqual(Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.length])));
    expect(Object.values(copied).filter((rows) => rows === 0)).toEqual([]);
    await embedded().script(EMPTY);
    await copyAll(server(), embedded(), silent);
    expect(await contentOf(embedded())).toEqual(before);
  });

  it('is gone on with: known answers are taken, open jobs are met, and new rows get ids of their own', async () => {
    await fill(embedded());
    await copyAll(embedded(), server(), silent);
    const [known, open, asked] = await startedRun(server(), 'after', ['first.example', 'open.example', 'new.example']);
    expect([known?.state, open?.state, asked?.state]).toEqual(['cached', 'following', 'pending']);
    expect(await findRun(server(), 'unfinished')).toMatchObject({ finished_at: null });
  });

  it('is refused into a database that has anything, and changes nothing there', async () => {
    await fill(embedded());
    await server().query("insert into waterfall.forgotten values ('another', now())");
    const before = await contentOf(server());
    await expect(copyAll(embedded(), server(), silent)).rejects.toMatchObject({ name: 'UsageError', problems: [{ what: expect.stringContaining('is not empty: nothing was copied') as string }] });
    expect(await contentOf(server())).toEqual(before);
  });

  it('that breaks off leaves nothing, and can be made again', async () => {
    await fill(embedded());
    const breakOff = (table: string) => {
      if (table === 'answer_contacts') throw new Error('killed');
    };
    await expect(copyAll(embedded(), server(), breakOff)).rejects.toThrow('killed');
    expect(Object.values(await contentOf(server())).flat()).toEqual([]);
    await copyAll(embedded(), server(), silent);
    expect(await contentOf(server())).toEqual(await contentOf(embedded()));
  });

  it('is refused while a process works on a run of the source', async () => {
    await fill(server());
    await bringToLife(server());
    await expect(copyAll(server(), embedded(), silent)).rejects.toMatchObject({ name: 'BusyError', message: expect.stringMatching(/works on run \w+/) as string });
    expect(await embedded().query('select from waterfall.runs')).toEqual([]);
  });
});
