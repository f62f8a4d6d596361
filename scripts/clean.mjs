// Before a build, takes away what outlived its source. What is still true stays, so that a second build takes a second: the
// compiler writes only what has changed (dist/.tsbuildinfo), and the database template takes seconds to make.
import { existsSync, readdirSync, rmSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const src = new URL('../src/', import.meta.url);
const built = existsSync(dist) ? readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js')) : [];
for (const name of built) {
  if (!existsSync(new URL(name.replace(/js$/, 'ts'), src))) rmSync(new URL(name, dist));
}
