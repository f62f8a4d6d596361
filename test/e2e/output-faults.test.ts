/* Outputs that cannot be written: the good file stays as it was, the contacts are in the database, and the printed command gets them. */
import { lstat, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, eventually, it, withoutJobs, type Ended, type Scene } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';

const DOMAINS = companies(4);
const GOOD = 'the good file\n';

describe.concurrent('an output that cannot be written', () => {
  it('because the disk is full ends with 4', async ({ open }) => {
    const scene = await withList(await open());
    const ended = await scene.run(['run', 'list.csv', '-o', '/dev/full', '--report', 'report.csv']);
    expect(ended.stderr).toContain('the outputs could not be written: ENOSPC');
    await expectExported(scene, ended);
  });

  it('to its end leaves the good file intact and no temporary one, and the same command mends it', async ({ open }) => {
    const scene = await withList(await open());
    await scene.write('list.contacts.csv', GOOD);
    // A limit on the size of files stands in for a disk that fills up in the middle.
    const ended = await scene.shell('ulimit -f 1; exec waterfall-contacts run list.csv');
    expect(ended.stderr).toContain('the outputs could not be written: EFBIG');
    expect(await scene.files()).toEqual(['list.contacts.csv', 'list.csv']);
    expect(await scene.read('list.contacts.csv')).toBe(GOOD);
    await expectExported(scene, ended);
    expect((await scene.give(['run', 'list.csv'])).exit).toBe(0);
    expect(withoutJobs(await scene.read('list.contacts.csv'))).toEqual(withoutJobs(await scene.read('exported.csv')));
    expect((await scene.sandbox.stats()).launches).toBe(DOMAINS.length);
  });

  it('because its folder has gone meanwhile ends with 4', async ({ open }) => {
    const scene = await withList(await open());
    await mkdir(join(scene.folder, 'out'));
    await scene.sandbox.setFaults({ latencyMs: 300 });
    const running = scene.start(['run', 'list.csv', '-o', 'out/contacts.csv']);
    await eventually(async () => expect((await scene.sandbox.stats()).launch_requests).toBeGreaterThan(0));
    await rm(join(scene.folder, 'out'), { recursive: true });
    await expectExported(scene, await running.ended);
  });

  it('because the reader of a named pipe leaves ends without a bug, and the contacts can be exported', async ({ open }) => {
    const scene = await withList(await open());
    const { stderr } = await scene.shell('mkfifo pipe; (exec 3<pipe; exec 3<&-) & waterfall-contacts run list.csv -o pipe --report r.csv; wait');
    expect(stderr).not.toContain('bug in waterfall');
    expect((await scene.give(['export', '-o', 'exported.csv'])).exit).toBe(0);
    expect((await lstat(join(scene.folder, 'pipe'))).isFIFO()).toBe(true);
  });
});

describe.concurrent('an output that is no ordinary file', () => {
  it('a named pipe gets every line', async ({ open }) => {
    const scene = await withList(await open());
    const { stdout, exit } = await scene.shell('mkfifo pipe; cat pipe & waterfall-contacts run list.csv -o pipe --report r.csv; code=$?; wait; exit $code');
    expect(exit).toBe(0);
    expect(domainsOf(stdout)).toEqual(DOMAINS);
  });

  it('/dev/stdout may be a pipe, and there is no report then, as with -', async ({ open }) => {
    const scene = await open();
    await scene.write('list.csv', list(companies(3)));
    const { stdout, exit } = await scene.shell('waterfall-contacts run list.csv -o /dev/stdout | cat');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^domain,title_filter,first_name,/);
    expect(await scene.files()).toEqual(['list.csv']);
  });

  it('that is full is said of stdout, whatever the command', async ({ open }) => {
    const scene = await open();
    for (const command of ['runs --json', 'migrate --print', 'check --sandbox', '--help', 'run --help', '--version']) {
      const { stderr, exit } = await scene.shell(`waterfall-contacts ${command} > /dev/full`);
      expect({ command, stderr, exit }).toEqual({
        command,
        stderr: 'error: stdout cannot be written (ENOSPC)\n  to do: give it a place that is not full, and that you may write to\n',
        exit: 2,
      });
    }
  });

  it('/dev/null stays a device', async ({ open }) => {
    const scene = await withList(await open());
    expect((await scene.run(['run', 'list.csv', '-o', '/dev/null', '--report', 'r.csv'])).exit).toBe(0);
    expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true);
    expect(await scene.files()).toEqual(['list.csv', 'r.csv']);
  });

  it('a symbolic link is followed and stays one', async ({ open }) => {
    const scene = await withList(await open());
    await mkdir(join(scene.folder, 'elsewhere'));
    await writeFile(join(scene.folder, 'elsewhere', 'contacts.csv'), GOOD);
    await symlink(join('elsewhere', 'contacts.csv'), join(scene.folder, 'link.csv'));
    expect((await scene.run(['run', 'list.csv', '-o', 'link.csv'])).exit).toBe(0);
    expect((await lstat(join(scene.folder, 'link.csv'))).isSymbolicLink()).toBe(true);
    expect(domainsOf(await scene.read('elsewhere/contacts.csv'))).toEqual(DOMAINS);
  });
});

async function withList(scene: Scene): Promise<Scene> {
  await scene.write('list.csv', list(DOMAINS));
  return scene;
}

/** The run ended with 4, and the export that it names gets every contact. */
async function expectExported(scene: Scene, { exit, stderr }: Ended): Promise<void> {
  expect(exit, stderr).toBe(4);
  const command = /^write them with: (waterfall-contacts export .*)$/m.exec(stderr)?.[1] ?? '';
  // As printed, but for the places that cannot be written.
  const exported = await scene.shell(command.replace(/-o \S+/, '-o exported.csv').replace(/ --report \S+/, ''));
  expect(exported.exit, exported.stderr).toBe(0);
  expect(domainsOf(await scene.read('exported.csv'))).toEqual(DOMAINS);
}

function domainsOf(text: string): (string | undefined)[] {
  return [...new Set(csvRows(text).map(({ domain }) => domain))];
}
