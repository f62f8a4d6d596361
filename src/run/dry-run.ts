/*
 * What a run would do, without doing it: reads the list as the run would, and looks up what is known in the database
 * where there is one. Sends nothing and writes nothing.
 */
import type { Outcome, Question } from '../core/model.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Driver, Queryable } from '../store/database.ts';
import { answeredBefore, NOTHING_BEFORE, sumOf } from '../store/answered-before.ts';
import type { AnsweredBefore } from '../store/answered-before.ts';
import { countRepeatable, dearestBills, historyOf, spentSoFar } from '../store/bills.ts';
import type { History, SpentSoFar } from '../store/bills.ts';
import { knownQuestions } from '../store/known.ts';
import type { Known } from '../store/known.ts';
import { countOutcomes, reportRows } from '../store/outcomes.ts';
import type { OutcomeCount } from '../store/outcomes.ts';
import { findUnfinishedRun } from '../store/runs.ts';
import type { Run, RunOptions } from './options.ts';
import type { UnitPrices } from './price.ts';
import { answersSince, importedRows } from './start.ts';
import type { NewRun } from './start.ts';

const BATCH = 1_000;
const OUTCOME_OF: Record<Known, Outcome> = { answered: 'cached', open: 'waiting', failed: 'job_failed' };

/** What a run would begin with. `continues`: the unfinished run that it would go on with, and what that has spent. */
export type Preview = {
  counts: OutcomeCount[];
  invalidRows: { row: number; reason: string | null }[];
  toRepeat: number;
  answeredBefore: AnsweredBefore;
  bills: UnitPrices | undefined;
  history: History | undefined;
  continues: { run: Run; spent: SpentSoFar } | undefined;
};

/**
 * Previews the run `made`. `database` is one that has our schema, or undefined; every statement sent to it only reads.
 * Names up to `rowsNamed` invalid rows.
 * @throws {UsageError} for a list that cannot be read to its end.
 */
export async function previewRun(
  made: NewRun,
  options: { runtime: Runtime; database: Pick<Driver, 'transaction'> | undefined; rowsNamed: number },
): Promise<Preview> {
  const { runtime, database, rowsNamed } = options;
  const since = answersSince(made, runtime.clock.now());
  if (database === undefined) return previewList(made, { since, rowsNamed, database: undefined });
  return database.transaction(async (transaction) => {
    await transaction.script('set transaction read only');
    const { question } = made.options;
    const past = { bills: await dearestBills(transaction, question.api_host), history: await historyOf(transaction, question) };
    const unfinished = made.fresh ? undefined : await findUnfinishedRun<RunOptions>(transaction, made.key);
    if (unfinished === undefined) return { ...(await previewList(made, { since, rowsNamed, database: transaction })), ...past };
    return {
      counts: await countOutcomes(transaction, unfinished.id),
      invalidRows: await reportRows(transaction, { run_id: unfinished.id, after: -1, limit: rowsNamed, outcomes: ['invalid'] }),
      toRepeat: await countRepeatable(transaction, unfinished.id),
      answeredBefore: NOTHING_BEFORE,
      ...past,
      continues: { run: unfinished, spent: await spentSoFar(transaction, unfinished.id) },
    };
  });
}

async function previewList(made: NewRun, options: { since: Date; rowsNamed: number; database: Queryable | undefined }): Promise<Preview> {
  const counts = new Map<Outcome, number>();
  const count = (outcome: Outcome, rows = 1) => void counts.set(outcome, (counts.get(outcome) ?? 0) + rows);
  const invalidRows: Preview['invalidRows'] = [];
  const asked = new Set<number>();
  let before = NOTHING_BEFORE;
  let batch: { question: Question; question_hash: string }[] = [];
  const lookUp = async () => {
    const { database, since } = options;
    if (database !== undefined) {
      const hashes = batch.map(({ question_hash }) => question_hash);
      const known = made.fresh ? new Map<string, Known>() : await knownQuestions(database, hashes, made.options.question.limit, since);
      for (const state of known.values()) count(OUTCOME_OF[state]);
      batch = batch.filter(({ question_hash }) => !known.has(question_hash));
      before = sumOf(before, await answeredBefore(database, batch, since));
    }
    count('not_launched', batch.length);
    batch = [];
  };

  for await (const { question, question_hash, line, reason, excluded } of importedRows(made)) {
    if (excluded) {
      count('excluded');
      continue;
    }
    if (question === undefined || question_hash === undefined) {
      count('invalid');
      if (invalidRows.length < options.rowsNamed) invalidRows.push({ row: line, reason: reason ?? null });
      continue;
    }
    const brief = briefly(question_hash);
    if (asked.has(brief)) {
      count('duplicate');
      continue;
    }
    asked.add(brief);
    batch.push({ question, question_hash });
    if (batch.length === BATCH) await lookUp();
  }
  await lookUp();
  return {
    counts: [...counts].map(([outcome, rows]) => ({ outcome, rows, contacts: 0, cost_usd: null, launches: 0 })),
    ...{ invalidRows, toRepeat: 0, answeredBefore: before, bills: undefined, history: undefined, continues: undefined },
  };
}

/**
 * The first 52 bits of a hash: a million texts of 64 characters would be 400 MB. Among a million questions two that look
 * the same are expected once in nine thousand lists, and then the preview is off by one row.
 */
function briefly(question_hash: string): number {
  return Number.parseInt(question_hash.slice(0, 13), 16);
}
