/* Sessions that stand in each other's way: the server ends one of them, whose work is then done again; saving answers lets none begin. */
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Database, Isolation, Queryable } from '../../src/store/database.ts';
import { databaseOf, openDriver } from '../../src/store/open.ts';
import { describeOnPostgres, testRuntime, whileTimePasses } from '../support/databases.ts';
import { answerOf, launch, NOW, person, settleJob, startedRun } from '../support/runs.ts';

describeOnPostgres('two transactions', (open, address) => {
  it('that lock the same rows in opposite orders both succeed', async () => {
    await addCompanies(open(), ['c1', 'c2']);
    const { attempts, both } = await opposed(address(), {
      first: (transaction, own) => rename(transaction, own),
      second: (transaction, _own, others) => rename(transaction, others),
      isolation: 'read committed',
    });
    await both;
    expect(attempts()).toBeGreaterThanOrEqual(3); // one of them at least was undone and repeated
    expect(await names(open())).toEqual(['c1 ++', 'c2 ++']);
  });

  it('that change what the other one has read both succeed', async () => {
    await addCompanies(open(), ['c1', 'c2']);
    const { attempts, both } = await opposed(address(), {
      first: (transaction) => transaction.query('select id from waterfall.companies'),
      second: (transaction) => rename(transaction, 'c1'),
      isolation: 'repeatable read',
    });
    await both;
    expect(attempts()).toBeGreaterThanOrEqual(3); // one of them at least was undone and repeated
    expect(await names(open())).toEqual(['c1 ++', 'c2']);
  });
});

describeOnPostgres('saving an answer', (open, address) => {
  const ids = ['a', 'b', 'c'];
  const orders = [ids, ids.toReversed()];
  const cases = [
    ['contact', 'contacts', (order: string[]) => answerOf(order.map((id) => person(id)))],
    [
      'company',
      'companies',
      (order: string[]) => answerOf(order.map((id) => person(`of ${id}`, { company_id: id })), { id: order[0] ?? '', domain: `${order[0]}.example` }),
    ],
  ] as const;

  it.each(cases)('waits for its first %s by id before it locks another, in whatever order they came', async (_what, table, answerIn) => {
    const targets = await startedRun(open(), 'run-1', ['earlier.example', 'one.example', 'other.example'], { maxAgeDays: null });
    for (const target of targets) await launch(open(), target, `job-${target.position}`);
    const save = (position: number, order: string[], at: number) =>
      settleJob(open(), { job_id: `job-${position}`, answer: answerIn(order), answered_at: at, at });
    await save(0, ids, NOW);

    const driver = await openDriver({ databaseUrl: address(), home: '' }, testRuntime());
    onTestFinished(() => driver.close());
    let saves: ReturnType<typeof settleJob>[] = [];
    await driver.transaction(async (transaction) => {
      await transaction.query(`select from waterfall.${table} where id = 'a' for update`);
      saves = orders.map((order, index) => save(index + 1, order, NOW + 1));
      await vi.waitFor(async () => expect(await open().query(WAITING)).toHaveLength(2));
      const free = await open().query<{ id: string }>(`select id from waterfall.${table} where id = any ($1::text[]) for update skip locked`, [ids]);
      expect(free.map(({ id }) => id).sort()).toEqual(['b', 'c']);
    });
    expect((await Promise.all(saves)).map(({ targets }) => targets)).toEqual([1, 1]);
  });
});

const WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

/** What two transactions do, and how far they see each other. */
type Opposed = {
  first: (transaction: Queryable, own: string) => Promise<unknown>;
  second: (transaction: Queryable, own: string, others: string) => Promise<unknown>;
  isolation: Isolation;
};

/** Two sessions with patience, which go on to their second statement only when both have done their first. */
async function opposed(url: string, { first, second, isolation }: Opposed): Promise<{ attempts: () => number; both: Promise<unknown> }> {
  const runtime = testRuntime();
  const database = databaseOf(await openDriver({ databaseUrl: url, home: '' }, runtime), runtime);
  onTestFinished(() => database.close());
  let attempts = 0;
  let arrived = 0;
  let allHere: () => void = () => undefined;
  const here = new Promise<void>((resolve) => (allHere = resolve));
  const work = (own: string, others: string) =>
    database.transaction(async (transaction) => {
      attempts += 1;
      await transaction.script(`set local deadlock_timeout = '20ms'`);
      await first(transaction, own);
      if ((arrived += 1) === 2) allHere();
      await here;
      await second(transaction, own, others);
    }, isolation);
  return { attempts: () => attempts, both: whileTimePasses(runtime.clock, Promise.all([work('c1', 'c2'), work('c2', 'c1')])) };
}

async function addCompanies(database: Database, ids: string[]): Promise<void> {
  await database.query(
    'insert into waterfall.companies (id, company_name, created_at, updated_at) select id, id, now(), now() from unnest($1::text[]) as id',
    [ids],
  );
}

/** Leaves its mark on a company: after `c1`, `c1 +`; after that, `c1 ++`. */
async function rename(transaction: Queryable, id: string): Promise<void> {
  await transaction.query(
    "update waterfall.companies set company_name = company_name || case when company_name = id then ' +' else '+' end where id = $1",
    [id],
  );
}

async function names(database: Database): Promise<string[]> {
  const rows = await database.query<{ company_name: string }>('select company_name from waterfall.companies order by id');
  return rows.map(({ company_name }) => company_name);
}
