/*
 * What a run would do, without doing it: reads the list as the run would, and looks up what is known in the database
 * where there is one. Sends nothing, and writes nothing but the report where it is asked for.
 */
import type { AnyQuestion, Outcome } from '../core/model.ts';
import { isLastWord } from '../kinds/emails/verdict.ts';
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import { namesOfList } from '../lists/columns.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Sheet } from '../outputs/sheet.ts';
import type { Driver, Queryable } from '../store/database.ts';
import { answeredBefore, NOTHING_BEFORE, sumOf } from '../store/answered-before.ts';
import type { AnsweredBefore } from '../store/answered-before.ts';
import { countRepeatable, historyOf, spentSoFar } from '../store/bills.ts';
import type { History, SpentSoFar } from '../store/bills.ts';
import type { AnswersSince, ImportedRow } from '../store/import.ts';
import { countLocal } from '../store/local-answers.ts';
import { knownQuestions } from '../store/known.ts';
import type { Known } from '../store/known.ts';
import { countOutcomes, reportRows } from '../store/outcomes.ts';
import type { OutcomeCount, ReportRow } from '../store/outcomes.ts';
import { momentOf } from '../store/processes.ts';
import { findUnfinishedRun } from '../store/runs.ts';
import { mostOf, providersOf } from './options.ts';
import type { Run, RunOptions } from './options.ts';
import { priceRun } from './pricing.ts';
import type { GivenPrices, Pricing } from './pricing.ts';
import type { LocalCounts } from './plan.ts';
import { reportOf, reportSheet } from './report.ts';
import { answersSince, importedRows, inBatches } from './start.ts';
import type { NewRun } from './start.ts';

/** Of a question of which nothing is known. */
const NEW = { outcome: 'not_launched', contacts: 0, job_id: null, reason: null, provider: null, asked_in_vain: null } as const;

/** What a run would begin with. `continues`: the unfinished run that it would go on with, and what that has spent. */
export type Preview = {
  counts: OutcomeCount[];
  invalidRows: { row: number; reason: string | null }[];
  toRepeat: number;
  answeredBefore: AnsweredBefore;
  pricing: Pricing;
  local: LocalCounts | undefined;
  history: History | undefined;
  continues: { run: Run; spent: SpentSoFar } | undefined;
};

/** Where a preview looks, and what it tells on its way. */
export type PreviewOptions = {
  runtime: Runtime;
  /** One that has our schema, or undefined; every statement sent to it only reads. */
  database: Pick<Driver, 'transaction'> | undefined;
  /** How many invalid rows are named. */
  rowsNamed: number;
  given: GivenPrices;
  /** Writes the report that is asked for; reads all pages of it. */
  writeReport?: ((report: Sheet) => Promise<void>) | undefined;
};

/**
 * Previews the run `made`.
 * @throws {UsageError} for a list that cannot be read to its end.
 */
export async function previewRun(made: NewRun, { runtime, database, rowsNamed, given, writeReport }: PreviewOptions): Promise<Preview> {
  if (database === undefined) {
    const pricing = await priceRun(made.options, { given, database, account: undefined });
    return { ...(await previewList(made, { since: answersSince(made, runtime.clock.now()), rowsNamed, writeReport, database })), pricing, history: undefined };
  }
  return database.transaction(async (transaction) => {
    await transaction.script('set transaction read only');
    const since = answersSince(made, (await momentOf(transaction)).getTime());
    const past = {
      pricing: await priceRun(made.options, { given, database: transaction, account: undefined }),
      history: made.options.kind === undefined ? await historyOf(transaction, made.options.question) : undefined,
    };
    const unfinished = made.fresh ? undefined : await findUnfinishedRun<RunOptions>(transaction, made.key);
    if (unfinished === undefined) return { ...(await previewList(made, { since, rowsNamed, writeReport, database: transaction })), ...past };
    await writeReport?.(reportSheet(transaction, unfinished));
    return {
      counts: await countOutcomes(transaction, unfinished.id),
      invalidRows: await reportRows(transaction, { run_id: unfinished.id, after: -1, limit: rowsNamed, outcomes: ['invalid'] }),
      toRepeat: await countRepeatable(transaction, unfinished.id),
      answeredBefore: NOTHING_BEFORE,
      local: made.options.kind === undefined ? undefined : await countLocal(transaction, unfinished.id),
      ...past,
      continues: { run: unfinished, spent: await spentSoFar(transaction, unfinished.id) },
    };
  });
}

type ListPreview = Pick<PreviewOptions, 'rowsNamed' | 'writeReport'> & { since: AnswersSince; database: Queryable | undefined };

async function previewList(made: NewRun, { since, rowsNamed, writeReport, database }: ListPreview): Promise<Omit<Preview, 'pricing' | 'history'>> {
  const counts = new Map<Outcome, number>();
  const invalidRows: Preview['invalidRows'] = [];
  let before = NOTHING_BEFORE;
  const known = createKnown(made, { since, database });

  async function* pages(): AsyncGenerator<ReportRow[]> {
    for await (const batch of inBatches(importedRows(made))) {
      before = sumOf(before, await known.lookUp(batch));
      const rows = batch.map((row) => known.reportRow(row));
      for (const { outcome, row, reason } of rows) {
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (outcome === 'invalid' && invalidRows.length < rowsNamed) invalidRows.push({ row, reason });
      }
      yield rows;
    }
  }

  if (writeReport === undefined) await readThrough(pages());
  else await writeReport(reportOf(namesOfList(made.list.columns), pages(), made.options.kind));
  return {
    counts: [...counts].map(([outcome, rows]) => ({ outcome, rows, contacts: 0, cost_usd: null, launches: 0 })),
    ...{ invalidRows, toRepeat: 0, answeredBefore: before, local: known.local, continues: undefined },
  };
}

/** For what is counted on the way. */
async function readThrough(pages: AsyncGenerator): Promise<void> {
  while ((await pages.next()).done !== true);
}

/** What becomes of the rows of a list, batch by batch. */
function createKnown(made: NewRun, { since, database }: { since: AnswersSince; database: Queryable | undefined }) {
  /** The line that asks a question first. */
  const firsts = new Map<number, number>();
  /** How that row begins, where it is not launched: all that later rows need to know of it. */
  const outcomes = new Map<number, Outcome>();
  const local = { disposable: 0, role: 0, no_mail: 0 };
  /** What else is known of the questions that the last batch asked first. */
  let knowns = new Map<string, Known>();

  /** Looks up the questions that no earlier row asks; what was answered before in another form. */
  async function lookUp(batch: ImportedRow[]): Promise<AnsweredBefore> {
    await (database === undefined ? undefined : made.checks?.leaveOut(database, batch));
    let asked: { question: AnyQuestion; question_hash: string }[] = [];
    for (const { question, question_hash, line } of batch) {
      if (question === undefined || question_hash === undefined || firsts.has(briefly(question_hash))) continue;
      firsts.set(briefly(question_hash), line);
      asked.push({ question, question_hash });
    }
    knowns = new Map();
    if (asked.length === 0) return NOTHING_BEFORE;
    const hashes = asked.map(({ question_hash }) => question_hash);
    if (!made.fresh && database !== undefined) knowns = await knownOf(database, hashes);
    await checkFreely(asked.filter(({ question_hash }) => !knowns.has(question_hash)));
    for (const [question_hash, { outcome }] of knowns) outcomes.set(briefly(question_hash), outcome);
    asked = asked.filter(({ question_hash }) => !knowns.has(question_hash));
    if (database === undefined || made.options.kind !== undefined) return NOTHING_BEFORE;
    return answeredBefore(database, asked, since.since);
  }

  /** Provider by provider, as the run would: what the first did not know, the second may have answered. */
  async function knownOf(queryable: Queryable, hashes: readonly string[]): Promise<Map<string, Known>> {
    const found = new Map<string, Known>();
    let left = [...hashes];
    /** Who is known not to know. */
    const inVain = new Map<string, string[]>();
    const sources = providersOf(made.options);
    for (const [turn, { name, api_host }] of sources.entries()) {
      const next = await knownQuestions(queryable, left, { provider: name, api_host, limit: mostOf(made.options), ...since });
      left = [];
      for (const [hash, one] of next) {
        const isLast = turn === sources.length - 1 || one.verdict === null || isLastWord(one.verdict);
        const before = inVain.get(hash) ?? [];
        if (isLast) found.set(hash, { ...one, asked_in_vain: before.join(',') || null });
        else left.push(hash);
        inVain.set(hash, [...before, name]);
      }
    }
    return found;
  }

  /** What is told without asking anybody. */
  async function checkFreely(unknown: readonly { question: AnyQuestion; question_hash: string }[]): Promise<void> {
    const { checks } = made;
    if (checks === undefined) return;
    const answers = await Promise.all(unknown.map(async ({ question, question_hash }) => ({ question_hash, answer: 'email' in question ? await checks.answer(question.email) : undefined })));
    for (const { question_hash, answer } of answers) {
      if (answer === undefined) continue;
      count(answer);
      knowns.set(question_hash, { outcome: 'found', contacts: 1, job_id: null, reason: answer.reason, verdict: answer.verdict, provider: 'local', asked_in_vain: null });
    }
  }

  function count({ verdict }: EmailAnswer): void {
    if (verdict === 'do_not_mail') local.disposable += 1;
    else if (verdict === 'risky') local.role += 1;
    else local.no_mail += 1;
  }

  function reportRow({ position, line, domain, title_filter, cells, question_hash, reason, excluded }: ImportedRow): ReportRow {
    const row = { position, row: line, domain, title_filter, cells, contacts: 0, provider: null, asked_in_vain: null, cost_usd: null, job_id: null, launches: 0, first_row: null, first_outcome: null };
    if (question_hash === undefined) return { ...row, outcome: excluded ? 'excluded' : 'invalid', reason: reason ?? null };
    const first = firsts.get(briefly(question_hash));
    if (first !== line) return { ...row, outcome: 'duplicate', reason: null, first_row: first ?? null, first_outcome: outcomes.get(briefly(question_hash)) ?? NEW.outcome };
    const known = knowns.get(question_hash) ?? NEW;
    return { ...row, ...known, cost_usd: known.outcome === 'cached' || known.outcome === 'found' || known.outcome === 'not_found' ? '0' : null };
  }

  return { lookUp, reportRow, local: made.checks === undefined ? undefined : local };
}

/**
 * The first 52 bits of a hash: a million texts of 64 characters would be 400 MB. Among a million questions two that look
 * the same are expected once in nine thousand lists, and then the preview is off by one row.
 */
function briefly(question_hash: string): number {
  return Number.parseInt(question_hash.slice(0, 13), 16);
}
