/*
 * How many requests may go in a window, for the whole process: an exact sliding window. A place frees one window after
 * the reply to its request: counted from sending, the jitter of the network brings 429s (measured). A 429 pauses everybody.
 */
import { createAlarm } from '../../core/alarm.ts';
import type { Clock, Log } from '../../runtime/runtime.ts';

/** A place in the window, for one request. Exactly one of the two is called, once. */
export type Place = {
  /** The reply (or its failure) is here: the place frees one window from now. */
  release(): void;
  /** Nothing was sent after all: the place is free at once. */
  cancel(): void;
};

/** What a limiter knows at this moment, for the progress display and for pacing. */
export type LimiterState = {
  /** Requests per window; 0 is no limit. */
  limit: number;
  windowMs: number;
  /** Places that requests would get at once: `Infinity` with no limit, 0 during a pause. */
  free: number;
  /** Places given and not given back. */
  inFlight: number;
  /** Callers of `take` that wait. */
  waiting: number;
  /** When the next place can be had: 0 is now. With every place in flight, the earliest moment that is possible. */
  nextFreeInMs: number;
};

/** Hands out places in the window. */
export type Limiter = {
  /**
   * Waits for a free place. Finds go before launches, first come first served within a kind. Rejects with
   * `signal.reason`; a place that was given stays the caller's to give back, whatever the signal does later.
   */
  take(kind: 'find' | 'launch', signal?: AbortSignal): Promise<Place>;
  /** Lets nobody through for `ms` from now, with or without a limit; of several pauses the one that ends last counts. */
  pause(ms: number): void;
  /** What the API says its limit is. Taken over only when it is fewer requests per second; nonsense is ignored. */
  learn(limit: number, windowMs: number): void;
  state(): LimiterState;
  /** How many requests could go within `ms` milliseconds from now; `Infinity` with no limit. */
  freeWithin(ms: number): number;
  /** When the places that are taken now began to count, in epoch milliseconds, oldest first; those in flight as of now. */
  taken(): number[];
};

type Waiter = { grant(): void; gone: boolean };

/**
 * Makes a limiter of `limit` requests per `windowMs` milliseconds; a `limit` of 0 is none. `taken` are the moments of an
 * earlier process, by the clock, whose places may still count.
 * Its one timer runs only while somebody waits for a known moment, so it keeps no process alive.
 */
export function createLimiter(options: { limit: number; windowMs: number; clock: Clock; log: Log; taken?: readonly number[] }): Limiter {
  const { clock, log } = options;
  let { limit, windowMs } = options;
  const queues = { find: createFifo<Waiter>(), launch: createFifo<Waiter>() };
  /** Times of the replies whose places are still taken, oldest first. */
  const replies = createFifo<number>();
  const now = createSteadyTime(clock);
  const aborts = createAborts(() => pump());
  let inFlight = 0;
  let waiting = 0;
  let pausedUntil = -Infinity;
  const alarm = createAlarm((ms, stop) => clock.sleep(ms, stop), () => pump());
  const startedAt = now();
  // A moment in the future is of a clock that was set back since.
  if (limit > 0) for (const moment of (options.taken ?? []).map((at) => Math.min(at, startedAt)).sort((a, b) => a - b)) replies.push(moment);

  // Times are whole milliseconds cut off, so one is added: a full window has certainly passed.
  const freesAt = (reply: number) => reply + windowMs + 1;

  /** How many places the next request lacks: 0 or less when it can go. */
  const lacking = () => (limit === 0 ? 0 : inFlight + replies.size() + 1 - limit);

  /** When the next request can go, `undefined` when that depends on a reply which is not here yet. */
  const nextAt = (at: number): number | undefined => {
    const missing = lacking();
    if (missing <= 0) return Math.max(at, pausedUntil);
    const reply = replies.at(missing - 1);
    return reply === undefined ? undefined : Math.max(freesAt(reply), pausedUntil);
  };

  const forgetOldReplies = (at: number) => {
    for (let reply = replies.at(0); reply !== undefined && freesAt(reply) <= at; reply = replies.at(0)) replies.shift();
  };

  const nextWaiter = (): Waiter | undefined => {
    for (const queue of [queues.find, queues.launch]) {
      for (let waiter = queue.shift(); waiter !== undefined; waiter = queue.shift()) if (!waiter.gone) return waiter;
    }
    return undefined;
  };

  /** Lets through whoever can go, and sets the timer for the next one. Called after every change. */
  const pump = () => {
    const at = now();
    forgetOldReplies(at);
    while (waiting > 0 && at >= pausedUntil && lacking() <= 0) nextWaiter()?.grant();
    wakeAt(waiting > 0 ? nextAt(at) : undefined, at);
  };

  const wakeAt = (at: number | undefined, from: number) => {
    if (at === undefined) alarm.clear();
    else if (at !== alarm.at()) alarm.set(at, from);
  };

  const createPlace = (): Place => {
    let held = true;
    const giveBack = (keepForWindow: boolean) => {
      if (!held) return;
      held = false;
      inFlight -= 1;
      if (keepForWindow && limit > 0) replies.push(now());
      pump();
    };
    return { release: () => giveBack(true), cancel: () => giveBack(false) };
  };

  return {
    take: (kind, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const leave = () => {
          waiter.gone = true;
          waiting -= 1;
          reject(signal?.reason as Error);
        };
        const waiter: Waiter = {
          gone: false,
          grant: () => {
            if (signal) aborts.forget(signal, leave);
            waiting -= 1;
            inFlight += 1;
            resolve(createPlace());
          },
        };
        if (signal) aborts.listen(signal, leave);
        queues[kind].push(waiter);
        waiting += 1;
        pump();
      }),

    pause: (ms) => {
      pausedUntil = Math.max(pausedUntil, now() + Math.max(ms, 0));
      pump();
    },

    learn: (allowed, allowedMs) => {
      if (!(Number.isInteger(allowed) && allowed > 0 && Number.isFinite(allowedMs) && allowedMs > 0)) return;
      if (limit > 0 && allowed / allowedMs >= limit / windowMs) return;
      limit = allowed;
      windowMs = Math.ceil(allowedMs);
      log.warn('the API allows fewer requests than set: slowing down', { limit, window_s: windowMs / 1000 });
      pump();
    },

    state: () => {
      const at = now();
      forgetOldReplies(at);
      const free = limit === 0 ? Infinity : Math.max(limit - inFlight - replies.size(), 0);
      const next = nextAt(at) ?? Math.max(freesAt(at), pausedUntil);
      return { limit, windowMs, free: at < pausedUntil ? 0 : free, inFlight, waiting, nextFreeInMs: next - at };
    },

    freeWithin: (ms) => {
      if (limit === 0) return Infinity;
      const at = now();
      forgetOldReplies(at);
      if (at + ms < pausedUntil) return 0;
      if (ms > windowMs) return Math.floor((limit * ms) / windowMs);
      let [low, high] = [0, replies.size()];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (freesAt(replies.at(middle) ?? Infinity) <= at + ms) low = middle + 1;
        else high = middle;
      }
      return Math.max(limit - inFlight - replies.size() + low, 0);
    },

    taken: () => {
      const at = now();
      forgetOldReplies(at);
      return [...Array.from({ length: replies.size() }, (_, index) => replies.at(index) ?? at), ...Array<number>(inFlight).fill(at)];
    },
  };
}

/** The clock, but never going back: a clock that is set back by an hour would hold every place for an hour. */
function createSteadyTime(clock: Clock): () => number {
  let setBackBy = 0;
  let last = -Infinity;
  return () => {
    const read = clock.now();
    if (read + setBackBy < last) setBackBy = last - read;
    last = read + setBackBy;
    return last;
  };
}

/**
 * Who leaves when a signal aborts. Hundreds of callers share one signal, which walks through all its listeners at each
 * change (0.6 ms with 100,000) and prints a warning at the eleventh: so it gets one listener from all of them.
 * `afterwards` is called when all of them have left, so that none is served on its way out.
 */
function createAborts(afterwards: () => void) {
  const signals = new Map<AbortSignal, { callers: Set<() => void>; onAbort: () => void }>();
  return {
    listen: (signal: AbortSignal, leave: () => void) => {
      const known = signals.get(signal);
      if (known) {
        known.callers.add(leave);
        return;
      }
      const callers = new Set([leave]);
      const onAbort = () => {
        signals.delete(signal);
        for (const caller of callers) caller();
        afterwards();
      };
      signals.set(signal, { callers, onAbort });
      signal.addEventListener('abort', onAbort, { once: true });
    },
    forget: (signal: AbortSignal, leave: () => void) => {
      const known = signals.get(signal);
      known?.callers.delete(leave);
      if (known?.callers.size !== 0) return;
      signals.delete(signal);
      signal.removeEventListener('abort', known.onAbort);
    },
  };
}

/** A queue whose `shift` costs the same however long it is; `Array.shift` moves every element. */
function createFifo<T>() {
  let items: T[] = [];
  let head = 0;
  return {
    size: () => items.length - head,
    at: (index: number): T | undefined => items[head + index],
    push: (item: T) => {
      items.push(item);
    },
    shift: (): T | undefined => {
      const item = items[head];
      if (head < items.length) head += 1;
      if (head > 512 && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
