/* `forget`: a person is gone from the database and from later outputs, and no later run brings them back. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, eventually, it, printedCommand, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const DOMAINS = companies(3, (people) => people >= 3);

describe.concurrent('forget', () => {
  it('by an address: exports are without the person, and a fresh run does not bring them back', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const [person, ...others] = await finishedRun(scene, env);
    const { exit, stdout, stderr } = await scene.run(['forget', person?.professional_email?.toUpperCase() ?? ''], { env });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toBe(
      [
        'erased: contacts 1, from answers 1, of runs 1',
        'a hash is kept, so that later runs leave this person out',
        'these files may still contain the person; export again, or remove them:',
        `  ${join(scene.folder, 'list.contacts.csv')}`,
        '',
      ].join('\n'),
    );
    expect(csvRows((await scene.give(['export'], { env })).stdout)).toEqual(others);

    expect((await scene.give(['run', 'list.csv', '--fresh'], { env })).exit).toBe(0);
    expect(idsIn(await scene.rows('list.contacts.csv'))).toEqual(idsIn(others));
    expect((await scene.rows('list.report.csv')).map(({ contacts }) => Number(contacts)).reduce((sum, contacts) => sum + contacts)).toBe(others.length);
  });

  it('is first shown, then noted in the home folder, and done again after an older backup was restored', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const [person] = await finishedRun(scene, env);
    const address = person?.professional_email ?? '';
    const shown = await scene.give(['forget', address, '--dry-run'], { env });
    expect(shown).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^would be erased: contacts 1, from answers of runs 1\n {2}run \S+ \(list\.csv\): 1 answer\nthese files may [^]*list\.contacts\.csv\nnothing was changed\n$/) as string });
    expect((await scene.give(['forget', address], { env })).stdout).toMatch(/^erased: contacts 1, /);
    expect((await scene.give(['forget', address, '--dry-run'], { env })).stdout).toBe('nothing was found\nnothing was changed\n');

    const restored = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.give(['run', 'list.csv'], { env: restored });
    const ledgerPath = join(scene.home, 'erasures.jsonl');
    const ledger = await readFile(ledgerPath, 'utf8');
    expect(ledger).toMatch(/^\{"forgotten_at":"[^"]+","hashes":\["[\da-f]{64}"[^]*\]\}\n$/);
    expect(ledger).not.toContain(address);
    expect((await scene.give(['forget', '--replay', ledgerPath], { env: restored })).stdout).toMatch(/^erased: contacts 1, from answers 1, of runs 1\n/);
    expect(await readFile(ledgerPath, 'utf8')).toBe(ledger);
  });

  it('is done though it cannot be noted, and says so', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const [person] = await finishedRun(scene, env);
    await mkdir(join(scene.home, 'erasures.jsonl'), { recursive: true });
    const { exit, stdout, stderr } = await scene.run(['forget', person?.professional_email ?? '', '--quiet'], { env });
    expect([exit, stdout]).toEqual([0, expect.stringMatching(/^erased: contacts 1, /) as string]);
    expect(stderr).toMatch(/^warning: not noted in erasures\.jsonl of the home folder \(EISDIR[^]*\): after a restored backup, forget again by name\n$/);
  });

  it('again of a file that is no ledger of erasures erases nobody', async ({ openWorkplace }) => {
    const workplace = await openWorkplace({ DATABASE_URL: undefined });
    await workplace.write('erasures.jsonl', '{"hashes":["mira@alderfinch.example"]}\n');
    const { exit, stderr } = await workplace.give(['forget', '--replay', 'erasures.jsonl']);
    expect([exit, stderr]).toEqual([2, 'error: line 1 of erasures.jsonl is no erasure\n  to do: give a file erasures.jsonl as waterfall-contacts wrote it: nobody was erased\n']);
  });

  it('by the id, in a trial, erases from the trial', async ({ openWorkplace }) => {
    const workplace = await openWorkplace({ DATABASE_URL: undefined, WATERFALL_API_KEY: undefined });
    await workplace.write('list.csv', list(DOMAINS.slice(0, 1)));
    await workplace.run(['run', 'list.csv', '--sandbox']);
    const [person, ...others] = await workplace.rows('list.contacts.csv');
    const { exit, stdout } = await workplace.run(['forget', person?.person_id ?? '', '--sandbox']);
    expect([exit, stdout.split('\n')[0]]).toEqual([0, 'erased: contacts 1, from answers 1, of runs 1']);
    expect(csvRows((await workplace.run(['export', '--sandbox'])).stdout)).toEqual(others);
  });

  it('of somebody who is not known finds nothing, and keeps them out of later runs', async ({ open, newDatabase }) => {
    const scene = await open();
    const [person, ...others] = await finishedRun(scene);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const { exit, stdout } = await scene.run(['forget', person?.professional_email ?? '', '--quiet'], { env });
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'nothing was found\na hash is kept, so that later runs leave this person out\n' });
    await scene.give(['run', 'list.csv'], { env });
    expect(idsIn(await scene.rows('list.contacts.csv'))).toEqual(idsIn(others));
  });

  it('while a run on the same server waits for its answers keeps the person out of those', async ({ open, newDatabase }) => {
    const scene = await open();
    const [person, ...others] = await finishedRun(scene);
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    const running = scene.start(['run', 'list.csv', '--rate-limit', '1/600'], { env });
    await eventually(async () => expect((await scene.sandbox.stats()).launch_requests).toBe(DOMAINS.length + 1));
    expect((await scene.give(['forget', person?.person_id ?? ''], { env })).exit).toBe(0);
    running.signal('SIGTERM');
    const { stderr } = await running.ended;
    expect((await scene.shell(`${printedCommand(stderr)} --rate-limit 0`, { env })).exit).toBe(0);
    expect(idsIn(await scene.rows('list.contacts.csv'))).toEqual(idsIn(others));
  });

  it('names the partial file of a run that is not finished', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('list.csv', list(companies(24, (people) => people > 0)));
    const running = scene.start(['run', 'list.csv', '--rate-limit', '30/600', '--concurrency', '4'], { env });
    await eventually(async () => expect((await scene.sandbox.stats()).finds).toBeGreaterThan(8));
    running.signal('SIGINT');
    await running.ended;
    const [person] = await scene.rows('list.contacts.partial.csv');
    const { stdout } = await scene.give(['forget', person?.person_id ?? ''], { env });
    expect(stdout).toContain(`\n  ${join(scene.folder, 'list.contacts.partial.csv')}\n`);
  });

  it.for(['Mira Quill', '%', ''])('of %j, which names nobody, is refused', async (text, { openWorkplace }) => {
    const workplace = await openWorkplace({ DATABASE_URL: undefined });
    expect(await workplace.give(['forget', text])).toEqual({
      exit: 2,
      stdout: '',
      stderr: 'error: this is neither an e-mail address nor a person id\n  to do: give one of them whole, as it is in the contacts (professional_email, personal_email or person_id), or @file with one a line\n',
    });
  });

  it('on an embedded database in use gives way with 75', async ({ open }) => {
    const scene = await open({ embedded: true });
    await scene.write('list.csv', list(DOMAINS));
    const running = scene.start(['run', 'list.csv', '--rate-limit', '1/600']);
    await eventually(async () => expect((await scene.sandbox.stats()).launch_requests).toBe(1));
    expect(await scene.run(['forget', 'somebody@alderfinch.example'])).toMatchObject({ exit: 75, stdout: '' });
    running.signal('SIGKILL');
    await running.ended;
  });
});

/** Finishes a run; returns its contacts. */
async function finishedRun(scene: Scene, env: Record<string, string> = {}): Promise<Record<string, string>[]> {
  await scene.write('list.csv', list(DOMAINS));
  await scene.give(['run', 'list.csv'], { env });
  return scene.rows('list.contacts.csv');
}

function idsIn(contacts: readonly Record<string, string>[]): (string | undefined)[] {
  return contacts.map(({ person_id }) => person_id);
}
