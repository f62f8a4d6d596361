/* `run --dry-run`: what the run would do and cost. Sends nothing, needs no key, creates nothing but the report that is asked for. */
import { BusyError, DatabaseError, UsageError } from '../core/errors.ts';
import { previewRun } from '../service/dry-run.ts';
import { createBudget } from '../engine/budget.ts';
import { outputFailure, writeReportTo } from '../service/output.ts';
import { openingLines, planOf } from '../service/plan.ts';
import { mostOf, providersOf } from '../service/options.ts';
import { WORDS } from '../service/words.ts';
import type { NewRun } from '../service/start.ts';
import { near } from '../service/summary.ts';
import type { Sheet } from '../outputs/sheet.ts';
import { inWords } from '../store/database.ts';
import type { Driver } from '../store/database.ts';
import { countUnformed } from '../store/forming.ts';
import { embeddedFolder } from '../store/embedded-folder.ts';
import { schemaState } from '../store/migrate.ts';
import { openDriver } from '../store/open.ts';
import { boundsKept } from './command-line.ts';
import { moneyOf } from './money.ts';
import type { MoneySettings } from './money.ts';
import { ROWS_NAMED } from './opening.ts';
import { rateLimitOf } from './providers.ts';
import { isUnmade, placeOf } from './session.ts';
import type { Session } from './session.ts';
import { CLOSED_STDOUT } from './stdout.ts';

/**
 * Prints the opening lines that the run would have, and writes its report to where it was asked for; returns the exit code.
 * @throws {UsageError} for a list that cannot be read, and for a database that the run would refuse too.
 */
export async function dryRun(session: Session, made: NewRun, given: MoneySettings, report: string | undefined): Promise<number> {
  const { terminal, settings, runtime } = session;
  const rateLimit = rateLimitOf(providersOf(made.options)[0]?.name ?? 'waterfall', settings);
  const { kind } = made.options;
  const words = WORDS[kind ?? 'contacts'];
  const { driver, words: place } = await lookUp(session);
  try {
    let isReaderGone = false;
    const writeReport = report === undefined ? undefined : async (sheet: Sheet) => void (isReaderGone = await writeReportTo(report, sheet, { output: made.options.output, tag: 'dry-run', stdout: process.stdout }));
    const preview = await previewRun(made, { runtime, database: driver, rowsNamed: ROWS_NAMED, given: given.prices, writeReport }).catch((error: unknown) => {
      const told = outputFailure(error);
      throw driver === undefined || told instanceof UsageError ? told : inWords(driver.place, told);
    });
    const { continues } = preview;
    const money = moneyOf(given, boundsKept(continues?.run.options.bounds, made.options.bounds ?? []));
    const { capUsd } = money;
    const { pricing } = preview;
    const most = kind === undefined ? mostOf(made.options) : providersOf(made.options).length;
    const plan = planOf({ most, words, counts: preview.counts, rateLimit, toRepeat: preview.toRepeat, answeredBefore: preview.answeredBefore, ...(preview.history && { history: preview.history }), ...(preview.local && { local: preview.local }), pricing });
    const goingOn = continues === undefined ? '' : `, going on with run ${continues.run.id}`;
    const budget = createBudget({ capUsd, rates: pricing.rates, ...(continues && { earlier: continues.spent }) });
    const lines = openingLines({
      title: `dry run of ${made.input_name}${goingOn}`,
      ...{ plan, rateLimit, pricing, words },
      balance: { unknown: 'not asked for, since a dry run sends nothing' },
      cap: capUsd === undefined ? undefined : { usd: capUsd, committed_usd: budget.spending().committed_usd ?? 0 },
      lines: continues === undefined ? made.list.linesRead() : undefined,
      invalidRows: preview.invalidRows,
      hasReport: report !== undefined,
      ...{ limit: mostOf(made.options), fresh: made.fresh },
      database: place,
    });
    const written = report === undefined ? 'nothing was sent, and nothing was written' : `nothing was sent${report === '-' ? '' : `; report: ${near(report)}`}`;
    terminal.say([...lines, written].join('\n'), {
      message: 'dry run',
      run: continues?.run.id ?? null,
      ...plan,
      price_usd: pricing.price_usd,
      price_source: pricing.source,
      max_cost_usd: money.capUsd ?? null,
      report: report ?? null,
    });
    return isReaderGone ? CLOSED_STDOUT : 0;
  } finally {
    await driver?.close();
  }
}

/** The database, if there is one with our schema that can be had now; and in words what was found. */
async function lookUp({ settings, runtime }: Session): Promise<{ driver?: Driver; words: string }> {
  if (isUnmade(settings)) {
    return { words: `no database yet: the run would create the embedded PostgreSQL in ${embeddedFolder(settings.home)}` };
  }
  let driver: Driver | undefined;
  try {
    driver = await openDriver(settings, runtime);
  } catch (error) {
    if (!(error instanceof BusyError || error instanceof UsageError || error instanceof DatabaseError)) throw error;
    const why = error instanceof UsageError ? (error.problems[0]?.what ?? error.message) : error.message;
    return { words: `what is already answered is not known: ${why}` };
  }
  try {
    const { present, known } = await schemaState(driver);
    if (present > 0 && present === known && (await countUnformed(driver)) === 0) return { driver, words: `answers looked up in ${placeOf(driver)}` };
    const words =
      present > 0
        ? `what is already answered is not known: ${placeOf(driver)} is of an older version (waterfall-contacts migrate brings it up to date, as the run would)`
        : `nothing is answered yet: the run would create the schema "waterfall" in ${placeOf(driver)}`;
    await driver.close();
    return { words };
  } catch (error) {
    await driver.close();
    throw inWords(driver.place, error);
  }
}
