/* The commands that users are told to give next: a shell reads them as they were meant, and they hold no password. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asStarted, boundIn, boundsKept, boundsOf, boundsWith, exportCommand, resumeCommand, sameCommand } from '../../src/cli/command-line.ts';

const argv = (...words: string[]) => ['/usr/bin/node', '/opt/main.js', ...words];
const URL = 'postgres://user:s3cret@db.example/x';

/** What a shell makes of a command: its words after the first. */
function wordsOf(command: string): string[] {
  const rest = command.slice(command.indexOf(' '));
  const script = `set -- ${rest}\nfor word do printf '%s\\0' "$word"; done`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { DATABASE_URL: URL } }).split('\0').slice(0, -1);
}

describe('asStarted', () => {
  const [byNpx, byName] = [{ npm_command: 'exec' }, { npm_command: 'run-script' }];

  it.each([
    'go on with: waterfall-contacts resume r1 --sandbox',
    '  to do: start one with: waterfall-contacts run <companies.csv>; trial runs are found with --sandbox',
    'let its owner run: waterfall-contacts migrate --print | psql "$DATABASE_URL"',
    'Usage: waterfall-contacts [options] [command]',
    '(waterfall-contacts --help shows all commands and options)',
    'waterfall-contacts --database-url "$DATABASE_URL" status',
  ])('begins as the program was started: %s', (text) => {
    expect(asStarted(text, byNpx)).toBe(text.replace('waterfall-contacts', 'npx waterfall-contacts'));
    expect(asStarted(text, byName)).toBe(text);
  });

  it('of several commands begins each so, and none twice', () => {
    const once = asStarted('waterfall-contacts check && waterfall-contacts run a.csv', byNpx);
    expect(once).toBe('npx waterfall-contacts check && npx waterfall-contacts run a.csv');
    expect(asStarted(once, byNpx)).toBe(once);
  });

  it.each(['install a newer waterfall-contacts', 'use the version of waterfall-contacts that made the database', '/home/jo/.local/share/waterfall-contacts run.csv'])(
    'leaves what is no command: %s',
    (text) => {
      expect(asStarted(text, byNpx)).toBe(text);
    },
  );
});

describe('sameCommand', () => {
  it.each([
    [['run', 'companies.csv'], 'waterfall-contacts run companies.csv'],
    [['run', 'my list.csv', '--title-filter', 'CEO OR (CTO)'], "waterfall-contacts run 'my list.csv' --title-filter 'CEO OR (CTO)'"],
    [['run', "Q'1.csv"], "waterfall-contacts run 'Q'\\''1.csv'"],
    [['run', '-', '--persona=x=a OR b'], "waterfall-contacts run - '--persona=x=a OR b'"],
    [['run', 'a.csv', '--location', ''], "waterfall-contacts run a.csv --location ''"],
    [['--database-url', URL, 'run', 'a.csv'], 'waterfall-contacts --database-url "$DATABASE_URL" run a.csv'],
    [[`--database-url=${URL}`, 'run', 'a.csv'], 'waterfall-contacts --database-url="$DATABASE_URL" run a.csv'],
    [['copy', '--to', URL], 'waterfall-contacts copy --to "$DATABASE_URL"'],
    [['copy', `--from=${URL}`], 'waterfall-contacts copy --from="$DATABASE_URL"'],
  ])('of %j is %s', (words, command) => {
    expect(sameCommand(argv(...words))).toBe(command);
  });

  it('is read by a shell as the words that were given', () => {
    const piece = fc.constantFrom("'", '"', '\\', '$HOME', '`id`', '*', '~', ' ', '\n', '!', '#', '&', ';', '(', '=', '-', 'a', 'é', '%');
    const word = fc.string({ unit: piece, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        expect(wordsOf(sameCommand(argv('run', ...words)))).toEqual(['run', ...words]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('resumeCommand', () => {
  it.each([
    [['run', 'a.csv', '--limit', '5', '--quiet'], 'waterfall-contacts resume r1'],
    [['run', 'a.csv', '--sandbox'], 'waterfall-contacts resume r1 --sandbox'],
    [['run', 'a.csv', '--home', '/my data'], "waterfall-contacts resume r1 --home '/my data'"],
    [['--home=/data', 'run', 'a.csv', '--sandbox'], 'waterfall-contacts resume r1 --home /data --sandbox'],
    [['--base-url', 'http://api.example', '--allow-insecure', 'run', 'a.csv'], 'waterfall-contacts resume r1 --base-url http://api.example --allow-insecure'],
    [['--database-url', URL, 'run', 'a.csv'], 'waterfall-contacts resume r1 --database-url "$DATABASE_URL"'],
    [[`--database-url=${URL}`, 'run', 'a.csv'], 'waterfall-contacts resume r1 --database-url "$DATABASE_URL"'],
    [['run', 'a.csv', '--max-cost', '5', '--rate-limit=200/60', '--yes'], 'waterfall-contacts resume r1 --max-cost 5 --rate-limit 200/60 --yes'],
    [['run', 'a.csv', '--in-doubt', 'hold'], 'waterfall-contacts resume r1 --in-doubt hold'],
  ])('after %j is %s', (words, command) => {
    expect(resumeCommand('r1', argv(...words))).toBe(command);
  });

  it('has the bounds that the run had, when it is another command that says so', () => {
    const bounds = boundsOf(argv('run', 'a.csv', '--max-cost', '5', '--sandbox'));
    expect(resumeCommand('r1', argv('status', '--sandbox'), bounds)).toBe('waterfall-contacts resume r1 --sandbox --max-cost 5');
  });

  it('gives a shell the same places as before', () => {
    const command = resumeCommand('r1', argv('run', 'a.csv', `--database-url=${URL}`, "--home=it's here"));
    expect(wordsOf(command)).toEqual(['resume', 'r1', '--database-url', URL, '--home', "it's here"]);
  });
});

describe('boundsWith', () => {
  const bounds = ['--max-cost', '0.2', '--yes'];

  it('puts a cap that is enough in the place of the one that is not', () => {
    expect(boundsWith(bounds, { cap_usd: 0.5 })).toEqual(['--max-cost', '0.50', '--yes']);
  });

  it('changes nothing where nothing else is needed', () => {
    expect(boundsWith(bounds, undefined)).toEqual(bounds);
  });

  it('leaves a price that is not known to be filled in, so that a shell refuses the command as it is', () => {
    const command = resumeCommand('r1', argv(), boundsWith(bounds, 'price'));
    expect(command).toBe('waterfall-contacts resume r1 --max-cost 0.2 --yes --price <usd>');
    expect(() => wordsOf(command)).toThrow();
  });
});

describe('boundsKept', () => {
  const before = ['--max-cost', "'$5'", '--rate-limit', '9/1', '--in-doubt', 'hold', '--yes', '--price', '<usd>'];

  it.each([
    ['keeps what holds for the run', [], ['--max-cost', "'$5'", '--in-doubt', 'hold']],
    ['and not what is given anew', ['--max-cost', '9', '--yes'], ['--max-cost', '9', '--yes', '--in-doubt', 'hold']],
  ])('%s', (_what, now, kept) => {
    expect(boundsKept(before, now)).toEqual(kept);
    expect(boundsKept(undefined, now)).toEqual(now);
  });

  it('gives each bound as it was typed, the last one where there are several, and none that is still to be filled in', () => {
    const given = boundsOf(argv('run', 'a.csv', '--max-cost', '1', '--max-cost', '$5'));
    expect([boundIn(given, '--max-cost'), boundIn(given, '--price'), boundIn(before, '--price')]).toEqual(['$5', undefined, undefined]);
  });
});

describe('exportCommand', () => {
  it.each([
    [['run', 'a.csv'], { contacts: '/x/a b.csv', report: null }, "waterfall-contacts export r1 -o '/x/a b.csv'"],
    [['run', 'a.csv', '--sandbox'], { contacts: '/x/a.csv', report: '/x/r.csv' }, 'waterfall-contacts export r1 -o /x/a.csv --report /x/r.csv --sandbox'],
    [['run', '-', '--database-url', URL], { contacts: '-', report: null }, 'waterfall-contacts export r1 -o - --database-url "$DATABASE_URL"'],
  ])('after %j with %j is %s', (words, output, command) => {
    expect(exportCommand('r1', output, argv(...words))).toBe(command);
  });
});
