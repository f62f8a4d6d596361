/*
 * Runs that go wrong in every way tell nobody the key or the database's password, wherever they write, and name no
 * person on stderr. What the files are worth is kept from other users of the machine.
 */
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Faults } from '../../src/sandbox/faults.ts';
import { createPeople } from '../../src/sandbox/people.ts';
import { eventually, it, sql, type Ended, type Scene, type SceneOptions, type Workplace } from '../support/command.ts';
import { companies, FILTER, list } from '../support/sandbox-process.ts';

const KEY = 'wf-live-7d1c9e55ab';
const PASSWORD = 'S3cret/p@ss word';
const SECRETS = [KEY, PASSWORD, encodeURIComponent(PASSWORD)];
const DOMAINS = companies(12);
const LIST = list(DOMAINS);
const RUN = ['run', 'list.csv', '--include-phones'];
const FORMATS = ['text', 'json'];
/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:2';

describe.concurrent('neither key nor password is told', () => {
  it.for(FORMATS)('by a run whose key is refused in words that quote it (%s)', async (format, { openWorkplace, newDatabase, onTestFinished }) => {
    const place = await workplace(openWorkplace, newDatabase);
    const api = await serve((request, response) => {
      const message = `no such key: ${String(request.headers['x-api-key'])}`;
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 'AUTH_BAD_API_KEY', message, error: [message] }));
    }, onTestFinished);
    const ended = await place.run([...RUN, '--verbose', '--log-format', format], { env: { WATERFALL_BASE_URL: api.url } });
    expect(ended.exit).toBe(4);
    expect(ended.stderr).toContain('no such key: ');
    await expectNothingTold(place, ended);
  });

  it('by a run that cannot reach the API and is stopped', async ({ openWorkplace, newDatabase }) => {
    const place = await workplace(openWorkplace, newDatabase);
    const running = place.start([...RUN, '--verbose'], { env: { WATERFALL_BASE_URL: NOWHERE } });
    await running.said('ECONNREFUSED');
    running.signal('SIGTERM');
    const ended = await running.ended;
    expect(ended.exit).toBe(143);
    await expectNothingTold(place, ended);
  });

  it.for(FORMATS)('by a run whose database refuses the password (%s)', async (format, { openWorkplace, newDatabase }) => {
    const place = await workplace(openWorkplace, newDatabase);
    const url = new URL(place.databaseUrl);
    url.username = 'postgres';
    const ended = await place.run([...RUN, '--verbose', '--log-format', format, '--database-url', url.href]);
    expect(ended.exit).toBe(2);
    await expectNothingTold(place, ended);
  });

  it('to the host that a redirect names', async ({ openWorkplace, newDatabase, onTestFinished }) => {
    const place = await workplace(openWorkplace, newDatabase);
    const asked: IncomingMessage[] = [];
    const other = await serve((request, response) => {
      asked.push(request);
      response.end('{}');
    }, onTestFinished);
    const api = await serve((_request, response) => response.writeHead(307, { location: other.url }).end(), onTestFinished);
    const ended = await place.run([...RUN, '--verbose'], { env: { WATERFALL_BASE_URL: api.url } });
    expect(ended.exit).toBe(4);
    expect(asked).toEqual([]);
    await expectNothingTold(place, ended);
  });

  it.for(FORMATS)('by the stack of a bug that quotes both (%s)', async (format, { openWorkplace, newDatabase }) => {
    const place = await workplace(openWorkplace, newDatabase);
    await place.give(['migrate']);
    // An error of the database that the program does not know: to it, a bug.
    await sql(place.ownerUrl, `create function waterfall.quote() returns trigger language plpgsql as $$ begin raise exception 'boom % %', '${KEY}', '${PASSWORD}'; end $$`);
    await sql(place.ownerUrl, 'create trigger quote before insert on waterfall.runs for each row execute function waterfall.quote()');
    const ended = await place.run([...RUN, '--verbose', '--log-format', format]);
    expect(ended.exit).toBe(1);
    expect(ended.stderr).toMatch(/This is a bug in waterfall-contacts.*boom \[redacted\] \[redacted\]/s);
    await expectNothingTold(place, ended);
  });

  it('by the stack of a bug that nobody awaited', async ({ openWorkplace, newDatabase }) => {
    const place = await workplace(openWorkplace, newDatabase);
    await place.write('bug.mjs', `process.on('SIGUSR2', () => { throw new Error('boom ' + process.env.WATERFALL_API_KEY + ' ' + process.env.DATABASE_URL) })`);
    const running = place.start(RUN, { env: { WATERFALL_BASE_URL: NOWHERE, NODE_OPTIONS: '--import ./bug.mjs' } });
    await running.said('12 to launch');
    running.signal('SIGUSR2');
    const ended = await running.ended;
    expect(ended.exit).toBe(1);
    expect(ended.stderr).toMatch(/This is a bug in waterfall-contacts.*boom \[redacted\] postgres.*:\[redacted\]@/s);
    await expectNothingTold(place, ended);
  });

  it.for(FORMATS)('by a run of which some rows have no answer (%s)', async (format, { open, newDatabase }) => {
    const place = await scene(open, newDatabase, { failRate: 0.5 });
    const ended = await place.run([...RUN, '--verbose', '--log-format', format]);
    expect(ended.exit).toBe(3);
    expect(await place.rows('list.contacts.csv')).not.toEqual([]);
    await expectNothingTold(place, ended);
  });

  it('by a run that is stopped half-way', async ({ open, newDatabase }) => {
    const place = await scene(open, newDatabase);
    const running = place.start([...RUN, '--verbose', '--rate-limit', '12/600', '--concurrency', '4']);
    await running.said('outcome=found');
    running.signal('SIGINT');
    const ended = await running.ended;
    expect(ended.exit).toBe(130);
    await expectNothingTold(place, ended);
  });

  it('by a run that finds another one at work, nor by the command that it prints', async ({ open, newDatabase }) => {
    const place = await scene(open, newDatabase);
    const first = place.start([...RUN, '--rate-limit', '1/600']);
    await eventually(async () => expect((await place.sandbox.stats()).launch_requests).toBe(1));
    const ended = await place.run([...RUN, '--verbose', '--database-url', place.databaseUrl]);
    first.signal('SIGKILL');
    await first.ended;
    expect(ended.exit).toBe(75);
    expect(ended.stderr).toContain('--database-url "$DATABASE_URL"');
    await expectNothingTold(place, ended);
  });

  it('over plain http to another machine', async ({ openWorkplace, newDatabase }) => {
    const place = await workplace(openWorkplace, newDatabase);
    const ended = await place.run(RUN, { env: { WATERFALL_BASE_URL: 'http://api.example' } });
    expect(ended).toEqual({
      exit: 2,
      stdout: '',
      stderr: 'error: the key would go to api.example in plain text\n  to do: use https, or --allow-insecure if you mean it\n',
    });
  });
});

describe.concurrent('what is kept from other users of the machine', () => {
  it('is the home folder, with all that it holds', async ({ openWorkplace }) => {
    const place = await openWorkplace({ DATABASE_URL: undefined });
    await place.write('list.csv', list(DOMAINS.slice(0, 1)));
    await place.shell('umask 000; waterfall-contacts run list.csv --sandbox');
    expect([await modeOf(place.home), await modeOf(join(place.home, 'sandbox'))]).toEqual(['700', '700']);
  });

  it.for([
    ['077', '600'],
    ['027', '640'],
  ] as const)('are output files, as the umask %s says', async ([umask, mode], { open }) => {
    const place = await open();
    await place.write('list.csv', list(DOMAINS.slice(0, 1)));
    await place.shell(`umask ${umask}; waterfall-contacts run list.csv`);
    expect([await modeOf(join(place.folder, 'list.contacts.csv')), await modeOf(join(place.folder, 'list.report.csv'))]).toEqual([mode, mode]);
  });
});

type Guarded = { databaseUrl: string; ownerUrl: string };
type NewDatabase = () => Promise<string>;

/** A database for this test alone, and the address at which a user with our password has it. */
async function guardedDatabase(newDatabase: NewDatabase): Promise<Guarded> {
  const ownerUrl = await newDatabase();
  const role = `guarded_${randomUUID().replaceAll('-', '')}`;
  await sql(ownerUrl, `create role ${role} login password '${PASSWORD}'`);
  await sql(ownerUrl, `grant all on database ${new URL(ownerUrl).pathname.slice(1)} to ${role}`);
  const url = new URL(ownerUrl);
  [url.username, url.password] = [role, encodeURIComponent(PASSWORD)];
  return { databaseUrl: url.href, ownerUrl };
}

async function workplace(openWorkplace: (env: Record<string, string>) => Promise<Workplace>, newDatabase: NewDatabase): Promise<Workplace & Guarded> {
  const database = await guardedDatabase(newDatabase);
  const place = await openWorkplace({ DATABASE_URL: database.databaseUrl, WATERFALL_API_KEY: KEY });
  await place.write('list.csv', LIST);
  return { ...place, ...database };
}

/** A workplace with a sandbox, whose commands have our key and our database. */
async function scene(open: (options: SceneOptions) => Promise<Scene>, newDatabase: NewDatabase, faults: Partial<Faults> = {}): Promise<Scene & Guarded> {
  const database = await guardedDatabase(newDatabase);
  const place = await open({ faults });
  await place.write('list.csv', LIST);
  const start: Scene['start'] = (args, how) =>
    place.start(args, { ...how, env: { DATABASE_URL: database.databaseUrl, WATERFALL_API_KEY: KEY, ...how?.env } });
  return { ...place, ...database, start, run: (args, how) => start(args, how).ended };
}

/** An HTTP server of the test; gone when it ends. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, onTestFinished: (stop: () => void) => void) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Looks through all that a command has written. */
async function expectNothingTold(place: Workplace & Guarded, ended: Ended): Promise<void> {
  const written: Record<string, string> = { stdout: ended.stdout, stderr: ended.stderr, ...(await filesUnder(dirname(place.folder))), ...(await tablesOf(place.ownerUrl)) };
  const telling = Object.entries(written).flatMap(([where, text]) => SECRETS.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${where}`));
  expect(telling).toEqual([]);
  expect(peopleAt(DOMAINS).filter((words) => ended.stderr.includes(words))).toEqual([]);
}

async function filesUnder(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')] as const)));
}

async function tablesOf(url: string): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }>(url, `select table_name as name from information_schema.tables where table_schema = 'waterfall' and table_type = 'BASE TABLE'`);
  const dump = async (name: string) => (await sql<{ row: string }>(url, `select kept::text as row from waterfall.${name} as kept`)).map(({ row }) => row).join('\n');
  return Object.fromEntries(await Promise.all(tables.map(async ({ name }) => [name, await dump(name)] as const)));
}

/** Names, addresses and numbers of all whom the sandbox finds. */
function peopleAt(domains: readonly string[]): string[] {
  const findPeople = createPeople();
  const persons = domains.flatMap((domain) => findPeople({ domain, title_filter: FILTER, limit: 10, include_phones: true, verified_only: true }).persons);
  const words = persons.flatMap((person) => [
    `${person.first_name} ${person.last_name}`,
    person.last_name,
    person.professional_email,
    person.personal_email,
    person.mobile_phone,
    ...person.phone_numbers,
  ]);
  // A name of two or three letters may be part of any word.
  return [...new Set(words.filter((word): word is string => (word ?? '').length > 3))];
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}
