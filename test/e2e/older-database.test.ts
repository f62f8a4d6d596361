/* Commands given on a database that version 0.1.0 filled. */
import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import { beforeAll, expect, it } from 'vitest';
import type { Driver } from '../../src/store/database.ts';
import { openDriver } from '../../src/store/open.ts';
import { createPostgresDatabase, testRuntime } from '../support/databases.ts';
import { give } from '../support/in-process.ts';
import { fillAsBefore } from '../support/older-database.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
let env: Record<string, string> = {};
let driver: Driver;

beforeAll(async () => {
  const { url, drop } = await createPostgresDatabase();
  driver = await openDriver({ databaseUrl: url, home: '' }, testRuntime());
  env = { DATABASE_URL: url, WATERFALL_API_KEY: 'test-key', WATERFALL_BASE_URL: 'https://api.waterfall.example' };
  await fillAsBefore(driver);
  await writeFile(inFolder('list.csv'), 'domain,title_filter,company\nanswered.example,Founder or CEO,Answered SA\nnew.example,ceo,\n');
  return async () => {
    await driver.close();
    await drop();
  };
});

it('are refused while a process of that version works on a run, and then bring it up to date', async () => {
  const dryRun = async () => (await give(['run', 'list.csv', '--dry-run', '--max-age', '3650d'], { folder: inFolder(), env })).stderr;
  const migrate = () => give(['migrate'], { folder: inFolder(), env });
  expect(await dryRun()).toMatch(/2 rows, 2 to launch[^]*what is already answered is not known: .* is of an older version \(waterfall-contacts migrate brings it up to date/);

  // As processes of that version did, in a session of their own.
  const other = new pg.Client({ connectionString: env.DATABASE_URL });
  await other.connect();
  await other.query(`select pg_advisory_lock(hashtextextended('waterfall-contacts key of unfinished', 0))`);
  expect(await migrate()).toMatchObject({ exit: 75, stderr: expect.stringContaining('an older version of waterfall-contacts works on run unfinished') as string });
  await other.end();

  expect(await migrate()).toMatchObject({ exit: 0, stdout: expect.stringContaining('was brought up to date') as string });
  expect(await dryRun()).toMatch(/2 rows, 1 already answered, 1 to launch/);
});
