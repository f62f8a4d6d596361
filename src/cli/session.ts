/* What every command begins with: settings, the log, the terminal, the database. Made once and handed down. */
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { readSecrets, readSettings } from '../runtime/config.ts';
import type { Settings } from '../runtime/config.ts';
import { createLog, scrubber } from '../runtime/log.ts';
import { systemClock } from '../runtime/runtime.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { inWords } from '../store/database.ts';
import type { Database, Driver } from '../store/database.ts';
import { databaseOf, openDriver } from '../store/open.ts';
import { migrate } from '../store/migrate.ts';
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
};

/** A command's surroundings. */
export type Session = { settings: Settings; runtime: Runtime; terminal: Terminal };

/**
 * Reads the settings and makes the log. With `sandbox`, the real key and database are out of reach: invented people
 * never get into real tables.
 */
export function openSession(options: GlobalOptions & { rateLimit?: string | undefined; sandbox?: boolean }): Session {
  const given = readSettings(options, process.env, process.cwd());
  const settings = options.sandbox
    ? { ...given, apiKey: 'sandbox-key', databaseUrl: undefined, home: join(given.home, 'sandbox') }
    : given;
  const scrub = scrubber(readSecrets(options, process.env, process.cwd()));
  const terminal = createTerminal({
    stderr: process.stderr,
    format: options.logFormat,
    quiet: options.quiet ?? false,
    showProgress: options.progress && !options.quiet,
    scrub,
  });
  const level = options.verbose ? 'debug' : options.quiet ? 'error' : settings.logLevel;
  const log = createLog({ format: options.logFormat, level, write: terminal.line });
  terminal.useLog(log);
  return { settings, terminal, runtime: { clock: systemClock, random: Math.random, log } };
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
  const driver = await openDriver(session.settings, session.runtime);
  try {
    const schema = await migrate(driver);
    if (schema.created) session.terminal.say(`created the schema "waterfall" in ${placeOf(driver)}`, { message: 'schema created', database: driver.place });
    else if (schema.applied > 0) {
      session.terminal.say(`updated the schema "waterfall" in ${placeOf(driver)} (${schema.applied} migrations)`, {
        message: 'schema updated',
        database: driver.place,
        migrations: schema.applied,
      });
    }
    return databaseOf(driver, session.runtime, signal);
  } catch (error) {
    await driver.close();
    throw inWords(driver.place, error);
  }
}

/** Where the data lives, in words. */
export function placeOf(database: Pick<Driver, 'embedded' | 'place'>): string {
  return database.embedded ? `the embedded PostgreSQL in ${database.place}` : `PostgreSQL at ${database.place}`;
}
