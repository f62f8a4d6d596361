/* The shape of the source: imports point one way, and only the edges touch the outside world. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../../src');

type Import = { from: string; typeOnly: boolean; lazy: boolean };
type Source = { path: string; folder: string; code: string; imports: Import[] };

/** Folders of our own that a folder may import besides itself. Anyone may import the interfaces in runtime/runtime.ts. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  core: [],
  runtime: ['core'],
  kinds: ['core'],
  providers: ['kinds', 'core'],
  lists: ['core'],
  outputs: ['core'],
  store: ['kinds', 'core'],
  sandbox: ['kinds', 'core'],
  engine: ['providers', 'kinds', 'store', 'core'],
  service: ['engine', 'lists', 'outputs', 'providers', 'kinds', 'store', 'core'],
  cli: ['service', 'engine', 'lists', 'outputs', 'providers', 'kinds', 'store', 'sandbox', 'core', 'runtime'],
};

/** What only entry points and src/runtime may touch; everybody else is handed it. */
const OUTSIDE_WORLD: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['process.env', /\bprocess\.env\b/],
  ['process.exit', /\bprocess\.exit(Code)?\b/],
  ['Date.now', /\bDate\.now\b/],
  ['new Date()', /\bnew Date\(\s*\)/],
  ['performance.now', /\bperformance\.now\b/],
  ['Math.random', /\bMath\.random\b/],
  ['randomUUID', /\brandom(UUID|Bytes|Int)\b/],
  ['setTimeout', /\bset(Timeout|Interval)\b/],
  ['console', /\bconsole\b/],
];

/** Of `import a, { b } from 'c'`, `export * from 'c'`, `import 'c'` and `await import('c')`. */
function importsOf(code: string): Import[] {
  const clause = String.raw`(?<names>\w+|(?:\w+, )?\{[^}]*\}|\*(?: as \w+)?)`;
  const listed = code.matchAll(new RegExp(String.raw`^(?:import|export) (?:(?<type>type )?${clause} from )?'(?<from>[^']+)'`, 'gm'));
  const lazy = code.matchAll(/\bimport\(\s*'(?<from>[^']+)'/g);
  return [
    ...[...listed].map(({ groups = {} }) => ({ from: groups.from ?? '', typeOnly: groups.type !== undefined, lazy: false })),
    ...[...lazy].map(({ groups = {} }) => ({ from: groups.from ?? '', typeOnly: false, lazy: true })),
  ];
}

/** Code without comments and without what is in quotation marks. */
function bare(code: string): string {
  return code.replace(/\/\*[^]*?\*\/|(?<![:'"])\/\/.*$/gm, '').replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return { path, folder: path.split('/')[0] ?? '', code: bare(text), imports: importsOf(text) };
  });

/** A relative import as a path under src. */
const target = (source: Source, { from }: Import) => relative(SRC, join(SRC, dirname(source.path), from));

/** What of a file's imports does not point the right way. */
function wrongImports(source: Source): string[] {
  return source.imports.filter(({ from }) => from.startsWith('.')).flatMap((one) => {
    const imported = target(source, one);
    const folder = imported.split('/')[0] ?? '';
    if (folder === source.folder || MAY_IMPORT[source.folder]?.includes(folder)) return [];
    if (imported === 'runtime/runtime.ts' && one.typeOnly && source.folder !== 'core') return [];
    return [imported];
  });
}

describe('the source', () => {
  it('is read by this test, with all its imports', () => {
    expect(new Set(sources.map(({ folder }) => folder))).toEqual(new Set(Object.keys(MAY_IMPORT)));
    const counted = sources.map(({ path, code }) => [path, [...code.matchAll(/\bfrom ''|\bimport\(\s*''|^import ''/gm)].length]);
    expect(sources.map(({ path, imports }) => [path, imports.length])).toEqual(counted);
  });

  it('has no barrel and no file for odds and ends', () => {
    const odd = /(^|\/)(index|utils?|helpers?|common|misc|shared)(\.ts|\/)/;
    expect(sources.filter(({ path }) => odd.test(path)).map(({ path }) => path)).toEqual([]);
  });

  it('opens each file with what it is for', () => {
    const headless = sources.filter(({ path }) => !/^(#!.*\n)?\/\*/.test(readFileSync(join(SRC, path), 'utf8')));
    expect(headless.map(({ path }) => path)).toEqual([]);
  });
});

describe('imports point one way', () => {
  it.each(sources)('in $path', (source) => {
    expect(wrongImports(source)).toEqual([]);
  });
});

describe('the outside world is left alone', () => {
  it.each(sources.filter(({ folder }) => folder !== 'runtime' && folder !== 'cli'))('in $path', ({ code }) => {
    expect(OUTSIDE_WORLD.filter(([, pattern]) => pattern.test(code)).map(([what]) => what)).toEqual([]);
  });
});

describe('the command', () => {
  it('shows its help without loading a database driver, an HTTP client or a CSV reader', () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const visit = (path: string) => {
      const source = sources.find((one) => one.path === path);
      if (source === undefined || seen.has(path)) return;
      seen.add(path);
      for (const one of source.imports.filter(({ typeOnly, lazy }) => !typeOnly && !lazy)) {
        if (one.from.startsWith('.')) visit(target(source, one));
        else if (!one.from.startsWith('node:')) packages.add(one.from);
      }
    };
    visit('cli/main.ts');
    expect([...packages]).toEqual(['commander']);
  });
});
