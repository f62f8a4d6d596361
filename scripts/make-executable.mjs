// npm makes the command executable when it installs the package, and only then: `npx` in this folder runs what a later
// build wrote as it is, and the shell says "Permission denied".
import { chmodSync } from 'node:fs';

chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755);
