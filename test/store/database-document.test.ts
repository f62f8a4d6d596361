/* docs/database.md names every table and column, and its queries run. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, NOW, person } from '../support/runs.ts';

const text = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/database.md'), 'utf8');
const queries = [...text.matchAll(/```sql\n([^]*?)```/g)].map(([, sql = '']) => sql.trim().replace(/;$/, ''));

/** Tables with their columns, as the page has them. */
const named = Object.fromEntries(
  text.split('\n').filter((line) => line.startsWith('| `')).map((line) => {
    const [table = '', ...columns] = [...line.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
    return [table, columns];
  }),
);

describeOnBoth('docs/database.md', (open) => {
  it('has each table and view with its columns in their order, and no other', async () => {
    const columns = await open().query<{ table: string; columns: string[] }>(
      `select table_name as "table", array_agg(column_name::text order by ordinal_position) as columns
       from information_schema.columns where table_schema = 'waterfall' group by table_name`,
    );
    expect(named).toEqual(Object.fromEntries(columns.map((one) => [one.table, one.columns])));
  });

  it.each(queries)('has a query that finds something: %s', async (query) => {
    const company = { id: 'company-acme', domain: 'acme.example', company_name: 'Acme' };
    await answeredRun(open(), 'run-1', 'acme.example', answerOf([person('p1', { email_verified: true, company_id: 'company-acme' })], company), NOW);
    expect((await open().query(query)).length).toBeGreaterThan(0);
  });
});
