/* The way by a proxy, a real one of this process: what it is sent, and what its refusals are called. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect as dial, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TransportError, verdict } from '../../src/core/errors.ts';
import { proxyFor } from '../../src/core/proxy.ts';
import { systemClock } from '../../src/runtime/runtime.ts';
import { createTransport } from '../../src/providers/http/transport.ts';
import { errors } from '../../src/providers/waterfall/wire.ts';

const CERTIFICATE = new URL('../fixtures/tls/server.crt', import.meta.url);
const post = { method: 'POST', path: '/v1/prospector', body: { domain: 'northpier-robotics.example' } } as const;
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy, in the environment's words, and what it was sent. */
async function openProxy(answer: { plain?: RequestListener; connect?: (socket: Socket) => void }) {
  const asked: Pick<IncomingMessage, 'method' | 'url' | 'headers'>[] = [];
  const note = ({ method, url, headers }: IncomingMessage) => asked.push({ method, url, headers });
  const server = createServer((request, response) => {
    note(request);
    answer.plain?.(request, response);
  });
  server.on('connect', (request, socket: Socket) => {
    note(request);
    answer.connect?.(socket.on('error', () => undefined));
  });
  return { asked, proxy: `http://some%20body:pa%40ss@127.0.0.1:${await listen(server)}` };
}

function by(proxy: string, baseUrl: string) {
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const transport = createTransport({ baseUrl, apiKey: 'test-key', keyHeader: 'x-api-key', keySettings: 'the settings', errors, clock: systemClock, log, proxy: proxyFor(baseUrl, { ALL_PROXY: proxy }) });
  cleanUp.push(() => transport.close());
  return transport;
}

async function failure(call: Promise<unknown>): Promise<TransportError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (!(error instanceof TransportError)) throw new Error('no TransportError', { cause: error });
  expect(error.message).not.toMatch(/pa@ss|pa%40ss|some/);
  return error;
}

const CREDENTIALS = `Basic ${Buffer.from('some body:pa@ss').toString('base64')}`;

describe('an address without TLS', () => {
  it('is handed to the proxy whole, with the user and password for the proxy', async () => {
    const { proxy, asked } = await openProxy({ plain: (_request, response) => response.end('{"job_id":"a"}') });
    expect((await by(proxy, 'http://api.example:8080/base').exchange({ ...post, query: { a: 'b' } })).json).toEqual({ job_id: 'a' });
    expect(asked).toMatchObject([
      { method: 'POST', url: 'http://api.example:8080/base/v1/prospector?a=b', headers: { host: 'api.example:8080', 'proxy-authorization': CREDENTIALS, 'x-api-key': 'test-key' } },
    ]);
  });

  it('is not sent when the proxy asks for another password, and stops the run', async () => {
    const { proxy } = await openProxy({ plain: (_request, response) => response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('<html>no</html>') });
    const error = await failure(by(proxy, 'http://api.example').exchange(post));
    expect(error).toMatchObject({ code: 'PROXY_REFUSED', sent: false, message: expect.stringContaining('asks for a user and a password') as string });
    expect(verdict(error)).toBe('stop');
  });
});

describe('an address with TLS', () => {
  it('is reached through a tunnel, and a certificate that nobody vouches for ends it before anything is sent', async () => {
    let requests = 0;
    const secret = { cert: readFileSync(CERTIFICATE), key: readFileSync(new URL('server.key', CERTIFICATE)) };
    const api = await listen(createSecureServer(secret, (_request, response) => response.end(String((requests += 1)))));
    const { proxy, asked } = await openProxy({
      connect: (socket) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(dial(api, '127.0.0.1').on('error', () => undefined)).pipe(socket);
      },
    });
    const error = await failure(by(proxy, 'https://database.alderfinch.example').exchange(post));
    expect(error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT', sent: false });
    expect(asked).toMatchObject([{ method: 'CONNECT', url: 'database.alderfinch.example:443', headers: { 'proxy-authorization': CREDENTIALS } }]);
    expect(asked[0]?.headers).not.toHaveProperty('x-api-key');
    expect(requests).toBe(0);
  });

  it.each([
    { reply: 'HTTP/1.1 407 Proxy Authentication Required', code: 'PROXY_REFUSED', meaning: 'stop', words: 'asks for a user and a password' },
    { reply: 'HTTP/1.1 403 Forbidden', code: 'PROXY_REFUSED', meaning: 'stop', words: 'does not let requests through' },
    { reply: 'HTTP/1.1 405 Method Not Allowed', code: 'PROXY_REFUSED', meaning: 'stop', words: 'does not let requests through' },
    { reply: 'HTTP/1.1 429 Too Many Requests', code: 'PROXY_FAILED', meaning: 'retry', words: 'does not reach the API (HTTP 429)' },
    { reply: 'HTTP/1.1 502 Bad Gateway', code: 'PROXY_FAILED', meaning: 'retry', words: 'does not reach the API (HTTP 502)' },
    { reply: '', code: 'PROXY_UNREACHABLE', meaning: 'retry', words: 'cannot be used: ECONNRESET' },
    { reply: '220 mail.example ESMTP', code: 'PROXY_UNREACHABLE', meaning: 'retry', words: 'cannot be used: HPE_' },
  ])('is not sent when the proxy answers "$reply"', async ({ reply, code, meaning, words }) => {
    const { proxy } = await openProxy({ connect: (socket) => socket.end(reply === '' ? '' : `${reply}\r\n\r\n`) });
    const error = await failure(by(proxy, 'https://api.example').exchange(post));
    expect(error).toMatchObject({ code, sent: false });
    expect(error.message).toMatch(new RegExp(`^api\\.example: the proxy http://127\\.0\\.0\\.1:\\d+ \\(ALL_PROXY\\) .*${words.replace(/[()]/g, '\\$&')}`));
    expect(verdict(error)).toBe(meaning);
  });
});

describe.each(['http://api.example', 'https://api.example'])('a proxy that is not there', (baseUrl) => {
  it(`is told apart from ${baseUrl}`, async () => {
    const error = await failure(by('http://127.0.0.1:2', baseUrl).exchange(post));
    expect(error).toMatchObject({ code: 'PROXY_UNREACHABLE', sent: false, message: 'api.example: the proxy http://127.0.0.1:2 (ALL_PROXY) cannot be used: ECONNREFUSED (PROXY_UNREACHABLE)' });
  });
});
