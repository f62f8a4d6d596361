/* What can be told of an address without asking anybody. None of it is sent, or billed. */
import { isDisposable, isFree } from './domains.ts';
import type { MailExchange } from './mail-exchange.ts';
import { isRole } from './roles.ts';
import type { EmailAnswer } from './verdict.ts';

/** What is asked all the same, and what is known of the domain's mail servers, where somebody has looked. */
export type FreeCheckOptions = { allowRole: boolean; allowDomains: ReadonlySet<string>; mx?: MailExchange };

/** What is told of an address, in this order: throwaway, a role, a domain that takes no mail. Undefined: somebody is to be asked. */
export function localAnswer(address: string, { allowRole, allowDomains, mx }: FreeCheckOptions): EmailAnswer | undefined {
  const at = address.lastIndexOf('@');
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const is_disposable = isDisposable(domain) && !allowDomains.has(domain);
  const is_role = isRole(local);
  const told = { provider_status: null, is_role, is_free: isFree(domain), is_disposable, suggestion: null, reply: {} };
  if (is_disposable) return { ...told, verdict: 'do_not_mail', reason: `${domain} gives throwaway addresses` };
  if (is_role && !allowRole) return { ...told, verdict: 'risky', reason: `${local}@ is a role, not a person` };
  // A look-up that failed says nothing: somebody is asked.
  if (mx === 'no_mail') return { ...told, verdict: 'undeliverable', reason: `${domain} takes no mail` };
  return undefined;
}
