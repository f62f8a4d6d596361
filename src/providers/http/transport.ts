/*
 * One HTTP exchange with an API: the key, the timeout, and every way it can fail as one of two typed errors.
 * The key never leaves for another host (redirects are not followed) and never reaches an error or the log.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Dispatcher } from 'undici';
import { ApiError, TransportError, UsageError } from '../../core/errors.ts';
import type { Proxy } from '../../core/proxy.ts';
import { beginning } from '../../core/text.ts';
import { trimEnd } from '../../core/trim-end.ts';
import type { Clock, Log } from '../../runtime/runtime.ts';
import { awakeTimeout } from './awake-timeout.ts';
import { CONNECT_TIMEOUT_MS, isBeforeSending, openConnections, refusalOf } from './connections.ts';
import type { ErrorReader } from './error-reply.ts';
import { discard, headerOf, readText, type ReplyHeaders } from './reply-body.ts';
import { retryAfterMs } from './retry.ts';

/** One request. `path` starts with `/`; `body` is sent as JSON. */
export type Exchange = {
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** What in the request is about a person: no error repeats it. */
  personal?: string | undefined;
  /** Aborts the request; the exchange then rejects with its `reason`, unwrapped. */
  signal?: AbortSignal | undefined;
  /** For the whole exchange, the body of the reply included. */
  timeoutMs?: number | undefined;
  /** Called with the headers of any reply, also of an error, before its body is read. */
  onReply?: (headers: ReplyHeaders) => void;
};

/** A 2xx reply whose body was JSON. */
export type Reply = { status: number; headers: ReplyHeaders; json: unknown };

/** The way to one API host. */
export type Transport = {
  /**
   * Sends one request, once. Throws `ApiError` when the server answered with an error, `TransportError` when there is no
   * usable reply, and `signal.reason` when aborted.
   */
  exchange(request: Exchange): Promise<Reply>;
  /** Waits for requests in flight, then closes the connections. */
  close(): Promise<void>;
};

/** An error body is a few lines; of a longer one nothing is worth reading. */
const MAX_ERROR_BYTES = 1_000_000;

/**
 * Makes a transport for `baseUrl` that sends `apiKey` in the header `keyHeader`, behind `keyScheme` where there is one, and has
 * `errors` read what is no answer. `keySettings` are the names of both for people. `timeoutMs` (30 s) is for a whole exchange,
 * `maxReplyBytes` (32 MB) for an unpacked body. A `dispatcher` that is handed in takes the place of the connections, and is
 * closed with the transport. Throws `UsageError` when the key cannot be sent as a header.
 */
export function createTransport(options: {
  baseUrl: string;
  apiKey: string;
  keyHeader: string;
  keyScheme?: 'Bearer' | undefined;
  keySettings: string;
  errors: ErrorReader;
  clock: Clock;
  log: Log;
  timeoutMs?: number | undefined;
  maxReplyBytes?: number | undefined;
  /** By way of which the host is reached. */
  proxy?: Proxy | undefined;
  dispatcher?: Dispatcher | undefined;
}): Transport {
  const { baseUrl, apiKey, errors, clock, log, proxy, timeoutMs = 30_000, maxReplyBytes = 32_000_000 } = options;
  const { origin, host, pathname } = new URL(baseUrl);
  const base = trimEnd(pathname, '/');
  const redact = (text: string) => (apiKey.trim() === '' ? text : text.replaceAll(apiKey.trim(), '[key]'));
  const ownHeaders = requestHeaders(options);
  const connections = options.dispatcher ? { dispatcher: options.dispatcher, origin, prefix: '', headers: {} } : openConnections(origin, proxy);
  const { dispatcher } = connections;
  const headers = { ...ownHeaders, ...connections.headers };
  const headersWithBody = { ...headers, 'content-type': 'application/json' };

  const fail = (code: string, words: string, sent = true) =>
    new TransportError({ code, sent, message: redact(`${host}: ${words} (${code})`) });

  const waitOf = (headers: ReplyHeaders) => retryAfterMs(headerOf(headers, 'retry-after'), clock.now(), headerOf(headers, 'date'));

  async function readJson({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
    const text = await readText(body, headers, maxReplyBytes);
    if (text === undefined) throw fail('REPLY_TOO_LARGE', `the reply is larger than ${maxReplyBytes} bytes`);
    try {
      return { status: statusCode, headers, json: JSON.parse(text) as unknown };
    } catch {
      // The parser's own message quotes the text, which is people's data.
      throw fail('UNREADABLE_REPLY', text === '' ? 'the reply is empty' : 'the reply is not complete JSON');
    }
  }

  async function readFailure(response: Dispatcher.ResponseData, { signal, personal }: Exchange): Promise<Error> {
    const { statusCode: status, headers } = response;
    if (status >= 300 && status < 400) {
      discard(response.body);
      return fail('REDIRECT', `answered with a redirect (HTTP ${status}), which is not followed`);
    }
    if (status === 407 && proxy !== undefined) {
      discard(response.body);
      return fail('PROXY_REFUSED', refusalOf(proxy, status), false);
    }
    // Without its body the status still says what to do, so a cut body is an error page like any other.
    const body = await readText(response.body, headers, MAX_ERROR_BYTES).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return undefined;
    });
    return errors.readError({ host, status, body: without(personal, redact(body ?? '')), retryAfterMs: waitOf(headers) });
  }

  async function exchange(request: Exchange): Promise<Reply> {
    const { method, path, query, body, signal } = request;
    const limitMs = request.timeoutMs ?? timeoutMs;
    const { signal: timeout, clear } = awakeTimeout(limitMs);
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const started = clock.now();
    const seen: { status?: number; code?: string } = {};
    const ended = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      ended.throwIfAborted();
      const sending = dispatcher.request({
        origin: connections.origin,
        method,
        path: `${connections.prefix}${base}${path}${search}`,
        headers: body === undefined ? headers : headersWithBody,
        body: body === undefined ? null : JSON.stringify(body),
        signal: ended,
      });
      const response = await unlessAborted(sending, ended);
      seen.status = response.statusCode;
      request.onReply?.(response.headers);
      if (response.statusCode >= 200 && response.statusCode < 300) {
        const reply = await readJson(response);
        const refused = errors.errorWithin?.(reply.json, { host, status: reply.status, retryAfterMs: waitOf(reply.headers) });
        if (refused !== undefined) {
          refused.message = without(request.personal, redact(refused.message));
          throw refused;
        }
        return reply;
      }
      throw await readFailure(response, request);
    } catch (error) {
      const known = error instanceof ApiError || error instanceof TransportError;
      if (!known && signal?.aborted) throw signal.reason;
      const typed = known
        ? error
        : timeout.aborted
          ? fail('TIMEOUT', `no complete reply within ${limitMs / 1000} s`)
          : networkError(error, fail);
      seen.code = typed.code;
      throw typed;
    } finally {
      clear();
      log.debug('request', { method, path, ...seen, ms: Math.round(clock.now() - started) });
    }
  }

  return { exchange, close: () => dispatcher.close() };
}

function requestHeaders(options: { apiKey: string; keyHeader: string; keyScheme?: string | undefined; keySettings: string }): Record<string, string> {
  const { keyHeader, keyScheme, keySettings } = options;
  const key = [keyScheme ?? [], options.apiKey.trim()].flat().join(' ');
  try {
    validateHeaderName(keyHeader);
    validateHeaderValue(keyHeader, key);
  } catch {
    // The error that was caught quotes the key.
    throw new UsageError({ what: 'the API key, or the name of its header, has characters that a request cannot carry', fix: `check ${keySettings}` });
  }
  return { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'waterfall-contacts', [keyHeader]: key };
}

/** The text with what is about a person taken out, however it is written. */
function without(personal: string | undefined, text: string): string {
  if (personal === undefined || personal === '') return text;
  const exactly = personal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return text.replace(new RegExp(exactly, 'gi'), '[address]');
}

/**
 * What `sending` gives, or the signal's reason as soon as it is aborted. By itself undici rejects an aborted request that
 * waits for a connection only when it gets one; it never writes it.
 */
function unlessAborted<T>(sending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    // A signal that is listened to is kept until its timeout is over.
    void sending.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Names of undici, under the names that the rest of the program and its users know. */
const ALIASES: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'TIMEOUT',
  UND_ERR_SOCKET: 'ECONNRESET',
};

const WORDS: Record<string, string> = {
  CONNECT_TIMEOUT: `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`,
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed before the reply was complete',
  EAI_AGAIN: 'the name lookup failed',
  ENOTFOUND: 'there is no host of this name',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  TIMEOUT: 'no complete reply in time',
};

/** What happens only before a request is written: DNS, connecting, the check of the server's certificate, a proxy, or undici's own refusal. */
const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|ERR_SSL_WRONG_VERSION_NUMBER|EMFILE|ENFILE|UND_ERR_INVALID_ARG|PROXY_REFUSED|PROXY_FAILED|PROXY_UNREACHABLE)$/;
/** How a server of TLS answers a request that is not: with an alert. Nobody there has read the request. */
const TLS_ALERT = '\x15\x03';

/** What undici threw, as a TransportError. In doubt counts as sent. */
function networkError(error: unknown, fail: (code: string, words: string, sent: boolean) => TransportError): TransportError {
  const own = textOf(error, 'code');
  const code = ALIASES[own] ?? (own || 'NETWORK');
  // A host with several addresses fails with one error for each.
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const connecting = all.every((one) => ['connect', 'getaddrinfo'].includes(textOf(one, 'syscall')));
  const isNotSent = [error, ...all].some(isBeforeSending);
  const isForTls = dataOf(error).startsWith(TLS_ALERT);
  const words = isForTls ? 'the server speaks TLS: write https instead of http' : (WORDS[code] ?? beginning(textOf(error, 'message'), 200));
  return fail(code, words, !(isNotSent || isForTls || connecting || BEFORE_SENDING.test(code)));
}

/** What could not be read as HTTP, where undici gives it. */
function dataOf(error: unknown): string {
  const data: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'data') : undefined;
  return typeof data === 'string' ? data : data instanceof Uint8Array ? Buffer.from(data).toString('latin1') : '';
}

function textOf(value: unknown, key: 'code' | 'syscall' | 'message'): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : '';
}
