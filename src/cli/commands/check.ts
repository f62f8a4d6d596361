/* `check`: is everything in place? One line each on stdout; 0, or 2 when something is not. */
import { constants, existsSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { adviceFor } from '../../core/advice.ts';
import { many } from '../../core/count.ts';
import { ApiError, BusyError, DatabaseError, TransportError, UsageError } from '../../core/errors.ts';
import { shownProxy } from '../../core/proxy.ts';
import type { Settings } from '../../runtime/config.ts';
import { workingFolder } from '../../runtime/config.ts';
import { misspeltSettings } from '../../runtime/misspelt.ts';
import { refuseHiddenRows, refuseUnfit } from '../../store/fitness.ts';
import { refuseMigration, schemaState } from '../../store/migrate.ts';
import { embeddedFolder, homeFolder } from '../../store/embedded-folder.ts';
import { openDriver } from '../../store/open.ts';
import type { Driver } from '../../store/database.ts';
import { createClient } from '../../providers/waterfall/client.ts';
import { createLimiter } from '../../providers/http/limiter.ts';
import { isUnmade, keyOf, makeSession, placeOf, proxyOf } from '../session.ts';
import type { GlobalOptions, Session } from '../session.ts';
import { CLOSED_STDOUT, print } from '../stdout.ts';

const USAGE = 2;

/** Runs the command; returns its exit code. */
export async function check(options: GlobalOptions & { sandbox?: boolean }): Promise<number> {
  const report = createReport();
  let session: Session;
  try {
    session = makeSession(options);
  } catch (error) {
    await report.problem('settings', error); // without them there is nothing to look at
    return report.exit();
  }
  const { settings } = session;
  const misspelt = misspeltSettings(process.env, workingFolder());
  if (misspelt.length > 0) await report.problem('settings', new UsageError(misspelt));
  else await report.line('settings', () => Promise.resolve(settingsText(settings, options.sandbox ?? false)));
  if (options.sandbox) await report.ok('key', 'none needed: the sandbox is inside the run');
  else await checkAccount(session, report);
  // It bills every request, so that nothing is tried.
  if (!options.sandbox && settings.abstractapi.apiKey !== undefined) await report.ok('key', `of abstractapi is there, and is tried by the first address: each request costs (${new URL(settings.abstractapi.baseUrl).host})`);

  if (settings.databaseUrl !== undefined) await report.ok('home', `not needed: DATABASE_URL is set (${settings.home ?? 'there is none'})`);
  else {
    await report.line('home', async () => homeText(homeFolder(settings.home)));
    if (settings.home === undefined) return report.exit();
  }
  let isNotThereYet = false;
  try {
    isNotThereYet = isUnmade(settings);
  } catch (error) {
    await report.problem('database', error); // nobody may look
    return report.exit();
  }
  if (isNotThereYet) {
    await report.ok('database', `not there yet: the first run creates an embedded one in ${embeddedFolder(settings.home)}`);
    await report.ok('schema', 'not there yet: the first run creates it');
    return report.exit();
  }
  const driver = await report.line('database', async () => {
    const opened = await openDriver(settings, session.runtime);
    await refuseUnfit(opened).catch((error: unknown) => opened.close().then(() => Promise.reject(error as Error)));
    return { text: `${placeOf(opened)}${settings.databaseUrlFrom === undefined ? '' : ` (DATABASE_URL from ${settings.databaseUrlFrom})`}`, opened };
  });
  if (driver !== undefined) {
    await report.line('schema', () => schemaText(driver));
    await driver.close();
  }
  return report.exit();
}

/** Prints the lines as they come, and keeps in mind whether one was a problem and whether anybody reads them. */
function createReport() {
  let isFine = true;
  let isRead = true;
  const write = async (state: 'ok' | 'PROBLEM', name: string, text: string) => {
    isRead = (await print(`${state.padEnd(8)} ${name.padEnd(9)} ${text}\n`)) && isRead;
  };
  const problem = async (name: string, error: unknown) => {
    isFine = false;
    for (const text of problemTexts(error)) await write('PROBLEM', name, text);
  };
  return {
    ok: (name: string, text: string) => write('ok', name, text),
    problem,
    /** A line from what an examination finds, or from why it fails. Hands on what it has opened. */
    async line<Opened>(name: string, examine: () => Promise<string | { text: string; opened: Opened }>): Promise<Opened | undefined> {
      let found;
      try {
        found = await examine();
      } catch (error) {
        await problem(name, error);
        return undefined;
      }
      await write('ok', name, typeof found === 'string' ? found : found.text);
      return typeof found === 'string' ? undefined : found.opened;
    },
    exit: () => (!isFine ? USAGE : isRead ? 0 : CLOSED_STDOUT),
  };
}

/** A trial never asks the real API, whatever its address is. */
function settingsText(settings: Settings, isTrial: boolean): string {
  const { baseUrl, rateLimit } = settings;
  const limit = rateLimit.limit === 0 ? 'no request limit' : `${many(rateLimit.limit, 'request')} per ${rateLimit.windowMs / 1000} s`;
  const proxy = isTrial ? undefined : proxyOf(settings);
  const way = proxy === undefined ? '' : ` by way of the proxy ${shownProxy(proxy)} (${proxy.from})`;
  return `${isTrial ? 'API: the sandbox' : `API ${baseUrl}${way}`}, ${limit}`;
}

/** One request, which is free, answers for the key and for the balance. */
async function checkAccount({ settings, runtime }: Session, report: ReturnType<typeof createReport>): Promise<void> {
  const account = await report.line('key', async () => {
    const limiter = createLimiter({ limit: 0, windowMs: 1, clock: runtime.clock, log: runtime.log });
    const client = createClient({ ...settings, apiKey: keyOf(settings), proxy: proxyOf(settings), limiter, runtime });
    try {
      return { text: 'accepted', opened: await client.account() };
    } finally {
      await client.close();
    }
  });
  if (account !== undefined) await report.line('balance', () => Promise.resolve(balanceText(account.balance_remaining_usd)));
}

function balanceText(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return 'unknown: the API does not say';
  if (usd <= 0) throw new UsageError({ what: `$${usd.toFixed(2)}`, fix: 'top up the account' });
  return `$${usd.toFixed(2)}`;
}

/** A check creates nothing; it only looks whether the first run can. */
async function homeText(home: string): Promise<string> {
  let existing = home;
  while (!existsSync(existing)) existing = dirname(existing);
  const fix = 'choose another one with --home or WATERFALL_CONTACTS_HOME, or set DATABASE_URL';
  if (!statSync(existing).isDirectory()) throw new UsageError({ what: `the home folder ${home} cannot be: ${existing} is no folder`, fix });
  await access(existing, constants.W_OK).catch(() => {
    throw new UsageError({ what: `the home folder ${home} cannot be ${existing === home ? 'written to' : 'created'}`, fix });
  });
  return existing === home ? home : `${home}, created by the first run`;
}

async function schemaText(driver: Driver): Promise<string> {
  const state = await schemaState(driver);
  const { present, known } = state;
  if (present < known) await refuseMigration(driver, state);
  await refuseHiddenRows(driver);
  if (present === 0) return `not there yet: the first run creates it (version ${known})`;
  return present === known ? `version ${known}` : `version ${present}: the next run brings it to ${known}`;
}

function problemTexts(error: unknown): string[] {
  if (error instanceof UsageError) return error.problems.map(({ what, fix }) => (fix === undefined ? what : `${what}; to do: ${fix}`));
  if (error instanceof ApiError) return [`${error.category === 'AUTH' ? `refused (${error.code})` : `${error.code}: ${error.message}`}; to do: ${adviceFor(error) ?? 'check WATERFALL_BASE_URL and the account'}`];
  if (error instanceof TransportError) return [`${error.message}; to do: ${adviceFor(error) ?? 'check the network and WATERFALL_BASE_URL'}`];
  if (error instanceof DatabaseError) return [`${error.message}; to do: ${error.fix}`];
  if (error instanceof BusyError) return [`${error.message}; to do: wait until it is done`];
  throw error;
}
