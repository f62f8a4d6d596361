/* The schema: made once, refused when it is not ours, and left alone when it is there. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { patient } from '../../src/store/database.ts';
import type { Driver } from '../../src/store/database.ts';
import { hashesOf } from '../../src/core/forgotten.ts';
import { forgetPeople } from '../../src/store/forget.ts';
import { purgeRuns } from '../../src/store/purge.ts';
import { migrate, printGrants, printMigrations, refuseMigration, schemaState } from '../../src/store/migrate.ts';
import { openDriver } from '../../src/store/open.ts';
import { administrate, createPostgresDatabase, describeOnBoth, testRuntime } from '../support/databases.ts';
import { answerOf, bringToLife, launch, person, settleJob, startedRun, startedTarget } from '../support/runs.ts';

const TABLES = [
  'answer_contacts', 'answers', 'call_targets', 'calls', 'companies', 'contact_list', 'contacts', 'email_checks', 'forgotten', 'input_rows', 'open_questions', 'pace', 'processes', 'runs',
  'schema_migrations', 'target_answers', 'targets',
];

async function tablesOf(driver: Driver): Promise<string[]> {
  const rows = await driver.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'waterfall' order by 1`,
  );
  return rows.map(({ name }) => name);
}

describeOnBoth(
  'migrating',
  (open) => {
    it('makes the tables and the view of the contract in an empty database', async () => {
      const state = await migrate(open());
      expect(state).toEqual({ applied: state.known, known: state.known, created: true });
      expect(await tablesOf(open())).toEqual(TABLES);
    });

    it('notes each file with its checksum', async () => {
      const { known } = await migrate(open());
      const noted = await open().query('select version, name, checksum from waterfall.schema_migrations order by version');
      expect(noted).toHaveLength(known);
      expect(noted[0]).toEqual({ version: 1, name: '0001_runs.sql', checksum: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    });

    it('does nothing the second time', async () => {
      const { known } = await migrate(open());
      const before = await open().query('select *, xmin::text from waterfall.schema_migrations order by version');
      expect(await migrate(open())).toEqual({ applied: 0, known, created: false });
      expect(await open().query('select *, xmin::text from waterfall.schema_migrations order by version')).toEqual(before);
    });

    it('says how far an empty database is without changing it', async () => {
      expect(await schemaState(open())).toMatchObject({ present: 0 });
      expect(await tablesOf(open())).toEqual([]);
    });

    it('says that a migrated database is complete', async () => {
      const { known } = await migrate(open());
      expect(await schemaState(open())).toEqual({ present: known, known });
    });

    it('leaves nothing behind when a statement of a file fails', async () => {
      // A table in the way of the second file; the first one has been run by then.
      const migrations = 'version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now()';
      await open().script(`create schema waterfall; create table waterfall.schema_migrations (${migrations}); create table waterfall.contacts (id text)`);
      await expect(migrate(open())).rejects.toMatchObject({ code: '42P07' });
      expect(await tablesOf(open())).toEqual(['contacts', 'schema_migrations']);
    });

    it.each([
      ['tables of its own', 'create table waterfall.pours (id text); create view waterfall.today as select 1 as one', 'pours, today'],
      ['migrations of its own', 'create table waterfall.schema_migrations (version text)', 'schema_migrations'],
      ['many tables', Array.from({ length: 7 }, (_none, number) => `create table waterfall.t${number} (id text)`).join(';'), 't0, t1, t2, t3, t4, ...'],
    ])('refuses a schema of another program, with %s, and leaves it alone', async (_what, ddl, named) => {
      await open().script(`create schema waterfall; ${ddl}`);
      const before = await tablesOf(open());
      const refused = `the schema "waterfall" of the database belongs to another program: it has ${named}: make a database of its own`;
      await expect(migrate(open())).rejects.toThrow(refused);
      await expect(schemaState(open())).rejects.toThrow(refused);
      expect(await tablesOf(open())).toEqual(before);
    });

    it('takes an empty schema that an owner has made for it', async () => {
      await open().script('create schema waterfall');
      expect(await migrate(open())).toMatchObject({ created: true });
    });

    it('refuses a database in which an applied file was another one', async () => {
      await migrate(open());
      await open().query(`update waterfall.schema_migrations set checksum = 'edited' where version = 1`);
      const refused = expect.objectContaining({
        name: 'UsageError',
        message: expect.stringContaining('migration 0001_runs.sql of the database differs') as string,
      }) as UsageError;
      await expect(migrate(open())).rejects.toEqual(refused);
      await expect(schemaState(open())).rejects.toEqual(refused);
    });

    it('refuses a database that is newer than the program', async () => {
      const { known } = await migrate(open());
      await open().query(
        `insert into waterfall.schema_migrations (version, name, checksum) values (${known + 1}, 'of_tomorrow.sql', 'unknown')`,
      );
      await expect(migrate(open())).rejects.toThrow(
        `the database has schema version ${known + 1}, and this program knows ${known}: install a newer waterfall-contacts`,
      );
    });

    it('counts the printed DDL, applied by hand, as applied', async () => {
      await open().script(await printMigrations());
      expect(await tablesOf(open())).toEqual(TABLES);
      expect(await migrate(open())).toMatchObject({ applied: 0, created: false });
    });

    it('applies by the printed DDL what is missing, however often it is run', async () => {
      const script = await printMigrations();
      const [upTo4] = /^[^]*(?=-- 0005_)/.exec(script) ?? [];
      await open().script(`${upTo4} commit;`);
      expect(await schemaState(open())).toMatchObject({ present: 4 });
      await open().script(script);
      const { known } = await schemaState(open());
      const noted = () => open().query('select version, checksum, applied_at from waterfall.schema_migrations order by version');
      const before = await noted();
      expect(before).toHaveLength(known);
      await open().script(script);
      expect(await noted()).toEqual(before);
      expect(await migrate(open())).toMatchObject({ applied: 0, created: false });
    });
  },
  { migrated: false },
);

describe('migrating on a server with others', () => {
  it('applies each file once when ten processes start at once on an empty database', async () => {
    const { url, drop } = await createPostgresDatabase();
    const drivers = await Promise.all(Array.from({ length: 10 }, () => openDriver({ databaseUrl: url, home: '' }, testRuntime())));
    try {
      const states = await Promise.all(drivers.map((driver) => migrate(driver)));
      const files = await drivers[0]?.query<{ version: number }>('select version from waterfall.schema_migrations order by version');
      expect(files).toEqual(Array.from({ length: states[0]?.known ?? 0 }, (_, index) => ({ version: index + 1 })));
    } finally {
      await Promise.all(drivers.map((driver) => driver.close()));
      await drop();
    }
  });

  it('takes nobody for an older version who was faster and works on a run by now', async () => {
    const { url, drop } = await createPostgresDatabase();
    const [faster, slower] = await Promise.all([openDriver({ databaseUrl: url, home: '' }, testRuntime()), openDriver({ databaseUrl: url, home: '' }, testRuntime())]);
    // What the slower one sees at first: an empty database. It then waits for the faster one, which goes on to its run.
    const late: Driver = {
      ...slower,
      transaction: async (work) => {
        await migrate(faster);
        await startedRun(patient(faster, { runtime: testRuntime(), patienceMs: 0 }), 'run-1', ['acme.example']);
        await bringToLife(patient(faster, { runtime: testRuntime(), patienceMs: 0 }));
        return slower.transaction(work);
      },
    };
    try {
      await expect(migrate(late)).resolves.toMatchObject({ created: true });
    } finally {
      await Promise.all([faster.close(), slower.close()]);
      await drop();
    }
  });

  it('tells a user who may not create the schema how its owner can', async () => {
    await asGuest({ migrated: false }, async (guest) => {
      const failure = await migrate(guest).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UsageError);
      expect(String(failure)).toContain('this user may not create the schema "waterfall"');
      expect(String(failure)).toContain('waterfall-contacts migrate --print | psql "$DATABASE_URL" (it applies what is missing)');
    });
  });

  it('tells a user who may not bring an older schema up to date how its owner can', async () => {
    const grants = (role: string) =>
      `grant usage on schema waterfall to ${role}; grant all on all tables in schema waterfall to ${role}; delete from waterfall.schema_migrations where version > 4`;
    await asGuest({ migrated: true, grants }, async (guest) => {
      const { known } = await schemaState(guest);
      const words = `this user may not bring the schema "waterfall" from version 4 to ${known} in the database`;
      await expect(migrate(guest)).rejects.toThrow(words);
      await expect(refuseMigration(guest, { present: 4, known })).rejects.toThrow(words);
    });
  });

  it('needs no right to create anything where the schema is complete', async () => {
    const grants = (role: string) => `grant usage on schema waterfall to ${role}; grant select on all tables in schema waterfall to ${role}`;
    await asGuest({ migrated: true, grants }, async (guest) => {
      expect(await migrate(guest)).toMatchObject({ applied: 0, created: false });
    });
  });

  it('prints what a role needs that owns nothing, whatever it is called: with that it works, and changes no schema', async () => {
    await asGuest({ migrated: true, grants: printGrants }, async (guest) => {
      const database = patient(guest, { runtime: testRuntime(), patienceMs: 0 });
      expect(await migrate(guest)).toMatchObject({ applied: 0 });
      const target = await startedTarget(database, 'run-1', 'alderfinch.example');
      await launch(database, target, 'job-1');
      await settleJob(database, { job_id: 'job-1', answer: answerOf([person('p1')]) });
      await settleJob(database, { job_id: 'job-1', answer: answerOf([person('p1')]) });
      expect((await startedTarget(database, 'run-2', 'alderfinch.example', { maxAgeDays: 36_000 })).state).toBe('cached');
      expect(await forgetPeople(database, hashesOf({ ids: ['p1'], emails: [] }), Date.now())).toMatchObject({ contacts: 1, answers: 1 });
      await database.query(`update waterfall.runs set state = 'done', finished_at = created_at`);
      expect(await purgeRuns(database, { before: new Date(), withKnown: true }, new AbortController().signal)).toMatchObject({ runs: 2 });
      await expect(guest.script('create table waterfall.more (id integer)')).rejects.toThrow('permission denied');
    });
    expect(printGrants('odd "name"; drop schema waterfall')).toContain('on schema waterfall to "odd ""name""; drop schema waterfall";');
  });

  it('refuses a user who may not use the schema that is there', async () => {
    await asGuest({ migrated: true }, async (guest) => {
      const failure = await migrate(guest).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UsageError);
      expect(String(failure)).toContain('this user may not use the schema "waterfall"');
    });
  });
});

/** Works as a user who may only connect, on a database of its own that is empty or has the schema. */
async function asGuest(
  given: { migrated: boolean; grants?: (role: string) => string },
  work: (guest: Driver) => Promise<void>,
): Promise<void> {
  const { url, drop } = await createPostgresDatabase();
  const role = `guest_${randomUUID().replaceAll('-', '')}`;
  await administrate(`create role ${role} login password 'guest-only'`);
  if (given.migrated) await administrate(await printMigrations(), url);
  if (given.grants !== undefined) await administrate(given.grants(role), url);
  const guestUrl = Object.assign(new URL(url), { username: role, password: 'guest-only' });
  const guest = await openDriver({ databaseUrl: guestUrl.href, home: '' }, testRuntime());
  try {
    await work(guest);
  } finally {
    await guest.close();
    await drop();
    await administrate(`drop role ${role}`);
  }
}
