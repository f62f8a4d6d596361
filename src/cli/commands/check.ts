/* `check`: is everything in place? One line each on stdout; 0, or 2 when something is not. */
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ApiError, BusyError, TransportError, UsageError } from '../../core/errors.ts';
import type { Settings } from '../../runtime/config.ts';
import { schemaState } from '../../store/migrate.ts';
import { openDriver } from '../../store/open.ts';
import type { Driver } from '../../store/database.ts';
import { createClient } from '../../waterfall/client.ts';
import { createLimiter } from '../../waterfall/limiter.ts';
import { keyOf, openSession, placeOf } from '../session.ts';
import type { GlobalOptions, Session } from '../session.ts';

const USAGE = 2;

/** Runs the command; returns its exit code. */
export async function check(options: GlobalOptions & { sandbox?: boolean }): Promise<number> {
  const session = openSession(options);
  const { settings } = session;
  let ok = true;
  const line = async (name: string, examine: () => Promise<string>) => {
    try {
      print('ok', name, await examine());
    } catch (error) {
      ok = false;
      print('PROBLEM', name, problemText(error));
    }
  };

  await line('settings', () => Promise.resolve(settingsText(settings)));
  if (options.sandbox) print('ok', 'key', 'none needed: the sandbox is inside the run');
  else await line('key', () => keyText(session));

  if (settings.databaseUrl === undefined && !existsSync(join(settings.home, 'database'))) {
    await line('database', () => plannedText(settings.home));
    print('ok', 'schema', 'not there yet: the first run creates it');
    return ok ? 0 : USAGE;
  }
  let driver: Driver | undefined;
  await line('database', async () => {
    driver = await openDriver(settings, session.runtime);
    return placeOf(driver);
  });
  if (driver !== undefined) {
    const opened = driver;
    await line('schema', () => schemaText(opened));
    await opened.close();
  }
  return ok ? 0 : USAGE;
}

function print(state: 'ok' | 'PROBLEM', name: string, text: string): void {
  process.stdout.write(`${state.padEnd(8)} ${name.padEnd(9)} ${text}\n`);
}

function settingsText({ baseUrl, rateLimit, home }: Settings): string {
  const limit = rateLimit.limit === 0 ? 'no request limit' : `${rateLimit.limit} requests per ${rateLimit.windowMs / 1000} s`;
  return `API ${baseUrl}, ${limit}, home folder ${home}`;
}

async function keyText({ settings, runtime }: Session): Promise<string> {
  const limiter = createLimiter({ limit: 0, windowMs: 1, clock: runtime.clock, log: runtime.log });
  const client = createClient({ ...settings, apiKey: keyOf(settings), limiter, runtime });
  try {
    const { balance_remaining_usd: balance } = await client.account();
    return balance === null || balance === undefined ? 'accepted' : `accepted, balance $${balance.toFixed(2)}`;
  } finally {
    await client.close();
  }
}

/** A check creates nothing; it only looks whether the first run can. */
async function plannedText(home: string): Promise<string> {
  let existing = home;
  while (!existsSync(existing)) existing = dirname(existing);
  await access(existing, constants.W_OK).catch(() => {
    throw new UsageError({ what: `the home folder ${home} cannot be created`, fix: 'choose another one with --home or WATERFALL_CONTACTS_HOME' });
  });
  return `not there yet: the first run creates an embedded one in ${join(home, 'database')}`;
}

async function schemaText(driver: Driver): Promise<string> {
  const { present, known } = await schemaState(driver);
  if (present === 0) return `not there yet: the first run creates it (version ${known})`;
  return present === known ? `version ${known}` : `version ${present}: the next run brings it to ${known}`;
}

function problemText(error: unknown): string {
  if (error instanceof UsageError) return error.problems.map(({ what, fix }) => (fix === undefined ? what : `${what}; to do: ${fix}`)).join('; ');
  if (error instanceof ApiError) {
    return error.category === 'AUTH' ? `refused (${error.code}); to do: correct WATERFALL_API_KEY` : `${error.code}: ${error.message}`;
  }
  if (error instanceof TransportError) return `${error.message}; to do: check the network and WATERFALL_BASE_URL`;
  if (error instanceof BusyError) return `${error.message}; to do: wait until it is done`;
  throw error;
}
