/* One statement of the user's: what it gives, where its mistake is, and that nothing can be written with it. */
import { expect, it } from 'vitest';
import { readOnly } from '../../src/store/read-only.ts';
import type { Answered } from '../../src/store/read-only.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, answerOf, person } from '../support/runs.ts';

describeOnBoth('a query', (open) => {
  const ask = async (statement: string, asJson = false) => {
    const rows: (string | null)[][] = [];
    let columns: Answered['columns'] = [];
    await readOnly(open(), statement, { asJson }, async (answered) => {
      columns = answered.columns;
      for await (const page of answered.pages) rows.push(...page);
    });
    return { names: columns.map(({ name }) => name), rows };
  };

  it('gives columns of any name and type as PostgreSQL writes them, moments in UTC', async () => {
    const statement = `select 1.50 as a, true as a, null as b, array['x', 'y z'] as c, '{"k": 1}'::jsonb as d, timestamptz '2026-03-02 10:00+01' as e;`;
    expect(await ask(statement)).toEqual({ names: ['a', 'a', 'b', 'c', 'd', 'e'], rows: [['1.50', 't', null, '{x,"y z"}', '{"k": 1}', '2026-03-02 09:00:00+00']] });
  });

  it('gives rows as JSON, with a remark at the end', async () => {
    const { rows } = await ask("select 1.50 as a, true as b, null as c, array['x'] as d, date '2026-03-02' as e -- a remark", true);
    expect(rows).toEqual([['{"a":1.50,"b":true,"c":null,"d":["x"],"e":"2026-03-02"}']]);
  });

  it('finds our tables with and without the name of the schema, and names the columns of no rows', async () => {
    await answeredRun(open(), 'run', 'a.example', answerOf([person('p1')]));
    expect(await ask('select id from contacts')).toEqual(await ask('with c as (table waterfall.contacts) select id from c'));
    expect(await ask('select id as one, id as two from contacts where false')).toEqual({ names: ['one', 'two'], rows: [] });
  });

  it('gives all rows of a long answer, page by page', async () => {
    const { rows } = await ask('select n from generate_series(1, 1201) as n');
    expect([rows.length, rows.at(-1)]).toEqual([1201, ['1201']]);
  });

  it('ends with the error of whoever writes its rows, and the database goes on', async () => {
    const closed = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    await expect(readOnly(open(), 'select 1', { asJson: false }, () => Promise.reject(closed))).rejects.toBe(closed);
    expect((await ask('select 1')).rows).toEqual([['1']]);
  });

  it.each([
    ['a misspelt column', 'select id,\n  domian from contacts', /^the statement cannot be answered, line 2, character 3: column "domian" does not exist \(42703\)\n {6}domian from contacts\n {6}\^$/],
    ['a misspelt word, behind letters of two units', "select '𝒳' form contacts", /, line 1, character 17: syntax error at or near "contacts" \(42601\)/],
    ['a mistake in its rows', 'select 1 / (n - 700) from generate_series(1, 900) as n', /: division by zero \(22012\)$/],
    ['nothing', ' ; ', /^there is no statement$/],
  ])('says where the mistake is in %s', async (_what, statement, words) => {
    await expect(ask(statement)).rejects.toMatchObject({ problems: [{ what: expect.stringMatching(words) as string }] });
  });

  it.each([
    ['another statement', 'delete from waterfall.contacts'],
    ['several', 'select 1; delete from waterfall.contacts'],
    ['the end of the transaction', 'commit; delete from waterfall.contacts'],
    ['a query with another statement in it', 'with gone as (delete from waterfall.contacts returning id) select * from gone'],
    ['a table of its own', 'select * into waterfall.copy from waterfall.contacts'],
    ['a lock', 'select * from waterfall.contacts for update'],
    ['a function that writes', "select * from waterfall.save_progress('[{\"id\": 1}]')"],
    ['a sequence', "select nextval(pg_get_serial_sequence('waterfall.targets', 'id'))"],
    ['the right to write', "select set_config('transaction_read_only', 'off', true)"],
    ['a file of the server', "copy waterfall.contacts to '/tmp/contacts'"],
    ['what closes our brackets', 'select 1) as x; delete from waterfall.contacts; select (1'],
  ])('takes no %s, and writes nothing', async (_what, statement) => {
    await answeredRun(open(), 'run', 'a.example', answerOf([person('p1')]));
    for (const asJson of [false, true]) await expect(ask(statement, asJson)).rejects.toMatchObject({ name: 'UsageError' });
    expect(await ask("select count(*), (select count(*) from pg_class where relname = 'copy') from contacts")).toMatchObject({ rows: [['1', '0']] });
  });
});
