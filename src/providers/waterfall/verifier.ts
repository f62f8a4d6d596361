/* The verifier of the Waterfall API: one address in one POST, answered at once. It shares key and limit with the contacts. */
import { createPaced } from '../http/paced.ts';
import { readReply } from '../http/read-reply.ts';
import type { Verifier } from '../verifier.ts';
import { openTransport, readAccount, type WaterfallOptions } from './host.ts';
import { verification, verifyReply } from './verify-wire.ts';

const VERIFY = '/v1/verify/email';

/** Makes the verifier. Of `options`, `retryDelayMs` is for `ping` alone. Throws `UsageError` when the key cannot be sent as a header. */
export function createWaterfallVerifier(options: WaterfallOptions): Verifier {
  const { limiter, runtime, retryDelayMs = 500 } = options;
  const transport = openTransport(options);
  const paced = createPaced({ transport, limiter, runtime });

  return {
    name: 'waterfall',
    verify: async (address, { place, signal }) => {
      const reply = await paced.exchange('launches', place, { method: 'POST', path: VERIFY, body: { email: address }, personal: address, signal });
      return verification(readReply(verifyReply, reply.json, `POST ${VERIFY}`), reply.json);
    },
    ping: async ({ signal } = {}) => void (await readAccount(transport, { signal, runtime, delayMs: retryDelayMs })),
    requests: () => paced.counts(),
    close: () => transport.close(),
  };
}
