/*
 * When to ask for a job again. A find that comes too early costs a request, one that comes too late costs time.
 *
 * What is known: how long the jobs took that are done (`stop_date - start_date`), as a log-normal distribution. A job
 * that was still RUNNING at age s is done by age a with the chance
 *
 *     P = 1 - S(a) / S(s)          S(t): the share of jobs that take longer than t
 *
 * A job is asked when P reaches a threshold: a half where requests are plenty, nine in ten where they are scarce. Since
 * P grows ever more slowly for a job that is overdue, a stuck one is asked at ever longer intervals. Jobs that were still
 * RUNNING when asked count too, as what they would take on average: the first to be done are the quick ones, and the
 * slow ones, seen through them alone, would be asked too early.
 *
 * Before the first job is done nothing is known, and asking everybody would waste the window: only one job at a time is
 * asked, as a scout, at the ages 0.25, 0.5, 1, 2, 4 ... seconds; each time another one, since any of them may be stuck.
 */

const FIRST_SCOUT_MS = 250;
/** A job this old is asked even if no scout has come back. */
const BLIND_LIMIT_MS = 30_000;
/** Not more often, whatever the chance: it bounds the requests for one job. */
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 60_000;
/** How many of the last durations count: enough for a spread, few enough to follow a drift. */
const REMEMBERED = 200;
/** Spread (standard deviation of the logarithm) to assume until there are enough durations to see it. */
const ASSUMED_SPREAD = 0.6;
const ENOUGH = 8;
const LEAST_SPREAD = 0.1;
/** Rounds of guessing the unfinished from the distribution and the distribution from them. */
const IMPUTATIONS = 3;

/** Of the logarithms of durations in milliseconds. */
type Distribution = { mean: number; spread: number };

/** What the pace knows of an open job. Moments are epoch milliseconds. */
export type PacedJob = {
  launched_at: number;
  /** When it was last said to be RUNNING; null: never asked. */
  running_at: number | null;
};

/** Shared by all lanes of an invocation. */
export type Pace = {
  /** A job is open from here on. */
  opened(job: PacedJob): void;
  /** A job is no longer waited for. */
  closed(job: PacedJob): void;
  /** A job was RUNNING when it was asked. */
  stillRunning(job: PacedJob, now: number): void;
  /** A job was done after so many milliseconds, by the API's own clock. */
  finished(durationMs: number): void;
  /** How long to wait at least before asking this job; 0: now. `free`: requests left in the window, Infinity without a limit. */
  waitMs(job: PacedJob, now: number, free: number): number;
};

/** Makes the pace of one invocation. */
export function createPace(): Pace {
  const open = new Set<PacedJob>();
  const logs: number[] = [];
  let oldest = 0;
  let scoutAgeMs = FIRST_SCOUT_MS;
  let known: Distribution | undefined;

  function scoutWaitMs(job: PacedJob, now: number, free: number): number {
    const ageMs = now - job.launched_at;
    const [scout] = open;
    // Without a limit every job is its own scout.
    if (job === scout || free === Infinity) {
      const asked = job.running_at === null ? 0 : job.running_at - job.launched_at;
      return Math.max(free === Infinity ? Math.max(FIRST_SCOUT_MS, asked * 2) : scoutAgeMs, asked + SHORTEST_WAIT_MS) - ageMs;
    }
    return BLIND_LIMIT_MS - ageMs;
  }

  return {
    opened: (job) => void open.add(job),
    closed: (job) => void open.delete(job),
    stillRunning(job, now) {
      job.running_at = now;
      scoutAgeMs = Math.max(scoutAgeMs, Math.min((now - job.launched_at) * 2, BLIND_LIMIT_MS));
      // To the end of the queue: the next scout is another one.
      if (open.delete(job)) open.add(job);
      if (known !== undefined) known = fit(logs, open);
    },
    finished(durationMs) {
      logs[oldest] = Math.log(Math.max(durationMs, 1));
      oldest = (oldest + 1) % REMEMBERED;
      known = fit(logs, open);
    },
    waitMs(job, now, free) {
      if (known === undefined) return Math.max(scoutWaitMs(job, now, free), 0);
      const askedAge = job.running_at === null ? 0 : job.running_at - job.launched_at;
      const due = ageWhenDone(known, askedAge, threshold(free, open.size));
      const bounded = Math.min(Math.max(due, askedAge === 0 ? 0 : askedAge + SHORTEST_WAIT_MS), askedAge + LONGEST_WAIT_MS);
      return Math.max(bounded - (now - job.launched_at), 0);
    },
  };
}

/** The chance from which on a job is asked: each open job needs one request that finds it done; what is more can be wasted. */
function threshold(free: number, open: number): number {
  const spare = free / Math.max(open, 1);
  return spare >= 4 ? 0.5 : spare >= 2 ? 0.75 : spare >= 1.25 ? 0.9 : 0.96;
}

/** The log-normal distribution of the durations: those remembered, and those of jobs that are known to take longer yet. */
function fit(logs: readonly number[], open: ReadonlySet<PacedJob>): Distribution {
  const unfinished = [...open].flatMap((job) => (job.running_at === null ? [] : [Math.log(Math.max(job.running_at - job.launched_at, 1))]));
  let distribution = spreadOf(logs);
  for (let round = 0; unfinished.length > 0 && round < IMPUTATIONS; round += 1) {
    const { mean, spread } = distribution;
    const likely = unfinished.map((log) => {
      const z = (log - mean) / spread;
      return mean + spread * (z > 4 ? z : density(z) / (1 - normal(z))); // the mean beyond z; for large z hardly more than z
    });
    distribution = spreadOf([...logs, ...likely]);
  }
  return distribution;
}

function spreadOf(logs: readonly number[]): Distribution {
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / logs.length;
  // A few durations say little of the spread: the assumed one counts like ENOUGH of them.
  const pooled = (variance * logs.length + ASSUMED_SPREAD ** 2 * ENOUGH) / (logs.length + ENOUGH);
  return { mean, spread: Math.max(Math.sqrt(pooled), LEAST_SPREAD) };
}

/** The age by which a job that was RUNNING at `askedAgeMs` is done with this chance. */
function ageWhenDone({ mean, spread }: Distribution, askedAgeMs: number, chance: number): number {
  const survival = askedAgeMs <= 0 ? 1 : 1 - normal((Math.log(askedAgeMs) - mean) / spread);
  return Math.exp(mean + spread * normalQuantile(1 - survival * (1 - chance)));
}

/** The normal distribution function (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    density(z) *
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Its inverse, by halving: callers are few, and exactness beyond a thousandth means nothing here. */
function normalQuantile(probability: number): number {
  let [low, high] = [-6, 6];
  for (let step = 0; step < 24; step += 1) {
    const middle = (low + high) / 2;
    if (normal(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
