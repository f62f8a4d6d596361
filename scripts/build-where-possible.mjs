// npm runs this (as `dependencies`) at the end of an install in a checkout. As `prepare` it would also be named in a warning
// wherever the package is installed. Without what is only for developers there is no compiler, and that is no error of an
// install that asked for it: the build of another one may be copied here.
import { execSync } from 'node:child_process';
import { existsSync } from 'node:fs';

if (existsSync(new URL('../node_modules/typescript', import.meta.url))) execSync('npm run build', { stdio: 'inherit' });
else console.log('waterfall-contacts is not built, since TypeScript was left out: npm ci --include=dev builds it; after that, npm prune --omit=dev takes TypeScript away again');
