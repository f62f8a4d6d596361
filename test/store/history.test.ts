/* What a statement costs does not grow with the history where it need not: the indexes that this takes. */
import { expect, it } from 'vitest';
import { dearestBills, historyOf } from '../../src/store/bills.ts';
import type { Database, Queryable } from '../../src/store/database.ts';
import { describeOnBoth } from '../support/databases.ts';

/** How the database would answer what `ask` asks, when it may neither read a whole table nor sort: an empty one costs nothing either way. */
async function planOf(database: Database, ask: (explaining: Queryable) => Promise<unknown>): Promise<string> {
  const lines: string[] = [];
  await database.transaction(async (transaction) => {
    await transaction.script('set local enable_seqscan = off; set local enable_sort = off; set local enable_bitmapscan = off');
    await ask({
      script: (sql) => transaction.script(sql),
      async query<Row>(sql: string, parameters?: readonly unknown[]) {
        const plan = await transaction.query<{ 'QUERY PLAN': string }>(`explain ${sql}`, parameters);
        lines.push(...plan.map((line) => line['QUERY PLAN']));
        return [] as Row[];
      },
    });
  });
  return lines.join('\n');
}

describeOnBoth('with a long history', (open) => {
  it.each<[string, (database: Queryable) => Promise<unknown>]>([
    ['bills', (database) => dearestBills(database, 'api.waterfall.example')],
    ['answers', (database) => historyOf(database, { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false })],
  ])('the latest %s are read from an index, in their order', async (_what, ask) => {
    const plan = await planOf(open(), ask);
    expect(plan).toMatch(/Index Scan Backward using answers_latest/);
    expect(plan).not.toContain('Sort');
  });

  it('no row takes reading a table to be deleted: each foreign key has an index', async () => {
    const missing = await open().query(
      `select reference.conname from pg_constraint as reference
       where reference.contype = 'f' and reference.connamespace = 'waterfall'::regnamespace
         and not exists (select from pg_index as index where index.indrelid = reference.conrelid and index.indkey[0] = reference.conkey[1])`,
    );
    expect(missing).toEqual([]);
  });
});
