/*
 * What can go wrong on purpose in the sandbox, and the dice that decide it. Rates are chances from 0 to 1.
 * The fate of a job hangs on the seed, its question and how often that was launched before, never on time or on the order
 * of arrival, so that two runs over the same list meet the same failing jobs.
 */
import { z } from 'zod';
import type { Random } from '../runtime/runtime.ts';
import { gaussian, hash32, mulberry32 } from './chance.ts';

const rate = z.number().min(0).max(1);
const milliseconds = z.number().min(0).max(3_600_000);
const shape = z.strictObject({
  /** Every reply waits this long, and up to `latencyJitterMs` more. */
  latencyMs: milliseconds,
  latencyJitterMs: milliseconds,
  /** A 500 in the API's envelope; nothing was done. */
  errorRate: rate,
  /** A proxy's 502 page; nothing was done. */
  bareErrorRate: rate,
  /** A proxy's 502 page for a launch whose job was made, or a verification that was billed. */
  bareErrorAfterRate: rate,
  /** The socket is closed; nothing was done. */
  dropBeforeRate: rate,
  /** The socket is closed on a launch whose job was made, or a verification that was billed. */
  dropAfterRate: rate,
  /** The job ends FAILED. */
  failRate: rate,
  /** A good reply breaks off in the middle of its body. */
  cutRate: rate,
  /** A reply is held back for `slowMs`. */
  slowRate: rate,
  slowMs: milliseconds,
  /** The job is unknown to the finder (404). Compared at each find, so that old jobs can be forgotten later. */
  forgetRate: rate,
  /** Requests are taken and never answered; nothing is done. */
  silent: z.boolean(),
  /** Every launch makes its job, every verification is billed, and the reply is lost. */
  loseReplies: z.boolean(),
  /** Everything but the control paths is a bare 503. */
  down: z.boolean(),
  /** The job stays RUNNING for ever. */
  stuckRate: rate,
  /** A good reply has a member of a wrong type: `job_id`, `status` or `persons`. */
  badTypeRate: rate,
});

/** What goes wrong, and how often. */
export type Faults = z.infer<typeof shape>;

/** Nothing goes wrong. */
export const NO_FAULTS: Readonly<Faults> = {
  latencyMs: 0, latencyJitterMs: 0, errorRate: 0, bareErrorRate: 0, bareErrorAfterRate: 0, dropBeforeRate: 0, dropAfterRate: 0,
  failRate: 0, cutRate: 0, slowRate: 0, slowMs: 0, forgetRate: 0, silent: false, loseReplies: false, down: false, stuckRate: 0,
  badTypeRate: 0,
};

/**
 * How long jobs take: log-normal with this median and this spread (standard deviation of the logarithm). A median of 0: no time.
 * Of all jobs, the share `slowShare` (default 0) takes ten times as long.
 */
export type JobTime = { medianMs: number; spread: number; slowShare?: number | undefined };

const SLOW_FACTOR = 10;

/** What happens to one request. `waitMs` passes before the reply; `instead` replaces the work, `after` the reply to a launch or a verification. */
export type RequestFate = {
  waitMs: number;
  instead: 'drop' | 'bare' | 'error' | undefined;
  after: 'drop' | 'bare' | undefined;
  cut: boolean;
  badType: boolean;
};

/** How one job goes. Decided when it is launched. */
export type JobFate = {
  /** From launch to end, in milliseconds; null when it never ends. */
  takes_ms: number | null;
  fails: boolean;
  /** The job is forgotten while `forgetRate` is above this. */
  forget_above: number;
};

/** Reads a partial set of faults from JSON. Returns what is wrong, by member, when it is none. */
export function readFaults(value: unknown): { faults: Partial<Faults> } | { problems: string[] } {
  const read = shape.partial().safeParse(value);
  if (!read.success) return { problems: read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`) };
  return { faults: Object.fromEntries(Object.entries(read.data).filter(([, setting]) => setting !== undefined)) };
}

/** Draws the fate of the next request. Takes the same number of draws whatever the rates are: one rate never moves another's. */
export function drawRequest(faults: Faults, random: Random): RequestFate {
  const under = (chance: number) => random() < chance;
  const jitterMs = random() * faults.latencyJitterMs;
  const slowMs = under(faults.slowRate) ? faults.slowMs : 0;
  const [dropBefore, bareBefore, error] = [under(faults.dropBeforeRate), under(faults.bareErrorRate), under(faults.errorRate)];
  const [dropAfter, bareAfter] = [under(faults.dropAfterRate), under(faults.bareErrorAfterRate)];
  return {
    waitMs: faults.latencyMs + jitterMs + slowMs,
    instead: dropBefore ? 'drop' : bareBefore ? 'bare' : error ? 'error' : undefined,
    after: dropAfter || faults.loseReplies ? 'drop' : bareAfter ? 'bare' : undefined,
    cut: under(faults.cutRate),
    badType: under(faults.badTypeRate),
  };
}

/** Draws the fate of the job that is the `nth` (from 0) for its question. */
export function drawJob(faults: Faults, jobTime: JobTime, seed: number, question: string, nth: number): JobFate {
  const random = mulberry32(hash32(`${seed}|${nth}|${question}`));
  const [stuck, fails] = [random() < faults.stuckRate, random() < faults.failRate];
  const forget_above = random();
  const variedMs = jobTime.medianMs * Math.exp(jobTime.spread * gaussian(random));
  const takes_ms = stuck ? null : Math.round(random() < (jobTime.slowShare ?? 0) ? variedMs * SLOW_FACTOR : variedMs);
  return { takes_ms, fails, forget_above };
}
