/* What every command begins with: settings, the log, the terminal, the database. Made once and handed down. */
import { join } from 'node:path';
import { many } from '../core/count.ts';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { readAll, refuse } from '../core/problems.ts';
import { proxyFor } from '../core/proxy.ts';
import type { Proxy } from '../core/proxy.ts';
import { readSecrets, readSettings, workingFolder } from '../runtime/config.ts';
import type { Settings } from '../runtime/config.ts';
import { misspeltSettings } from '../runtime/misspelt.ts';
import { createLog, logWarnings, scrubber } from '../runtime/log.ts';
import { systemClock } from '../runtime/runtime.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { inWords } from '../store/database.ts';
import type { Database, Driver } from '../store/database.ts';
import { refuseHiddenRows, refuseUnfit } from '../store/fitness.ts';
import { formQuestions } from '../store/forming.ts';
import { hasEmbedded, homeFolder } from '../store/embedded-folder.ts';
import { databaseOf, openDriver } from '../store/open.ts';
import { forgetProcesses } from '../store/processes.ts';
import { migrate, schemaState } from '../store/migrate.ts';
import { asStarted } from './command-line.ts';
import { createTerminal } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** Options that every command takes, as commander gives them. */
export type GlobalOptions = {
  databaseUrl?: string;
  home?: string;
  baseUrl?: string;
  allowInsecure?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  logFormat: 'text' | 'json';
  progress: boolean;
  color: boolean;
  /** Values of options that could not be read (misread.ts). */
  misread?: readonly Problem[];
};

/** What of a command's options its surroundings depend on. */
export type SessionOptions = GlobalOptions & { rateLimit?: string | undefined; sandbox?: boolean };

/** A command's surroundings. */
export type Session = { settings: Settings; runtime: Runtime; terminal: Terminal };

/** A session, after hints at settings that nobody reads. @throws {UsageError} for settings that are wrong. */
export function openSession(options: SessionOptions): Session {
  const session = makeSession(options);
  for (const hint of misspeltSettings(process.env, workingFolder())) {
    session.terminal.say(`hint: ${hint.what}; ${hint.fix}`, { message: 'hint', setting: hint.what, hint: hint.fix });
  }
  return session;
}

/**
 * Reads the settings and makes the log. With `sandbox`, the real key and database are out of reach: invented people
 * never get into real tables.
 */
export function makeSession(options: SessionOptions): Session {
  const [given] = readAll(
    () => readSettings(options, process.env, workingFolder()),
    () => refuse(options.misread ?? []),
  );
  const settings = options.sandbox
    ? { ...given, apiKey: 'sandbox-key', databaseUrl: undefined, databaseUrlFrom: undefined, home: join(homeFolder(given.home), 'sandbox') }
    : given;
  const scrub = scrubber(readSecrets(options, process.env, workingFolder()));
  const shown = (text: string) => asStarted(scrub(text), process.env);
  const terminal = createTerminal({
    stderr: process.stderr,
    format: options.logFormat,
    quiet: options.quiet ?? false,
    showProgress: options.progress && !options.quiet,
    shown,
  });
  const level = options.verbose ? 'debug' : options.quiet ? 'error' : settings.logLevel;
  const log = createLog({ format: options.logFormat, level, write: terminal.line });
  terminal.useLog(log);
  logWarnings(log);
  return { settings, terminal, runtime: { clock: systemClock, random: Math.random, log } };
}

/** The same, for a command that sends requests: a trial needs no key. @throws {UsageError} when there is none, and for a proxy that is none. */
export function openSessionWithKey(options: SessionOptions): Session {
  const session = openSession(options);
  if (!options.sandbox) readAll(() => keyOf(session.settings), () => proxyOf(session.settings));
  return session;
}

/** The proxy to the API. @throws {UsageError} for one that cannot be used. */
export function proxyOf({ baseUrl }: Settings): Proxy | undefined {
  return proxyFor(baseUrl, process.env);
}

/** The API key. @throws {UsageError} when there is none. */
export function keyOf(settings: Settings): string {
  if (settings.apiKey !== undefined) return settings.apiKey;
  throw new UsageError({
    what: 'there is no API key',
    fix: 'set WATERFALL_API_KEY in the environment or in .env, or add --sandbox for a trial without one',
  });
}

/** Opens the database and applies missing migrations, which it says in one line. `signal` ends its patience. */
export async function openDatabase(session: Session, signal?: AbortSignal): Promise<Database> {
  const { settings, runtime } = session;
  const driver = await openDriver(settings, runtime);
  try {
    // A `.env` may be another program's: whose database this is must be seen before anything is made in it.
    if (settings.databaseUrlFrom === '.env') session.terminal.say(`DATABASE_URL from .env: ${driver.place}`, { message: 'database chosen', from: '.env', database: driver.place });
    await refuseUnfit(driver);
    const schema = await migrate(driver);
    await refuseHiddenRows(driver);
    if (schema.created) session.terminal.say(`created the schema "waterfall" in ${placeOf(driver)}`, { message: 'schema created', database: driver.place });
    else if (schema.applied > 0) {
      session.terminal.say(`updated the schema "waterfall" in ${placeOf(driver)} (${many(schema.applied, 'migration')})`, {
        message: 'schema updated',
        database: driver.place,
        migrations: schema.applied,
      });
    }
    // Whoever worked here before is dead: nobody else can have it open.
    if (driver.embedded) await forgetProcesses(driver);
    await formAnew(session, driver);
    return databaseOf(driver, runtime, signal);
  } catch (error) {
    await driver.close();
    throw inWords(driver.place, error);
  }
}

/** Forms anew what an older version stored, which it says in one line. */
export async function formAnew({ terminal }: Session, driver: Driver): Promise<void> {
  await formQuestions(driver, (questions) => {
    terminal.say(`reading ${many(questions, 'question')} of an older version by today's rules, so that nothing is asked again`, { message: 'questions formed anew', questions });
  });
}

/**
 * Opens the database to look at it: creates and changes nothing. Undefined when there is nothing to look at yet.
 * @throws {UsageError} when its schema is older than this program.
 */
export async function openToRead({ settings, runtime }: Session): Promise<Database | undefined> {
  if (isUnmade(settings)) return undefined;
  const driver = await openDriver(settings, runtime);
  try {
    const { present, known } = await schemaState(driver);
    await refuseHiddenRows(driver);
    if (present === known) return databaseOf(driver, runtime);
    if (present > 0) {
      throw new UsageError({
        what: `the schema "waterfall" in ${placeOf(driver)} has version ${present}, and this program needs ${known}`,
        fix: 'bring it up to date with: waterfall-contacts migrate',
      });
    }
  } catch (error) {
    await driver.close();
    throw inWords(driver.place, error);
  }
  await driver.close();
  return undefined;
}

/** Whether the database is the embedded one and not made yet: to open it would make it, and there is no run in it. */
export function isUnmade({ databaseUrl, home }: Settings): boolean {
  return databaseUrl === undefined && !hasEmbedded(home);
}

/** Where the data lives, in words. */
export function placeOf(database: Pick<Driver, 'embedded' | 'place'>): string {
  return database.embedded ? `the embedded PostgreSQL in ${database.place}` : `PostgreSQL at ${database.place}`;
}
