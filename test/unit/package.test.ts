/* What is published: the built command and what it reads, its documents, and nothing else. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const filesIn = (folder: string, end: string) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(end)).map((name) => `${folder}/${name}`);

it('is the built source, the migrations, the database template and the documents', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const built = filesIn('src', '.ts').filter((path) => !path.endsWith('.d.ts')).map((path) => path.replace('src/', 'dist/').replace(/ts$/, 'js'));
  expect(files.map(({ path }) => path).sort()).toEqual(
    [
      ...['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', '.env.example', 'dist/database-template.tar.gz'],
      ...[...filesIn('sql', '.sql'), ...filesIn('docs', '.md'), ...built],
    ].sort(),
  );
});

it('has a command that a shell may run after every build, not only after the first `npx`', () => {
  expect(() => { accessSync(join(ROOT, 'dist/cli/main.js'), constants.X_OK); }).not.toThrow();
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
