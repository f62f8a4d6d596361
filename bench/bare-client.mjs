/*
 * The rival of part (c), run as a process of its own: `node bare-client.mjs <fetch | request> <url> <companies>`. Launches each company and
 * asks until it is done, over as many lanes and connections as the command has, and saves nothing.
 */
import pLimit from 'p-limit';
import { Agent, request } from 'undici';
import { CONCURRENCY, domainAt, FILTER } from './companies.mjs';

/** As the command's transport (src/providers/http/transport.ts). */
const CONNECTIONS = 64;

const [, , kind, url, companies] = process.argv;
const headers = { 'x-api-key': 'bench', 'content-type': 'application/json' };
const dispatcher = new Agent({ connections: CONNECTIONS });
const calls = {
  fetch: async (path, options) => (await fetch(`${url}${path}`, { ...options, headers, dispatcher })).json(),
  request: async (path, options) => (await request(`${url}${path}`, { ...options, headers, dispatcher })).body.json(),
};
const call = calls[kind];
const lanes = pLimit(CONCURRENCY);

await Promise.all(
  Array.from({ length: Number(companies) }, (_, at) =>
    lanes(async () => {
      const body = JSON.stringify({ domain: domainAt(at), title_filter: FILTER, limit: 10 });
      const { job_id } = await call('/v1/prospector', { method: 'POST', body });
      while ((await call(`/v1/prospector?job_id=${job_id}`, { method: 'GET' })).status === 'RUNNING');
    }),
  ),
);
await dispatcher.close();
