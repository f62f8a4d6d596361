/*
 * The connections to the API's host, straight or by way of a proxy. Whatever fails here (the lookup, the connection, the proxy,
 * the handshake of TLS) fails before a request is written, and is marked so.
 */
import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { shownProxy, type Proxy } from '../../core/proxy.ts';

/** Where requests are handed in, and what makes of a path and headers those of the request that is written. */
export type Connections = {
  dispatcher: Dispatcher;
  origin: string;
  /** Before the path. */
  prefix: string;
  headers: Readonly<Record<string, string>>;
};

export const CONNECT_TIMEOUT_MS = 10_000;
/** Well before a server closes an idle connection (Node's after 5 s): a launch that meets the close is in doubt. */
const IDLE_TIMEOUT_MS = 2_000;
/** Set on what ended a connection before anything was written to it. */
const NOT_SENT = Symbol('not sent');
/** Of what a proxy says no with, all that may pass. */
const PASSING = [408, 425, 429];

type Done = buildConnector.Callback;
const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS });

/** The connections to an origin such as `https://api.example`. */
export function openConnections(origin: string, proxy?: Proxy): Connections {
  const straight = { origin, prefix: '', headers: {} };
  if (proxy === undefined) return { ...straight, dispatcher: agent((options, done) => connect(options, marking(done))) };
  const { protocol, host, hostname, port } = new URL(origin);
  if (protocol === 'https:') return { ...straight, dispatcher: agent(tunnelThrough(proxy, `${hostname}:${port === '' ? 443 : port}`)) };
  // A proxy takes a request in plain text as it is, with the whole address in the place of the path.
  return {
    origin: proxy.url.origin,
    prefix: origin,
    headers: { host, ...credentials(proxy) },
    dispatcher: agent((options, done) => {
      connect(options, (...[error, socket]) => (error === null ? done(null, socket) : marking(done)(unreachable(proxy, error), null)));
    }),
  };
}

/** Whether an error ended a connection before a request was written to it. */
export function isBeforeSending(error: unknown): boolean {
  return typeof error === 'object' && error !== null && NOT_SENT in error;
}

/** In words, why a proxy did not take a request to the API. */
export function refusalOf(proxy: Proxy, status: number | undefined): string {
  const wish = status === 407 ? 'asks for a user and a password, or does not take those it was given' : 'does not let requests through to the API';
  return `the proxy ${shownProxy(proxy)} (${proxy.from}) ${wish} (HTTP ${status})`;
}

function agent(connector: buildConnector.connector): Agent {
  return new Agent({
    connections: 64,
    pipelining: 1,
    keepAliveMaxTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    // An exchange has its own timeout; undici's would run out while the process is stopped.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connector,
  });
}

function marking(done: Done): Done {
  return (...[error, socket]) => {
    if (error === null) done(null, socket);
    else done(Object.assign(error, { [NOT_SENT]: true }), null);
  };
}

/** A connector that has the proxy make a connection to `target` (host and port), and speaks TLS with the API through it. */
function tunnelThrough(proxy: Proxy, target: string): buildConnector.connector {
  const { protocol, hostname, port } = proxy.url;
  const host = hostname.replace(/^\[|\]$/g, '');
  return (options, done) => {
    const fail = (error: Error) => marking(done)(error, null);
    const asking = (protocol === 'https:' ? requestSecure : requestPlain)({
      ...{ method: 'CONNECT', host, port, path: target, agent: false },
      // By itself Node expects the certificate of the host that the header names.
      servername: isIP(host) === 0 ? host : '',
      headers: { host: target, ...credentials(proxy) },
      timeout: CONNECT_TIMEOUT_MS,
    });
    asking.once('timeout', () => asking.destroy(coded('CONNECT_TIMEOUT', `no answer within ${CONNECT_TIMEOUT_MS / 1000} s`)));
    asking.once('error', (error) => fail(unreachable(proxy, error)));
    asking.once('connect', ({ statusCode: status = 0 }, socket: Socket) => {
      if (status >= 200 && status < 300) {
        connect({ ...options, httpSocket: socket }, marking(done));
        return;
      }
      socket.on('error', () => undefined).destroy();
      const isFinal = status >= 400 && status < 500 && !PASSING.includes(status);
      fail(isFinal ? coded('PROXY_REFUSED', refusalOf(proxy, status)) : coded('PROXY_FAILED', `the proxy ${shownProxy(proxy)} (${proxy.from}) does not reach the API (HTTP ${status})`));
    });
    asking.end();
  };
}

function unreachable(proxy: Proxy, error: Error): Error {
  const why = 'code' in error ? String(error.code) : 'unknown reason';
  return coded('PROXY_UNREACHABLE', `the proxy ${shownProxy(proxy)} (${proxy.from}) cannot be used: ${why}`);
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function credentials({ url: { username, password } }: Proxy): Record<string, string> {
  if (username === '') return {};
  return { 'proxy-authorization': `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}` };
}

/** As it was meant: a password with a percent sign of its own is taken as it is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
