/*
 * A pooler between clients and a PostgreSQL server, as PgBouncer is: in `transaction` mode a session goes back to the pool
 * when its transaction is over, in `session` mode when its client has gone. It speaks just enough of the protocol: who logs
 * in is let in, and messages are passed on as they are (https://www.postgresql.org/docs/current/protocol-message-formats.html).
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';

/** How sessions are given out; `order` is which of the free ones comes first. */
export type PoolerOptions = { mode: 'transaction' | 'session'; sessions: number; order: 'last used' | 'in turn' };

/** A pooler that listens. */
export type Pooler = { url: string; close: () => Promise<void> };

type Session = { socket: Socket; client: Client | undefined };
type Client = { socket: Socket; session: Session | undefined; waiting: Buffer[] };

const SSL_REQUEST = 80877103;
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]); // ReadyForQuery, idle
const LOGGED_IN = Buffer.concat([Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]), READY]); // AuthenticationOk
const TERMINATE = 0x58;

/** Starts a pooler in front of the server of a URL. */
export async function startPooler(target: string, { mode, sessions, order }: PoolerOptions): Promise<Pooler> {
  const logins = Array.from({ length: sessions }, () => new pg.Client({ connectionString: target }));
  const free: Session[] = [];
  const queue: Client[] = [];
  const clients = new Set<Socket>();

  const serve = () => {
    while (free.length > 0 && queue.length > 0) {
      const [session, client] = [order === 'in turn' ? free.shift() : free.pop(), queue.shift()];
      if (session === undefined || client === undefined) return;
      [client.session, session.client] = [session, client];
      for (const chunk of client.waiting.splice(0)) session.socket.write(chunk);
    }
  };
  const giveBack = (session: Session) => {
    if (session.client !== undefined) session.client.session = undefined;
    session.client = undefined;
    free.push(session);
    serve();
  };

  for (const login of logins) {
    login.on('error', () => undefined); // its connection is cut at the end
    await login.connect();
    // pg has logged in; from here on the bytes are ours.
    const socket = (login as unknown as { connection: { stream: Socket } }).connection.stream;
    socket.removeAllListeners('data');
    const session: Session = { socket, client: undefined };
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      session.client?.socket.write(chunk);
      rest = Buffer.concat([rest, chunk]);
      let isIdle = false;
      while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
        const end = 1 + rest.readUInt32BE(1);
        isIdle = rest.subarray(0, end).equals(READY);
        rest = rest.subarray(end);
      }
      if (isIdle && mode === 'transaction' && session.client !== undefined) giveBack(session);
    });
    free.push(session);
  }

  const server = createServer((socket) => {
    const client: Client = { socket, session: undefined, waiting: [] };
    let isIn = false;
    clients.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clients.delete(socket);
      if (queue.includes(client)) queue.splice(queue.indexOf(client), 1);
      if (client.session !== undefined) giveBack(client.session);
    });
    socket.on('data', (chunk: Buffer) => {
      if (!isIn) {
        if (chunk.readUInt32BE(4) === SSL_REQUEST) return void socket.write('N');
        isIn = true;
        return void socket.write(LOGGED_IN);
      }
      if (chunk[0] === TERMINATE) return void socket.end();
      if (client.session !== undefined) return void client.session.socket.write(chunk);
      client.waiting.push(chunk);
      if (!queue.includes(client)) queue.push(client);
      serve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: url.href,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of clients) socket.destroy();
      for (const login of logins) (login as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
      await closed;
    },
  };
}
