/* What DATABASE_URL says about TLS is honoured; where that is not possible, it is said in words before anything is sent. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { it as base } from '../support/command.ts';

/** Signed by itself, for localhost and a company that does not exist, until the year 2126. */
const CERTIFICATE = fileURLToPath(new URL('../fixtures/tls/server.crt', import.meta.url));
const KEY = CERTIFICATE.replace(/crt$/, 'key');

/** `it` with the PostgreSQL server behind TLS: the one of the tests speaks none. */
const it = base.extend('tls', async ({ databaseUrl }, { onCleanup }) => {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined); // the command has gone
    client.once('data', (request) => {
      // SSLRequest; whoever begins otherwise would talk in the clear.
      if (!request.equals(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))) return void client.destroy();
      client.write('S');
      const secret = new TLSSocket(client, { isServer: true, cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) });
      const upstream = connect(Number(new URL(databaseUrl).port), new URL(databaseUrl).hostname);
      sockets.add(upstream);
      for (const socket of [secret, upstream]) socket.on('error', () => client.destroy());
      secret.pipe(upstream).pipe(secret);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onCleanup(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const url = Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String((server.address() as AddressInfo).port) });
  return url.href;
});

describe.concurrent('a server that speaks no TLS', () => {
  it.for(['require', 'verify-full', 'no-verify'])('is not used where sslmode=%s asks for it', async (mode, { databaseUrl, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${databaseUrl}?sslmode=${mode}` });
    expect(await run(['migrate'])).toMatchObject({
      exit: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: the database \(\S+\) cannot be used: it does not speak TLS\n {2}to do: .*sslmode=disable in DATABASE_URL\n$/) as string,
    });
  });

  it('is used with sslmode=disable', async ({ databaseUrl, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${databaseUrl}?sslmode=disable` });
    expect(await run(['migrate'])).toMatchObject({ exit: 0, stderr: '' });
  });
});

describe.concurrent('a server with a certificate signed by itself', () => {
  it.for(['require', 'verify-full'])('is not given the password with sslmode=%s', async (mode, { tls, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${tls}?sslmode=${mode}` });
    expect(await run(['migrate'])).toMatchObject({
      exit: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: the database \(\S+\) cannot be used: nobody we trust has signed its certificate\n {2}to do: .*sslrootcert=<file>.*\n$/) as string,
    });
  });

  it.for([
    ['that is named', `sslmode=verify-full&sslrootcert=${encodeURIComponent(CERTIFICATE)}`],
    ['that need not be trusted', 'sslmode=no-verify'],
    ['that libpq would not check', 'sslmode=require&uselibpqcompat=true'],
  ] as const)('%s is used', async ([, settings], { tls, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${tls}?${settings}` });
    expect(await run(['migrate'])).toMatchObject({ exit: 0, stderr: '' });
  });

  it('is not asked for TLS with sslmode=disable, and this one hangs up then', async ({ tls, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${tls}?sslmode=disable` });
    expect((await run(['migrate'])).exit).toBe(2);
  });

  it('of which the file is missing is refused in words', async ({ tls, openWorkplace }) => {
    const { run } = await openWorkplace({ DATABASE_URL: `${tls}?sslmode=verify-full&sslrootcert=/nonexistent/root.crt` });
    const { exit, stderr } = await run(['migrate']);
    expect(exit, stderr).toBe(2);
    expect(stderr).toContain('/nonexistent/root.crt');
  });
});
