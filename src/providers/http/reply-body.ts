/*
 * The body of a reply: read whole, but never beyond a limit, and unpacked when a server packs what we asked for plain.
 */
import type { Readable } from 'node:stream';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** Headers of a reply by their lower-case names; one that came several times is a list. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The value of a header by its lower-case name, several of them joined with a comma; `undefined` when it is absent. */
export function headerOf(headers: ReplyHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Proxies may pack a reply although `accept-encoding: identity` was sent; nothing else here would unpack it. */
const UNPACK: ReadonlyMap<string, typeof gunzipSync> = new Map([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

const UTF8 = new TextDecoder();

/**
 * The body as text without its byte order mark, or `undefined` when it is longer than `maxBytes`, packed or unpacked: then
 * its connection is closed. Throws what the body ends with when it is cut or aborted.
 */
export async function readText(body: Readable, headers: ReplyHeaders, maxBytes: number): Promise<string | undefined> {
  const bytes = await readBytes(body, maxBytes);
  const unpack = UNPACK.get(headerOf(headers, 'content-encoding')?.toLowerCase() ?? '');
  if (bytes === undefined || bytes.length === 0 || unpack === undefined) return bytes && UTF8.decode(bytes);
  try {
    return UTF8.decode(unpack(bytes, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ends a body that nobody reads, and with it its connection: it may be endless. */
export function discard(body: Readable): void {
  // Destroying it before its end is an error event, which would end the process without a listener.
  body.on('error', () => undefined).destroy();
}

async function readBytes(body: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  // Leaving the loop early destroys the body, which closes the connection.
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}
