/* Sessions are all alike, whatever the server, the database, the user or a pooler sets them to; those that are lost without a word are found out. */
import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { systemClock, type Runtime } from '../../src/runtime/runtime.ts';
import type { Driver } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { databaseOf, openDriver } from '../../src/store/open.ts';
import { administrate, createPostgresDatabase, testRuntime } from '../support/databases.ts';
import { openGate } from '../support/gate.ts';
import { startPooler } from '../support/transaction-pooler.ts';

/** What a database may be set to, and would break us or stop us. */
const ODD_SETTINGS: Readonly<Record<string, string>> = {
  client_encoding: 'LATIN1',
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kathmandu',
  bytea_output: 'escape',
  extra_float_digits: '-4',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  search_path: 'elsewhere',
  default_transaction_isolation: 'serializable',
  default_transaction_deferrable: 'on',
  statement_timeout: '900ms',
  lock_timeout: '900ms',
  idle_in_transaction_session_timeout: '900ms',
  idle_session_timeout: '900ms',
};

async function database(): Promise<string> {
  const { url, drop } = await createPostgresDatabase();
  onTestFinished(drop);
  return url;
}

async function open(databaseUrl: string, runtime: Runtime = testRuntime()): Promise<Driver> {
  const driver = await openDriver({ databaseUrl, home: '' }, runtime);
  onTestFinished(() => driver.close());
  return driver;
}

/** A log that is kept, and the real time. */
function realRuntime() {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  return { said, runtime: { ...testRuntime(), clock: systemClock, log: { debug: say, info: say, warn: say, error: say } } };
}

async function expectAsEverywhere(driver: Driver): Promise<void> {
  const [row] = await driver.query(`
    select '2026-03-02T09:00:00.123Z'::timestamptz as at, 0.1::float8 + 0.2::float8 as sum, $1::text as text, array[null]::text[] as list,
      pg_sleep(1)::text as slept, current_setting('transaction_isolation') as isolation`, ['Zoë \\n 株式会社']);
  expect(row).toEqual({ at: new Date('2026-03-02T09:00:00.123Z'), sum: 0.30000000000000004, text: 'Zoë \\n 株式会社', list: [null], slept: '', isolation: 'read committed' });
  const inTransaction = await driver.transaction(async (transaction) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return transaction.query(`select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only`);
  });
  expect(inTransaction).toEqual([{ isolation: 'read committed', read_only: 'off' }]);
}

describe('a session is as everywhere', () => {
  it('where the database is set otherwise', async () => {
    const url = await database();
    for (const [name, value] of Object.entries(ODD_SETTINGS)) await administrate(`alter database ${new URL(url).pathname.slice(1)} set ${name} to '${value}'`);
    const driver = await open(url);
    await migrate(driver);
    await expectAsEverywhere(driver);
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // idle
    await expectAsEverywhere(driver);
  });

  it('where the address sets it otherwise', async () => {
    const options = Object.entries(ODD_SETTINGS).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '')}`).join(' ');
    await expectAsEverywhere(await open(`${await database()}?options=${encodeURIComponent(options)}`));
  });

  it('behind a pooler whose sessions somebody has set otherwise', async () => {
    const pooler = await startPooler(await database(), { mode: 'session', sessions: 4, order: 'in turn' });
    onTestFinished(() => pooler.close());
    const { Client } = (await import('pg')).default;
    const others = Array.from({ length: 4 }, () => new Client({ connectionString: pooler.url }));
    for (const other of others) {
      await other.connect();
      for (const [name, value] of Object.entries({ ...ODD_SETTINGS, idle_session_timeout: '0', default_transaction_read_only: 'on' })) await other.query(`set ${name} to '${value}'`);
    }
    for (const other of others) await other.end();
    await expectAsEverywhere(await open(pooler.url));
  });

  it('and names its process to the server', async () => {
    const driver = await open(await database());
    const names = await driver.query(`select distinct application_name as name from pg_stat_activity where datname = current_database()`);
    expect(names).toEqual([{ name: expect.stringMatching(new RegExp(`^waterfall-contacts ${process.pid}@\\S+$`)) as string }]);
  });
});

describe.concurrent('a server that has frozen', () => {
  it('is found out and told within ten seconds, and gone on with when it answers again', async ({ expect, onTestFinished }) => {
    const { url, drop } = await createPostgresDatabase();
    const gate = await openGate(url);
    onTestFinished(async () => {
      await gate.close();
      await drop();
    });
    const { said, runtime } = realRuntime();
    const database = databaseOf(await openDriver({ databaseUrl: gate.url, home: '' }, runtime), runtime);
    onTestFinished(() => database.close());
    gate.freeze();
    const frozenAt = Date.now();
    const answer = database.query('select 1 as one');
    while (!said.includes('the database does not answer, still trying')) await systemClock.sleep(50);
    expect(Date.now() - frozenAt).toBeLessThan(10_000);
    gate.open();
    expect(await answer).toEqual([{ one: 1 }]);
    expect(said.at(-1)).toBe('the database answers again: going on');
  });

  it('keeps nobody from leaving', async ({ expect, onTestFinished }) => {
    const { url, drop } = await createPostgresDatabase();
    const gate = await openGate(url);
    onTestFinished(async () => {
      await gate.close();
      await drop();
    });
    const { runtime } = realRuntime();
    const driver = await openDriver({ databaseUrl: gate.url, home: '' }, runtime);
    await driver.query('select 1');
    gate.freeze();
    await driver.close();
    expect(true).toBe(true);
  });

  it('is told from one that is at work', async ({ expect, onTestFinished }) => {
    const { url, drop } = await createPostgresDatabase();
    const { said, runtime } = realRuntime();
    const driver = await openDriver({ databaseUrl: url, home: '' }, runtime);
    onTestFinished(async () => {
      await driver.close();
      await drop();
    });
    expect(await driver.query('select pg_sleep(7)::text as slept')).toEqual([{ slept: '' }]);
    expect(said).toEqual([]);
  });
});

describe('a connection that is of no more use is replaced', () => {
  it('when a cached plan fits no more', async () => {
    const { runtime } = realRuntime();
    const database = databaseOf(await open(await (async () => (await createMade()).url)(), runtime), runtime);
    await database.script('create table waterfall.of_today (value text)');
    const read = () => database.query('select * from waterfall.of_today');
    await database.query(`insert into waterfall.of_today values ('7')`);
    await Promise.all([read(), read(), read()]);
    await database.script('alter table waterfall.of_today alter column value type integer using value::integer');
    expect(await Promise.all([read(), read(), read()])).toEqual([[{ value: 7 }], [{ value: 7 }], [{ value: 7 }]]);
  });

  it('when its statement was cancelled by an administrator', async () => {
    const { runtime } = realRuntime();
    const url = await database();
    const mine = databaseOf(await open(url, runtime), runtime);
    const slow = mine.query(`select pg_sleep(1)::text as slept`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await administrate(`select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and query like '%pg_sleep%' and pid <> pg_backend_pid()`, url);
    expect(await slow).toEqual([{ slept: '' }]);
  });
});

async function createMade() {
  const made = await createPostgresDatabase();
  onTestFinished(made.drop);
  await administrate('create schema waterfall', made.url);
  return made;
}

describe('of several hosts', () => {
  const AWAY = '127.0.0.1:9';

  it('the first that answers is taken', async () => {
    const url = new URL(await database());
    const driver = await open(`postgres://${url.username}:${url.password}@${AWAY},${url.host}${url.pathname}`);
    expect(await driver.query('select 1 as one')).toEqual([{ one: 1 }]);
    expect(driver.place).toBe(`${AWAY},${url.host}${url.pathname}`);
  });

  it.each<[wanted: string, isTaken: boolean]>([['read-write', true], ['primary', true], ['any', true], ['prefer-standby', true], ['standby', false], ['read-only', false]])(
    'a primary is taken for target_session_attrs=%s: %s',
    async (wanted, isTaken) => {
      const url = new URL(inject('postgresUrl'));
      const opening = openDriver({ databaseUrl: `postgres://${url.username}:${url.password}@${AWAY},${url.host}${url.pathname}?target_session_attrs=${wanted}`, home: '' }, testRuntime());
      if (isTaken) await opening.then((driver) => driver.close());
      else await expect(opening).rejects.toThrow(/cannot be used: it only reads|cannot be used: /);
    },
  );
});

describe('a way that the address leaves open is found', () => {
  it.each(['sslmode=prefer', 'sslmode=allow', 'sslmode=disable', 'ssl=false', 'ssl=0'])('to a server without TLS: %s', async (how) => {
    const driver = await open(`${inject('postgresUrl')}?${how}`);
    expect(await driver.query('select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a server that lets us in only so far', () => {
  it('asks for a password that the address has not', async () => {
    const url = new URL(inject('postgresUrl'));
    url.password = '';
    await expect(open(url.href)).rejects.toThrow(/cannot be used: it asks for a password, and DATABASE_URL has none: write postgres:\/\/user:password@host/);
  });

  it('gives one connection and not a second one: it is shared', async () => {
    const url = new URL(await database());
    const role = `single_${randomUUID().replaceAll('-', '')}`;
    await administrate(`create role ${role} login password 'single-only' connection limit 1`);
    onTestFinished(() => administrate(`drop role ${role}`));
    const { runtime } = realRuntime();
    const only = databaseOf(await open(Object.assign(url, { username: role, password: 'single-only' }).href, runtime), runtime);
    const rows = await Promise.all([1, 2, 3].map((number) => only.query('select $1::int as number', [number])));
    expect(rows).toEqual([[{ number: 1 }], [{ number: 2 }], [{ number: 3 }]]);
  });

  it('gives few connections: they are shared', async () => {
    const url = new URL(await database());
    const role = `few_${randomUUID().replaceAll('-', '')}`;
    await administrate(`create role ${role} login password 'few-only' connection limit 3`);
    onTestFinished(() => administrate(`drop role ${role}`));
    const { runtime } = realRuntime();
    const few = databaseOf(await open(Object.assign(url, { username: role, password: 'few-only' }).href, runtime), runtime);
    const rows = await Promise.all(Array.from({ length: 20 }, (_none, number) => few.query('select $1::int as number, pg_sleep(0.01)::text as slept', [number])));
    expect(rows).toHaveLength(20);
  });
});
