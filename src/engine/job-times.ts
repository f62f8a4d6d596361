/*
 * How long jobs take: what was seen, as the share of jobs that still run at an age.
 *
 * A table of log-normal distributions (55 medians from 1 ms on, 6 spreads), each with a weight. A job that took d
 * multiplies each weight by its density at d, RUNNING at age a by its tail S(a); of a later answer for the same job only
 * what is new counts (divided by the tail at the last RUNNING age). So one answer is enough to move a start that is wrong
 * by a factor of 50, slow jobs count before they are done, and the spread is learnt with the median. Each answer also
 * lets the weights fall back a hundredth of the way to the start, so that a drift is followed.
 */

/** What one invocation tells the next: the median in milliseconds and the spread (standard deviation of the logarithm). */
export type KnownTimes = { medianMs: number; spread: number };

/** Learns how long jobs take. Ages and durations are milliseconds. */
export type JobTimes = {
  /** A job was done after `durationMs`; it was last RUNNING at the age `ranMs` (0: never asked before). */
  finished(durationMs: number, ranMs: number): void;
  /** A job was RUNNING at `ageMs`, and before that at `ranMs` (0: never asked before). */
  stillRunning(ageMs: number, ranMs: number): void;
  /** How many jobs were seen to finish. */
  seen(): number;
  /** The share of jobs that run for longer than `ageMs`: 1 to 0. */
  shareRunning(ageMs: number): number;
  /** The age at which no more than this share of jobs still runs. */
  ageAtShare(share: number): number;
  /** For the next invocation; undefined until enough jobs were seen. */
  known(): KnownTimes | undefined;
};

/** Logarithms of milliseconds are counted in steps of a tenth, so ages are told apart by 10 %. */
const STEP = 0.1;
const BINS = 165;
const MEDIAN_EVERY = 3;
const MEDIANS = Math.ceil(BINS / MEDIAN_EVERY);
const SPREADS = [0.15, 0.3, 0.5, 0.8, 1.2, 1.8] as const;
/** How much each spread is expected when nothing is known. */
const SPREAD_WEIGHTS = [0.08, 0.2, 0.32, 0.25, 0.1, 0.05] as const;
const CELLS = MEDIANS * SPREADS.length;
/** The start when no earlier invocation left any: 5 s, give or take a factor of 4. */
const START: KnownTimes = { medianMs: 5_000, spread: 0.5 };
const START_WIDTH = 1.3;
/** The same jobs were timed before, so the width is less; the tails stay heavy, for days on which all is different. */
const KNOWN_WIDTH = 0.4;
const FORGET = 0.01;
/** So much of every likelihood is given to any time at all: one freak moves nothing. */
const FREAKS = 0.02;
/**
 * So many jobs are taken to be stuck: done at any time up to four hours. Without them a job that is later than all others
 * would be expected at every moment.
 */
const STUCK = 0.005;
const ENOUGH_TO_TELL = 5;
/** Distributions that are so much less likely than the likeliest are left out of what is answered. */
const NEGLIGIBLE = 1e-5;

/** Makes the estimate of one invocation, from what an earlier one knew. */
export function createJobTimes(known?: KnownTimes): JobTimes {
  const start = startWeights(known);
  const weights = Float64Array.from(start);
  const curve = new Float64Array(BINS + 1);
  const cells = new Int32Array(CELLS);
  const shares = new Float64Array(CELLS);
  /** How many of `cells` and `shares` are in use. */
  let likely = 0;
  let stale = true;
  let seen = 0;

  /** Adds the logarithm of a likelihood to each weight: `plus` at one age, less `minus` at another. */
  const learn = (plus: readonly Float64Array[], plusMs: number, minusMs: number) => {
    const [at, since] = [Math.round(position(plusMs)), Math.round(position(minusMs))];
    for (let cell = 0; cell < CELLS; cell += 1) {
      const spread = cell % SPREADS.length;
      const median = ((cell - spread) / SPREADS.length) * MEDIAN_EVERY;
      const before = minusMs <= 0 ? 0 : valueOf(LOG_TAILS[spread], since - median + BINS);
      const weight = valueOf(weights, cell) + valueOf(plus[spread], at - median + BINS) - before;
      weights[cell] = weight + FORGET * (valueOf(start, cell) - weight);
    }
    stale = true;
  };

  /** Works out which distributions matter, once something was learnt. */
  const refresh = () => {
    if (!stale) return;
    stale = false;
    curve.fill(NaN);
    const most = weights.reduce((max, weight) => Math.max(max, weight), -Infinity);
    let total = 0;
    likely = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const share = Math.exp(valueOf(weights, cell) - most);
      if (share < NEGLIGIBLE) continue;
      total += share;
      cells[likely] = cell;
      shares[likely] = share;
      likely += 1;
    }
    for (let index = 0; index < likely; index += 1) shares[index] = valueOf(shares, index) / total;
  };

  /** The mean of all tails at a bin; only what is asked for is worked out. */
  const runningAt = (bin: number): number => {
    refresh();
    const known = valueOf(curve, bin);
    if (!Number.isNaN(known)) return known;
    let sum = 0;
    for (let index = 0; index < likely; index += 1) {
      const cell = valueOf(cells, index);
      const spread = cell % SPREADS.length;
      sum += valueOf(shares, index) * valueOf(TAILS[spread], BINS + bin - ((cell - spread) / SPREADS.length) * MEDIAN_EVERY);
    }
    // The weights add up to 1 but for the last digit.
    const share = (1 - STUCK) * Math.min(sum, 1) + STUCK * (1 - bin / BINS);
    curve[bin] = share;
    return share;
  };

  return {
    finished(durationMs, ranMs) {
      seen += 1;
      // The API's clock is not ours: a job that was RUNNING just before it ended may seem to have ended before.
      learn(LOG_DENSITIES, durationMs, Math.min(ranMs, durationMs));
    },
    stillRunning: (ageMs, ranMs) => learn(LOG_TAILS, ageMs, ranMs),
    seen: () => seen,
    shareRunning(ageMs) {
      const at = position(ageMs);
      const bin = Math.floor(at);
      const [low, high] = [runningAt(bin), runningAt(bin + 1)];
      return low + (high - low) * (at - bin);
    },
    ageAtShare(share) {
      let [low, high] = [0, BINS];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (runningAt(middle) > share) low = middle;
        else high = middle;
      }
      const [above, below] = [runningAt(low), runningAt(high)];
      const part = above > below ? Math.min(Math.max((above - share) / (above - below), 0), 1) : 1;
      return Math.exp((low + part) * STEP);
    },
    known() {
      if (seen < ENOUGH_TO_TELL) return undefined;
      refresh();
      let [log, spread] = [0, 0];
      for (let index = 0; index < likely; index += 1) {
        const [cell, share] = [valueOf(cells, index), valueOf(shares, index)];
        log += share * Math.floor(cell / SPREADS.length) * MEDIAN_EVERY * STEP;
        spread += share * valueOf(SPREADS, cell % SPREADS.length);
      }
      return { medianMs: Math.exp(log), spread };
    },
  };
}

/** Logarithms of the weights before anything is seen: Student's t with three degrees of freedom around the median. */
function startWeights(known: KnownTimes | undefined): Float64Array {
  const { medianMs, spread: usual } = known ?? START;
  const width = known === undefined ? START_WIDTH : KNOWN_WIDTH;
  return Float64Array.from({ length: CELLS }, (_, cell) => {
    const spread = cell % SPREADS.length;
    const off = (((cell - spread) / SPREADS.length) * MEDIAN_EVERY * STEP - Math.log(medianMs)) / width;
    const unlikely = known === undefined ? 0 : Math.log(valueOf(SPREADS, spread) / usual) ** 2;
    return Math.log(valueOf(SPREAD_WEIGHTS, spread)) - 2 * Math.log(1 + off ** 2 / 3) - unlikely;
  });
}

/** Where an age stands on the scale of bins. */
function position(ms: number): number {
  return Math.min(Math.max(Math.log(Math.max(ms, 1)) / STEP, 0), BINS - 1);
}

const TAILS = SPREADS.map((spread) => table((off) => normalTail(off / spread)));
const LOG_TAILS = SPREADS.map((spread) => table((off) => Math.log((1 - FREAKS) * normalTail(off / spread) + FREAKS)));
const LOG_DENSITIES = SPREADS.map((spread) =>
  table((off) => Math.log(((1 - FREAKS) * Math.exp(-((off / spread) ** 2) / 2)) / (spread * Math.sqrt(2 * Math.PI)) + FREAKS / (BINS * STEP))),
);

/** A function of how far a time is from the median, for every distance that there is. */
function table(of: (off: number) => number): Float64Array {
  return Float64Array.from({ length: 2 * BINS + 1 }, (_, index) => of((index - BINS) * STEP));
}

/** The share of the normal distribution above z (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z > 0 ? tail : 1 - tail;
}

/** An element that is there. */
function valueOf(values: ArrayLike<number> | undefined, index: number): number {
  return values?.[index] ?? 0;
}
