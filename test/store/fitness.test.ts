/* What a database is refused for before anything is sent, and that nothing else is. */
import { randomUUID } from 'node:crypto';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { refuseHiddenRows, refuseUnfit } from '../../src/store/fitness.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDriver } from '../../src/store/open.ts';
import { administrate, createPostgresDatabase, describeOnBoth, testRuntime } from '../support/databases.ts';

describeOnBoth('a database as it should be', (open) => {
  it('is fit, and hides nothing', async () => {
    await refuseUnfit(open());
    await refuseHiddenRows(open());
  });
});

async function open(databaseUrl: string) {
  const driver = await openDriver({ databaseUrl, home: '' }, testRuntime());
  onTestFinished(() => driver.close());
  return driver;
}

describe('a database is refused', () => {
  it.each(['LATIN1', 'WIN1252', 'SQL_ASCII', 'EUC_JP'])('whose encoding is %s', async (encoding) => {
    const name = `${inject('databasePrefix')}${randomUUID().replaceAll('-', '')}`;
    await administrate(`create database ${name} encoding '${encoding}' lc_collate 'C' lc_ctype 'C' template template0`);
    onTestFinished(() => administrate(`drop database ${name} with (force)`));
    const driver = await open(Object.assign(new URL(inject('postgresUrl')), { pathname: `/${name}` }).href);
    await expect(refuseUnfit(driver)).rejects.toThrow(
      `keeps text as ${encoding}, in which not every name can be written: make one for UTF-8 and name it in DATABASE_URL: create database <name> encoding 'UTF8'`,
    );
  });

  it.each([
    ['the database', (database: string) => `alter database ${database} set default_transaction_read_only = on`, ''],
    ['its address', undefined, '?options=-c%20default_transaction_read_only%3Don'],
  ])('that is set to only read by %s', async (_what, set, query) => {
    const { url, drop } = await createPostgresDatabase();
    onTestFinished(drop);
    if (set !== undefined) await administrate(set(new URL(url).pathname.slice(1)));
    await expect(refuseUnfit(await open(`${url}${query}`))).rejects.toThrow(/is set to only read \(default_transaction_read_only\): set it to off for this user/);
  });

  it('whose row-level security is forced on our tables, and no other', async () => {
    const { url, drop } = await createPostgresDatabase();
    const role = `owner_${randomUUID().replaceAll('-', '')}`;
    await administrate(`create role ${role} login password 'owner-only'`);
    onTestFinished(async () => {
      await drop();
      await administrate(`drop role ${role}`);
    });
    await administrate(`grant create on database ${new URL(url).pathname.slice(1)} to ${role}`, url);
    const owner = await open(Object.assign(new URL(url), { username: role, password: 'owner-only' }).href);
    await migrate(owner);
    // As some hosts do by themselves: the owner sees everything all the same.
    await owner.script('alter table waterfall.runs enable row level security');
    await refuseHiddenRows(owner);
    await owner.script('alter table waterfall.runs force row level security; alter table waterfall.targets enable row level security, force row level security');
    await expect(refuseHiddenRows(owner)).rejects.toThrow('row-level security keeps this user from rows of the schema "waterfall" (runs, targets): let its owner run for each of them: alter table');
  });
});
