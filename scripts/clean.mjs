// Empties dist/ before a build, so that no file outlives its source. The database template stays: it takes seconds to make.
import { existsSync, readdirSync, rmSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
for (const name of existsSync(dist) ? readdirSync(dist) : []) {
  if (!name.startsWith('database-template.')) rmSync(new URL(name, dist), { recursive: true });
}
