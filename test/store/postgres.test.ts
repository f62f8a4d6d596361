/* What only a server does: it refuses connections, and it ends them. */
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { databaseOf, openDriver } from '../../src/store/open.ts';
import { describeOnBoth, describeOnPostgres, testRuntime, whileTimePasses } from '../support/databases.ts';

const PASSWORD = 'se%40cret-7';

/** Opens the server's address with something changed; the failure, as the user is told it. */
async function failureOf(change: Partial<URL> | string): Promise<string> {
  const url = typeof change === 'string' ? change : Object.assign(new URL(inject('postgresUrl')), change).href;
  const failure = await openDriver({ databaseUrl: url, home: '' }, testRuntime()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UsageError);
  return (failure as UsageError).message;
}

/** A port on which a server greets with these words, or on which nobody listens any more. */
async function portOf(greeting?: string): Promise<string> {
  const server = createServer((socket) => socket.end(greeting ?? ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  if (greeting === undefined) await new Promise((resolve) => server.close(resolve));
  else onTestFinished(() => void server.close());
  return String(port);
}

describe('connecting to a server', () => {
  it('says that user or password is wrong', async () => {
    expect(await failureOf({ password: PASSWORD })).toMatch(/^the database \([^/]+\/\w+\) cannot be used: wrong user or password: correct DATABASE_URL$/);
  });

  it('says that the database does not exist', async () => {
    expect(await failureOf({ pathname: '/of_nobody' })).toMatch(/\/of_nobody\) cannot be used: it does not exist: create it, or correct the name/);
  });

  it('says that the connection was refused', async () => {
    const port = await portOf();
    expect(await failureOf({ port, password: PASSWORD })).toMatch(new RegExp(`:${port}/\\w+\\) cannot be used: connection refused: start the server`));
  });

  it('says what is wrong with a server that is none', async () => {
    const port = await portOf('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(await failureOf({ port, password: PASSWORD })).toMatch(/cannot be used: .+: check DATABASE_URL$/);
  });

  it.each([
    ['a wrong password', () => ({ password: PASSWORD })],
    ['a database that is not there', () => ({ pathname: '/of_nobody' })],
    ['a closed port', async () => ({ port: await portOf(), password: PASSWORD })],
  ])('never tells the password: %s', async (_what, change) => {
    const words = await failureOf(await change());
    const secrets = [PASSWORD, decodeURIComponent(PASSWORD), new URL(inject('postgresUrl')).password].filter((secret) => secret !== '');
    for (const secret of secrets) expect(words).not.toContain(secret);
  });

  it('names its place without the password', async () => {
    const driver = await openDriver({ databaseUrl: inject('postgresUrl'), home: '' }, testRuntime());
    onTestFinished(() => driver.close());
    expect(driver.place).toBe(inject('postgresUrl').replace(/.*@/, ''));
    expect(driver.embedded).toBe(false);
  });
});

describeOnBoth('statements', (open) => {
  it('give counts and ids as numbers, amounts as text, times as dates', async () => {
    const [row] = await open().query(`select 9007199254740991::bigint as id, 0.10::numeric as cost, '2026-03-02T09:00:00.123Z'::timestamptz as at, array['a', null] as list`);
    expect(row).toEqual({ id: 9_007_199_254_740_991, cost: '0.10', at: new Date('2026-03-02T09:00:00.123Z'), list: ['a', null] });
  });

  it('of a transaction that fails are all undone, and the next one is not disturbed', async () => {
    const broken = open().transaction(async (transaction) => {
      await transaction.query(`insert into waterfall.companies (id, created_at, updated_at) values ('c1', now(), now())`);
      await transaction.query('select 1 / 0');
    });
    await expect(broken).rejects.toMatchObject({ code: '22012' });
    expect(await open().query('select id from waterfall.companies')).toEqual([]);
    expect(await open().transaction((transaction) => transaction.query('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  it('of a transaction are all done when it ends', async () => {
    const result = await open().transaction(async (transaction) => {
      await transaction.query(`insert into waterfall.companies (id, created_at, updated_at) values ('c1', now(), now())`);
      return 'done';
    });
    expect([result, await open().query('select id from waterfall.companies')]).toEqual(['done', [{ id: 'c1' }]]);
  });
});

describeOnPostgres('a connection that the server ends', (open, address) => {
  const end = (pids: string) => open().query(`select pg_terminate_backend(pid) from (${pids}) as session`);

  it('while idle is replaced', async () => {
    await Promise.all(Array.from({ length: 5 }, () => open().query('select pg_sleep(0)')));
    await end('select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
    expect(await open().query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('within a transaction undoes it, and patience does it again', async () => {
    const runtime = testRuntime();
    const database = databaseOf(await openDriver({ databaseUrl: address(), home: '' }, runtime), runtime);
    onTestFinished(() => database.close());
    let attempts = 0;
    const work = database.transaction(async (transaction) => {
      attempts += 1;
      await transaction.query(`insert into waterfall.companies (id, created_at, updated_at) values ('c1', now(), now())`);
      if (attempts === 1) await transaction.query('select pg_terminate_backend(pg_backend_pid())');
    });
    await whileTimePasses(runtime.clock, work);
    expect(attempts).toBe(2);
    expect(await open().query('select id from waterfall.companies')).toEqual([{ id: 'c1' }]);
  });
});
