/* Stands in for psql where there is none: statements of -c in one session, `\copy <table> from stdin csv header`, and --csv. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import pg from 'pg';

const [url, ...words] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
const cell = (value) => (value instanceof Date ? value.toISOString() : String(value ?? ''));
for (const [place, word] of words.entries()) {
  if (word !== '-c') continue;
  const statement = words[place + 1];
  const [, table] = /^\\copy (\w+) from stdin csv header$/.exec(statement) ?? [];
  if (table === undefined) {
    const { fields, rows } = await client.query({ text: statement, rowMode: 'array' });
    if (words.includes('--csv')) for (const row of [fields.map(({ name }) => name), ...rows]) process.stdout.write(`${row.map(cell).join(',')}\n`);
    continue;
  }
  for (const cells of parse(readFileSync(0), { from: 2 })) {
    const values = cells.map((value) => (value === '' ? null : value));
    await client.query(`insert into ${table} values (${values.map((_value, n) => `$${n + 1}`).join(', ')})`, values);
  }
}
await client.end();
