/* A database that stays away: the real patience of two minutes, on a clock that is made to run faster; all else is real. */
import { expect } from 'vitest';
import { perform, readPace } from '../../src/cli/perform.ts';
import type { Session } from '../../src/cli/session.ts';
import { examineList } from '../../src/lists/format.ts';
import { openList } from '../../src/lists/read.ts';
import type { RunOptions } from '../../src/service/options.ts';
import type { ListRow } from '../../src/lists/read.ts';
import { askContacts } from '../../src/service/contact-rows.ts';
import { startRun } from '../../src/service/start.ts';
import { readSettings } from '../../src/runtime/config.ts';
import { systemClock, type Clock } from '../../src/runtime/runtime.ts';
import { eventually, it, type Scene } from '../support/command.ts';
import { testRuntime } from '../support/databases.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { expectHonestLaunches } from '../support/traces.ts';

const DOMAINS = companies(12);

it('a database that stays away for two minutes stops the run with 4, and the printed command goes on when it is back', async ({ open, newDatabase, newGate }) => {
  const scene = await open();
  await scene.write('list.csv', list(DOMAINS));
  const databaseUrl = await newDatabase({ migrated: true });
  const gate = await newGate(databaseUrl);
  const said: string[] = [];
  const clock = createHastyClock();
  const session = sessionOn(scene, gate.url, clock, said);

  await scene.sandbox.setFaults({ latencyMs: 100 });
  const exit = work(session, scene);
  await Promise.race([exit, eventually(async () => expect((await scene.sandbox.stats()).finds).toBeGreaterThan(1))]);
  await gate.close();
  const goneAt = clock.now();
  clock.runFaster(100);
  expect(await exit, said.join('\n')).toBe(4);
  expect(clock.now() - goneAt).toBeGreaterThanOrEqual(120_000);
  const words = said.join('\n');
  expect(words).toMatch(/stopped: the database \(\S+\) does not answer: .+\n {2}to do: go on when it is back; nothing that was saved is lost\ngo on with: waterfall-contacts resume \S+/);

  await scene.sandbox.setFaults({ latencyMs: 0 });
  const resumed = await scene.run(['resume', /resume (\S+)/.exec(words)?.[1] ?? ''], { env: { DATABASE_URL: databaseUrl } });
  expect(resumed.exit, resumed.stderr).toBe(0);
  expect((await scene.rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(DOMAINS.map(() => 'found'));
  await expectHonestLaunches(scene, databaseUrl);
});

/** The time of the day, until it is told to run so many times faster. */
function createHastyClock(): Clock & { runFaster: (times: number) => void } {
  let [pace, real, shown] = [1, systemClock.now(), systemClock.now()];
  const now = () => shown + (systemClock.now() - real) * pace;
  return {
    now,
    sleep: (ms, signal) => systemClock.sleep(ms / pace, signal),
    runFaster(times) {
      [pace, shown, real] = [times, now(), systemClock.now()];
    },
  };
}

/** What the command begins with, but for its clock; `said` gets what it would print. */
function sessionOn(scene: Scene, databaseUrl: string, clock: Clock, said: string[]): Session {
  const ignore = () => undefined;
  const environment = { WATERFALL_API_KEY: 'test-key', WATERFALL_BASE_URL: scene.sandbox.url, WATERFALL_RATE_LIMIT: '0', DATABASE_URL: databaseUrl };
  return {
    settings: readSettings({}, environment, scene.folder),
    runtime: { ...testRuntime(), clock },
    terminal: { line: ignore, say: ignore, insist: (text: string) => void said.push(text), lastWords: (text: string) => text, useLog: ignore, startProgress: ignore, stopProgress: ignore },
  };
}

/** `run list.csv`, behind its options. */
async function work(session: Session, scene: Scene): Promise<number> {
  const path = `${scene.folder}/list.csv`;
  const { sha256, ...format } = await examineList(path);
  const question = { api_host: new URL(session.settings.baseUrl).host, limit: 10, include_phones: false, include_unverified: false };
  const options: RunOptions = {
    question,
    reading: {},
    rows: null,
    output: { contacts: `${scene.folder}/list.contacts.csv`, report: `${scene.folder}/list.report.csv`, style: { delimiter: ',', bom: false } },
  };
  return perform(session, readPace({ concurrency: 2, jobTimeout: '10m', inDoubt: 'relaunch' }), async (database, taker) => {
    const list = await openList(path, format);
    const ask = (row: ListRow) => askContacts({ columns: list.columns, options: question, onAdvice: () => undefined, onOrRead: () => undefined }, row);
    const made = { key: sha256, input_name: 'list.csv', list, options, ask, maxAgeMs: 0, fresh: false };
    return { run: await startRun(database, made, taker), continued: false };
  });
}
