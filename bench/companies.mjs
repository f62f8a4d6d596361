/* What the command and its rivals are all given: fictional companies, what is asked for, how many at once. */
import { fileURLToPath } from 'node:url';

/** The built command. */
export const CLI = fileURLToPath(new URL('../dist/bundle/main.js', import.meta.url));
/** What every company is asked for. */
export const FILTER = 'founder OR ceo';
/** Most jobs in flight: of the command by default, and so of its rivals. */
export const CONCURRENCY = 200;

/** The domain of company number `at`, from 0. */
export function domainAt(at) {
  return `company-${at}.example`;
}
