/*
 * Databases for tests: the same cases on a real PostgreSQL server and on the embedded PGlite. No two files use one at the
 * same time, and each case finds it empty.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, beforeEach, describe, inject } from 'vitest';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { patient, type Database, type Driver } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { openDriver } from '../../src/store/open.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

/** What is handed in for tests: a clock that is moved by hand, no chance, and a log that nobody reads. */
export function testRuntime(): Runtime & { clock: VirtualClock } {
  const ignore = () => undefined;
  return { clock: createVirtualClock(), random: () => 0.5, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } };
}

/** A new, empty database on the PostgreSQL server of the tests. */
export async function createPostgresDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `${inject('databasePrefix')}${randomUUID().replaceAll('-', '')}`;
  await administrate(`create database ${name} ${inject('copying')}`);
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administrate(`drop database ${name} with (force)`) };
}

/** Lets time pass on a clock that is moved by hand, whenever the work sleeps; it also waits for a real database. */
export async function whileTimePasses<Result>(clock: VirtualClock, work: Promise<Result>): Promise<Result> {
  let ended = false;
  const result = work.finally(() => (ended = true));
  result.catch(() => undefined); // told to the caller below
  while (!ended) {
    if (clock.sleepers() > 0) await clock.advance(50);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  return result;
}

/** Runs one statement on a connection of its own, by default to the server's own database. */
export async function administrate(sql: string, url: string = inject('postgresUrl')): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Describes cases on each of the databases: a server and the embedded one. `open` gives the database, inside a case. */
export function describeOnBoth(name: string, cases: (open: () => Database) => void, options?: { migrated: boolean }): void {
  describe.each(inject('databases'))(`${name}, on %s`, (kind) => {
    describeOn(kind, cases, options);
  });
}

/** Describes cases that need what only a server has: many sessions at once. `address` is for more of them. */
export function describeOnPostgres(name: string, cases: (open: () => Database, address: () => string) => void): void {
  describe(`${name}, on PostgreSQL`, () => {
    describeOn('PostgreSQL', cases);
  });
}

/** A database that is open. `address`: of one on a server. */
type Opened = { driver: Driver; address: string };

/**
 * The databases of this worker, which all files in it share, one after the other: to open the embedded one takes seconds.
 * They are open until the worker ends; support/postgres-server.ts removes what is left of them.
 */
const opened = new Map<string, Promise<Opened>>();

async function openOn(kind: 'PostgreSQL' | 'PGlite', migrated: boolean): Promise<Opened> {
  const address = kind === 'PostgreSQL' ? (await createPostgresDatabase()).url : '';
  const driver = kind === 'PostgreSQL' ? await openDriver({ databaseUrl: address, home: '' }, testRuntime()) : await openEmbedded(join(inject('folder'), randomUUID()));
  if (migrated) await migrate(driver);
  return { driver, address };
}

function describeOn(
  kind: 'PostgreSQL' | 'PGlite',
  cases: (open: () => Database, address: () => string) => void,
  { migrated } = { migrated: true },
): void {
  let shared: Opened | undefined;
  const runtime = testRuntime();

  const inside = (): Opened => {
    if (shared === undefined) throw new Error('open() is for the inside of a case');
    return shared;
  };
  const open = () => patient(inside().driver, { runtime, patienceMs: 0 });

  beforeAll(async () => {
    const key = `${kind} ${migrated}`;
    const opening = opened.get(key) ?? openOn(kind, migrated);
    opened.set(key, opening);
    shared = await opening;
  });

  beforeEach(async () => {
    await open().script(migrated ? EMPTY : 'drop schema if exists waterfall cascade');
  });

  cases(open, () => inside().address);
}

/** Sets the time of the database, in epoch milliseconds: it stands still from then on. */
export async function setMoment(database: Pick<Driver, 'script'>, at: number): Promise<void> {
  await database.script(momentIs(at));
}

const momentIs = (at: number) => `create or replace function waterfall.moment() returns timestamptz language sql volatile as $$ select timestamptz '${new Date(at).toISOString()}' $$;`;

/**
 * Empties all tables, each before those that it refers to, and puts the clock back. For a few rows it takes less time than `truncate`.
 */
export const EMPTY = ['processes', 'email_checks', 'pace', 'forgotten', 'answer_contacts', 'contacts', 'companies', 'input_rows', 'open_questions', 'target_answers', 'answers', 'call_targets', 'targets', 'calls', 'runs']
  .map((table) => `delete from waterfall.${table};`)
  .concat(momentIs(Date.UTC(2026, 2, 2, 9)))
  .join('\n');
