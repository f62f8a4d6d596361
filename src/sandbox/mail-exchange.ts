/* Which domains of the fictional world take mail: as a look-up in the domain name system would say, of which a trial asks none. */

/** Whether a domain takes mail: `nomail.*` and whatever begins with `nomx` does not, and at `slowdns.*` nobody answers. */
export function sandboxMx(domain: string): 'mail' | 'no_mail' | 'failed' {
  if (/(?:^|\.)(?:nomail\.|nomx)/.test(domain)) return 'no_mail';
  return /(?:^|\.)slowdns\./.test(domain) ? 'failed' : 'mail';
}
