/*
 * The sandbox: a local, fictional Waterfall API over HTTP on loopback, for trials, tests and benchmarks. This file is the wire:
 * it listens, reads, waits, cuts and drops; what is said is in api.ts.
 * Its own control paths are `GET /sandbox/stats` and `PUT /sandbox/faults`.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApi, guarded, type ApiOptions, type SandboxStats } from './api.ts';
import { mulberry32 } from './chance.ts';
import { drawRequest, NO_FAULTS, readFaults, type Faults } from './faults.ts';
import { ApiProblem, bareReply, jsonReply, type Reply } from './replies.ts';

/** How a sandbox is set up. `port` 0, the default, takes any free one. */
export type SandboxOptions = ApiOptions & { port?: number | undefined; faults?: Partial<Faults> | undefined };

/** A running sandbox. `url` has no slash at its end. */
export type Sandbox = {
  url: string;
  stats(): SandboxStats;
  /** Changes the faults that are named and leaves the others. */
  setFaults(faults: Partial<Faults>): void;
  /** Ends every connection at once, answered or not. */
  close(): Promise<void>;
};

const LONGEST_BODY = 1_000_000;

/** Starts a sandbox on 127.0.0.1. Rejects with the error of Node when the port is taken or the state file cannot be used. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, log } = options.runtime;
  const api = createApi(options);
  const chance = mulberry32(options.seed ?? 1);
  const closing = new AbortController();
  // Each reply that is held back listens to it; Node would take many for a leak and warn on stderr.
  setMaxListeners(0, closing.signal);
  let faults: Faults = { ...NO_FAULTS, ...options.faults };

  const setFaults = (changed: Partial<Faults>) => {
    faults = { ...faults, ...changed };
  };

  const control = (route: string, text: string): Reply => {
    if (route === 'GET /sandbox/stats') return jsonReply(api.stats(clock.now()));
    if (route !== 'PUT /sandbox/faults') {
      throw new ApiProblem(400, 'ROUTING_INVALID_PATH_OR_METHOD', 'There is no such path or method.');
    }
    const read = readFaults(parseOrUndefined(text));
    if ('problems' in read) throw new ApiProblem(400, 'VALIDATION_BAD_REQUEST', 'These are no faults.', read.problems);
    setFaults(read.faults);
    return jsonReply(faults);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const text = request.method === 'GET' ? '' : await readText(request);
    const now = clock.now();
    const url = new URL(request.url ?? '/', 'http://sandbox.invalid');
    const route = `${request.method} ${url.pathname}`;
    if (url.pathname.startsWith('/sandbox/')) {
      send(response, guarded(() => control(route, text)), false);
      return;
    }
    if (faults.silent) return;
    const fate = drawRequest(faults, chance);
    const reply = faults.down
      ? bareReply(503, 'Service Unavailable')
      : api.reply({ route, params: url.searchParams, key: keyOf(request), text, now }, faults, fate);
    if (fate.waitMs > 0) await clock.sleep(fate.waitMs, closing.signal);
    log.debug('sandbox request', { route, status: reply?.status ?? 'dropped' });
    send(response, reply, fate.cut);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A client that left and a sandbox that closes are no news; anything else is a bug, and its request must not hang.
      if (!closing.signal.aborted && !request.destroyed) log.error('sandbox request failed', { error: String(error) });
      request.socket.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      api.close();
      reject(error);
    });
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });

  const close = async () => {
    if (closing.signal.aborted) return;
    closing.abort(new Error('the sandbox is closing'));
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    api.close();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stats: () => api.stats(clock.now()), setFaults, close };
}

/** The key, under the header of today's API or that of the vendor's host of 2023, or of the other verifier; empty when there is none. */
function keyOf({ headers }: IncomingMessage): string {
  return String(headers['x-api-key'] ?? headers['x-waterfall-api-key'] ?? headers.authorization?.replace(/^Bearer /, '') ?? '');
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new Error('the request body is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes a reply; without one the socket closes. A cut reply promises its whole length and ends in the middle. */
function send(response: ServerResponse, reply: Reply | undefined, cut: boolean): void {
  if (!reply) {
    response.destroy();
    return;
  }
  response.writeHead(reply.status, reply.headers);
  if (cut && reply.status === 200) response.write(reply.body.slice(0, Math.ceil(reply.body.length / 2)), () => response.destroy());
  else response.end(reply.body);
}
