/* The providers of a run, with the key, the host and the places of each. The one list of them; all else of a provider is in its folder. */
import { UsageError } from '../core/errors.ts';
import type { Problem } from '../core/errors.ts';
import { proxyFor } from '../core/proxy.ts';
import { closest } from '../core/closest.ts';
import { openMemory } from '../engine/memory.ts';
import type { Memory } from '../engine/memory.ts';
import { createLimiter } from '../providers/http/limiter.ts';
import { prospecting, verifying } from '../providers/provider.ts';
import type { Provider } from '../providers/provider.ts';
import type { Client } from '../providers/waterfall/client.ts';
import type { Settings } from '../runtime/config.ts';
import type { OpenProvider } from '../service/execute.ts';
import { providersOf } from '../service/options.ts';
import type { AskedProvider, Asking, Run } from '../service/options.ts';
import type { Database } from '../store/database.ts';
import { keyOf } from './session.ts';
import type { Session } from './session.ts';

/** Who verifies addresses. */
export const VERIFIERS = ['waterfall', 'abstractapi'] as const;

/** Names of providers as `--provider` gives them, in order. @throws {UsageError} for one that is none, or stands there twice. */
export function readProviders(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const problems: Problem[] = [];
  for (const [place, name] of names.entries()) {
    if (!(VERIFIERS as readonly string[]).includes(name)) {
      const meant = closest(name, VERIFIERS);
      problems.push({ what: name === '' ? '--provider names no provider' : `--provider "${name}" is not known`, fix: `${meant === undefined ? '' : `did you mean ${meant}? `}Addresses are verified by ${VERIFIERS.join(' and ')}` });
    } else if (names.indexOf(name) < place) problems.push({ what: `--provider names ${name} twice`, fix: 'name each once: what the first does not know, the next is asked' });
  }
  if (problems.length > 0) throw new UsageError(problems);
  return names;
}

/** The providers of a run with the hosts of their APIs, as the settings have them. */
export function askedProviders(names: readonly string[], settings: Settings, sandbox: boolean): AskedProvider[] {
  return names.map((name) => ({ name, api_host: sandbox ? 'sandbox' : new URL(baseUrlOf(name, settings)).host }));
}

/** Makes sure of the keys that a run needs. @throws {UsageError} with every one that is not there. */
export function refuseWithoutKeys(names: readonly string[], settings: Settings): void {
  const problems: Problem[] = [];
  for (const name of names) {
    try {
      apiKeyOf(name, settings);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
}

/** Makes sure that the settings name the APIs that a run asks. @throws {UsageError} when they do not. */
export function refuseOtherHosts(run: { id: string; options: Asking }, settings: Settings, sandbox: boolean): void {
  const asked = providersOf(run.options);
  const named = askedProviders(asked.map(({ name }) => name), settings, sandbox);
  for (const [place, { name, api_host }] of asked.entries()) {
    const ours = named[place]?.api_host;
    if (ours === api_host) continue;
    const option = name === 'waterfall' ? '--base-url' : `${name.toUpperCase()}_BASE_URL`;
    throw new UsageError({ what: `run ${run.id} asks ${api_host}, and the settings name ${ours}`, fix: api_host === 'sandbox' ? 'add --sandbox' : `set ${option} to the one of ${api_host}` });
  }
}

/** What was opened for an invocation. `account` tells the balance, where there is an API that does. */
export type Opened = { providers: OpenProvider[]; account: Client | undefined; close: () => Promise<void> };

/** Opens the providers of a run; `trialUrl` is where the built-in API listens, for a trial. */
export async function openProviders({ settings, runtime }: Session, database: Database, run: Run, trialUrl: string | undefined): Promise<Opened> {
  const closing: (() => Promise<void>)[] = [];
  const providers: OpenProvider[] = [];
  let account: Client | undefined;
  for (const { name, api_host } of providersOf(run.options)) {
    const apiKey = trialUrl === undefined ? apiKeyOf(name, settings) : 'sandbox-key';
    const baseUrl = trialUrl === undefined ? baseUrlOf(name, settings) : name === 'waterfall' ? trialUrl : `${trialUrl}/v1/`;
    const memory: Memory = await openMemory(database, runtime, { api_host, apiKey });
    // The window of a trial begins with it, as its API does.
    const taken = trialUrl === undefined ? memory.taken : [];
    const limiter = createLimiter({ ...rateLimitOf(name, settings), taken, clock: runtime.clock, log: runtime.log });
    const options = { baseUrl, apiKey, limiter, runtime, proxy: trialUrl === undefined ? proxyFor(baseUrl, process.env) : undefined };
    let provider: Provider;
    if (name === 'waterfall') {
      const { createClient } = await import('../providers/waterfall/client.ts');
      const client = createClient({ ...options, keyHeader: settings.keyHeader });
      closing.push(() => client.close());
      account = client;
      if (run.options.kind === undefined) provider = prospecting(client);
      else {
        const { createWaterfallVerifier } = await import('../providers/waterfall/verifier.ts');
        const verifier = createWaterfallVerifier({ ...options, keyHeader: settings.keyHeader });
        closing.push(() => verifier.close());
        provider = verifying(verifier);
      }
    } else {
      const { createAbstractVerifier } = await import('../providers/abstractapi/verifier.ts');
      const verifier = createAbstractVerifier(options);
      closing.push(() => verifier.close());
      provider = verifying(verifier);
    }
    providers.push({ provider, limiter, memory });
  }
  return { providers, account, close: async () => void (await Promise.all(closing.map((end) => end()))) };
}

/** The key of a provider. @throws {UsageError} when there is none. */
function apiKeyOf(name: string, settings: Settings): string {
  if (name === 'waterfall') return keyOf(settings);
  const { apiKey } = settings.abstractapi;
  if (apiKey !== undefined) return apiKey;
  throw new UsageError({ what: 'there is no key for abstractapi', fix: 'set ABSTRACTAPI_KEY in the environment or in .env, or add --sandbox for a trial without one' });
}

function baseUrlOf(name: string, settings: Settings): string {
  return name === 'waterfall' ? settings.baseUrl : settings.abstractapi.baseUrl;
}

/** Requests per window. A trial has the same. */
export function rateLimitOf(name: string, settings: Settings): Settings['rateLimit'] {
  return name === 'waterfall' ? settings.rateLimit : settings.abstractapi.rateLimit;
}
