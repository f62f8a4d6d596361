/*
 * Reads DATABASE_URL, in the forms that libpq takes. Not by WHATWG's rules: they know no several hosts and no socket folder, and of a
 * password with a `/` they make a host, which would then be printed and looked up.
 */
import { UsageError } from './errors.ts';

/** How TLS is used, weakest first; `require` and `verify-ca` mean `verify-full` here, but for `uselibpqcompat`. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'no-verify', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

const SESSION_ATTRIBUTES = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;

/** A connection string, understood. What it does not say is undefined. */
export type DatabaseAddress = {
  /** Tried in this order. A host that begins with `/` is the folder of a socket. */
  hosts: readonly { host: string | undefined; port: number | undefined }[];
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  sslMode: SslMode | undefined;
  /** `sslrootcert`, `sslcert`, `sslkey`, `options`, `application_name`, ... as they are written. */
  settings: Readonly<Record<string, string>>;
  /** Which servers are taken, of several. */
  wanted: (typeof SESSION_ATTRIBUTES)[number];
  /** Host, port and database, for people. */
  place: string;
};

const FORM = 'write postgres://user:password@host:5432/database';
const ENCODED = `${FORM}; in user and password %40 stands for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %, %5B for [, %20 for a space`;

/** Names in the query; in other places an `@` there is a piece of a password with a `?`. */
const NAMES = /^(?:user|password|host|port|dbname|ssl\w*|uselibpqcompat|options|application_name|connect_timeout|target_session_attrs|channel_binding)$/;

/**
 * Reads a connection string. What could be read in two ways is refused: nothing of it is printed, since any part may be of the password.
 * @throws {UsageError} that says how it is written.
 */
export function readDatabaseUrl(url: string): DatabaseAddress {
  const [, authority = '', path = '', query = ''] = /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/.exec(url) ?? [];
  const pairs = query.split('&').filter((pair) => pair !== '').map((pair) => pair.split(/=(.*)/s));
  const isAmbiguous = /[#\s\p{Cc}]|%(?![\da-f]{2})/iu.test(url) || path.includes('@') || pairs.some(([name = '', value = '']) => `${name}${value}`.includes('@') && !NAMES.test(name));
  if (isAmbiguous) throw new UsageError({ what: 'DATABASE_URL has a character in it that must be encoded', fix: ENCODED });

  const given = new Map(pairs.map(([name = '', value = '']) => [decoded(name), decoded(value)]));
  const cut = authority.lastIndexOf('@');
  const [user = '', ...password] = authority.slice(0, Math.max(cut, 0)).split(':');
  const setting = (name: string, inAddress = '') => given.get(name) ?? (decoded(inAddress) || undefined);
  const hosts = hostsOf(authority.slice(cut + 1), given.get('host'), given.get('port'));
  const database = setting('dbname', path);
  const login = { user: setting('user', user), password: setting('password', password.join(':')) };
  const told = hosts.map(({ host = 'localhost', port }) => `${host}${port === undefined ? '' : `:${port}`}`).join(',');
  return {
    hosts,
    ...login,
    database,
    sslMode: sslModeOf(given),
    settings: Object.fromEntries(given),
    wanted: oneOf('target_session_attrs', given.get('target_session_attrs') ?? 'any', SESSION_ATTRIBUTES),
    place: `${told}/${database ?? login.user ?? ''}`,
  };
}

/** Host and port of each server: those of the query, which may be a socket's folder, else those before the path. */
function hostsOf(address: string, host: string | undefined, port: string | undefined): DatabaseAddress['hosts'] {
  const written = address.split(',').map((one) => {
    const [, ip, name = '', number] = /^(?:\[([\da-f:.]+)\]|([^:[\]]*))(?::(\d{0,5}))?$/iu.exec(one) ?? [undefined, undefined, ' '];
    return { host: ip ?? decoded(name), port: number };
  });
  const named = host?.split(',').map((one) => ({ host: one, port: written[0]?.port })) ?? written;
  const ports = port?.split(',');
  return named.map((one, index) => {
    const number = ports?.[ports.length === 1 ? 0 : index] ?? one.port ?? '';
    // What else a host may be called no name service knows; and it may be a piece of a password.
    if (!/^(?:\/.*|[\p{L}\p{N}._:-]*)$/u.test(one.host) || !/^\d{0,5}$/.test(number) || Number(number) > 65_535) throw new UsageError({ what: 'DATABASE_URL is not a connection string', fix: ENCODED });
    return { host: one.host === '' ? undefined : one.host, port: number === '' ? undefined : Number(number) };
  });
}

/** `ssl` is how Node's drivers say it. A certificate that is named is there to be verified. */
function sslModeOf(given: ReadonlyMap<string, string>): SslMode | undefined {
  const [mode, ssl] = [given.get('sslmode'), given.get('ssl')];
  if (mode !== undefined) return oneOf('sslmode', mode, SSL_MODES);
  if (ssl === 'false' || ssl === '0') return 'disable';
  if (ssl === 'no-verify') return 'no-verify';
  return ssl === 'true' || ssl === '1' || given.has('sslrootcert') || given.has('sslcert') || given.get('sslnegotiation') === 'direct' ? 'verify-full' : undefined;
}

function oneOf<Word extends string>(name: string, word: string, words: readonly Word[]): Word {
  const known = words.find((one) => one === word);
  if (known !== undefined) return known;
  throw new UsageError({ what: `${name} in DATABASE_URL is unknown`, fix: `write one of ${words.join(', ')}` });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Escapes that are no UTF-8.
    throw new UsageError({ what: 'DATABASE_URL has a character in it that must be encoded', fix: ENCODED });
  }
}
