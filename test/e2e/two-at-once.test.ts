/* Several processes at the same time on one PostgreSQL: a question that two lists share is asked once, and both get its answer. */
import { describe, expect } from 'vitest';
import { eventually, it, sql, type Scene } from '../support/command.ts';
import { companies, FILTER, list } from '../support/sandbox-process.ts';
import { expectHonestLaunches } from '../support/traces.ts';

const ALL = companies(24);
const [SHARED, OF_ONE, OF_OTHER] = [ALL.slice(0, 16), ALL.slice(16, 20), ALL.slice(20)];

/** For Node: it sets the clock wrong by WRONG_BY_MS. */
const WRONG_CLOCK = new URL('../support/wrong-clock.mjs', import.meta.url).href;
const SETTLED = "select from waterfall.targets where question->>'domain' = $1 and settled_at is not null";
/** Requests and jobs take a while, so that the runs meet. */
const SLOW = { sandbox: ['--job-time', '300ms', '--latency', '20ms'] };

describe.concurrent('two runs at once with questions in common', () => {
  it.for([
    ['in the same order', 'read committed', [...OF_ONE, ...SHARED], [...OF_OTHER, ...SHARED]],
    ['in opposite orders', 'repeatable read', [...OF_ONE, ...SHARED], [...OF_OTHER, ...SHARED.toReversed()]],
    ['as all they ask', 'serializable', SHARED, SHARED.toReversed()],
  ] as const)('%s on a database that is "%s" launch each of them once, and both get their answers', async ([, isolation, one, other], { open, newDatabase }) => {
    const databaseUrl = await newDatabase({ migrated: true });
    await sql(databaseUrl, `alter database ${new URL(databaseUrl).pathname.slice(1)} set default_transaction_isolation = '${isolation}'`);
    await expectEachLaunchedOnce(await open(SLOW), { databaseUrl, one, other, options: [] });
  });

  it('launch each of them once under --fresh too', async ({ open, newDatabase }) => {
    const lists = { one: [...OF_ONE, ...SHARED], other: [...OF_OTHER, ...SHARED.toReversed()] };
    await expectEachLaunchedOnce(await open(SLOW), { databaseUrl: await newDatabase({ migrated: true }), ...lists, options: ['--fresh'] });
  });
});

describe.concurrent('a run that has questions left', () => {
  it.for<[options: string[], wrongMs: number, otherWrongMs: number]>([
    [[], 0, 0],
    [['--fresh'], 0, 0],
    [[], 120_000, -70_000],
    [['--fresh'], 70_000, -120_000],
  ])('takes an answer that another run got since it began, with options %j, and clocks that are wrong by %d and %d ms', async ([options, wrongMs, otherWrongMs], { open, newDatabase }) => {
    const scene = await open();
    const DATABASE_URL = await newDatabase({ migrated: true });
    const [env, otherEnv] = [wrongMs, otherWrongMs].map((ms) => ({ DATABASE_URL, WRONG_BY_MS: String(ms), NODE_OPTIONS: `--import ${WRONG_CLOCK}` }));
    const [first, shared] = companies(2) as [string, string];
    await scene.write('one.csv', list([first, shared]));
    await scene.write('other.csv', list([shared]));
    // It has launched its first question and waits for its rate limit.
    const one = scene.start(['run', 'one.csv', ...options, '--rate-limit', '1/600'], { ...(env && { env }) });
    await eventually(async () => expect((await scene.sandbox.stats()).launches).toBe(1));
    expect((await scene.run(['run', 'other.csv'], { ...(otherEnv && { env: otherEnv }) })).exit).toBe(0);
    one.signal('SIGTERM');
    expect((await one.ended).exit).toBe(143);

    const resumed = await scene.run(['resume', /run (\S+) \(one\.csv\)/.exec((await one.ended).stderr)?.[1] ?? ''], { ...(env && { env }) });
    expect(resumed.exit, resumed.stderr).toBe(0);
    expect((await scene.sandbox.stats()).launches).toBe(2);
    const report = await scene.rows('one.report.csv');
    expect(report.map(({ outcome, launches }) => [outcome, launches])).toEqual([['found', '1'], ['cached', '0']]);
    expect((await scene.rows('one.contacts.csv')).filter(({ domain }) => domain === shared)).toEqual(
      (await scene.rows('other.contacts.csv')).map((row) => ({ ...row, row: '3', outcome: 'cached' })),
    );
  });
});

describe.concurrent('the launch of a run that was killed', () => {
  it('keeps others from the question while its process counts as alive, and is then repeated once and counted in doubt', async ({ open, newDatabase, newGate }) => {
    const scene = await open();
    const databaseUrl = await newDatabase({ migrated: true });
    const api = await newGate(scene.sandbox.url);
    const database = await newGate(databaseUrl);
    const asked = { WATERFALL_BASE_URL: api.url }; // the host is part of a question
    const [shared, alone] = companies(2) as [string, string];
    await scene.write('one.csv', list([shared]));
    await scene.write('other.csv', list([shared, alone]));
    const launched = api.shutAt('answer', 'POST /v1/prospector');
    const dead = scene.start(['run', 'one.csv'], { env: { ...asked, DATABASE_URL: databaseUrl } });
    await Promise.race([launched, dead.ended]);
    await eventually(async () => expect(await launchesOf(scene, shared)).toBe(1));
    dead.signal('SIGKILL');
    await dead.ended;
    api.open();

    // As long as this test may take on a busy machine; others are alive for 20 s.
    const countAsAlive = (seconds: number) => sql(databaseUrl, 'update waterfall.processes set alive_until = now() + make_interval(secs => $1) where pid = $2', [seconds, dead.pid]);
    await countAsAlive(600);
    const looked = database.shutAt('answer', 'not waterfall.is_alive(call.process_id)');
    const other = scene.start(['run', 'other.csv'], { env: { ...asked, DATABASE_URL: database.url } });
    await Promise.race([looked, other.ended]);
    database.open();
    await eventually(async () => expect(await sql(databaseUrl, SETTLED, [alone])).toHaveLength(1));
    const [left] = await sql(databaseUrl, 'select state, doubts from waterfall.targets order by id limit 1');
    expect([left, await launchesOf(scene, shared)]).toEqual([{ state: 'launching', doubts: 0 }, 1]);

    await countAsAlive(0);
    const ended = await other.ended;
    expect(ended.exit, ended.stderr).toBe(0);
    expect(await launchesOf(scene, shared)).toBe(2);
    expect((await scene.rows('other.report.csv')).map(({ outcome }) => outcome)).toEqual(['found', 'found']);
    expect([...(await expectHonestLaunches(scene, databaseUrl))]).toEqual([[shared, 1]]);
  });
});

describe('ten processes', () => {
  it('that migrate an empty database at once all succeed', async ({ openWorkplace, newDatabase }) => {
    const workplace = await openWorkplace({ DATABASE_URL: await newDatabase() });
    const ended = await Promise.all(Array.from({ length: 10 }, () => workplace.run(['migrate'])));
    expect(ended.map(({ exit, stderr }) => (exit === 0 ? '' : stderr))).toEqual(Array(10).fill(''));
    expect(ended.filter(({ stdout }) => stdout.includes('was brought up to date')).length).toBeGreaterThan(0);
  });
});

/** Two lists that are run at the same time, and the questions that are in both. */
type AtOnce = { databaseUrl: string; one: readonly string[]; other: readonly string[]; options: readonly string[] };

/** Runs both; each question of both reaches the server once, and each list has its contacts. */
async function expectEachLaunchedOnce(scene: Scene, { databaseUrl, one, other, options }: AtOnce): Promise<void> {
  const env = { DATABASE_URL: databaseUrl };
  await scene.write('one.csv', list(one));
  await scene.write('other.csv', list(other));
  const ended = await Promise.all(['one.csv', 'other.csv'].map((name) => scene.run(['run', name, ...options], { env })));
  expect(ended.map(({ exit, stderr }) => (exit === 0 ? '' : stderr))).toEqual(['', '']);
  for (const [name, domains] of [['one', one], ['other', other]] as const) {
    expect([...new Set((await scene.rows(`${name}.contacts.csv`)).map(({ domain }) => domain))]).toEqual(domains);
  }
  const asked = [...new Set([...one, ...other])].sort();
  const { launches_by_question } = await scene.sandbox.stats();
  expect(launches_by_question).toEqual(Object.fromEntries(asked.map((domain) => [`${domain}|${FILTER}`, 1])));
}

async function launchesOf(scene: Scene, domain: string): Promise<number> {
  return (await scene.sandbox.stats()).launches_by_question[`${domain}|${FILTER}`] ?? 0;
}
