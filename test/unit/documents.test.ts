/* README.md and .env.example name everything that users can say, and everything that they can be told. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { OUTCOMES } from '../../src/core/model.ts';
import { REPORT_COLUMNS } from '../../src/run/report.ts';
import { readSettings } from '../../src/runtime/config.ts';
import { CONTACT_COLUMNS } from '../../src/sheet/contact-columns.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const readme = () => readFileSync(join(ROOT, 'README.md'), 'utf8');

const program = buildProgram(() => undefined);
/** All but --version, which every command has, like --help. */
const optionsOf = (command: Command) => command.options.map(({ long }) => long ?? '').filter((long) => long !== '--version');

/** The environment settings, as the program asks for them. `home` is given, so the platform's folder is not looked for. */
function settingNames(): string[] {
  const asked = new Set<string>();
  const environment = new Proxy<NodeJS.ProcessEnv>({}, {
    get: (_target, name) => {
      asked.add(String(name));
      return name === 'WATERFALL_CONTACTS_HOME' ? '/data' : undefined;
    },
  });
  readSettings({}, environment, '/nonexistent');
  return [...asked];
}

const exitCodes = [0, 1, 2, 3, 4, 75, 129, 130, 141, 143];

/** Those of the words that the README does not have as words of their own. */
const missing = (words: readonly string[]) => words.filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(readme()));

describe('README.md', () => {
  it('names each command', () => {
    const commands = program.commands.map((command) => command.name());
    expect(commands.filter((name) => !new RegExp(`waterfall-contacts ${name}\\b|\`${name}\\b`).test(readme()))).toEqual([]);
  });

  it.each([program, ...program.commands].map((command) => ({ name: command.name(), options: optionsOf(command) })))('names each option of $name', ({ options }) => {
    expect(missing(options)).toEqual([]);
  });

  it('names each setting', () => {
    expect(missing(settingNames())).toEqual([]);
  });

  it('names each column of the contacts', () => {
    expect(missing(CONTACT_COLUMNS.map((column) => column.name))).toEqual([]);
  });

  it('names each column of the report', () => {
    expect(missing(REPORT_COLUMNS)).toEqual([]);
  });

  it('names each outcome', () => {
    expect(OUTCOMES.filter((outcome) => !readme().includes(`\`${outcome}\``))).toEqual([]);
  });

  it('explains each exit code in a table', () => {
    const explained = (code: number) => new RegExp(`^\\|[^|]*(?<![\\d.])${code}(?![\\d.])[^|]*\\|`, 'm').test(readme());
    expect(exitCodes.filter((code) => !explained(code))).toEqual([]);
  });
});

describe('.env.example', () => {
  it('names each setting, and no other', () => {
    const text = readFileSync(join(ROOT, '.env.example'), 'utf8');
    const named = [...text.matchAll(/^#?\s*([A-Z][A-Z_]+)=/gm)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(settingNames()));
  });
});
