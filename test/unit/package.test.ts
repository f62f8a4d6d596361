/* What is published: the built command and what it reads, its documents, and nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'bin/waterfall-contacts.cjs');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const filesIn = (folder: string, end: string) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(end)).map((name) => `${folder}/${name}`);

it('is the bundled source, the migrations, the database template and the documents', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  expect(files.map(({ path }) => path).sort()).toEqual(
    [
      ...['package.json', 'bin/waterfall-contacts.cjs', 'README.md', 'CHANGELOG.md', 'LICENSE', '.env.example', 'dist/database-template.tar.gz'],
      ...[...filesIn('sql', '.sql'), ...filesIn('docs', '.md'), ...filesIn('dist/bundle', '.js')],
    ].sort(),
  );
});

it('asks for no script of its own at an install, of which npm would warn', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
});

// The second was the command once, and npx keeps the link that it made then: in the same folder it said "Permission denied" after an update.
it.each(['bin/waterfall-contacts.cjs', 'dist/cli/main.js'])('has a command that a shell may run: %s', (path) => {
  expect(() => { accessSync(join(ROOT, path), constants.X_OK); }).not.toThrow();
  expect(execFileSync(join(ROOT, path), ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it.each([
  ['Node 18.20.8', { node: '18.20.8' }],
  ['Node 20.18.3', { node: '20.18.3' }],
  ['Bun 1.3.2', { bun: '1.3.2' }],
  ['Deno 2.5.0', { deno: '2.5.0' }],
])('is refused in one line under %s, before it is read', (name, versions) => {
  const pretending = `data:text/javascript,${encodeURIComponent(`Object.defineProperty(process, 'versions', { value: { ...process.versions, ...${JSON.stringify(versions)} } })`)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretending, COMMAND, '--help'], { encoding: 'utf8' });
  expect([status, stdout, stderr]).toEqual([2, '', `error: waterfall-contacts needs Node 20.19 or newer, and this is ${name}\n`]);
});

it('has a first file that old versions of Node can read too', () => {
  expect(read('bin/waterfall-contacts.cjs')).not.toMatch(/\b(const|let|class|await)\b|=>|`|\?\.|\?\?/);
});

it('is installed without its tools, and then says in one line how it is built', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waterfall-contacts-package-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const path of ['package.json', 'bin', 'scripts']) await cp(join(ROOT, path), join(folder, path), { recursive: true });
  const prepared = spawnSync(process.execPath, ['scripts/build-where-possible.mjs'], { cwd: folder, encoding: 'utf8' });
  expect(prepared).toMatchObject({ status: 0, stdout: expect.stringMatching(/^waterfall-contacts is not built.*npm ci --include=dev.*\n$/) as string, stderr: '' });
  const started = spawnSync(process.execPath, ['bin/waterfall-contacts.cjs'], { cwd: folder, encoding: 'utf8' });
  expect(started).toMatchObject({ status: 2, stderr: 'error: waterfall-contacts is not built\n  to do: npm install --include=dev\n' });
});

it('has in its documents no link and no path that leads nowhere', () => {
  const documents = ['README.md', 'CHANGELOG.md', ...filesIn('docs', '.md')];
  const broken = documents.flatMap((document) => {
    const links = [...read(document).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => join(ROOT, document, '..', link));
    const paths = [...read(document).matchAll(/`((?:src|test|sql|docs|bench|scripts)\/[\w./-]*)`/g)].map(([, path = '']) => join(ROOT, path));
    return [...links, ...paths].filter((path) => !existsSync(path)).map((path) => `${document}: ${path}`);
  });
  expect(broken).toEqual([]);
});

it('has the version of its changelog', () => {
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(/^## (\d+\.\d+\.\d+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
});
