/* Settings: where they come from, and what is wrong with them. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { durationOption, parseRateLimit, readSecrets, readSettings } from '../../src/runtime/config.ts';
import { embeddedFolder } from '../../src/store/embedded-folder.ts';
import { misspeltSettings } from '../../src/runtime/misspelt.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const inFolder = temporaryFolder();
const nowhere = '/nonexistent';

/** A working directory of its own, with this `.env`. */
async function directoryWith(dotenv: string): Promise<string> {
  const directory = await mkdtemp(inFolder('work-'));
  await writeFile(join(directory, '.env'), dotenv);
  return directory;
}

function problemsOf(flags: Parameters<typeof readSettings>[0], environment: NodeJS.ProcessEnv, directory = nowhere): string[] {
  try {
    readSettings(flags, environment, directory);
  } catch (error) {
    if (error instanceof UsageError) return error.problems.map(({ what, fix }) => (fix === undefined ? what : `${what}: ${fix}`));
    throw error;
  }
  return [];
}

describe('a setting', () => {
  it('has its default where nobody says anything', () => {
    expect(readSettings({}, { XDG_DATA_HOME: '/data', LOCALAPPDATA: '/data' }, nowhere)).toEqual({
      apiKey: undefined,
      baseUrl: 'https://api.waterfall.io',
      keyHeader: 'x-api-key',
      rateLimit: { limit: 50, windowMs: 60_000 },
      abstractapi: { apiKey: undefined, baseUrl: 'https://emailreputation.abstractapi.com/v1/', rateLimit: { limit: 1, windowMs: 1_000 } },
      databaseUrl: undefined,
      databaseUrlFrom: undefined,
      home: process.platform === 'darwin' ? join(homedir(), 'Library/Application Support/waterfall-contacts') : '/data/waterfall-contacts',
      logLevel: 'info',
    });
  });

  it.each([
    ['WATERFALL_API_KEY', 'apiKey', undefined, 'key-of-env', 'key-of-file'],
    ['WATERFALL_API_KEY_HEADER', 'keyHeader', undefined, 'x-env-key', 'x-file-key'],
    ['LOG_LEVEL', 'logLevel', undefined, 'warn', 'error'],
    ['WATERFALL_BASE_URL', 'baseUrl', 'https://flag.example', 'https://env.example', 'https://file.example'],
    ['DATABASE_URL', 'databaseUrl', 'postgres://flag.example/x', 'postgresql://env.example/x', 'postgres://file.example/x'],
    ['WATERFALL_CONTACTS_HOME', 'home', '/flag', '/env', '/file'],
  ] as const)('%s comes from its flag, then the environment, then .env', async (name, setting, flag, inEnvironment, inFile) => {
    const directory = await directoryWith(`${name}=${inFile}\n`);
    const read = (given: string | undefined, environment: NodeJS.ProcessEnv) =>
      readSettings({ [setting]: given }, environment, directory)[setting];
    if (flag !== undefined) expect(read(flag, { [name]: inEnvironment })).toBe(flag);
    expect(read(undefined, { [name]: inEnvironment })).toBe(inEnvironment);
    expect(read(undefined, {})).toBe(inFile);
    expect(read(undefined, { [name]: '  ' })).toBe(inFile);
  });

  it('WATERFALL_RATE_LIMIT comes from its flag, then the environment, then .env', async () => {
    const directory = await directoryWith('WATERFALL_RATE_LIMIT="1/1"');
    const read = (rateLimit: string | undefined, environment: NodeJS.ProcessEnv) => readSettings({ rateLimit }, environment, directory).rateLimit;
    expect(read('3/3', { WATERFALL_RATE_LIMIT: '2/2' })).toEqual({ limit: 3, windowMs: 3_000 });
    expect(read(undefined, { WATERFALL_RATE_LIMIT: '2/2' })).toEqual({ limit: 2, windowMs: 2_000 });
    expect(read(undefined, {})).toEqual({ limit: 1, windowMs: 1_000 });
  });

  it('of AbstractAPI comes from the environment, then .env', async () => {
    const directory = await directoryWith('ABSTRACTAPI_KEY=key-of-file\nABSTRACTAPI_BASE_URL=https://file.example/v1/\nABSTRACTAPI_RATE_LIMIT=3/1\n');
    expect(readSettings({}, {}, directory).abstractapi).toEqual({ apiKey: 'key-of-file', baseUrl: 'https://file.example/v1/', rateLimit: { limit: 3, windowMs: 1_000 } });
    const environment = { ABSTRACTAPI_KEY: 'key-of-env', ABSTRACTAPI_BASE_URL: 'https://env.example/v1', ABSTRACTAPI_RATE_LIMIT: '0' };
    expect(readSettings({}, environment, directory).abstractapi).toEqual({ apiKey: 'key-of-env', baseUrl: 'https://env.example/v1', rateLimit: { limit: 0, windowMs: 60_000 } });
  });

  it('that is a key is a secret', async () => {
    const directory = await directoryWith('ABSTRACTAPI_KEY=key-of-file\n');
    expect(readSecrets({}, { WATERFALL_API_KEY: 'key-of-env' }, directory)).toEqual(['key-of-env', 'key-of-file']);
  });

  it('DATABASE_URL says who gave it', async () => {
    const directory = await directoryWith('DATABASE_URL=postgres://file.example/x');
    const from = (databaseUrl: string | undefined, environment: NodeJS.ProcessEnv) => readSettings({ databaseUrl }, environment, directory).databaseUrlFrom;
    const environment = { DATABASE_URL: 'postgres://env.example/x' };
    expect([from('postgres://flag.example/x', environment), from(undefined, environment), from(undefined, { DATABASE_URL: ' ' })]).toEqual(['--database-url', 'the environment', '.env']);
  });

  it('is taken without the space around it, the address without a slash at its end, the header in lower case', () => {
    const settings = readSettings({}, { WATERFALL_API_KEY: ' key-1\n', WATERFALL_BASE_URL: 'https://api.example//', WATERFALL_API_KEY_HEADER: 'X-Waterfall-API-Key' }, nowhere);
    expect(settings).toMatchObject({ apiKey: 'key-1', baseUrl: 'https://api.example', keyHeader: 'x-waterfall-api-key' });
  });

  it.each([
    ['', 'the home folder (--home) is empty: name a folder, or leave it out'],
    [' ', 'the home folder (--home) is empty: name a folder, or leave it out'],
    ['~/x', 'the home folder begins with "~", which only a shell understands: write "$HOME/...", or leave out the quotation marks'],
  ])('that is no folder is refused: %j', (home, problem) => {
    expect(problemsOf({ home }, {})).toEqual([problem]);
  });

  it('that is a folder is seen from the working directory', () => {
    expect(readSettings({ home: 'trial' }, {}, '/work-here').home).toBe('/work-here/trial');
    expect(readSettings({}, { WATERFALL_CONTACTS_HOME: './trial' }, '/work-here').home).toBe('/work-here/trial');
  });
});

describe.runIf(process.platform === 'linux')('the home folder', () => {
  const homeIn = (environment: NodeJS.ProcessEnv) => readSettings({}, environment, '/work-here').home;
  const inUsers = (folder: string) => join(folder, '.local/share/waterfall-contacts');

  it.each([
    [{ HOME: '/users/jo' }, inUsers('/users/jo')],
    [{ HOME: '' }, inUsers(userInfo().homedir)],
    [{ XDG_DATA_HOME: '', HOME: ' ' }, inUsers(userInfo().homedir)],
    [{ XDG_DATA_HOME: '/data', HOME: 'jo' }, '/data/waterfall-contacts'],
    [{ HOME: 'jo' }, undefined],
    [{ XDG_DATA_HOME: 'data', HOME: '/users/jo' }, undefined],
  ])('is never another one in another working directory: %j', (environment, home) => {
    expect(homeIn(environment)).toBe(home);
  });

  it('is none for a user whom the system does not know, and no database but the embedded one needs it', () => {
    const unknown = () => {
      throw new Error('uv_os_get_passwd returned ENOENT');
    };
    expect(readSettings({}, {}, nowhere, unknown).home).toBeUndefined();
    expect(readSettings({}, { DATABASE_URL: 'postgres://db.example/x' }, nowhere, unknown).databaseUrl).toBe('postgres://db.example/x');
    expect(() => embeddedFolder(undefined)).toThrow('WATERFALL_CONTACTS_HOME');
  });
});

describe('a bad setting is named with its fix', () => {
  it.each([
    ['WATERFALL_API_KEY', 'two words', /^WATERFALL_API_KEY has characters that no key has: copy it again/],
    ['WATERFALL_API_KEY', 'clé-1', /^WATERFALL_API_KEY has/],
    ['WATERFALL_API_KEY_HEADER', 'x-key:', /^WATERFALL_API_KEY_HEADER is no header name: write x-api-key/],
    ['WATERFALL_BASE_URL', 'api.example', /^WATERFALL_BASE_URL is no http\(s\) address: write for instance https:/],
    ['WATERFALL_BASE_URL', 'ftp://api.example', /^WATERFALL_BASE_URL is no http/],
    ['DATABASE_URL', 'mysql://db.example/x', /^DATABASE_URL is no PostgreSQL connection string: .*or leave it out/],
    ['DATABASE_URL', '/var/run/postgresql', /^DATABASE_URL is no/],
    ['ABSTRACTAPI_KEY', 'two words', /^ABSTRACTAPI_KEY has characters that no key has: copy it again/],
    ['ABSTRACTAPI_BASE_URL', 'abstract.example', /^ABSTRACTAPI_BASE_URL is no http\(s\) address: write for instance https:/],
    ['ABSTRACTAPI_BASE_URL', 'http://abstract.example/v1/', /^the key would go to abstract\.example in plain text: use https/],
    ['ABSTRACTAPI_BASE_URL', 'https://jon:hunter2@abstract.example', /^ABSTRACTAPI_BASE_URL has a user or a password in it, .* the key is ABSTRACTAPI_KEY$/],
    ['ABSTRACTAPI_RATE_LIMIT', 'fast', /^ABSTRACTAPI_RATE_LIMIT "fast" is not <requests>\/<seconds>: write for instance 1\/1, or 0 for none$/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL is unknown: set it to debug, info, warn or error$/],
  ])('%s=%s', (name, value, message) => {
    expect(problemsOf({}, { [name]: value })).toEqual([expect.stringMatching(message)]);
  });

  it.each(['fast', '50', '0/60', '-1/60', '50/0', '1.5/60', '50/60/2'])('WATERFALL_RATE_LIMIT=%s', (text) => {
    expect(problemsOf({}, { WATERFALL_RATE_LIMIT: text })).toEqual([
      `the rate limit "${text}" is not <requests>/<seconds>: write for instance 50/60, or 0 for none`,
    ]);
  });

  it('without its value: a key and a password are secrets', () => {
    const problems = problemsOf({}, { WATERFALL_API_KEY: 'se cret', DATABASE_URL: 'psql://user:se-cret@db.example/x' });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('cret');
  });

  it('together with all others, however many there are', async () => {
    const directory = await mkdtemp(inFolder('work-'));
    await mkdir(join(directory, '.env'));
    const environment = { WATERFALL_API_KEY: 'two words', WATERFALL_BASE_URL: 'http://api.example', WATERFALL_RATE_LIMIT: 'fast', DATABASE_URL: 'x', LOG_LEVEL: 'loud' };
    expect(problemsOf({}, environment, directory).map((problem) => problem.split(' ')[0])).toEqual(
      expect.arrayContaining([join(directory, '.env'), 'WATERFALL_API_KEY', 'the', 'DATABASE_URL', 'LOG_LEVEL']),
    );
    expect(problemsOf({}, environment, directory)).toContainEqual(expect.stringMatching(/^the key would go to api\.example/));
  });
});

describe('a name that is no setting is noticed', () => {
  const hints = async (dotenv: string, environment: NodeJS.ProcessEnv = {}) =>
    misspeltSettings(environment, await directoryWith(dotenv)).map(({ what, fix }) => `${what}; ${fix}`);

  it.each([
    ['WATERFALL_API_KY=k', 'WATERFALL_API_KY in .env is no setting; did you mean WATERFALL_API_KEY?'],
    ['waterfall_api_key=k', 'waterfall_api_key in .env is no setting; did you mean WATERFALL_API_KEY?'],
    ['WATERFALL_KEY=k', 'WATERFALL_KEY in .env is no setting; did you mean WATERFALL_API_KEY?'],
    ['ABSTRACTAPI_API_KEY=k', 'ABSTRACTAPI_API_KEY in .env is no setting; did you mean ABSTRACTAPI_KEY?'],
    ['DATABSE_URL=x', 'DATABSE_URL in .env is no setting; did you mean DATABASE_URL?'],
    ['WATERFALL_PROXY_ADDRESS_FOR_US=x', /^WATERFALL_PROXY_ADDRESS_FOR_US in \.env is no setting; there are WATERFALL_API_KEY, .*LOG_LEVEL$/],
  ])('%s in .env', async (line, hint) => {
    expect(await hints(line)).toEqual([typeof hint === 'string' ? hint : expect.stringMatching(hint)]);
  });

  it('in the environment', async () => {
    expect(await hints('', { WATERFALL_RATE_LIMT: '5/1' })).toEqual(['WATERFALL_RATE_LIMT in the environment is no setting; did you mean WATERFALL_RATE_LIMIT?']);
  });

  it('unless it is another program\'s, or what it may stand for is set', async () => {
    expect(await hints('DATABASE_HOST=db\nDATABASE_PASSWORD=x\nREDIS_URL=x\nLOG_FORMAT=json', { DATABSE_URL: 'x', WATERFALL_PROXY_ADDRESS_FOR_US: 'x' })).toEqual([]);
    expect(await hints('WATERFALL_API_KEY=k\nWATERFALL_API_KEY2=k')).toEqual([]);
    expect(await hints('WATERFALL_API_KY=k', { WATERFALL_API_KEY: 'k' })).toEqual([]);
  });

  it('without its value', async () => {
    expect((await hints('WATERFALL_API_KY=se-cret')).join()).not.toContain('se-cret');
  });
});

describe('plain http', () => {
  it.each(['http://localhost:8787', 'http://127.0.0.1:8787', 'http://127.1.2.3', 'http://[::1]:8787'])('is fine on this host: %s', (baseUrl) => {
    expect(problemsOf({ baseUrl }, {})).toEqual([]);
  });

  it.each(['http://api.example', 'http://localhost.api.example', 'http://127.0.0.1.api.example', 'http://10.0.0.1:8787'])('is refused elsewhere: %s', (baseUrl) => {
    expect(problemsOf({ baseUrl }, {})).toEqual([expect.stringMatching(/^the key would go to .* in plain text: use https, or --allow-insecure if you mean it$/)]);
    expect(problemsOf({ baseUrl, allowInsecure: true }, {})).toEqual([]);
  });
});

describe('a user in the address of the API', () => {
  it.each(['https://jon@api.example', 'https://jon:hunter2@api.example'])('is refused without showing it: %s', (baseUrl) => {
    expect(problemsOf({ baseUrl }, {})).toEqual(['WATERFALL_BASE_URL has a user or a password in it, which the API does not take: leave them out; the key is WATERFALL_API_KEY']);
  });
});

describe('parseRateLimit', () => {
  it.each([
    ['50/60', { limit: 50, windowMs: 60_000 }],
    [' 5 / 0.5 s', { limit: 5, windowMs: 500 }],
    ['0', { limit: 0, windowMs: 60_000 }],
  ])('%j', (text, rate) => {
    expect(parseRateLimit(text)).toEqual(rate);
  });
});

describe('durationOption', () => {
  it('reads a duration, and names the option where there is none', () => {
    expect(durationOption('--max-age', '30d')).toBe(2_592_000_000);
    expect(() => durationOption('--max-age', 'soon')).toThrow('--max-age "soon" is not a duration: write for instance 90s, 10m, 12h or 30d');
  });
});
