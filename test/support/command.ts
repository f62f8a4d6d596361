/*
 * The built command in a process of its own, in a folder, a home and an environment of its own, against a sandbox process.
 * Everything that a test opens is stopped and removed when it ends, also when it fails.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { inject, test, vi } from 'vitest';
import type { Faults } from '../../src/sandbox/faults.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openDriver } from '../../src/store/open.ts';
import { testRuntime } from './databases.ts';
import { openGate, type Gate } from './gate.ts';
import { give as giveHere } from './in-process.ts';
import { MAIN, startSandboxHere, startSandboxProcess, type SandboxProcess } from './sandbox-process.ts';

/** How a command ended; `exit` is null when a signal killed it. */
export type Ended = { exit: number | null; stdout: string; stderr: string };

/** A command that runs. */
export type Running = {
  pid: number;
  ended: Promise<Ended>;
  /** Resolves when stderr has this in it; fails when the command ends without. */
  said: (words: string) => Promise<void>;
  signal: (name: NodeJS.Signals) => void;
};

/** How a command is started. A variable that is undefined is left out of the environment; after `longestMs` the command is killed. */
export type Start = { input?: string; env?: Record<string, string | undefined>; longestMs?: number };

/** A folder with files, a home folder and an environment, in which commands are given. */
export type Workplace = {
  folder: string;
  home: string;
  write: (name: string, content: string | Buffer) => Promise<void>;
  read: (name: string) => Promise<string>;
  /** The lines of a CSV file, by column. */
  rows: (name: string) => Promise<Record<string, string>[]>;
  files: () => Promise<string[]>;
  start: (args: readonly string[], how?: Start) => Running;
  /** Gives a command and waits for its end. */
  run: (args: readonly string[], how?: Start) => Promise<Ended>;
  /** Gives a command inside the test's own process, which takes a tenth of the time: where nothing is asked of the process itself. */
  give: (args: readonly string[], how?: Pick<Start, 'env'>) => Promise<Ended>;
  /** Runs a line of a shell in which `waterfall-contacts` is the command, such as one that it has printed. */
  shell: (line: string, how?: Start) => Promise<Ended>;
};

/** A workplace whose API is a sandbox. */
export type Scene = Workplace & { sandbox: SandboxProcess };

/** `embedded`: no DATABASE_URL. `sandbox`: its options, with which it becomes a process of its own. `faults`: what it does wrong from the start. */
export type SceneOptions = { embedded?: boolean; sandbox?: readonly string[]; faults?: Partial<Faults> };

const LONGEST_MS = 150_000;
const KEY = 'test-key';
/** As they were at first: a command that is given inside this process has its own. */
const [TEMPORARY, PATH] = [tmpdir(), process.env.PATH];

/** `it` with a PostgreSQL database for the file, and more databases, workplaces, sandboxes and doors to servers for the test. */
export const it = test
  .extend('databaseUrl', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await createDatabase();
    onCleanup(database.drop);
    return database.url;
  })
  .extend('template', { scope: 'file' }, ({}, { onCleanup }) => {
    let made: Promise<{ name: string; drop: () => Promise<void> }> | undefined;
    onCleanup(async () => (await made)?.drop());
    /** The name of a migrated database that new ones are copied from, made when it is first asked for. */
    return async () => (await (made ??= createMigrated())).name;
  })
  .extend('newDatabase', ({ template }, { onCleanup }) => {
    const made: (() => Promise<void>)[] = [];
    onCleanup(async () => {
      for (const drop of made) await drop();
    });
    /** A database for this test alone, empty or as `migrate` leaves it; returns its URL. */
    return async ({ migrated = false } = {}) => {
      const { url, drop } = await createDatabase(migrated ? await template() : undefined);
      made.push(drop);
      return url;
    };
  })
  .extend('newGate', ({}, { onCleanup }) => {
    const made: Gate[] = [];
    onCleanup(async () => {
      await Promise.all(made.map((gate) => gate.close()));
    });
    /** A door to the server of a URL. */
    return async (target: string): Promise<Gate> => {
      const gate = await openGate(target);
      made.push(gate);
      return gate;
    };
  })
  .extend('openWorkplace', ({}, { onCleanup }) => {
    const made: OwnWorkplace[] = [];
    onCleanup(async () => {
      await Promise.all(made.map((workplace) => workplace.remove()));
    });
    /** A workplace with these variables in its environment. */
    return async (env: Record<string, string | undefined>): Promise<Workplace> => {
      const workplace = await makeWorkplace(env);
      made.push(workplace);
      return workplace;
    };
  })
  .extend('open', ({ databaseUrl, openWorkplace }, { onCleanup }) => {
    const sandboxes: SandboxProcess[] = [];
    onCleanup(async () => {
      await Promise.all(sandboxes.map((sandbox) => sandbox.stop()));
    });
    /** A workplace and a sandbox. */
    return async ({ embedded = false, sandbox: options, faults }: SceneOptions = {}): Promise<Scene> => {
      const sandbox = await (options === undefined ? startSandboxHere() : startSandboxProcess(options));
      sandboxes.push(sandbox);
      if (faults !== undefined) await sandbox.setFaults(faults);
      const workplace = await openWorkplace({ WATERFALL_BASE_URL: sandbox.url, DATABASE_URL: embedded ? undefined : databaseUrl });
      return { ...workplace, sandbox };
    };
  });

/** Runs one statement on a server. */
export async function sql<Row>(url: string, statement: string, parameters: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement, parameters)).rows as Row[];
  } finally {
    await client.end();
  }
}

/** Polls until it does not throw. */
export async function eventually<Result>(check: () => Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: LONGEST_MS, interval: 25 });
}

/** The command that the program printed for going on, or for asking again. */
export function printedCommand(stderr: string): string {
  return /: (waterfall-contacts .*)/.exec(stderr)?.[1] ?? '';
}

/** The lines of a CSV, by column. */
export function csvRows(text: string): Record<string, string>[] {
  return parse(text, { columns: true });
}

/** Contact lines without what differs between two jobs that answer the same: their ids and times. */
export function withoutJobs(text: string): Record<string, string>[] {
  return csvRows(text).map((row) => ({ ...row, job_id: '', fetched_at: '' }));
}

async function createDatabase(template = 'template1'): Promise<{ name: string; url: string; drop: () => Promise<void> }> {
  const name = `e2e_${randomUUID().replaceAll('-', '')}`;
  const server = inject('postgresUrl');
  await sql(server, `create database ${name} template ${template} ${inject('copying')}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: async () => void (await sql(server, `drop database ${name} with (force)`)) };
}

async function createMigrated(): ReturnType<typeof createDatabase> {
  const database = await createDatabase();
  const driver = await openDriver({ databaseUrl: database.url, home: '' }, testRuntime());
  await migrate(driver).finally(() => driver.close());
  return database;
}

type OwnWorkplace = Workplace & { remove(): Promise<void> };

async function makeWorkplace(variables: Record<string, string | undefined>): Promise<OwnWorkplace> {
  const folder = await mkdtemp(join(TEMPORARY, 'waterfall-contacts-e2e-'));
  const [bin, work, home, temporary] = ['bin', 'work', 'home', 'tmp'].map((name) => join(folder, name)) as [string, string, string, string];
  for (const path of [bin, work, home, temporary]) await mkdir(path);
  await writeFile(join(bin, 'waterfall-contacts'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  await chmod(join(bin, 'waterfall-contacts'), 0o755);
  const environment = {
    PATH: `${bin}:${PATH}`,
    HOME: home,
    TMPDIR: temporary,
    WATERFALL_CONTACTS_HOME: join(home, 'data'),
    WATERFALL_API_KEY: KEY,
    WATERFALL_RATE_LIMIT: '0',
    ...variables,
  };
  const running = new Set<ChildProcess>();

  const environmentWith = (env: Start['env']): Record<string, string> =>
    Object.fromEntries(Object.entries({ ...environment, ...env }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const launch = (file: string, args: readonly string[], { input = '', env = {}, longestMs = LONGEST_MS }: Start = {}): Running => {
    // A group of its own, so that a shell can be ended with all it has started.
    const child = spawn(file, args, { cwd: work, env: environmentWith(env), detached: true });
    running.add(child);
    const guard = setTimeout(() => endGroup(child), longestMs);
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
    child.stdin.on('error', () => undefined).end(input);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exit) => {
        clearTimeout(guard);
        running.delete(child);
        resolve({ exit, stdout: stdout(), stderr: stderr() });
      });
    });
    return {
      pid: child.pid ?? 0,
      ended,
      signal: (name) => void child.kill(name),
      said: (words) =>
        new Promise((resolve, reject) => {
          const look = () => {
            if (stderr().includes(words)) resolve();
          };
          child.stderr.on('data', look);
          look();
          void ended.then(() => reject(new Error(`ended without saying "${words}":\n${stderr()}`)));
        }),
    };
  };

  const read = (name: string) => readFile(join(work, name), 'utf8');
  const start = (args: readonly string[], how?: Start) => launch(process.execPath, [MAIN, ...args], how);
  return {
    folder: work,
    home: environment.WATERFALL_CONTACTS_HOME,
    write: (name, content) => writeFile(join(work, name), content),
    read,
    rows: async (name) => csvRows(await read(name)),
    files: async () => (await readdir(work)).sort(),
    start,
    run: (args, how) => start(args, how).ended,
    give: (args, { env } = {}) => giveHere(args, { folder: work, env: environmentWith(env) }),
    shell: (line, how) => launch('/bin/sh', ['-c', line], how).ended,
    async remove() {
      for (const child of running) endGroup(child);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
