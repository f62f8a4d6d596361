/* `sandbox`: serves the fictional API until it is stopped. Prints its address on stdout once it listens. */
import { once } from 'node:events';
import { UsageError } from '../../core/errors.ts';
import { readAll } from '../../core/problems.ts';
import { durationOption, parseRateLimit } from '../../runtime/config.ts';
import type { RateLimit } from '../../runtime/config.ts';
import type { Faults } from '../../sandbox/faults.ts';
import { startSandbox } from '../../sandbox/server.ts';
import { openSession } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { print } from '../stdout.ts';

/** Options of `sandbox`, as commander gives them: rates are numbers from 0 to 1. */
export type SandboxCommandOptions = GlobalOptions &
  Partial<Pick<Faults, 'errorRate' | 'bareErrorRate' | 'bareErrorAfterRate' | 'dropBeforeRate' | 'dropAfterRate' | 'failRate' | 'stuckRate' | 'forgetRate' | 'cutRate' | 'badTypeRate' | 'slowRate'>> & {
    port: number;
    rateLimit: string;
    jobTime: string;
    jobSpread: number;
    slowJobs?: number;
    state?: string;
    seed: number;
    persons?: number;
    latency: string;
    slow: string;
  };

/** Runs the command until a signal; returns its exit code. */
export async function serveSandbox(options: SandboxCommandOptions): Promise<number> {
  const [{ runtime, terminal }, rateLimit, medianMs, latencyMs, slowMs] = readAll(
    () => openSession({ ...options, rateLimit: undefined }),
    () => rateLimitOption(options.rateLimit),
    () => durationOption('--job-time', options.jobTime),
    () => durationOption('--latency', options.latency),
    () => durationOption('--slow', options.slow),
  );
  const { errorRate, bareErrorRate, bareErrorAfterRate, dropBeforeRate, dropAfterRate, failRate, stuckRate, forgetRate, cutRate, badTypeRate, slowRate } = options;
  const rates = { errorRate, bareErrorRate, bareErrorAfterRate, dropBeforeRate, dropAfterRate, failRate, stuckRate, forgetRate, cutRate, badTypeRate, slowRate };
  const given = Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate !== undefined));
  const sandbox = await startSandbox({
    runtime,
    port: options.port,
    rateLimit,
    jobTime: { medianMs, spread: options.jobSpread, slowShare: options.slowJobs },
    seed: options.seed,
    personsPerCompany: options.persons,
    stateFile: options.state,
    faults: { ...given, latencyMs, slowMs },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SyntaxError) throw new UsageError({ what: `${options.state} is not a state of the sandbox`, fix: 'name another file with --state, or one that does not exist yet' });
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    throw new UsageError({ what: `port ${options.port} cannot be used (${error.code})`, fix: 'choose another --port, or 0 for any' });
  });
  try {
    await print(`${sandbox.url}\n`);
    terminal.say(
      [
        'a fictional API, until Ctrl-C; any key will do. In another terminal, without DATABASE_URL:',
        `  WATERFALL_API_KEY=any waterfall-contacts run companies.csv --base-url ${sandbox.url} --home trial`,
        `  curl -H 'x-api-key: any' ${sandbox.url}/v2/account`,
      ].join('\n'),
      { message: 'sandbox is there', url: sandbox.url },
    );
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
    return 0;
  } finally {
    await sandbox.close();
  }
}

function rateLimitOption(text: string): RateLimit {
  const rateLimit = parseRateLimit(text);
  if (rateLimit !== undefined) return rateLimit;
  throw new UsageError({ what: `--rate-limit "${text}" is not <requests>/<seconds>`, fix: 'write for instance 50/60, or 0 for none' });
}
