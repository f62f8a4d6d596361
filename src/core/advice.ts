/* What a user can do about an error of the API or of the way to it. */
import { ApiError, type TransportError } from './errors.ts';

/** Begins the codes of that API. */
const ABSTRACTAPI = 'ABSTRACTAPI_';
const PROXY = 'correct HTTPS_PROXY (HTTP_PROXY for an address without TLS), or name the host of the API in NO_PROXY to go there without a proxy';
const AUTHORITY = 'when it is the certificate of your own company, or of a proxy that looks into TLS: name the file of its authority in NODE_EXTRA_CA_CERTS';

/** By code, else by category, which an API of other settings has its own name before. */
const ADVICE: Readonly<Record<string, string>> = {
  AUTH: 'correct WATERFALL_API_KEY (and WATERFALL_API_KEY_HEADER)',
  PERMISSION_INCLUDE_PHONES_REQUIRES_PHONE_ENRICHMENT: 'run without --include-phones, or have phone enrichment enabled',
  PERMISSION: 'ask Waterfall to enable this for your account',
  QUOTA: 'top up the account',
  ROUTING: 'correct WATERFALL_BASE_URL',
  NOT_FOUND: 'correct WATERFALL_BASE_URL, or check that the account and its key are set up',
  VALIDATION: 'correct --title-filter or --persona; it is the same for all rows',
  ABSTRACTAPI_AUTH: 'correct ABSTRACTAPI_KEY: each product of AbstractAPI has a key of its own, and ABSTRACTAPI_BASE_URL must be that of the product',
  ABSTRACTAPI_PERMISSION: 'ask AbstractAPI to enable this for your account',
  ABSTRACTAPI_QUOTA: 'the requests of your plan at AbstractAPI are used up: wait for its next period, or take a larger plan',
  ABSTRACTAPI_NOT_FOUND: 'correct ABSTRACTAPI_BASE_URL',
  PROXY_REFUSED: PROXY,
  PROXY_FAILED: PROXY,
  PROXY_UNREACHABLE: PROXY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
};

/** What to do; undefined where nothing but waiting comes to mind. */
export function adviceFor(error: ApiError | TransportError): string | undefined {
  if (!(error instanceof ApiError)) return ADVICE[error.code];
  const own = error.code.startsWith(ABSTRACTAPI) ? ABSTRACTAPI : '';
  return ADVICE[error.code] ?? ADVICE[`${own}${error.category}`];
}
