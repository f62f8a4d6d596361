/* Machines that reach the API by way of a proxy only: a real one, named in the environment of the command. */
import { readFileSync } from 'node:fs';
import { createServer, request as send } from 'node:http';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { it as base } from '../support/command.ts';
import { companies, FILTER, list } from '../support/sandbox-process.ts';

const CERTIFICATE = fileURLToPath(new URL('../fixtures/tls/server.crt', import.meta.url));
/** The host of the certificate, and another one. No name service knows them: only a proxy gets there. */
const SECURE = 'https://database.alderfinch.example';
const PLAIN = 'http://api.alderfinch.example';
const RUN = ['run', 'list.csv', '--title-filter', FILTER, '--allow-insecure'];

/** `it` with a proxy to one API, which speaks TLS behind it; `open` says whether it lets anybody through. */
const it = base.extend('openProxy', ({}, { onCleanup }) => {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  onCleanup(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy());
  };
  const listen = async (server: Server) => {
    servers.push(server.on('connection', keep));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const join = (one: Socket, port: number) => one.pipe(keep(connect(port, '127.0.0.1'))).pipe(one);

  return async (apiUrl: string) => {
    const asked: string[] = [];
    const state = { open: true, asked };
    const api = Number(new URL(apiUrl).port);
    const secret = { cert: readFileSync(CERTIFICATE), key: readFileSync(CERTIFICATE.replace(/crt$/, 'key')) };
    const secure = await listen(createSecureServer(secret, (socket) => void join(keep(socket), api)));
    const server = createServer((request, response) => {
      const { method = '', url = '', headers } = request;
      asked.push(`${method} ${url}`);
      if (!state.open) return void response.writeHead(407).end();
      const onward = send(`${apiUrl}${url.slice(PLAIN.length)}`, { method, headers }, (reply) => {
        response.writeHead(reply.statusCode ?? 0, reply.headers);
        reply.pipe(response);
      });
      request.pipe(onward);
    });
    server.on('connect', ({ url = '' }, socket: Socket) => {
      asked.push(`CONNECT ${url}`);
      socket.write(`HTTP/1.1 ${state.open ? '200 OK' : '407 No'}\r\n\r\n`);
      if (state.open) join(socket, secure);
    });
    return { state, url: `http://somebody:pass-word@127.0.0.1:${await listen(server)}` };
  };
});

describe.concurrent('a machine behind a proxy', () => {
  it('is served over TLS when the authority is named, and told how to name it when it is not', async ({ open, openProxy }) => {
    const { run, sandbox } = await open({ embedded: true });
    const proxy = await openProxy(sandbox.url);
    const env = { HTTPS_PROXY: proxy.url, WATERFALL_BASE_URL: SECURE };
    const shown = proxy.url.replace('somebody:pass-word@', '');

    expect((await run(['check'], { env })).stdout).toMatch(/^PROBLEM +key .*DEPTH_ZERO_SELF_SIGNED_CERT.*; to do: .*NODE_EXTRA_CA_CERTS$/m);
    const checked = await run(['check'], { env: { ...env, NODE_EXTRA_CA_CERTS: CERTIFICATE } });
    expect(checked).toMatchObject({ exit: 0, stderr: '' });
    expect(checked.stdout).toContain(`API ${SECURE} by way of the proxy ${shown} (HTTPS_PROXY)`);
    expect(checked.stdout).toMatch(/^ok +key +accepted$/m);
    expect(new Set(proxy.state.asked)).toEqual(new Set(['CONNECT database.alderfinch.example:443']));

    proxy.state.open = false;
    const refused = await run(['check'], { env });
    expect(refused.stdout).toMatch(/^PROBLEM +key .*the proxy http:\/\/\S+ \(HTTPS_PROXY\) asks for a user and a password.*; to do: correct HTTPS_PROXY/m);
    expect(refused.stdout + refused.stderr).not.toContain('pass-word');
  });

  it('is served without TLS; a proxy that refuses stops the run at once, and nothing is in doubt', async ({ open, openProxy }) => {
    const { run, write, rows, sandbox } = await open();
    const proxy = await openProxy(sandbox.url);
    const env = { http_proxy: proxy.url, WATERFALL_BASE_URL: PLAIN };
    await write('list.csv', list(companies(3)));

    proxy.state.open = false;
    const refused = await run(RUN, { env });
    expect(refused.exit).toBe(4);
    expect(refused.stderr).toContain('stopped: the way to the API refused: api.alderfinch.example: the proxy http://127.0.0.1:');
    expect(refused.stderr).not.toMatch(/pass-word|twice|in doubt/);
    expect((await rows('list.report.partial.csv')).map(({ outcome, launches }) => [outcome, launches])).toEqual(Array(3).fill(['not_launched', '0']));

    proxy.state.open = true;
    expect((await run(RUN, { env })).exit).toBe(0);
    expect((await sandbox.stats()).launches).toBe(3);
    expect(proxy.state.asked).toContain(`POST ${PLAIN}/v1/prospector`);
  });

  it('is not in the way of a trial, nor of a host in NO_PROXY; what is no proxy is refused by those who would use it', async ({ open }) => {
    const { run, write, sandbox } = await open();
    await write('list.csv', list(companies(1)));
    const nowhere = { http_proxy: 'http://127.0.0.1:2' };
    expect((await run([...RUN, '--sandbox', '-o', 'trial.csv'], { env: nowhere })).exit).toBe(0);
    expect((await run(RUN, { env: { ...nowhere, NO_PROXY: 'localhost,127.0.0.0/8' } })).exit).toBe(0);
    expect((await sandbox.stats()).launches).toBe(1);
    const socks = { http_proxy: 'socks5://somebody:pass-word@127.0.0.1:2' };
    expect((await run(['runs'], { env: socks })).exit).toBe(0);
    expect(await run(RUN, { env: socks })).toMatchObject({ exit: 2, stderr: expect.stringMatching(/^error: http_proxy names no proxy that speaks HTTP\n {2}to do: /) as string });
  });
});
