/* Where and how a connection to the server may be made, from its address: each host of several, with TLS or without. */
import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import type { DatabaseAddress } from '../core/database-url.ts';
import { UsageError } from '../core/errors.ts';

/** What pg needs for one way to the server. */
export type Endpoint = Pick<ClientConfig, 'host' | 'port' | 'ssl'>;

type Tls = Exclude<ClientConfig['ssl'], undefined>;

/** The ways to the server, in the order in which they are tried. @throws {UsageError} for a certificate file that cannot be read. */
export function endpointsOf({ hosts, sslMode, settings }: DatabaseAddress): Endpoint[] {
  const ways = tlsOf(sslMode, settings);
  return hosts.flatMap(({ host, port }) => ways.map((ssl) => ({ ...(host !== undefined && { host }), ...(port !== undefined && { port }), ...(ssl !== undefined && { ssl }) })));
}

/** Undefined: what pg takes from the environment (PGSSLMODE), else no TLS. */
function tlsOf(mode: DatabaseAddress['sslMode'], settings: DatabaseAddress['settings']): (Tls | undefined)[] {
  const { sslrootcert, sslcert, sslkey, uselibpqcompat } = settings;
  const files = {
    // The authorities that Node trusts; as to libpq.
    ...(sslrootcert !== undefined && sslrootcert !== 'system' && { ca: fileOf('sslrootcert', sslrootcert) }),
    ...(sslcert !== undefined && { cert: fileOf('sslcert', sslcert) }),
    ...(sslkey !== undefined && { key: fileOf('sslkey', sslkey) }),
  };
  const untrusted = { ...files, rejectUnauthorized: false };
  switch (mode) {
    case undefined:
      return [undefined];
    case 'disable':
      return [false];
    case 'allow':
      return [false, untrusted];
    case 'prefer':
      return [untrusted, false];
    case 'no-verify':
      return [untrusted];
    case 'require':
      return [uselibpqcompat === 'true' && sslrootcert === undefined ? untrusted : files];
    case 'verify-ca':
      return [uselibpqcompat === 'true' ? { ...files, checkServerIdentity: () => undefined } : files];
    case 'verify-full':
      return [files];
  }
}

function fileOf(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError({ what: `${setting} in DATABASE_URL cannot be read: ${error instanceof Error ? error.message : path}`, fix: 'correct its path' }, { cause: error });
  }
}
