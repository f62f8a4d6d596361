/*
 * The sandbox for a test of the command, within the test or as a process of its own, and lists of companies that it knows
 * people at. The command must have been built.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/runtime/runtime.ts';
import type { SandboxStats } from '../../src/sandbox/api.ts';
import type { Faults } from '../../src/sandbox/faults.ts';
import { createPeople } from '../../src/sandbox/people.ts';
import { startSandbox } from '../../src/sandbox/server.ts';

/** The built command. */
export const MAIN = fileURLToPath(new URL('../../dist/bundle/main.js', import.meta.url));

/** As it was at first: a command that is given inside this process has its own. */
const ENVIRONMENT = { ...process.env };

/** What every row of `list` asks for, unless it says otherwise. */
export const FILTER = 'ceo OR founder';

/** A sandbox that listens. */
export type SandboxProcess = {
  url: string;
  stats(): Promise<SandboxStats>;
  /** Changes the faults that are named and leaves the others. */
  setFaults(faults: Partial<Faults>): Promise<void>;
  stop(): Promise<void>;
};

/** Starts a sandbox within the test, which takes less time than a process. It has no rate limit, and its jobs take no time. */
export async function startSandboxHere(): Promise<SandboxProcess> {
  const ignore = () => undefined;
  const sandbox = await startSandbox({
    runtime: { clock: systemClock, random: Math.random, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } },
    rateLimit: { limit: 0, windowMs: 60_000 },
    jobTime: { medianMs: 0, spread: 0.5 },
  });
  return {
    url: sandbox.url,
    stats: () => Promise.resolve(sandbox.stats()),
    setFaults: (faults) => Promise.resolve(sandbox.setFaults(faults)),
    stop: () => sandbox.close(),
  };
}

/** Starts a sandbox as users start it, without a rate limit, whose jobs take no time, unless the options say otherwise. */
export async function startSandboxProcess(options: readonly string[] = []): Promise<SandboxProcess> {
  const given = ['sandbox', '--port', '0', '--rate-limit', '0', '--job-time', '0', ...options];
  const child = spawn(process.execPath, [MAIN, ...given], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'], timeout: 1_800_000 });
  const ended = once(child, 'exit');
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, 'line'), ended.then(() => [])])) as [string?];
  if (url === undefined) throw new Error(`the sandbox has ended: ${complaints.join('')}`);

  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const reply = await fetch(`${url}/sandbox/${path}`, { method, body: body === undefined ? null : JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${path}: ${await reply.text()}`);
    return reply.json();
  };
  return {
    url,
    stats: async () => (await control('GET', 'stats')) as SandboxStats,
    setFaults: async (faults) => void (await control('PUT', 'faults', faults)),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Domains of fictional companies, always the same ones. `people`: how many the sandbox finds there with FILTER and the default limit. */
export function companies(count: number, people: (found: number) => boolean = (found) => found > 0): string[] {
  const findPeople = createPeople();
  const domains: string[] = [];
  for (let n = 1; domains.length < count; n += 1) {
    const domain = `harbour-${n}.example`;
    const { persons } = findPeople({ domain, title_filter: FILTER, limit: 10, include_phones: false, verified_only: true });
    if (people(persons.length)) domains.push(domain);
  }
  return domains;
}

/** A list as CSV: a line for each domain. */
export function list(domains: readonly string[]): string {
  return ['domain,title_filter', ...domains.map((domain) => `${domain},${FILTER}`), ''].join('\n');
}
