/* How rows end, and what that makes of the exit code: rows that cannot be asked, rows without an answer, rows already known. */
import { describe, expect } from 'vitest';
import { it } from '../support/command.ts';
import { companies, FILTER, list } from '../support/sandbox-process.ts';

const [first = '', second = ''] = companies(2);

describe.concurrent('bad rows among good ones', () => {
  it('each have one outcome and a reason in the report, and the exit code is 3', async ({ open }) => {
    const { run, write, rows, sandbox } = await open();
    const lines = [
      'domain,title_filter,note',
      `${first},${FILTER},good`,
      `gmail.com,${FILTER},mail`,
      `localhost,${FILTER},no ending`,
      `n/a,${FILTER},nothing`,
      `${second},(ceo OR,open bracket`,
      `${second},ceo,founder,one too many`,
      '',
      `https://www.${first}/about,${FILTER},the first again`,
      `${second},${FILTER},good`,
    ];
    await write('list.csv', lines.join('\n'));
    const { exit, stderr } = await run(['run', 'list.csv']);
    expect(exit).toBe(3);
    const report = await rows('list.report.csv');
    expect(report.map(({ row, outcome, reason }) => [row, outcome, reason])).toEqual([
      ['2', 'found', ''],
      ['3', 'invalid', '"gmail.com" is a free e-mail provider, not a company'],
      ['4', 'invalid', '"localhost" is not a domain'],
      ['5', 'invalid', 'the domain is empty'],
      ['6', 'invalid', expect.stringMatching(/^title filter, character \d+: .+ \(VALIDATION_BAD_TITLE_FILTER\w*\)$/)],
      ['7', 'invalid', 'has 4 cells, the header has 3'],
      ['9', 'duplicate', 'same as line 2: found'],
      ['10', 'found', ''],
    ]);
    expect(report.map(({ note }) => note)).toContain('no ending');
    expect(stderr).toMatch(/ {2}line 6: title filter, character \d+: .*\n {4,}\(ceo OR\n {4,}\^/);
    expect(stderr).toContain('rows: found 2, duplicate 1, invalid 5');
    expect((await sandbox.stats()).launch_requests).toBe(2);
  });

  it('and nothing else end with 3 and no launch', async ({ open }) => {
    const { give, write, rows, read, sandbox } = await open();
    await write('list.csv', list(['gmail.com', 'localhost', '192.0.2.7']));
    const { exit } = await give(['run', 'list.csv']);
    expect(exit).toBe(3);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(['invalid', 'invalid', 'invalid']);
    expect(await read('list.contacts.csv')).toMatch(/^domain,title_filter,[^\n]*\n$/);
    expect((await sandbox.stats()).launch_requests).toBe(0);
  });

  it('that only the API refuses are rejected, with its code as the reason', async ({ open }) => {
    const { give, write, rows } = await open();
    await write('list.csv', list([first, 'nomx-hill.example', second]));
    expect((await give(['run', 'list.csv'])).exit).toBe(3);
    expect((await rows('list.report.csv')).map(({ outcome, reason, launches }) => [outcome, reason, launches])).toEqual([
      ['found', '', '1'],
      ['rejected', expect.stringContaining('VALIDATION_BAD_DOMAIN'), '0'],
      ['found', '', '1'],
    ]);
  });
});

describe.concurrent('an empty answer', () => {
  it('is an answer: exit 0', async ({ open }) => {
    const { give, write, rows } = await open();
    await write('list.csv', list(companies(2, (people) => people === 0)));
    expect((await give(['run', 'list.csv'])).exit).toBe(0);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(['no_contacts', 'no_contacts']);
  });
});

describe.concurrent('a list that grew by a row', () => {
  it('costs one launch', async ({ open }) => {
    const { run, give, write, rows, sandbox } = await open();
    const domains = companies(6);
    await write('list.csv', list(domains.slice(0, 5)));
    await give(['run', 'list.csv']);
    await write('list.csv', list(domains));
    const { exit, stderr } = await run(['run', 'list.csv']);
    expect(exit).toBe(0);
    expect(stderr).toContain('6 rows, 5 already answered, 1 to launch');
    expect((await sandbox.stats()).launches).toBe(6);
    expect((await rows('list.report.csv')).map(({ outcome, cost_usd, launches }) => [outcome, cost_usd === '0', launches])).toEqual([
      ...Array<unknown>(5).fill(['cached', true, '0']),
      ['found', false, '1'],
    ]);
    expect(new Set((await rows('list.contacts.csv')).map(({ domain }) => domain))).toEqual(new Set(domains));
  });
});

describe.concurrent('rows that failed', () => {
  it('are tried again by the same command, and only they', async ({ open }) => {
    const { run, write, rows, shell, sandbox } = await open({ faults: { failRate: 0.5 } });
    const domains = companies(8);
    await write('list.csv', list(domains));
    const failing = await run(['run', 'list.csv']);
    expect(failing.exit).toBe(3);
    const failed = (await rows('list.report.csv')).filter(({ outcome }) => outcome === 'job_failed');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(8);

    await sandbox.setFaults({ failRate: 0 });
    const command = /give the same command: (.*)/.exec(failing.stderr)?.[1] ?? '';
    expect(command).toBe('waterfall-contacts run list.csv');
    expect((await shell(command)).exit).toBe(0);
    expect((await sandbox.stats()).launches).toBe(8 + failed.length);
    expect(new Set((await rows('list.contacts.csv')).map(({ domain }) => domain))).toEqual(new Set(domains));
  });

  it('three times are not launched a fourth time, except with --fresh', async ({ open }) => {
    const { give, write, rows, sandbox } = await open({ faults: { failRate: 1 } });
    await write('list.csv', list([first]));
    for (const launches of [1, 2, 3, 3]) {
      expect((await give(['run', 'list.csv'])).exit).toBe(3);
      expect((await sandbox.stats()).launches).toBe(launches);
    }
    expect(await rows('list.report.csv')).toMatchObject([
      { outcome: 'job_failed', reason: expect.stringContaining('not launched again: 3 jobs of this question failed') as string },
    ]);
    await sandbox.setFaults({ failRate: 0 });
    expect((await give(['run', 'list.csv', '--fresh'])).exit).toBe(0);
    expect((await sandbox.stats()).launches).toBe(4);
  });
});
