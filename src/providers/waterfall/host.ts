/* The way to the Waterfall API that all its clients go, and the account, which tells for free whether it answers at all. */
import type { Dispatcher } from 'undici';
import type { Account } from '../../core/model.ts';
import type { Proxy } from '../../core/proxy.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Limiter } from '../http/limiter.ts';
import { readReply } from '../http/read-reply.ts';
import { withRetry } from '../http/retry.ts';
import { createTransport, type Transport } from '../http/transport.ts';
import { accountReply, errors } from './wire.ts';

/** What a client of this API is made of. */
export type WaterfallOptions = {
  baseUrl: string;
  apiKey: string;
  keyHeader: string;
  limiter: Limiter;
  runtime: Runtime;
  timeoutMs?: number | undefined;
  retryDelayMs?: number | undefined;
  proxy?: Proxy | undefined;
  dispatcher?: Dispatcher | undefined;
};

const ACCOUNT = '/v2/account';

/** Throws `UsageError` when the key cannot be sent as a header. */
export function openTransport(options: WaterfallOptions): Transport {
  const { clock, log } = options.runtime;
  return createTransport({ ...options, clock, log, errors, keySettings: 'WATERFALL_API_KEY and WATERFALL_API_KEY_HEADER' });
}

/** Usage and balance, free and outside the request limit; asked for once more after a passing error. */
export function readAccount(
  transport: Transport,
  { month, signal, runtime, delayMs }: { month?: string | undefined; signal?: AbortSignal | undefined; runtime: Runtime; delayMs: number },
): Promise<Account> {
  return withRetry(
    async () => {
      const query = month === undefined ? {} : { query: { month } };
      const reply = await transport.exchange({ method: 'GET', path: ACCOUNT, ...query, signal });
      return readReply(accountReply, reply.json, `GET ${ACCOUNT}`);
    },
    { runtime, delayMs, signal },
  );
}
