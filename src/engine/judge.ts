/* What a failed call means for its row and for the run (contract, section 5). */
import { adviceFor } from '../core/advice.ts';
import { ApiError, TransportError, verdict } from '../core/errors.ts';
import { askerOf } from './asker.ts';
import { park } from './lane.ts';
import type { Provider } from '../providers/provider.ts';
import type { Lane } from './lane.ts';
import type { StopReason } from './stop.ts';
import type { Work } from './work.ts';

/** Errors on one row, while others succeed: so many requests, then it fails (contract, section 5). */
const MOST_ATTEMPTS = 8;

/** What a failed call means for this lane: it fails, or it is parked until it is due again. Stops the run where it must. */
export async function judge(lane: Lane, work: Work, error: ApiError | TransportError): Promise<'fail' | 'again'> {
  const meaning = verdict(error);
  const { health, provider } = askerOf(lane, work);
  if (meaning === 'stop' || (meaning === 'fail' && error instanceof ApiError && isAboutAll(error, lane, work))) {
    work.stop.request(stopReason(error));
    return 'again';
  }
  // A page that is not the API's own says nothing about a job: it is asked for again.
  const isForeign = error instanceof ApiError && !error.enveloped && lane.target.job_id !== null;
  if (meaning === 'fail' && !isForeign) return 'fail';
  if (meaning === 'wait') {
    // The limiter lets nobody through for as long as told; no attempt of this row.
    health.failed(error);
    return 'again';
  }
  // Only failures while others succeed say something about this row. Of the last one the account endpoint tells: were the API out of
  // order, it would not answer either.
  if (lane.isLast() && error instanceof ApiError && error.enveloped && (await answersElsewhere(provider, work))) health.succeeded();
  if (health.lastSuccessAt() > lane.failedAt) lane.attempts += error.attempts;
  health.failed(error);
  if (lane.attempts >= MOST_ATTEMPTS) return 'fail';
  park(lane, work);
  return 'again';
}

async function answersElsewhere({ ping }: Provider, work: Work): Promise<boolean> {
  if (ping === undefined) return false;
  try {
    await ping({ signal: work.stop.signal });
    return true;
  } catch (failure) {
    if (isApiFailure(failure)) return false;
    throw failure;
  }
}

/** A 400 on an option that all rows share says nothing about this row. */
function isAboutAll(error: ApiError, lane: Lane, work: Work): boolean {
  const { question } = lane.target;
  const title_filter = 'title_filter' in question ? question.title_filter : undefined;
  const isShared = title_filter === undefined || title_filter === work.sharedFilter;
  return isShared && /^VALIDATION_(BAD_TITLE_FILTER|MISSING_TITLE_FILTERS)/.test(error.code);
}

/** Why a run stops whose every other call would end like this one, and what to do. */
export function stopReason(error: ApiError | TransportError): StopReason {
  const who = error instanceof ApiError ? 'the API' : 'the way to the API';
  const fix = adviceFor(error);
  return { exit: 4, message: `${who} refused: ${reasonOf(error)}`, ...(fix !== undefined && { fix }) };
}

/** The error on one line, with its stable code. */
export function reasonOf(error: ApiError | TransportError): string {
  return error.message.includes(error.code) ? error.message : `${error.code}: ${error.message}`;
}

/** Whether the API or the way to it failed; anything else thrown by a call is a stop or a bug. */
export function isApiFailure(error: unknown): error is ApiError | TransportError {
  return error instanceof ApiError || error instanceof TransportError;
}
