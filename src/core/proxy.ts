/* The proxy by which an address is reached, as the environment names it and as curl reads that. */
import { BlockList, isIP } from 'node:net';
import { UsageError } from './errors.ts';

/** A proxy, and the variable that names it. The user and password of `url` are shown to nobody. */
export type Proxy = { url: URL; from: string };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address; undefined when it is reached straight. The names in lower case go first.
 * @throws {UsageError} for one that cannot be used.
 */
export function proxyFor(address: string, environment: Environment): Proxy | undefined {
  const target = new URL(address);
  if (isExempt(target, environment[firstSet(environment, 'no_proxy') ?? ''] ?? '')) return undefined;
  const from = firstSet(environment, `${target.protocol.slice(0, -1)}_proxy`) ?? firstSet(environment, 'all_proxy');
  if (from === undefined) return undefined;
  const written = withScheme(environment[from]) ?? '';
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url, from };
  throw new UsageError({
    what: `${from} names no proxy that speaks HTTP`,
    fix: `write for instance http://user:password@proxy.example:3128, or put ${target.hostname} into NO_PROXY to go there straight`,
  });
}

/** What is set as a proxy, for whatever address, with a scheme: each may hold a password. */
export function proxiesIn(environment: Environment): string[] {
  return ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]).flatMap((name) => withScheme(environment[name]) ?? []);
}

/** A proxy without its user and password. */
export function shownProxy({ url }: Pick<Proxy, 'url'>): string {
  return `${url.protocol}//${url.host}`;
}

function firstSet(environment: Environment, name: string): string | undefined {
  return [name, name.toUpperCase()].find((spelling) => (environment[spelling] ?? '').trim() !== '');
}

/** A proxy is often written without its scheme. */
function withScheme(text = ''): string | undefined {
  const proxy = text.trim();
  return proxy === '' || /^[a-z][a-z\d+.-]*:\/\//i.test(proxy) ? proxy || undefined : `http://${proxy}`;
}

/** Whether NO_PROXY has the host: itself, a domain that it is in, either with a port, a block of addresses, or `*`. */
function isExempt({ protocol, hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const names = [host, `${hostname}:${port === '' ? { 'http:': '80', 'https:': '443' }[protocol] : port}`];
  return list.toLowerCase().split(/[\s,]+/).filter((entry) => entry !== '').some((entry) => {
    if (entry === '*') return true;
    if (isIP(host) !== 0) return names.includes(entry.replace(/^\[|\]$/g, '')) || names.includes(entry) || isInBlock(host, entry);
    const domain = entry.replace(/^\*?\./, '').replace(/\.$/, '');
    return names.some((name) => name === domain || name.endsWith(`.${domain}`));
  });
}

function isInBlock(address: string, block: string): boolean {
  const [base = '', bits = ''] = block.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  if (isIP(base) !== isIP(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) return false;
  const list = new BlockList();
  const family = longest === 128 ? 'ipv6' : 'ipv4';
  list.addSubnet(base, Number(bits), family);
  return list.check(address, family);
}
