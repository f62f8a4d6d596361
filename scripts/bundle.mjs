// Puts the built command and the libraries that it loads into few files, dist/bundle: a command that lives for a second spends half of
// it on finding and reading 600 files otherwise (`runs` on PostgreSQL: 0.65 s, then 0.38 s). What a command does not need is still
// loaded when it is asked for. The files beside it stay for tests and benchmarks.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'rolldown';

const at = (path) => new URL(`../dist/${path}`, import.meta.url).pathname;
rmSync(at('bundle'), { recursive: true, force: true });
await build({
  input: { main: at('cli/main.js'), watchdog: at('runtime/watchdog.js') },
  platform: 'node',
  // These come with files of their own: a database, native code.
  external: ['@electric-sql/pglite', 'fs-native-extensions', 'tar', 'pg-native'],
  logLevel: 'warn',
  // One folder below dist, so that paths from here are those of the source.
  output: { dir: at('bundle'), format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
});
// npx keeps the link to what was the command when a folder was first used, and this was it once: there it still is one.
chmodSync(at('cli/main.js'), 0o755);
