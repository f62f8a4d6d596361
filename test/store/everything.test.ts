/* Contacts over all runs, and only those that are new. */
import { expect, it } from 'vitest';
import { contactSheet, everythingSheet } from '../../src/service/export.ts';
import type { PickingOfAll } from '../../src/service/export.ts';
import type { Run } from '../../src/service/options.ts';
import type { Sheet } from '../../src/outputs/sheet.ts';
import { findRun } from '../../src/store/runs.ts';
import { describeOnBoth } from '../support/databases.ts';
import { answeredRun, DAY_MS, NOW, person, startedRun } from '../support/runs.ts';

const COLUMNS = ['domain', 'title_filter', 'first_name', 'person_id'];

async function rowsOf({ pages }: Sheet): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const page of pages) rows.push(...page.map((row) => [...row]));
  return rows;
}

describeOnBoth('everything that is known', (open) => {
  const everything = async (picking: PickingOfAll = { onlyNew: false }) => rowsOf(everythingSheet(open(), COLUMNS, picking));
  const row = (domain: string, name: string, id: string) => [domain, 'founder OR ceo', name, id];

  /** Ida at two companies, with a newer name; and each with a colleague. */
  async function twoRuns() {
    await answeredRun(open(), 'old', 'old.example', { persons: [person('ida', { first_name: 'Ida' }), person('noor', { first_name: 'Noor' })] }, NOW - 9 * DAY_MS);
    await answeredRun(open(), 'new', 'new.example', { persons: [person('ida', { first_name: 'Ida-Maria' }), person('maya', { first_name: 'Maya' })] }, NOW);
  }

  it('has each person once, as the newest answer has them', async () => {
    await twoRuns();
    expect(await everything()).toEqual([row('old.example', 'Noor', 'noor'), row('new.example', 'Ida-Maria', 'ida'), row('new.example', 'Maya', 'maya')]);
  });

  it('since a moment has what came since then, or only whom no earlier answer held', async () => {
    await twoRuns();
    const since = new Date(NOW - 7 * DAY_MS);
    expect(await everything({ since, onlyNew: false })).toEqual([row('new.example', 'Ida-Maria', 'ida'), row('new.example', 'Maya', 'maya')]);
    expect(await everything({ since, onlyNew: true })).toEqual([row('new.example', 'Maya', 'maya')]);
  });

  it('keeps people without an id, and is read page by page', async () => {
    await twoRuns();
    for (let n = 0; n < 60; n += 1) await answeredRun(open(), `run ${n}`, `company-${n}.example`, { persons: [{ first_name: `Io ${n}` }] }, NOW);
    expect((await everything()).filter(([, , name]) => String(name).startsWith('Io '))).toHaveLength(60);
  });

  it('has no columns of a list by default', () => {
    expect(everythingSheet(open(), undefined, { onlyNew: false }).columns.map(({ name }) => name)).not.toContain('row');
  });

  it('of a run leaves out whom an answer from before it held, in a known answer too', async () => {
    await twoRuns();
    await startedRun(open(), 'again', ['new.example', 'late.example'], { at: NOW + 1 });
    const options = { question: { limit: 10 }, output: { contacts: '-', report: null, style: { delimiter: ',', bom: false }, shape: { columns: COLUMNS } } };
    const run = { ...(await findRun(open(), 'again')), input_columns: [], options } as unknown as Run;
    const newOf = async (newSince: Date | undefined) => (await rowsOf(contactSheet(open(), run, { newSince }))).map(([, , , id]) => id);
    expect([await newOf(undefined), await newOf(run.created_at), await newOf(new Date(NOW - DAY_MS))]).toEqual([['ida', 'maya'], [], ['maya']]);
  });
});
