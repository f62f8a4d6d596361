/* Which domains of the sandbox take mail: a trial looks nothing up in the domain name system. */

/** What a look-up of the domain's mail servers finds. `failed`: the look-up itself did not work, which says nothing of the domain. */
export function sandboxMx(domain: string): 'mail' | 'no_mail' | 'failed' {
  const name = domain.toLowerCase();
  if (name === 'slowdns.example') return 'failed';
  return name === 'nomail.example' || name.startsWith('nomx') ? 'no_mail' : 'mail';
}
