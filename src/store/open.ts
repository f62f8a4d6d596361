/* Opens the database that the settings name: PostgreSQL, or else the embedded one. Loads only the driver it needs. */
import type { Runtime } from '../runtime/runtime.ts';
import { PATIENCE_MS, patient } from './database.ts';
import type { Database, Driver } from './database.ts';
import { homeFolder } from './embedded-folder.ts';

/** Where the data lives. */
export type DatabaseSettings = { databaseUrl: string | undefined; home: string | undefined };

/**
 * Opens the driver alone, for migrating.
 * @throws {UsageError} when it cannot be reached or used; {BusyError} when another process has the embedded one.
 */
export async function openDriver(settings: DatabaseSettings, runtime: Runtime): Promise<Driver> {
  if (settings.databaseUrl !== undefined) {
    const { connectPostgres } = await import('./postgres.ts');
    return connectPostgres(settings.databaseUrl, runtime);
  }
  const { openEmbedded } = await import('./embedded.ts');
  return openEmbedded(homeFolder(settings.home));
}

/** The database that repeats what is transient; `signal` ends its waiting. */
export function databaseOf(driver: Driver, runtime: Runtime, signal?: AbortSignal): Database {
  return patient(driver, { runtime, patienceMs: PATIENCE_MS, signal });
}
