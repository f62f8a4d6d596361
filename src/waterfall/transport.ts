/*
 * One HTTP exchange with the API: the key, the timeout, and every way it can fail as one of two typed errors.
 * The key never leaves for another host (redirects are not followed) and never reaches an error or the log.
 */
import { Agent } from 'undici';
import { ApiError, TransportError, UsageError } from '../core/errors.ts';
import type { Clock, Log } from '../runtime/runtime.ts';
import { retryAfterMs } from './retry.ts';
import { readError } from './wire.ts';

/** One request. `path` starts with `/`; `body` is sent as JSON. */
export type Exchange = {
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Aborts the request; the exchange then rejects with its `reason`, unwrapped. */
  signal?: AbortSignal | undefined;
  /** For the whole exchange, the body of the reply included. */
  timeoutMs?: number | undefined;
  /** Called with the headers of any reply, also of an error, before its body is read. */
  onReply?: (headers: Headers) => void;
};

/** A 2xx reply whose body was JSON. */
export type Reply = { status: number; headers: Headers; json: unknown };

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

const CONNECT_TIMEOUT_MS = 10_000;
/** An error body is a few lines; of a longer one nothing is worth reading. */
const MAX_ERROR_BYTES = 1_000_000;

/**
 * Makes a transport for `baseUrl` that sends `apiKey` in the header `keyHeader`. `timeoutMs` (30 s) is for a whole exchange,
 * `maxReplyBytes` (32 MB) for an unpacked body. Throws `UsageError` when the key cannot be sent as a header.
 */
export function createTransport(options: {
  baseUrl: string;
  apiKey: string;
  keyHeader: string;
  clock: Clock;
  log: Log;
  timeoutMs?: number | undefined;
  maxReplyBytes?: number | undefined;
}): Transport {
  const { baseUrl, apiKey, keyHeader, clock, log, timeoutMs = 30_000, maxReplyBytes = 32_000_000 } = options;
  const base = baseUrl.replace(/\/+$/, '');
  const { host } = new URL(base);
  const redact = (text: string) => (apiKey.trim() === '' ? text : text.replaceAll(apiKey.trim(), '[key]'));
  const headers = requestHeaders(keyHeader, apiKey);
  const agent = new Agent({ connections: 64, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } });
  // The global fetch takes the Agent of the package, but its types describe the older one that is built in.
  const pooled: object = { dispatcher: agent };

  const fail = (code: string, words: string, sent = true) =>
    new TransportError({ code, sent, message: redact(`${host}: ${words} (${code})`) });

  async function readJson(response: Response): Promise<Reply> {
    const text = await readText(response, maxReplyBytes);
    if (text === undefined) throw fail('REPLY_TOO_LARGE', `the reply is larger than ${maxReplyBytes} bytes`);
    try {
      return { status: response.status, headers: response.headers, json: JSON.parse(text) as unknown };
    } catch {
      // The parser's own message quotes the text, which is people's data.
      throw fail('UNREADABLE_REPLY', text === '' ? 'the reply is empty' : 'the reply is not complete JSON');
    }
  }

  async function readFailure(response: Response, signal: AbortSignal | undefined): Promise<Error> {
    const { status } = response;
    if (status >= 300 && status < 400) {
      await response.body?.cancel();
      return fail('REDIRECT', `answered with a redirect (HTTP ${status}), which is not followed`);
    }
    // Without its body the status still says what to do, so a cut body is an error page like any other.
    const body = await readText(response, MAX_ERROR_BYTES).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return undefined;
    });
    const wait = retryAfterMs(response.headers.get('retry-after'), clock.now());
    return readError({ host, status, body: redact(body ?? ''), retryAfterMs: wait });
  }

  async function exchange(request: Exchange): Promise<Reply> {
    const { method, path, query, body, signal } = request;
    const limitMs = request.timeoutMs ?? timeoutMs;
    const timeout = AbortSignal.timeout(limitMs);
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const started = clock.now();
    const seen: { status?: number; code?: string } = {};
    try {
      const response = await fetch(`${base}${path}${search}`, {
        ...pooled,
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      seen.status = response.status;
      request.onReply?.(response.headers);
      if (response.ok) return await readJson(response);
      throw await readFailure(response, signal);
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
      log.debug('request', { method, path, ...seen, ms: clock.now() - started });
    }
  }

  return { exchange, close: () => agent.close() };
}

function requestHeaders(keyHeader: string, apiKey: string): Record<string, string> {
  const headers = { accept: 'application/json', 'user-agent': 'waterfall-contacts', [keyHeader]: apiKey };
  try {
    new Headers(headers);
  } catch {
    // The error that was caught quotes the key.
    throw new UsageError({
      what: 'the API key, or the name of its header, has characters that a request cannot carry',
      fix: 'check WATERFALL_API_KEY and WATERFALL_API_KEY_HEADER',
    });
  }
  return headers;
}

/** The body as text, or `undefined` when it is longer than `maxBytes`. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (response.body === null) return '';
  const parts: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the body, which closes the connection.
  for await (const part of response.body as ReadableStream<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > maxBytes) return undefined;
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
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

/** What happens only before a request is written: DNS, connecting, and the check of the server's certificate. */
const BEFORE_SENDING =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_CERT_\w+|UNABLE_TO_\w+|DEPTH_ZERO_\w+|SELF_SIGNED_\w+|ERR_SSL_WRONG_VERSION_NUMBER)$/;

/** What undici threw, as a TransportError. In doubt counts as sent. */
function networkError(error: unknown, fail: (code: string, words: string, sent: boolean) => TransportError): TransportError {
  let cause: unknown = error;
  // fetch wraps everything as "fetch failed" or "terminated".
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  const own = textOf(cause, 'code');
  const code = ALIASES[own] ?? (own || 'NETWORK');
  // A host with several addresses fails with one error for each.
  const all: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const connecting = all.every((one) => ['connect', 'getaddrinfo'].includes(textOf(one, 'syscall')));
  const words = textOf(cause, 'message').slice(0, 200);
  // fetch does not even try some ports (runtime/blocked-ports.ts); it gives no code then.
  const before = connecting || BEFORE_SENDING.test(code) || words === 'bad port';
  return fail(code, WORDS[code] ?? words, !before);
}

function textOf(value: unknown, key: 'code' | 'syscall' | 'message'): string {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return typeof found === 'string' ? found : '';
}
