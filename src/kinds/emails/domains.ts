/*
 * Domains where anybody gets an address for ten minutes, and those where anybody gets one for life. The first are a built list, less
 * what such lists hold by mistake: official endings, mail providers, companies that everybody knows.
 */
import exact from 'disposable-email-domains' with { type: 'json' };
import wildcard from 'disposable-email-domains/wildcard.json' with { type: 'json' };
import { parse } from 'tldts';
import { isMailProvider } from '../../core/mail-providers.ts';
import { isAt } from '../../core/page-hosts.ts';

/** Of these the whole host gives throwaway addresses, below it too. */
const HOSTS = new Set(wildcard);
const NAMES = new Set(exact);

/** Have been on such lists, and are companies that write mail. */
const KNOWN_COMPANIES = new Set([
  'adobe.com', 'airbnb.com', 'amazon.com', 'apple.com', 'atlassian.com', 'cisco.com', 'dell.com', 'facebook.com', 'github.com', 'gitlab.com', 'google.com',
  'hubspot.com', 'ibm.com', 'intel.com', 'linkedin.com', 'meta.com', 'microsoft.com', 'mozilla.org', 'netflix.com', 'nvidia.com', 'oracle.com', 'paypal.com',
  'salesforce.com', 'sap.com', 'shopify.com', 'siemens.com', 'slack.com', 'spotify.com', 'stripe.com', 'tesla.com', 'uber.com', 'wordpress.com', 'zoom.us',
]);

/** Whether a domain (lower case, ASCII) is one of throwaway addresses. */
export function isDisposable(domain: string): boolean {
  const { publicSuffix, domain: registered } = parse(domain, { allowPrivateDomains: true });
  if (publicSuffix === domain || isFree(domain) || (registered !== null && KNOWN_COMPANIES.has(registered))) return false;
  return NAMES.has(domain) || isAt(HOSTS, domain);
}

/** Whether a domain (lower case, ASCII) is one where everybody gets a mailbox. */
export function isFree(domain: string): boolean {
  return isMailProvider({ hostname: domain, domain, brand: parse(domain).domainWithoutSuffix ?? undefined });
}
