/* docs/settings.md has every command, option, variable and exit code, and no other. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { SETTING_NAMES } from '../../src/runtime/config.ts';

const text = readFileSync(join(resolve(import.meta.dirname, '../..'), 'docs/settings.md'), 'utf8');
const program = buildProgram(() => undefined, { writeOut: () => undefined, writeErr: () => undefined });

/** The rows of the table under a heading, as cells. */
function table(heading: string): string[][] {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section.split('\n').filter((line) => line.startsWith('| ')).slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
}

const quoted = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const byOption = (a: { of: string; option: string }, b: { of: string; option: string }) => `${a.option} ${a.of}`.localeCompare(`${b.option} ${b.of}`);

describe('docs/settings.md', () => {
  it('has each command, and no other', () => {
    expect(table('Commands').map(([command]) => /^`([a-z]+)/.exec(command ?? '')?.[1])).toEqual(program.commands.map((command) => command.name()));
  });

  it('has each option of each command, and no other', () => {
    const named = table('Options').flatMap(([option, commands = '']) =>
      (commands === 'all' ? ['waterfall-contacts'] : quoted(commands)).map((of) => ({ of, option: quoted(option)[0] ?? '' })),
    );
    const real = [program, ...program.commands].flatMap((command) =>
      command.options.filter(({ long }) => long !== '--version').map(({ long }) => ({ of: command.name(), option: long ?? '' })),
    );
    expect(named.sort(byOption)).toEqual(real.sort(byOption));
  });

  it('has the default of each option that has a plain one', () => {
    const wrong = [program, ...program.commands].flatMap((command) =>
      command.options.filter(({ defaultValue }) => typeof defaultValue === 'string' || typeof defaultValue === 'number').filter((option) => {
        const row = table('Options').find(([name, commands = '']) => quoted(name)[0] === option.long && (commands === 'all' ? command === program : quoted(commands).includes(command.name())));
        return row?.[2]?.replaceAll('`', '') !== String(option.defaultValue);
      }).map(({ long }) => `${command.name()} ${long}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has each setting, and no other', () => {
    expect([...table('Environment').map(([name]) => quoted(name)[0])].sort()).toEqual([...SETTING_NAMES].sort());
  });

  it('has each exit code', () => {
    expect(table('Exit codes').map(([code]) => Number(code))).toEqual([0, 1, 2, 3, 4, 75, 129, 130, 141, 143]);
  });
});
