/*
 * The verifier of AbstractAPI: one address in one GET, answered at once. The GET is paid, so it is sent once, as a POST would be.
 * There is no free request, no balance, and no header with the limit.
 */
import type { Dispatcher } from 'undici';
import type { Proxy } from '../../core/proxy.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { Limiter } from '../http/limiter.ts';
import { createPaced } from '../http/paced.ts';
import { readReply } from '../http/read-reply.ts';
import { throttlePause } from '../http/retry.ts';
import { createTransport } from '../http/transport.ts';
import type { Verifier } from '../verifier.ts';
import { answerOf, errors, verifyReply } from './wire.ts';

/** Limits are counted over a second, and a 429 does not say how long to wait: the first pause is about as long. */
const PAUSE = { firstMs: 1_000, mostMs: 30_000 };

/**
 * Makes the verifier. `timeoutMs` (30 s) is for one exchange. A `dispatcher` that is handed in takes the place of the connections,
 * and is closed with the verifier. Throws `UsageError` when the key cannot be sent as a header.
 */
export function createAbstractVerifier(options: {
  baseUrl: string;
  apiKey: string;
  limiter: Limiter;
  runtime: Runtime;
  timeoutMs?: number | undefined;
  proxy?: Proxy | undefined;
  dispatcher?: Dispatcher | undefined;
}): Verifier {
  const { limiter, runtime } = options;
  const { clock, log } = runtime;
  // In the address the key would stand in the logs of every proxy on the way.
  const transport = createTransport({ ...options, clock, log, errors, keyHeader: 'authorization', keyScheme: 'Bearer', keySettings: 'ABSTRACTAPI_KEY' });
  const paced = createPaced({ transport, limiter, runtime, pauseMs: throttlePause(PAUSE) });

  return {
    name: 'abstractapi',
    verify: async (address, { place, signal }) => {
      const reply = await paced.exchange('launches', place, { method: 'GET', path: '/', query: { email: address }, personal: address, signal });
      const answer = answerOf(readReply(verifyReply, reply.json, 'GET /v1/ of AbstractAPI'));
      // Every request is billed, whatever comes of it; at what price only the user knows.
      return { answer, cost_usd: null };
    },
    requests: () => paced.counts(),
    close: () => transport.close(),
  };
}
