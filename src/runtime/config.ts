/*
 * Settings: flags, then environment, then `.env` in the working directory, then defaults. All problems are reported
 * at once, each with its fix. The key has no flag: a command line is public.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { z } from 'zod';
import { readDatabaseUrl } from '../core/database-url.ts';
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { proxiesIn } from '../core/proxy.ts';
import { trimEnd } from '../core/trim-end.ts';
import { passwordsOf } from './log.ts';

/** Requests per window; a limit of 0 is none. */
export type RateLimit = { limit: number; windowMs: number };

/** What the program is set to. */
export type Settings = {
  apiKey: string | undefined;
  baseUrl: string;
  keyHeader: string;
  rateLimit: RateLimit;
  /** The second verifier of addresses. */
  abstractapi: { apiKey: string | undefined; baseUrl: string; rateLimit: RateLimit };
  databaseUrl: string | undefined;
  /** Who said so: a `.env` may belong to another program. */
  databaseUrlFrom: '--database-url' | 'the environment' | '.env' | undefined;
  /** Undefined where nothing says which folder: only a DATABASE_URL can do without. */
  home: string | undefined;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
};

/** Settings that flags may override; names as commander gives them. */
export type SettingFlags = {
  baseUrl?: string | undefined;
  databaseUrl?: string | undefined;
  home?: string | undefined;
  rateLimit?: string | undefined;
  allowInsecure?: boolean | undefined;
};

const DEFAULT_BASE_URL = 'https://api.waterfall.io';
const DEFAULT_RATE_LIMIT = '50/60';
/** What its free tier allows, by its own words. */
const ABSTRACTAPI_RATE_LIMIT = '1/1';
const ABSTRACTAPI_BASE_URL = 'https://emailreputation.abstractapi.com/v1/';
/** A hundred years; what is longer no calendar of ours can hold. */
const LONGEST_DURATION_MS = 36_500 * 86_400_000;
/** What the system knows of the user; throws for one that it does not know. */
type LookUpUser = () => { homedir: string };

/** Where a platform keeps the data of programs: in a variable, or below the user's folder. */
const DATA_FOLDERS = {
  darwin: { variable: undefined, below: ['Library', 'Application Support'] },
  win32: { variable: 'LOCALAPPDATA', below: ['AppData', 'Local'] },
  other: { variable: 'XDG_DATA_HOME', below: ['.local', 'share'] },
} as const;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** zod takes one text: what is wrong, and on the next line what to do. */
const problem = (what: string, fix: string) => ({ error: `${what}\n${fix}` });

const key = (name: string) => z.string().regex(/^[\x21-\x7e]+$/, problem(`${name} has characters that no key has`, 'copy it again, without spaces or quotes')).optional();
const address = (name: string, usual: string) => z.url({ protocol: /^https?$/, ...problem(`${name} is no http(s) address`, `write for instance ${usual}`) }).default(usual);
const rate = (name: string, usual: string) =>
  z
    .string()
    .default(usual)
    .transform((text, context) => {
      const limit = parseRateLimit(text);
      if (limit !== undefined) return limit;
      context.issues.push({ code: 'custom', input: text, message: `${name} "${text}" is not <requests>/<seconds>\nwrite for instance ${usual}, or 0 for none` });
      return z.NEVER;
    });

const schema = z.object({
  WATERFALL_API_KEY: key('WATERFALL_API_KEY'),
  WATERFALL_BASE_URL: address('WATERFALL_BASE_URL', DEFAULT_BASE_URL),
  WATERFALL_API_KEY_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/, problem('WATERFALL_API_KEY_HEADER is no header name', 'write x-api-key'))
    .default('x-api-key'),
  WATERFALL_RATE_LIMIT: rate('the rate limit', DEFAULT_RATE_LIMIT),
  ABSTRACTAPI_KEY: key('ABSTRACTAPI_KEY'),
  ABSTRACTAPI_BASE_URL: address('ABSTRACTAPI_BASE_URL', ABSTRACTAPI_BASE_URL),
  ABSTRACTAPI_RATE_LIMIT: rate('ABSTRACTAPI_RATE_LIMIT', ABSTRACTAPI_RATE_LIMIT),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, problem('DATABASE_URL is no PostgreSQL connection string', 'write postgres://user:password@host:5432/database, or leave it out to use the embedded database'))
    .refine((url) => !/^postgres/.test(url) || urlProblem(url) === undefined, { error: ({ input }) => urlProblem(String(input)) ?? '' })
    .optional(),
  WATERFALL_CONTACTS_HOME: z
    .string()
    .regex(/\S/, problem('the home folder (--home) is empty', 'name a folder, or leave it out'))
    // A shell replaces it only where it is not quoted.
    .regex(/^(?!~)/, problem('the home folder begins with "~", which only a shell understands', 'write "$HOME/...", or leave out the quotation marks'))
    .optional(),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], problem('LOG_LEVEL is unknown', 'set it to debug, info, warn or error'))
    .default('info'),
});

/** What is wrong with the form of a connection string, as `problem` has it. */
function urlProblem(url: string): string | undefined {
  try {
    readDatabaseUrl(url);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ what, fix }) => `${what}\n${fix ?? ''}`).join();
  }
}

/** The settings' names in the environment and in `.env`. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

/**
 * Reads the settings.
 * @throws {UsageError} with every problem.
 */
export function readSettings(flags: SettingFlags, environment: NodeJS.ProcessEnv, directory: string, lookUpUser: LookUpUser = userInfo): Settings {
  const problems: Problem[] = [];
  const given = givenSettings(flags, environment, directory, problems);
  const parsed = schema.safeParse(given);
  for (const { message } of parsed.error?.issues ?? []) {
    const [what = message, fix = ''] = message.split('\n');
    problems.push({ what, fix });
  }
  for (const [name, key, usual] of [['WATERFALL_BASE_URL', 'WATERFALL_API_KEY', DEFAULT_BASE_URL], ['ABSTRACTAPI_BASE_URL', 'ABSTRACTAPI_KEY', ABSTRACTAPI_BASE_URL]] as const) {
    const baseUrl = given[name] ?? usual;
    const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
    if (url?.protocol === 'http:' && !LOOPBACK.test(url.hostname) && !flags.allowInsecure) {
      problems.push({ what: `the key would go to ${url.host} in plain text`, fix: 'use https, or --allow-insecure if you mean it' });
    }
    if (url !== undefined && `${url.username}${url.password}` !== '') {
      problems.push({ what: `${name} has a user or a password in it, which the API does not take`, fix: `leave them out; the key is ${key}` });
    }
  }
  if (problems.length > 0 || parsed.data === undefined) throw new UsageError(problems);
  return {
    apiKey: parsed.data.WATERFALL_API_KEY,
    baseUrl: trimEnd(parsed.data.WATERFALL_BASE_URL, '/'),
    keyHeader: parsed.data.WATERFALL_API_KEY_HEADER.toLowerCase(),
    rateLimit: parsed.data.WATERFALL_RATE_LIMIT,
    abstractapi: { apiKey: parsed.data.ABSTRACTAPI_KEY, baseUrl: parsed.data.ABSTRACTAPI_BASE_URL, rateLimit: parsed.data.ABSTRACTAPI_RATE_LIMIT },
    databaseUrl: parsed.data.DATABASE_URL,
    databaseUrlFrom:
      flags.databaseUrl !== undefined ? '--database-url'
      : nonEmpty(environment.DATABASE_URL) !== undefined ? 'the environment'
      : parsed.data.DATABASE_URL !== undefined ? '.env' : undefined,
    home: homeIn(parsed.data.WATERFALL_CONTACTS_HOME, environment, directory, lookUpUser),
    logLevel: parsed.data.LOG_LEVEL,
  };
}

/** The keys and the passwords among the settings, right or wrong: what must never be shown. */
export function readSecrets(flags: SettingFlags, environment: NodeJS.ProcessEnv, directory: string): string[] {
  const given = givenSettings(flags, environment, directory, []);
  const passwords = [given.DATABASE_URL, ...proxiesIn(environment)].flatMap(passwordsOf);
  return [given.WATERFALL_API_KEY, given.ABSTRACTAPI_KEY, ...passwords].filter((secret) => secret !== undefined);
}

/** `50/60` (requests per seconds) or `0` (none); undefined for anything else. */
export function parseRateLimit(text: string): RateLimit | undefined {
  if (text.trim() === '0') return { limit: 0, windowMs: 60_000 };
  const [, limit, seconds] = /^\s*(\d+)\s*\/\s*(\d+(?:\.\d+)?)\s*(?:s\s*)?$/.exec(text) ?? [];
  const rate = { limit: Number(limit), windowMs: Number(seconds) * 1000 };
  return rate.limit >= 1 && rate.windowMs > 0 ? rate : undefined;
}

/** A duration such as `10m` as milliseconds. @throws {UsageError} naming the option. */
export function durationOption(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > LONGEST_DURATION_MS) throw new UsageError({ what: `${name} "${text}" is not a duration`, fix: 'write for instance 90s, 10m, 12h or 30d' });
  return ms;
}

/** What is set, not looked at yet, under the names of the environment. */
function givenSettings(flags: SettingFlags, environment: NodeJS.ProcessEnv, directory: string, problems: Problem[]): Record<string, string | undefined> {
  const fromFile = readDotenv(directory, problems);
  const set = (name: string, flag?: string): [string, string] | undefined => {
    const value = flag ?? nonEmpty(environment[name]) ?? nonEmpty(fromFile[name]);
    return value === undefined ? undefined : [name, value];
  };
  return Object.fromEntries(
    [
      set('WATERFALL_API_KEY'),
      set('WATERFALL_BASE_URL', flags.baseUrl),
      set('WATERFALL_API_KEY_HEADER'),
      set('WATERFALL_RATE_LIMIT', flags.rateLimit),
      set('ABSTRACTAPI_KEY'),
      set('ABSTRACTAPI_BASE_URL'),
      set('ABSTRACTAPI_RATE_LIMIT'),
      set('DATABASE_URL', flags.databaseUrl),
      set('WATERFALL_CONTACTS_HOME', flags.home),
      set('LOG_LEVEL'),
    ].filter((entry) => entry !== undefined),
  );
}

/** What `.env` in a folder says; nothing when there is none. A file that cannot be read, or is no UTF-8, is added to the problems. */
export function readDotenv(directory: string, problems: Problem[]): Record<string, string> {
  const path = join(directory, '.env');
  try {
    const content = readFileSync(path);
    // As Windows tools write it, each second byte is one; read as UTF-8 it would seem to be empty.
    if (content.includes(0)) problems.push({ what: `${path} is UTF-16, or no text`, fix: 'save it as UTF-8' });
    return parse(content);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT') problems.push({ what: `${path} cannot be read (${String(code)})`, fix: 'correct its permissions, or remove it' });
    return {};
  }
}

/** The folder that was named, seen from the working directory, or one in the platform's folder for the data of programs. */
function homeIn(named: string | undefined, environment: NodeJS.ProcessEnv, directory: string, lookUpUser: LookUpUser): string | undefined {
  if (named !== undefined) return resolve(directory, named);
  const { variable, below } = DATA_FOLDERS[process.platform === 'darwin' || process.platform === 'win32' ? process.platform : 'other'];
  const set = variable && nonEmpty(environment[variable]);
  const user = set === undefined ? userFolder(environment, lookUpUser) : undefined;
  const data = set ?? (user && join(user, ...below));
  // Seen from the working directory it would be another database in each, and what is known in one be paid again in the next.
  return data !== undefined && isAbsolute(data) ? join(data, 'waterfall-contacts') : undefined;
}

/** The user's folder as shells see it, or else as the system knows it; there are users of whom it knows nothing. */
function userFolder(environment: NodeJS.ProcessEnv, lookUpUser: LookUpUser): string | undefined {
  const told = nonEmpty(process.platform === 'win32' ? environment.USERPROFILE : environment.HOME);
  if (told !== undefined) return told;
  try {
    return nonEmpty(lookUpUser().homedir);
  } catch {
    return undefined;
  }
}

/** The working directory. @throws {UsageError} when it was removed. */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new UsageError({ what: 'the folder in which this command was given is no longer there', fix: 'change to another one (cd), and give it again' }, { cause: error });
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
