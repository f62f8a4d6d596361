// Makes dist/database-template.tar.gz: an empty PGlite cluster. A new home folder is loaded from it, because
// initialising one takes four seconds and 850 MB at the user's, and loading takes one second.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const template = new URL('../dist/database-template.tar.gz', import.meta.url);
const stamp = new URL('../dist/database-template.version', import.meta.url);
const version = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.resolve('@electric-sql/pglite')), 'utf8'),
).version;

// Initialised anew only for another PGlite: `npm test` builds each time.
if (!existsSync(template) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== version) {
  const database = await PGlite.create();
  const dump = await database.dumpDataDir('gzip');
  await database.close();
  writeFileSync(template, Buffer.from(await dump.arrayBuffer()));
  writeFileSync(stamp, version);
}
