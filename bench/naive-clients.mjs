/*
 * How scripts commonly ask: launch what the request limit lets through, then look again every 2 s, or after 2, 4, 8, 16, 32 s, or at each
 * job in turn. They save nothing, and their limit is exact: a place frees one window after the reply. All of them keep at most
 * CONCURRENCY jobs in flight, as the command does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { Agent } from 'undici';
import { CONCURRENCY, domainAt, FILTER } from './companies.mjs';

const HEADERS = { 'x-api-key': 'bench-key', 'content-type': 'application/json' };

/** Each: its name in the table, and what runs it. Waits are those of a limit per 60 s; `scale` shortens them with the window. */
export const STRATEGIES = {
  'a look every 2 s': (api, companies, scale) => inLanes(api, companies, () => 2000 * scale),
  'looks after 2, 4, 8, 16, 32 s': (api, companies, scale) => inLanes(api, companies, (looks) => Math.min(2000 * 2 ** looks, 32_000) * scale),
  'each job in turn': (api, companies) => inTurn(api, companies),
};

/** Runs a strategy to its end. Returns its wall time in milliseconds. */
export async function runStrategy(name, { url, companies, limit, windowMs }) {
  const startedAt = performance.now();
  await STRATEGIES[name](createApi(url, createWindow(limit, windowMs)), companies, windowMs / 60_000);
  return performance.now() - startedAt;
}

async function inLanes(api, companies, waitMs) {
  const lanes = pLimit(CONCURRENCY);
  const follow = async (at) => {
    const jobId = await api.launch(at);
    for (let looks = 0; ; looks += 1) {
      await sleep(waitMs(looks));
      if (await api.hasEnded(jobId)) return;
    }
  };
  await Promise.all(Array.from({ length: companies }, (_, at) => lanes(follow, at)));
}

async function inTurn(api, companies) {
  const open = [];
  let launched = 0;
  for (let turn = 0; launched < companies || open.length > 0; ) {
    if (launched < companies && open.length < CONCURRENCY) {
      open.push(await api.launch(launched));
      launched += 1;
      continue;
    }
    turn %= open.length;
    if (await api.hasEnded(open[turn])) open.splice(turn, 1);
    else turn += 1;
  }
}

function createApi(url, window) {
  // A socket is given up long before the server closes it (5 s): a request that meets the closing fails.
  const dispatcher = new Agent({ keepAliveMaxTimeout: 1000 });
  const call = async (path, body) => {
    for (;;) {
      const release = await window.take();
      const reply = await fetch(`${url}/v1/prospector${path}`, { dispatcher, headers: HEADERS, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
      const json = await reply.json();
      release();
      if (reply.ok) return json;
      if (reply.status !== 429) throw new Error(`the sandbox answered ${reply.status}`);
      await sleep(Number(reply.headers.get('retry-after')) * 1000);
    }
  };
  return {
    launch: async (at) => (await call('', { domain: domainAt(at), title_filter: FILTER, limit: 10 })).job_id,
    hasEnded: async (jobId) => (await call(`?job_id=${jobId}`)).status !== 'RUNNING',
  };
}

/** An exact sliding window: first come, first served. `take` gives what is to be called when the reply is here. A limit of 0 is none. */
export function createWindow(limit, windowMs) {
  const waiting = [];
  let free = limit === 0 ? Infinity : limit;
  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const release = () => void setTimeout(giveBack, windowMs).unref();
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise((resolve) => waiting.push(resolve));
      return release;
    },
  };
}
