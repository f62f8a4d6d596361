/*
 * One invocation of a run inside the test: real lanes, real SQL on an embedded database, a client that answers by
 * script, and a clock that jumps to the next moment at which somebody wakes. Hours of an outage take a second.
 */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { ApiError, TransportError, verdict } from '../../src/core/errors.ts';
import type { Account, Job, TargetState } from '../../src/core/model.ts';
import { execute, type RunResult } from '../../src/service/execute.ts';
import type { InDoubtPolicy } from '../../src/engine/breaker.ts';
import { createAllowance } from '../../src/engine/allowance.ts';
import { createBudget } from '../../src/engine/budget.ts';
import type { Price } from '../../src/kinds/contacts/price.ts';
import { openMemory } from '../../src/engine/memory.ts';
import { createStop } from '../../src/engine/stop.ts';
import type { Clock, Runtime } from '../../src/runtime/runtime.ts';
import { patient, type Database, type Driver } from '../../src/store/database.ts';
import { spentSoFar } from '../../src/store/bills.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createContactRates } from '../../src/kinds/contacts/rates.ts';
import { prospecting } from '../../src/providers/provider.ts';
import type { Client } from '../../src/providers/waterfall/client.ts';
import { createLimiter, type Limiter } from '../../src/providers/http/limiter.ts';
import { throttlePauseMs, withRetry } from '../../src/providers/http/retry.ts';
import { EMPTY } from '../support/databases.ts';
import { PROCESS, startedRun, TARGETS } from '../support/runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** No invocation takes as long as this: an outage ends it before. */
const LONGEST_MS = 120 * MINUTE;

/** A request that the API gets: the `nth` of its kind for this domain (from 1), `at` milliseconds after the start. */
export type Request = { kind: 'launch' | 'find'; domain: string; nth: number; at: number };

/** What the API does. Each may throw; what is left out makes a job called `job of <domain>`, done at once with one person. */
export type Script = {
  launch?: (request: Request) => string | undefined;
  find?: (request: Request) => Job | undefined;
  account?: () => Account;
  /** How long replies take, in milliseconds. */
  launchMs?: number | ((request: Request) => number);
  findMs?: number | ((request: Request) => number);
};

/** How to run it, where it is not as usual: no request limit, 200 lanes, jobs given up after 10 minutes. */
export type Settings = {
  limit?: number;
  concurrency?: number;
  jobTimeoutMs?: number;
  inDoubt?: InDoubtPolicy;
  /** The cost cap, and the price where it is known. */
  capUsd?: number;
  price?: Price;
  /** Carries the window and the job times from one invocation to the next. */
  remembers?: boolean;
};

/** How a target is in the database. */
export type Row = { domain: string; state: TargetState; launches: number; doubts: number; job_id: string | null; reason: string | null };

/** What came of an invocation. `mostLaunching` and `mostFinding`: the most calls at once, of finds for one job. */
export type Ending = { result: RunResult; rows: Row[]; requests: Request[]; mostLaunching: number; mostFinding: number; logged: string[] };

/** The embedded database of a test file, empty before each case. */
export function openLaboratory() {
  const home = temporaryFolder();
  let driver: Driver | undefined;
  let calls = 0;

  /** Counts the statements on their way, so that time stands still for them. */
  const counted = (): Driver => {
    if (driver === undefined) throw new Error('the database is for the inside of a case');
    const real = driver;
    const count = async <Result>(call: Promise<Result>): Promise<Result> => {
      calls += 1;
      return call.finally(() => (calls -= 1));
    };
    return {
      ...real,
      query: <Result>(sql: string, parameters?: readonly unknown[]) => count(real.query<Result>(sql, parameters)),
      script: (sql) => count(real.script(sql)),
      transaction: (work) => count(real.transaction(work)),
    };
  };
  const open = (runtime: Runtime): Database => patient(counted(), { runtime, patienceMs: 0 });

  beforeAll(async () => {
    driver = await openEmbedded(home());
    await migrate(driver);
  });
  beforeEach(() => driver?.script(EMPTY));
  afterAll(() => driver?.close());

  const clock = createVirtualClock();
  const jumping = createJumping(clock, () => calls > 0);
  const logged: string[] = [];
  const note = (message: string) => void logged.push(message);
  const runtime: Runtime = { clock: jumping.clock, random: () => 0.5, log: { debug: () => undefined, info: note, warn: note, error: note } };

  return {
    clock,
    database: () => open(runtime),

    /** Works on the run until it is finished or stopped. A run that is not in the database yet is started over `domains`. */
    invoke: async (id: string, script: Script, settings: Settings & { domains?: string[]; fresh?: boolean } = {}): Promise<Ending> => {
      const { domains, fresh, remembers = false, limit = 0, concurrency = 200, jobTimeoutMs = 10 * MINUTE, inDoubt = 'relaunch', capUsd, price } = settings;
      const stop = createStop();
      const database = open(runtime);
      if (domains !== undefined) await startedRun(database, id, domains, { at: clock.now(), maxAgeDays: fresh ? null : 30 });
      logged.length = 0;
      const memory = remembers ? await openMemory(database, runtime, { api_host: 'api.waterfall.example', apiKey: 'a key' }) : undefined;
      const limiter = createLimiter({ limit, windowMs: MINUTE, clock: runtime.clock, log: runtime.log, taken: memory?.taken ?? [] });
      const scripted = createScriptedClient(script, limiter, runtime);
      const result = await jumping.pass(
        execute({
          run: {
            id,
            key: `key of ${id}`,
            input_name: 'companies.csv',
            input_columns: ['domain'],
            options: {
              question: { api_host: 'api.waterfall.example', title_filter: 'founder OR ceo', limit: 10, include_phones: false, include_unverified: false },
              reading: {},
              rows: null,
              output: { contacts: home(`${id}.csv`), report: null, style: { delimiter: ',', bom: false } },
            },
            created_at: new Date(clock.now()),
            finished_at: null,
            requests: 0,
            worked_ms: 0,
            stop_reason: null,
          },
          runtime,
          database,
          process_id: PROCESS,
          ownership: { ensure: () => Promise.resolve(), isSure: () => true },
          now: () => runtime.clock.now(),
          providers: [{ provider: prospecting(scripted.client), limiter, memory }],
          stop,
          stdout: new PassThrough(),
          ...{ concurrency, jobTimeoutMs, inDoubt },
          onStart: async () => ({ allowance: createAllowance(createBudget({ capUsd, rates: createContactRates(price, { limit: 10, includePhones: false }), earlier: await spentSoFar(database, id) }), stop) }),
          onSettled: () => undefined,
        }),
      );
      return { result, rows: await rowsOf(database, id), ...scripted.seen(), logged: [...logged] };
    },

    /** The targets of a run as they are now. */
    rows: (id: string) => rowsOf(open(runtime), id),
  };
}

function rowsOf(database: Database, run_id: string): Promise<Row[]> {
  return database.query<Row>(
    `select question->>'domain' as domain, state, launches, doubts, job_id, reason from ${TARGETS} where run_id = $1 order by position`,
    [run_id],
  );
}

/** The clock, and a way to let it jump from one moment at which somebody wakes to the next while `busy` says no. */
function createJumping(clock: VirtualClock, busy: () => boolean) {
  const due = new Set<{ at: number }>();
  const jumping: Clock = {
    now: () => clock.now(),
    async sleep(ms, signal) {
      const sleeper = { at: clock.now() + Math.max(ms, 0) };
      due.add(sleeper);
      await clock.sleep(ms, signal).finally(() => due.delete(sleeper));
    },
  };
  return {
    clock: jumping,
    async pass<Result>(work: Promise<Result>): Promise<Result> {
      let ended = false;
      const result = work.finally(() => (ended = true));
      result.catch(() => undefined); // told to the caller below
      const latest = clock.now() + LONGEST_MS;
      while (!ended) {
        if (clock.now() > latest) throw new Error('the run does not end');
        // Twice: what the last statement brought may be on its way to the next one.
        for (let quiet = 0; quiet < 2 && !ended; quiet = busy() ? 0 : quiet + 1) await new Promise((resolve) => setImmediate(resolve));
        const next = Math.min(...[...due].map(({ at }) => at));
        if (!ended && next < Infinity) await clock.advance(next - clock.now());
      }
      return result;
    },
  };
}

/** A client that keeps the promises of the real one (places, one quick repetition of a find, a pause after a 429). */
function createScriptedClient(script: Script, limiter: Limiter, runtime: Runtime) {
  const { clock, random } = runtime;
  const startedAt = clock.now();
  const requests: Request[] = [];
  const finding = new Map<string, number>();
  const [launching, most] = [{ now: 0 }, { launching: 0, finding: 0 }];
  let throttled = 0;

  const receive = (kind: Request['kind'], domain: string): Request => {
    const nth = requests.filter((earlier) => earlier.kind === kind && earlier.domain === domain).length + 1;
    const request = { kind, domain, nth, at: clock.now() - startedAt };
    requests.push(request);
    return request;
  };
  const answer = <Reply>(reply: () => Reply): Reply => {
    try {
      return reply();
    } catch (error) {
      if (error instanceof ApiError && verdict(error) === 'wait') {
        throttled += 1;
        limiter.pause(throttlePauseMs(1, error.retryAfterMs, random));
      }
      throw error;
    }
  };

  const client: Client = {
    async launch({ domain }, { place, signal }) {
      most.launching = Math.max(most.launching, (launching.now += 1));
      try {
        const request = receive('launch', domain);
        await clock.sleep(msOf(script.launchMs, request), signal);
        return { job_id: answer(() => script.launch?.(request) ?? `job of ${domain}`) };
      } finally {
        launching.now -= 1;
        place.release();
      }
    },
    async find(job_id, { place: given, waiting, signal } = {}) {
      const once = async () => {
        const place = given ?? (await limiter.take('find', waiting));
        given = undefined;
        try {
          const request = receive('find', job_id.replace('job of ', ''));
          await clock.sleep(msOf(script.findMs, request), signal);
          return answer(() => script.find?.(request) ?? done(request.domain));
        } finally {
          place.release();
        }
      };
      const now = (finding.get(job_id) ?? 0) + 1;
      most.finding = Math.max(most.finding, now);
      finding.set(job_id, now);
      try {
        return await withRetry(once, { runtime, delayMs: 500, signal: waiting });
      } finally {
        finding.set(job_id, (finding.get(job_id) ?? 0) - 1);
      }
    },
    account: async () => Promise.resolve().then(() => script.account?.() ?? {}),
    requests() {
      const launches = requests.filter(({ kind }) => kind === 'launch').length;
      return { launches, finds: requests.length - launches, throttled };
    },
    close: () => Promise.resolve(),
  };
  return { client, seen: () => ({ requests, mostLaunching: most.launching, mostFinding: most.finding }) };
}

const msOf = (given: Script['findMs'], request: Request): number => (typeof given === 'function' ? given(request) : (given ?? 0));

/** A job that brought one person. */
export function done(domain: string): Job {
  const person = { id: `person at ${domain}`, first_name: 'Ida', last_name: 'Fjord', professional_email: `ida@${domain}` };
  return { status: 'SUCCEEDED', output: { company: { id: `company ${domain}`, domain }, persons: [person], usage: { total_usd: 0.25 } } };
}

/** The API's own error, in its envelope. */
export function apiError(status: number, code: string, retryAfterMs?: number): ApiError {
  const category = /^(RATE_LIMIT|NOT_FOUND|[A-Z]+)/.exec(code)?.[0] ?? '';
  return new ApiError({ status, category, code, message: 'no', enveloped: true, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** The API says that it is broken: no job was made. */
export const broken = () => apiError(500, 'INTERNAL_UNCLASSIFIED_ERROR');
/** Too many requests. */
export const throttledFor = (ms?: number) => apiError(429, 'RATE_LIMIT_RATE_LIMIT_EXCEEDED', ms);
/** A proxy's page: nobody knows what the API did. */
export const proxyPage = () => new ApiError({ status: 502, category: 'HTTP', code: 'HTTP_502', message: 'Bad Gateway', enveloped: false });
/** The request never left. */
export const refused = () => new TransportError({ code: 'ECONNREFUSED', message: 'the connection was refused', sent: false });
/** The request left, and no reply came. */
export const lost = () => new TransportError({ code: 'ECONNRESET', message: 'closed before the reply was complete', sent: true });

/** Domains of invented companies. */
export function domains(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `harbour-${n + 1}.example`);
}

/** Throws, where an expression is wanted. */
export function fail(error: Error): never {
  throw error;
}
