/*
 * A door between the command and a server that it talks to (the API, a database): it lets everything through until words go
 * by at which it was told to shut. So a process can be killed at one exact step, on a slow machine too.
 */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What is kept back: the request that has the words in it, or the answer to it. */
export type Held = 'request' | 'answer';

/** A door that stands open. */
export type Gate = {
  /** The address that leads to the server through the door. */
  url: string;
  /** Shuts at these words, on every connection that says them; resolves when the first one has. */
  shutAt: (held: Held, words: string) => Promise<void>;
  /** Shuts for everybody, also for whoever comes later: packets vanish, and nobody hangs up. */
  freeze: () => void;
  /** Lets through what is kept back, and everything from now on. */
  open: () => void;
  close: () => Promise<void>;
};

/** One direction of a connection; what it keeps back is sent when it is let go. */
type Way = { keep: () => void; letGo: () => void; pass: (chunk: Buffer) => void };

/** Opens a door to the server of a URL. */
export async function openGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const ways = new Set<Way>();
  let isFrozen = false;
  let shut: { held: Held; words: string; reached: () => void } | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const [toServer, toClient] = [wayTo(upstream), wayTo(client)];
    let before = '';
    client.on('data', (chunk) => {
      const said = before + chunk.toString('latin1');
      if (shut !== undefined && said.includes(shut.words)) {
        (shut.held === 'request' ? toServer : toClient).keep();
        shut.reached();
      }
      before = said.slice(-200); // words may come in two pieces
      toServer.pass(chunk);
    });
    upstream.on('data', (chunk) => {
      before = '';
      toClient.pass(chunk);
    });
    for (const way of [toServer, toClient]) {
      ways.add(way);
      if (isFrozen) way.keep();
    }
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
      sockets.add(one);
      one.on('error', () => undefined); // the other end was killed
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  url.hostname = '127.0.0.1';

  return {
    url: url.href.replace(/\/$/, ''),
    shutAt: (held, words) => new Promise((reached) => (shut = { held, words, reached })),
    freeze() {
      isFrozen = true;
      for (const way of ways) way.keep();
    },
    open() {
      shut = undefined;
      isFrozen = false;
      for (const way of ways) way.letGo();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function wayTo(socket: Socket): Way {
  let kept: Buffer[] | undefined;
  const pass = (chunk: Buffer) => void (kept === undefined ? socket.write(chunk) : kept.push(chunk));
  return {
    pass,
    keep: () => (kept ??= []),
    letGo() {
      const waiting = kept ?? [];
      kept = undefined;
      for (const chunk of waiting) pass(chunk);
    },
  };
}
