/* What the closing lines of a run say: results in, lines out. The opening lines are in plan.ts. */
import { relative } from 'node:path';
import { OUTCOMES } from '../core/model.ts';
import { many } from '../core/count.ts';
import { formatDuration } from '../core/duration.ts';
import { formatUsd } from '../core/money.ts';
import type { ReportRow } from '../store/outcomes.ts';
import { EMAIL_VERDICTS, isGood } from '../kinds/emails/verdict.ts';
import type { RunResult } from './execute.ts';
import { WORDS } from './words.ts';
import { mostOf } from './options.ts';
import { reasonOf } from './report.ts';

/** The closing lines: what was done, what it cost, and where it is. `account` says what the vendor counts. */
export function summaryLines(result: RunResult, account: readonly string[] = []): string[] {
  const { run, counts, requests, written } = result;
  const words = WORDS[run.options.kind ?? 'contacts'];
  const contacts = counts.reduce((sum, count) => sum + count.contacts, 0);
  const launches = counts.reduce((sum, count) => sum + count.launches, 0);
  const outcomes = OUTCOMES.flatMap((outcome) => {
    const rows = result.rows([outcome]);
    return rows === 0 ? [] : [`${outcome} ${rows}`];
  });
  const lines = [
    `run ${run.id} ${result.stopped === undefined ? 'finished' : 'stopped'} after ${formatDuration(result.duration_ms)}: ${many(contacts, ...words.found)}`,
    `  rows: ${outcomes.join(', ')}`,
    ...hitRate(result),
    ...verdictLine(result),
    `  requests: ${requestsText(result)}${requests.throttled > 0 ? `, ${requests.throttled} refused by the rate limit` : ''}${isContinued(result) ? ' (by this command)' : ''}`,
    `  spent: ${spent(result)}${notYetBilled(result)}`,
    ...account,
  ];
  if (result.repeated > 0) {
    const worst = result.repeated * mostOf(run.options);
    lines.push(`  in doubt and repeated: ${result.repeated} of ${many(launches, 'launch', 'launches')}, at worst ${many(worst, ...words.billed)} billed twice`);
  }
  lines.push(...maybeBilled(result));
  if (written !== undefined) {
    if (written.contacts !== '-') lines.push(`${words.output}: ${near(written.contacts)}${written.partial ? ' (what there is so far)' : ''}`);
    if (written.report !== null && written.report !== '-') lines.push(`${'report:'.padEnd(words.output.length + 1)} ${near(written.report)}`);
  }
  return lines;
}

/** What kept the run from its end, and what to do about it; empty when nothing did. */
export function troubleLines(result: RunResult): string[] {
  const lines: string[] = [];
  if (result.writeFailure !== undefined) {
    lines.push(`the outputs could not be written: ${result.writeFailure}`, '  what was found is in the database');
  }
  if (result.stopped !== undefined) {
    const { message, fix } = result.stopped;
    lines.push(`stopped: ${message}${fix === undefined ? '' : `\n  to do: ${fix}`}`);
  }
  return lines;
}

/** The first rows of a report that say why. */
export function reasonLines(rows: readonly ReportRow[]): string[] {
  return rows.map((row) => `  line ${row.row} (${row.domain ?? '?'}) ${row.outcome}: ${reasonOf(row)}`);
}

/** A path as people would type it here. */
export function near(path: string): string {
  const fromHere = relative('', path);
  return fromHere.startsWith('..') || fromHere === '' ? path : fromHere;
}

/** How many addresses have which verdict, and how many of these are good. */
function verdictLine({ verdicts, run }: RunResult): string[] {
  if (verdicts.length === 0) return [];
  const { policy = 'strict' } = run.options.output;
  const counts = EMAIL_VERDICTS.flatMap((verdict) => verdicts.filter((one) => one.verdict === verdict).map(({ addresses }) => ({ verdict, addresses })));
  const good = counts.filter(({ verdict }) => isGood(verdict, policy)).reduce((sum, { addresses }) => sum + addresses, 0);
  return [`  verdicts: ${counts.map(({ verdict, addresses }) => `${verdict} ${addresses}`).join(', ')}; good by --policy ${policy}: ${good}`];
}

/** What was sent. */
function requestsText(result: RunResult): string {
  if (result.run.options.kind === undefined) return `${launchesText(result)}, ${many(result.requests.finds, 'find')}`;
  const { doubted } = result.spending;
  return `${many(result.requests.launches, 'request')}${doubted > 0 ? `, ${doubted} in doubt` : ''}`;
}

/** How often a job was asked to be made, and where that is not once for each job, what became of the rest. */
function launchesText({ requests, spending }: RunResult): string {
  const { launched, doubted } = spending;
  const none = requests.launches - launched - doubted;
  const parts = [`${launched} made a job`, ...(doubted > 0 ? [`${doubted} in doubt`] : []), ...(none > 0 ? [`${none} made none`] : [])];
  return `${many(requests.launches, 'launch', 'launches')}${parts.length > 1 ? ` (${parts.join(', ')})` : ''}`;
}

/** Whether earlier commands have worked on the run: what it spent is then not what this command did. One that was killed at once has left no count. */
function isContinued({ run, continued }: RunResult): boolean {
  return continued || run.requests > 0;
}

/** Jobs that are on their way cost what they bring, once somebody asks for them. */
function notYetBilled(result: RunResult): string {
  const open = result.rows(['waiting']);
  return open === 0 ? '' : `, and what ${many(open, 'row')} on the way will cost`;
}

/** What nobody knows the bill of: launches without a reply that are not repeated, and jobs whose answer was never seen. */
function maybeBilled(result: RunResult): string[] {
  const limit = mostOf(result.run.options);
  const [held, unseen] = [result.rows(['in_doubt']), result.rows(['job_lost', 'timed_out'])];
  const line = (what: string, count: number) => (count === 0 ? [] : [`  ${what}: ${count}, at worst ${many(count * limit, ...WORDS[result.run.options.kind ?? 'contacts'].billed)} billed and not counted here`]);
  return [...line('in doubt and not repeated', held), ...line('jobs lost or given up', unseen)];
}

/** Dollars known to be spent by this run; what is not known is said so. */
function spent(result: RunResult): string {
  const usd = knownCost(result);
  if (usd === null) return 'unknown (the API did not say)';
  const [sum, besides] = [formatUsd(usd), unknownOrEach(result, usd)];
  return isContinued(result) ? `${sum} by the whole run${besides}; ${spentNow(result)}` : `${sum}${besides}`;
}

/** What is not in the sum, or, where nothing is missing, what of it a contact cost. */
function unknownOrEach({ run, paid_contacts, unknown_cost }: RunResult, usd: number): string {
  if (unknown_cost > 0) return `, and ${many(unknown_cost, 'answer')} whose cost the API did not say`;
  return paid_contacts > 0 ? `, ${formatUsd(usd / paid_contacts)} a ${WORDS[run.options.kind ?? 'contacts'].found[0]}` : '';
}

/** What this command spent of a run that it went on with: a cap is about what it launched itself. */
function spentNow({ spending: { spent_usd, collected_usd } }: RunResult): string {
  const earlier = collected_usd > 0 ? `, ${formatUsd(collected_usd)} for jobs launched before` : '';
  return `by this command ${formatUsd(spent_usd)} for jobs that it launched${earlier}`;
}

/** US dollars that the API said this run cost; null when it answered and said of none. */
export function knownCost(result: RunResult): number | null {
  const answered = result.rows(['found', 'no_contacts', 'not_found']);
  if (answered > 0 && result.unknown_cost === answered) return null;
  return result.counts.reduce((sum, count) => sum + Number(count.cost_usd ?? 0), 0);
}

/** The share of the companies answered by this run that have contacts. */
function hitRate(result: RunResult): string[] {
  const [hits, answered] = [result.rows(['found']), result.rows(['found', 'no_contacts', 'not_found'])];
  const words = WORDS[result.run.options.kind ?? 'contacts'];
  return answered === 0 ? [] : [`  hit rate: ${Math.round((hits / answered) * 100)} %, ${hits} of ${many(answered, ...words.subject)}`];
}
