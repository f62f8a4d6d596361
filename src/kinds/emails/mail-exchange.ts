/* Whether a domain takes mail, by its entries in the domain name system; each domain is looked up once. */
import pLimit from 'p-limit';

/** What a look-up found. `failed` says nothing of the domain. */
export type MailExchange = 'mail' | 'no_mail' | 'failed';

/** Looks a domain up. Never rejects. */
export type MxLookup = (domain: string) => Promise<MailExchange>;

/** What is needed of a resolver (node:dns/promises). */
export type MailResolver = {
  resolveMx(domain: string): Promise<{ exchange: string }[]>;
  resolve4(domain: string): Promise<string[]>;
  resolve6(domain: string): Promise<string[]>;
};

const AT_ONCE = 20;
/** No such name, or none of such entries. All else is a failure of the look-up, which tells nothing. */
const NONE = new Set(['ENOTFOUND', 'ENODATA']);

/** Makes the look-up of one invocation. */
export function createMxLookup(resolver: MailResolver): MxLookup {
  const limited = pLimit(AT_ONCE);
  const known = new Map<string, Promise<MailExchange>>();

  return (domain) => {
    let found = known.get(domain);
    if (found === undefined) known.set(domain, (found = limited(() => lookUp(resolver, domain))));
    return found;
  };
}

async function lookUp(resolver: MailResolver, domain: string): Promise<MailExchange> {
  const exchanges = await entries(() => resolver.resolveMx(domain));
  if (exchanges === 'failed') return 'failed';
  // A single entry without a name says that there is no mail (RFC 7505); without entries the host itself takes it (RFC 5321, 5.1).
  if (exchanges.length > 0) return exchanges.every(({ exchange }) => exchange === '' || exchange === '.') ? 'no_mail' : 'mail';
  for (const resolve of [() => resolver.resolve4(domain), () => resolver.resolve6(domain)]) {
    const addresses = await entries(resolve);
    if (addresses === 'failed') return 'failed';
    if (addresses.length > 0) return 'mail';
  }
  return 'no_mail';
}

async function entries<Entry>(resolve: () => Promise<Entry[]>): Promise<Entry[] | 'failed'> {
  try {
    return await resolve();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return NONE.has(code) ? [] : 'failed';
  }
}
