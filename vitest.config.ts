import { defineConfig } from 'vitest/config';

/** For every project, since projects take over nothing from the whole. */
const common = {
  // No module of ours keeps state, so files may share them: a third of the time went into loading them again.
  isolate: false,
  // What takes a moment may take long where other work is done at the same time.
  testTimeout: 240_000,
  hookTimeout: 240_000,
};

export default defineConfig({
  test: {
    // Many files mostly wait for other processes: more workers than cores, of which the smallest machines have two.
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...common,
          name: 'pure',
          include: ['test/unit/**/*.test.ts', 'test/client/**/*.test.ts', 'test/sandbox/**/*.test.ts', 'test/run/**/*.test.ts'],
        },
      },
      {
        // A real PostgreSQL is started once for all of these files.
        test: {
          ...common,
          name: 'database',
          include: ['test/store/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          exclude: ['test/store/oldest-server.test.ts'],
          globalSetup: ['test/support/postgres-server.ts'],
        },
      },
      {
        // The same statements on the oldest server that is supported.
        test: {
          ...common,
          name: 'postgres-14',
          include: ['test/store/**/*.test.ts'],
          // Has cases on PGlite alone.
          exclude: ['test/store/embedded.test.ts'],
          globalSetup: ['test/support/postgres-server.ts'],
        },
      },
    ],
  },
});
