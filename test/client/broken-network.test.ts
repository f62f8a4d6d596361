/* Sockets that break, on real servers of this process: what each failure is called, and whether the request may have arrived. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, isInDoubt, TransportError, verdict } from '../../src/core/errors.ts';
import { systemClock } from '../../src/runtime/runtime.ts';
import { createTransport, type Transport } from '../../src/providers/http/transport.ts';
import { errors } from '../../src/providers/waterfall/wire.ts';

const KEY = '0d4b2c1e-9f3a-4e77-8a51-2b6c7d8e9f00';

const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0).reverse()) await close();
});

/** Listens on a free port and says which. */
async function listen(server: Server | TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function connect(baseUrl: string, options: { timeoutMs?: number; maxReplyBytes?: number } = {}): Transport {
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const transport = createTransport({ baseUrl, apiKey: KEY, keyHeader: 'x-api-key', keySettings: 'the settings', errors, clock: systemClock, log, ...options });
  cleanUp.push(() => transport.close().catch(() => undefined)); // a case may have closed it
  return transport;
}

/** A transport to an HTTP server that answers like this. */
async function serve(listener: RequestListener, options: { timeoutMs?: number; maxReplyBytes?: number } = {}) {
  const port = await listen(createServer(listener));
  return { port, host: `127.0.0.1:${port}`, transport: connect(`http://127.0.0.1:${port}`, options) };
}

const post = { method: 'POST', path: '/v1/prospector', body: { domain: 'northpier-robotics.example' } } as const;

async function failure(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeDefined();
  expect(JSON.stringify([error, error instanceof Error ? [error.message, error.stack, error.cause] : ''])).not.toContain(KEY);
  return error;
}

describe('a process that was stopped for longer than its timeout', () => {
  it('reads the reply that has arrived meanwhile', async () => {
    // Answers while this thread stands still, as it does when the process is stopped.
    const server = new Worker(
      `const { createServer } = require('node:http'); const { parentPort } = require('node:worker_threads');
       const server = createServer((request, response) => { setTimeout(() => response.end('{"job_id":"j"}'), 300); });
       server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
      { eval: true },
    );
    cleanUp.push(() => server.terminate());
    const port = await new Promise<number>((resolve) => server.once('message', resolve));
    const reply = connect(`http://127.0.0.1:${port}`, { timeoutMs: 1_000 }).exchange(post);
    await new Promise((resolve) => setTimeout(resolve, 200));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
    expect((await reply).json).toEqual({ job_id: 'j' });
  });
});

describe('an error in the API’s envelope', () => {
  it.each([
    ['RATE_LIMIT_RATE_LIMIT_EXCEEDED', 'wait'],
    ['QUOTA_ACCOUNT_OVER_QUOTA', 'stop'],
    ['INTERNAL_UNCLASSIFIED_ERROR', 'retry'],
    ['VALIDATION_BAD_DOMAIN_NO_MX', 'fail'],
  ])('is %s with HTTP 200 too, and no launch is in doubt', async (code, meaning) => {
    const { transport } = await serve((_request, response) => response.end(JSON.stringify({ status: 'error', code, message: 'no' })));
    const error = await failure(transport.exchange(post));
    if (!(error instanceof ApiError)) throw error;
    expect({ code: error.code, meaning: verdict(error), inDoubt: isInDoubt(error) }).toEqual({ code, meaning, inDoubt: false });
  });
});

describe('a request that never reached the server', () => {
  it('is not sent when the handshake of TLS is broken off', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.destroy())));
    expect(await failure(connect(`https://127.0.0.1:${port}`).exchange(post))).toMatchObject({ name: 'TransportError', code: 'ECONNRESET', sent: false });
  });

  it('is not sent when the server speaks no TLS', async () => {
    const port = await listen(createServer((_request, response) => response.end('{}')));
    expect(await failure(connect(`https://127.0.0.1:${port}`).exchange(post))).toMatchObject({ name: 'TransportError', sent: false });
  });

  it('is not sent when the server speaks TLS alone, and says so', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])))));
    const error = await failure(connect(`http://127.0.0.1:${port}`).exchange(post));
    expect(error).toMatchObject({ name: 'TransportError', sent: false, message: expect.stringContaining('write https instead of http') as string });
  });

  it('is not sent when the port refuses', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(connect(`http://127.0.0.1:${port}`).exchange(post));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'ECONNREFUSED', sent: false, message: `127.0.0.1:${port}: the connection was refused (ECONNREFUSED)` });
  });

  it('is not sent when every address of the host refuses', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(connect(`http://localhost:${port}`).exchange(post))).toMatchObject({ code: 'ECONNREFUSED', sent: false });
  });

  it('is not sent when the host has no address', async () => {
    const error = await failure(connect('http://no-such-host.invalid').exchange(post));
    expect(error).toMatchObject({ sent: false });
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain((error as TransportError).code);
  });

  it('is not sent when the server does not speak TLS', async () => {
    const { port } = await serve((_request, response) => response.end('plain'));
    expect(await failure(connect(`https://127.0.0.1:${port}`).exchange(post))).toMatchObject({ sent: false });
  });

  it('is not sent when it was aborted before', async () => {
    let requests = 0;
    const { transport } = await serve((_request, response) => {
      requests += 1;
      response.end('{}');
    });
    expect(await failure(transport.exchange({ ...post, signal: AbortSignal.abort('stopped') }))).toBe('stopped');
    expect(requests).toBe(0);
  });

  it('is not sent when it is aborted while it waits for a connection, and rejects at once', async () => {
    const waiting: ServerResponse[] = [];
    let arrived = () => undefined as void;
    const allArrived = new Promise<void>((resolve) => (arrived = resolve));
    const { transport } = await serve((_request, response) => {
      if (waiting.push(response) === 64) arrived();
    });
    const others = Array.from({ length: 64 }, () => transport.exchange(post));
    await allArrived;
    const abort = new AbortController();
    const call = failure(transport.exchange({ ...post, signal: abort.signal }));
    abort.abort('stopped');
    expect(await call).toBe('stopped');
    for (const response of waiting) response.end('{}');
    await Promise.all(others);
    await transport.close(); // ends when nothing waits any more
    expect(waiting).toHaveLength(64);
  });

  it('times out while the connection is made', async () => {
    const sockets: Socket[] = [];
    const port = await listen(createTcpServer((socket) => sockets.push(socket))); // never answers the TLS handshake
    const error = await failure(connect(`https://127.0.0.1:${port}`, { timeoutMs: 50 }).exchange(post));
    expect(error).toMatchObject({ code: 'TIMEOUT' });
    for (const socket of sockets) socket.destroy();
  });
});

describe('a request that may have been acted on', () => {
  it.each([
    ['closed before the reply', (socket: Socket) => socket.destroy()],
    ['reset before the reply', (socket: Socket) => socket.resetAndDestroy()],
    ['ended politely before the reply', (socket: Socket) => socket.end()],
    ['closed in the middle of the headers', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-le')],
    ['closed in the middle of the body', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"job_id":')],
    ['closed in the middle of a chunk', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\n{"job')],
  ])('is in doubt when the connection is %s', async (_name, answer) => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => answer(socket))));
    const error = await failure(connect(`http://127.0.0.1:${port}`).exchange(post));
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({ code: 'ECONNRESET', sent: true });
  });

  it('is in doubt when the server talks something else', async () => {
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('220 mail.example ESMTP\r\n'))));
    expect(await failure(connect(`http://127.0.0.1:${port}`).exchange(post))).toMatchObject({ sent: true });
  });

  it('is sent once, and in doubt, when a connection that has served before is reset', async () => {
    const requests: { launch: number; port: number | undefined }[] = [];
    const port = await listen(
      createTcpServer((socket) =>
        socket.on('data', (data) => {
          if (!data.includes('}')) return;
          requests.push({ launch: requests.length + 1, port: socket.remotePort });
          if (requests.length === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"job_id":"a"}');
          else socket.resetAndDestroy(); // the work is done
        }),
      ),
    );
    const transport = connect(`http://127.0.0.1:${port}`);
    await transport.exchange(post);
    await new Promise((resolve) => setTimeout(resolve, 100)); // a connection is free a moment after its reply is here
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'ECONNRESET', sent: true });
    await new Promise((resolve) => setTimeout(resolve, 200)); // in which it would be sent again
    expect(requests.map(({ launch }) => launch)).toEqual([1, 2]);
    expect(new Set(requests.map((request) => request.port)).size).toBe(1);
  });

  it('times out when the server is silent', async () => {
    const { transport, host } = await serve(() => undefined, { timeoutMs: 50 });
    const error = await failure(transport.exchange(post));
    expect(error).toMatchObject({ code: 'TIMEOUT', sent: true, message: `${host}: no complete reply within 0.05 s (TIMEOUT)` });
  });

  it('times out when the body stops coming', async () => {
    const { transport } = await serve((_request, response) => response.writeHead(200).write('{"job_id":'));
    expect(await failure(transport.exchange({ ...post, timeoutMs: 50 }))).toMatchObject({ code: 'TIMEOUT', sent: true });
  });

  it.each([
    ['cut JSON', '{"job_id": "5f0c', 'the reply is not complete JSON'],
    ['a page', '<html>Welcome</html>', 'the reply is not complete JSON'],
    ['an empty body', '', 'the reply is empty'],
  ])('is unreadable when a 200 has %s', async (_name, body, words) => {
    const { transport, host } = await serve((_request, response) => response.end(body));
    const error = await failure(transport.exchange(post));
    expect(error).toMatchObject({ code: 'UNREADABLE_REPLY', sent: true, message: `${host}: ${words} (UNREADABLE_REPLY)` });
  });

  it('is unreadable when the reply is a 204', async () => {
    const { transport } = await serve((_request, response) => response.writeHead(204).end());
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'UNREADABLE_REPLY', sent: true });
  });

  it('is refused when the reply is larger than allowed, and the rest is not read', async () => {
    const { transport } = await serve(
      (_request, response) => {
        const more = () => {
          while (response.write('x'.repeat(10_000)));
        };
        response.on('drain', more);
        more(); // never ends
      },
      { maxReplyBytes: 1_000_000 },
    );
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'REPLY_TOO_LARGE', sent: true });
  });
});

describe('a body that is left early', () => {
  it.each([
    ['a redirect', (response: ServerResponse) => response.writeHead(302, { location: '/' }), 'REDIRECT'],
    ['a reply that is too large', (response: ServerResponse) => response.writeHead(200), 'REPLY_TOO_LARGE'],
    ['an error page without end', (response: ServerResponse) => response.writeHead(502), 'HTTP_502'],
  ])('of %s ends its connection, and not the process', async (_name, start, code) => {
    let onClose = () => undefined as void;
    const closed = new Promise<void>((resolve) => (onClose = resolve));
    const { transport } = await serve(
      (request, response) => {
        request.socket.on('close', onClose);
        const more = () => {
          while (response.write('x'.repeat(10_000)));
        };
        start(response).on('drain', more);
        more(); // never ends
      },
      { maxReplyBytes: 1_000_000 },
    );
    expect(await failure(transport.exchange(post))).toMatchObject({ code });
    await closed; // an error event that nobody hears would fail the whole run of the tests
  });
});

describe('a connection that dies under its second request', () => {
  it('is in doubt, and the request is sent on no other', async () => {
    const bodies: string[] = [];
    const port = await listen(
      createTcpServer((socket) => {
        let requests = 0;
        socket.on('data', (data) => {
          if (!data.includes('{')) return;
          bodies.push(data.toString());
          requests += 1;
          // The second request on a connection is read, and its connection then dies without a word.
          if (requests === 2) socket.destroy();
          else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        });
      }),
    );
    const transport = connect(`http://127.0.0.1:${port}`);
    await transport.exchange(post);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'ECONNRESET', sent: true });
    await transport.exchange(post);
    expect(bodies).toHaveLength(3);
  });
});

describe('an abort by the caller', () => {
  it.each([
    ['of a reply', 200, '{"job_id":'],
    ['of an error', 500, '{"code":'],
  ])('within the body %s rejects with the reason as it is', async (_name, status, start) => {
    const { transport } = await serve((_request, response) => response.writeHead(status).write(start));
    const abort = new AbortController();
    const onReply = () => setImmediate(() => abort.abort('stopped by the user'));
    expect(await failure(transport.exchange({ ...post, signal: abort.signal, onReply }))).toBe('stopped by the user');
  });

  it('before the reply rejects with the reason as it is', async () => {
    const abort = new AbortController();
    const { transport } = await serve(() => abort.abort('stopped by the user'));
    expect(await failure(transport.exchange({ ...post, signal: abort.signal }))).toBe('stopped by the user');
  });
});

describe('an error reply that is not the API’s own', () => {
  it.each([
    ['a proxy page', 502, '<html><body>Bad Gateway</body></html>'],
    ['no body', 503, ''],
    ['cut JSON', 500, '{"code": "INTERNAL_UNCLASS'],
    ['a huge page', 504, 'x'.repeat(3_000_000)],
  ])('with %s is known by its status', async (_name, status, body) => {
    const { transport, host } = await serve((_request, response) => response.writeHead(status, { 'retry-after': '3' }).end(body));
    const error = await failure(transport.exchange(post));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status,
      code: `HTTP_${status}`,
      enveloped: false,
      retryAfterMs: 3_000,
      message: `${host} answered with HTTP ${status} and no error body of the API's own`,
    });
  });

  it('that is cut is known by its status too', async () => {
    const reply = 'HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{"code": "INTERNAL_UNCLASSIFIED_ERROR"';
    const port = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(reply))));
    expect(await failure(connect(`http://127.0.0.1:${port}`).exchange(post))).toMatchObject({ code: 'HTTP_500', enveloped: false });
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('with status %i is not followed: the other server never sees the key', async (status) => {
    const seen: IncomingMessage[] = [];
    const other = await listen(
      createServer((request, response) => {
        seen.push(request);
        response.end('{"job_id":"stolen"}');
      }),
    );
    const { transport } = await serve((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${other}/v1/prospector` }).end();
    });
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'REDIRECT', sent: true });
    expect(seen).toEqual([]);
  });
});

describe('an ordinary exchange', () => {
  it('sends key, JSON and its type, and reads a reply of more than 20 MB', async () => {
    const requests: { method?: string | undefined; url?: string | undefined; key: unknown; type: unknown; body: string }[] = [];
    const persons = Array.from({ length: 500 }, (_, i) => ({ id: `${i}`, title: 'x'.repeat(45_000) }));
    const { transport } = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        requests.push({ method: request.method, url: request.url, key: request.headers['x-api-key'], type: request.headers['content-type'], body });
        response.end(JSON.stringify({ persons }));
      });
    });
    const reply = await transport.exchange({ ...post, query: { a: 'b c' } });
    expect(reply.json).toEqual({ persons });
    expect(requests).toEqual([
      { method: 'POST', url: '/v1/prospector?a=b+c', key: KEY, type: 'application/json', body: '{"domain":"northpier-robotics.example"}' },
    ]);
  });

  it('sends these bytes, and no header more', async () => {
    const sent: string[] = [];
    const port = await listen(
      createTcpServer((socket) =>
        socket.on('data', (data) => {
          sent.push(data.toString());
          if (data.includes('}')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        }),
      ),
    );
    await connect(`http://127.0.0.1:${port}`).exchange(post);
    expect(sent.join('').split('\r\n')).toEqual([
      'POST /v1/prospector HTTP/1.1',
      `host: 127.0.0.1:${port}`,
      'connection: keep-alive',
      'accept: application/json',
      'accept-encoding: identity',
      'user-agent: waterfall-contacts',
      `x-api-key: ${KEY}`,
      'content-type: application/json',
      'content-length: 39',
      '',
      '{"domain":"northpier-robotics.example"}',
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads a reply that comes as %s although it was asked for plain', async (encoding, pack) => {
    const reply = pack(JSON.stringify({ job_id: 'é'.repeat(10_000) }));
    const { transport } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(reply));
    expect((await transport.exchange(post)).json).toEqual({ job_id: 'é'.repeat(10_000) });
  });

  it('refuses a packed reply that is too large when unpacked', async () => {
    const reply = gzipSync(JSON.stringify({ job_id: 'x'.repeat(2_000_000) }));
    const { transport } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(reply), { maxReplyBytes: 1_000_000 });
    expect(await failure(transport.exchange(post))).toMatchObject({ code: 'REPLY_TOO_LARGE', sent: true });
  });

  it('is in doubt when a packed reply cannot be unpacked', async () => {
    const { transport } = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"job_id":"a"}'));
    expect(await failure(transport.exchange(post))).toMatchObject({ name: 'TransportError', sent: true });
  });

  it('uses a connection again', async () => {
    const ports = new Set<number | undefined>();
    const { transport } = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });
    for (let i = 0; i < 20; i += 1) await transport.exchange({ method: 'GET', path: '/v2/account' });
    expect(ports.size).toBeLessThanOrEqual(2); // a connection is free a moment after its reply is here
  });

  it('reads a body that begins with a byte order mark', async () => {
    const { transport } = await serve((_request, response) => response.end('\uFEFF{"job_id":"a"}'));
    expect((await transport.exchange(post)).json).toEqual({ job_id: 'a' });
  });
});
