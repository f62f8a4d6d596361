/* How long `run` takes from its start to its first request, as a server sees it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { CLI, FILTER } from './companies.mjs';
import { peakMemoryOf } from './measured-child.mjs';

/** What the API says to a key that it does not know: the run stops at once. */
const REFUSAL = JSON.stringify({ status: 'error', message: 'This API key is not known.', category: 'AUTH', code: 'AUTH_BAD_API_KEY' });

/**
 * Starts `run` on a list. Returns `wallMs` to its first request, and its peak memory until then in bytes.
 * @param options `databaseUrl`, or else `home`; with `thenKill` the command is killed, else it is refused and ends by itself, closing its database.
 */
export async function timeToFirstRequest(services, { list, databaseUrl, home, thenKill = false }) {
  let onRequest;
  const asked = new Promise((resolve) => (onRequest = resolve));
  const server = createServer((request, response) => {
    onRequest(performance.now());
    if (thenKill) return;
    request.resume();
    response.writeHead(403, { 'content-type': 'application/json' }).end(REFUSAL);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = databaseUrl === undefined ? [] : ['--database-url', databaseUrl];
  const args = [CLI, 'run', list, '--fresh', '--quiet', '--title-filter', FILTER, '--rate-limit', '0', '-o', join(services.folder, 'first.csv'), ...place];
  try {
    const env = services.environment(`http://127.0.0.1:${server.address().port}`, home);
    const startedAt = performance.now();
    const child = services.own(spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] }));
    const complaints = [];
    child.stderr.on('data', (chunk) => complaints.push(chunk));
    const ended = once(child, 'exit');
    const seenAt = await Promise.race([asked, ended.then(([code]) => Promise.reject(new Error(`run ended with ${code} before any request\n${Buffer.concat(complaints)}`)))]);
    const peakBytes = peakMemoryOf(child.pid);
    if (thenKill) child.kill('SIGKILL');
    await ended.catch(() => undefined);
    return { wallMs: seenAt - startedAt, peakBytes };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
