/* Which words go where: data on stdout, everything else on stderr, and nobody's name or key on the latter. */
import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, it } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const DOMAINS = companies(12);

describe.concurrent('a list on stdin', () => {
  it('goes to stdout, the header first and the lines in input order, and nothing else does', async ({ open }) => {
    const { run, files } = await open({ sandbox: ['--job-time', '60ms'] });
    const { exit, stdout, stderr } = await run(['run', '-'], { input: list(DOMAINS) });
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^domain,title_filter,first_name,last_name,/);
    expect([...new Set(csvRows(stdout).map(({ domain }) => domain))]).toEqual(DOMAINS);
    expect(stdout.split('\n')).toHaveLength(csvRows(stdout).length + 2);
    expect(stderr).toMatch(/reading stdin: .*\n[^]*run \S+ \(stdin\): 12 rows, 12 to launch/);
    expect(await files()).toEqual([]);
  });

  it('gives the same bytes as the list in a file', async ({ open }) => {
    const { run, give, write, read } = await open();
    await write('list.csv', list(DOMAINS));
    await give(['run', 'list.csv']);
    const { exit, stdout } = await run(['run', '-'], { input: list(DOMAINS) });
    // What the first command found, the second takes from the database.
    expect([exit, stdout]).toEqual([0, (await read('list.contacts.csv')).replaceAll(',found,', ',cached,')]);
  });
});

describe.concurrent('a list whose contacts go to stdout, of which no report is written', () => {
  it('is not said to have one', async ({ open }) => {
    const { run } = await open({ faults: { failRate: 1 } });
    const { exit, stderr } = await run(['run', '-'], { input: `${list(companies(6))}${'localhost,ceo\n'.repeat(6)}` });
    expect(exit).toBe(3);
    expect(stderr.match(/and 1 more; with --report <file> all are named there\n/g)).toHaveLength(2);
    expect(stderr).not.toContain('in the report');
  });
});

describe.concurrent('a list on stdin for which there is no room', () => {
  it('to be copied is refused, and no copy is left', async ({ open }) => {
    const scene = await open();
    const disk = await mountSmallDisk(await mkdtemp(join(scene.folder, 'disk-')), 1).catch((error: Error) => ({ refused: error.message }));
    // Where no disk can be filled, a folder that is not there stands for it.
    const [path, code] = 'refused' in disk ? [join(scene.folder, 'nowhere'), 'ENOENT'] : [disk.path, 'ENOSPC'];
    try {
      const { exit, stderr } = await scene.run(['run', '-'], { input: `domain\n${'harbour.example\n'.repeat(100_000)}`, env: { TMPDIR: path } });
      expect([exit, stderr]).toEqual([2, `error: stdin cannot be copied to ${path}, to be read twice (${code})\n  to do: make room there, or name another folder in TMPDIR\n`]);
      if (code === 'ENOSPC') expect(await readdir(path)).toEqual([]);
      expect((await scene.sandbox.stats()).launches).toBe(0);
    } finally {
      if (!('refused' in disk)) await disk.remove();
    }
  });
});

describe.concurrent('a reader that closes stdout', () => {
  it('stops the run with 141 when rows are left, and the printed command goes on', async ({ open }) => {
    const { write, read, shell, sandbox } = await open();
    const many = companies(60);
    await write('many.csv', list(many));
    // The limit leaves rows over, however fast the reader closes.
    const command = 'waterfall-contacts run many.csv --rate-limit 60/600 --concurrency 10 -o -';
    const { stdout, stderr } = await shell(`{ ${command}; echo $? > exit; } | head -n 1`);
    expect(await read('exit')).toBe('141\n');
    expect(stdout).toMatch(/^domain,title_filter,[^\n]*\n$/);
    expect(stderr).toContain('stopped: the reader of stdout has gone');

    const resume = /go on with: (.*)/.exec(stderr)?.[1] ?? '';
    const rest = await shell(`${resume} --rate-limit 0`); // in place of ten minutes
    expect(rest.exit).toBe(0);
    expect([...new Set(csvRows(rest.stdout).map(({ domain }) => domain))]).toEqual(many);
    expect((await sandbox.stats()).launches).toBe(60);
  });

  it('ends a run that has nothing left to do with 0', async ({ open }) => {
    const { write, give, read, shell } = await open();
    await write('known.csv', list(companies(60)));
    await give(['run', 'known.csv']);
    await shell('{ waterfall-contacts run known.csv -o -; echo $? > exit; } | true');
    expect(await read('exit')).toBe('0\n');
  });
});

describe.concurrent('stderr', () => {
  it('has only lines of JSON with --log-format json', async ({ open }) => {
    const { run, write } = await open({ faults: { failRate: 0.5 } });
    await write('list.csv', `${list(DOMAINS)}localhost,ceo\n`);
    const { exit, stderr } = await run(['run', 'list.csv', '--log-format', 'json', '--verbose']);
    expect(exit).toBe(3);
    const lines = stderr.trimEnd().split('\n').map((line) => JSON.parse(line) as { msg: string; exit?: number });
    expect(lines.find(({ msg }) => msg === 'run finished')).toMatchObject({ exit: 3 });
  });

  it('has only lines of JSON with --log-format json when the command is refused', async ({ open }) => {
    const { run } = await open();
    const { exit, stderr } = await run(['run', 'nowhere.csv', '--log-format', 'json']);
    expect(exit).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ level: 'error', msg: expect.stringContaining('nowhere.csv does not exist') as string });
  });

  it('names the encoding that was guessed where it is not UTF-8', async ({ open }) => {
    const { give, write } = await open();
    await write('list.csv', Buffer.from('domain,title_filter,city\nharbour-1.example,ceo,Malm\xf6\n', 'latin1'));
    expect((await give(['run', 'list.csv'])).stderr).toMatch(/^reading list\.csv \(windows-1252, as in "Malmö" in line 2; --encoding says it otherwise\): domains in column/);
    await write('list.csv', list(DOMAINS.slice(0, 1)));
    expect((await give(['run', 'list.csv'])).stderr).toMatch(/^reading list\.csv: domains in column/);
  });

  it('is empty after a success with --quiet', async ({ open }) => {
    const { run, write, files } = await open();
    await write('list.csv', list(DOMAINS.slice(0, 2)));
    expect(await run(['run', 'list.csv', '--quiet'])).toEqual({ exit: 0, stdout: '', stderr: '' });
    expect(await files()).toContain('list.contacts.csv');
  });

  it('says with --quiet what went wrong', async ({ open }) => {
    const { run, write } = await open({ faults: { failRate: 1 } });
    await write('list.csv', list(DOMAINS.slice(0, 1)));
    const { exit, stderr } = await run(['run', 'list.csv', '--quiet']);
    expect(exit).toBe(3);
    expect(stderr).toContain(`line 2 (${DOMAINS[0]}) job_failed: the job ended FAILED`);
    expect(stderr).not.toContain('reading');
  });

  it('never has a name, an address, a number or the key, not even with --verbose', async ({ open }) => {
    const { run, write, rows } = await open({ faults: { errorRate: 0.1, cutRate: 0.1 } });
    await write('list.csv', list(DOMAINS));
    const key = 'key-that-nobody-may-see';
    const { stderr } = await run(['run', 'list.csv', '--verbose', '--include-phones'], { env: { WATERFALL_API_KEY: key } });
    expect(stderr).toContain('target settled');
    const people = await rows('list.contacts.csv');
    const private_ = people.flatMap((person) => [
      `${person.first_name} ${person.last_name}`,
      person.last_name,
      person.professional_email,
      person.personal_email,
      person.mobile_phone,
      person.linkedin_url,
      ...(person.phone_numbers ?? '').split('; '),
    ]);
    const said = [...private_, key].filter((text) => text !== undefined && text !== '' && stderr.includes(text));
    expect(people.some((person) => person.mobile_phone !== '')).toBe(true);
    expect(said).toEqual([]);
  });
});

describe.concurrent('a trial', () => {
  it('uses neither the key nor the API nor the database that are set', async ({ open, databaseUrl }) => {
    const { run, write, rows, sandbox } = await open();
    await write('list.csv', list(DOMAINS.slice(0, 2)));
    const url = new URL(databaseUrl);
    url.pathname += '_that_is_not_there';
    const { exit, stderr } = await run(['run', 'list.csv', '--sandbox'], {
      env: { DATABASE_URL: url.href, WATERFALL_API_KEY: 'a-real-key' },
    });
    expect(exit).toBe(0);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(['found', 'found']);
    expect((await sandbox.stats()).launch_requests).toBe(0);
    expect(stderr).toContain('kept in the embedded PostgreSQL in ');
    expect(stderr).not.toContain('a-real-key');
  });
});
