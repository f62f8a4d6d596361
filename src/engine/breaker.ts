/*
 * The guards of the money (contract, section 5). They bound how much can be launched twice, and stop a run in which
 * launches vanish or every row is refused for the same reason.
 */
import type { ApiError } from '../core/errors.ts';
import type { Stop } from './stop.ts';

/** No launch reply at all between so many launches in doubt: the next ones would vanish too. */
const DOUBTS_IN_A_ROW = 10;
/** The same refusal so often in a row, with no success between: it is not about the rows. */
const REFUSALS_IN_A_ROW = 5;
/** A firewall's page, which may be about the words of many rows that stand together: so often, or as often as there are rows. */
const PAGES_IN_A_ROW = 25;
/** An invocation repeats at most so many launches in doubt, or this share of its targets, whichever is more. */
const REPEATS_AT_LEAST = 10;
const REPEATS_SHARE = 0.01;

/** What to do with launches in doubt: repeat them within the bounds, or never. */
export type InDoubtPolicy = 'relaunch' | 'hold';

/** Shared by all lanes of an invocation. */
export type Breaker = {
  /** Undefined when a launch that was in doubt `doubts` times may be repeated now (and counts it), else why not. */
  refuseRepeat(doubts: number): string | undefined;
  /** A repeat that was counted did not take place after all. */
  undoRepeat(): void;
  /** A launch ended in doubt. */
  doubted(): void;
  /** A launch was answered, well or badly. */
  replied(): void;
  /** A job was made. */
  launched(): void;
  /** The API refused this target. Returns those whose refusals turned out not to be about them: they are to be put back. */
  rejected(target_id: number, error: ApiError): number[];
  /** Launches repeated by this invocation. */
  repeats(): number;
};

/** Makes the breaker of one invocation over `targets` targets. */
export function createBreaker(options: { policy: InDoubtPolicy; targets: number; stop: Stop }): Breaker {
  const mostRepeats = Math.max(REPEATS_AT_LEAST, Math.floor(options.targets * REPEATS_SHARE));
  let repeats = 0;
  let doubtsInARow = 0;
  let refusal = { code: '', targets: [] as number[] };

  return {
    refuseRepeat(doubts) {
      if (options.policy === 'hold') return 'launch in doubt: no reply was seen, and --in-doubt hold repeats none';
      if (doubts > 1) return 'launched twice without seeing a reply: not launched a third time';
      if (repeats >= mostRepeats) {
        return `launch in doubt: no reply was seen, and one command repeats at most ${mostRepeats}; the next may repeat this one`;
      }
      repeats += 1;
      return undefined;
    },
    undoRepeat() {
      repeats -= 1;
    },
    doubted() {
      doubtsInARow += 1;
      if (doubtsInARow >= DOUBTS_IN_A_ROW) {
        options.stop.request({
          exit: 4,
          message: `the replies to ${doubtsInARow} launches in a row were lost`,
          fix: 'check the network and any proxy to the API; each of them may have been billed',
        });
      }
    },
    replied() {
      doubtsInARow = 0;
    },
    launched() {
      refusal = { code: '', targets: [] };
    },
    rejected(target_id, error) {
      // These are verdicts about the domain or the address of one row; a list may well have five bad ones in a row.
      if (/^(?:VALIDATION_BAD_(?:DOMAIN|EMAIL)|ABSTRACTAPI_VALIDATION_ERROR)/.test(error.code)) return [];
      if (error.code !== refusal.code) refusal = { code: error.code, targets: [] };
      refusal.targets.push(target_id);
      const isPage = error.status === 403 && !error.enveloped;
      const most = isPage ? Math.max(Math.min(options.targets, PAGES_IN_A_ROW), REFUSALS_IN_A_ROW) : REFUSALS_IN_A_ROW;
      if (refusal.targets.length < most) return [];
      options.stop.request({
        exit: 4,
        message: `the API refused ${refusal.targets.length} rows in a row with ${error.code}: ${error.message}`,
        fix: 'this does not seem to be about the rows; correct the options or settings',
      });
      return refusal.targets;
    },
    repeats: () => repeats,
  };
}
