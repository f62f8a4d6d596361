/* README.md is short and names each command and exit code; what it says of options and settings is true, and .env.example has all settings. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { readSettings } from '../../src/runtime/config.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const readme = () => readFileSync(join(ROOT, 'README.md'), 'utf8');

const program = buildProgram(() => undefined, { writeOut: () => undefined, writeErr: () => undefined });
/** All long options, of any command. */
const options = [program, ...program.commands].flatMap((command) => command.options.map(({ long }) => long));

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

describe('README.md', () => {
  it('names each command', () => {
    const commands = program.commands.map((command) => command.name());
    expect(commands.filter((name) => !new RegExp(`waterfall-contacts ${name}\\b|\`${name}\\b`).test(readme()))).toEqual([]);
  });

  it('is short: docs/ has the rest', () => {
    expect(readme().trimEnd().split('\n').length).toBeLessThanOrEqual(130);
  });

  it('names no option that there is not', () => {
    const named = [...readme().matchAll(/(?<![\w|-])--[a-z][a-z-]*/g)].map(([option]) => option);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((option) => option !== '--help' && !options.includes(option))).toEqual([]);
  });

  it('names no setting that there is not', () => {
    const named = [...readme().matchAll(/\b[A-Z]+_[A-Z_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !settingNames().includes(name))).toEqual([]);
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
