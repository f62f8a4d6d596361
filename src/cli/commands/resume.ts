/* `resume`: goes on with an unfinished run from the stored rows; needs no input file. */
import { UsageError } from '../../core/errors.ts';
import { readAll } from '../../core/problems.ts';
import { filesOf, refuseOverNewer, refuseUnwritable, removePartial } from '../../service/output.ts';
import { changeOutput } from '../../service/output-choice.ts';
import { readShape, refuseMisshapen } from '../../service/output-shape.ts';
import { goneOn, providersOf } from '../../service/options.ts';
import { refuseOtherHosts, refuseWithoutKeys } from '../providers.ts';
import type { Run, RunOptions } from '../../service/options.ts';
import { takeRun } from '../../store/run-owner.ts';
import { findUnfinishedRun, newerRunWriting } from '../../store/runs.ts';
import type { Database } from '../../store/database.ts';
import { boundsKept, boundsOf, resumeCommand } from '../command-line.ts';
import type { OutputCommandOptions } from '../output-options.ts';
import { perform, readPace } from '../perform.ts';
import type { PaceOptions } from '../perform.ts';
import { findRunById } from '../run-id.ts';
import { isUnmade, openSessionWithKey } from '../session.ts';
import type { GlobalOptions } from '../session.ts';

/** Options of `resume`, as commander gives them. */
export type ResumeCommandOptions = GlobalOptions & PaceOptions & OutputCommandOptions;

/** Runs the command; returns its exit code. */
export async function resume(id: string | undefined, options: ResumeCommandOptions): Promise<number> {
  const [session, pace, shape] = readAll(
    () => openSessionWithKey(options),
    () => readPace(options),
    () => readShape(options),
  );
  if (isUnmade(session.settings)) throw nothingUnfinished();

  return perform(
    session,
    pace,
    async (database, taker) => {
      const found = await findRunTo(database, id);
      refuseOtherHosts(found, session.settings, options.sandbox ?? false);
      if (!options.sandbox) refuseWithoutKeys(providersOf(found.options).map(({ name }) => name), session.settings);
      // The process that worked on it may have finished it meanwhile.
      const run = await takeRun<RunOptions>(database, found.id, taker);
      const { output, report } = options;
      const made = goneOn(run.options, {
        output: changeOutput(run.options.output, { output, report, shape }, { kind: run.options.kind, input_name: run.input_name, rows: run.options.rows }),
        bounds: boundsKept(run.options.bounds, boundsOf(process.argv)),
      });
      refuseMisshapen(made.output, shape, { kind: run.options.kind, input_columns: run.input_columns, isTerminal: process.stdout.isTTY });
      await refuseUnwritable(made.output);
      const before = run.options.output;
      const after = made.output;
      const kept = [output === undefined ? before.contacts : null, report === undefined && after.report === before.report ? before.report : null];
      await refuseOverNewer(database, run, kept, resumeCommand(run.id, process.argv, made.bounds));
      // What goes elsewhere now leaves nothing of what was written so far.
      for (const path of filesOf(before).filter((one) => !filesOf(after).includes(one))) {
        if ((await newerRunWriting(database, run.created_at, [path])) === undefined) await removePartial(path, run.id);
      }
      return { run: { ...run, options: made }, continued: true };
    },
  );
}

async function findRunTo(database: Database, id: string | undefined): Promise<Run> {
  if (id !== undefined) return findRunById(database, id);
  const run = await findUnfinishedRun<RunOptions>(database);
  if (run !== undefined) return run;
  throw nothingUnfinished();
}

function nothingUnfinished(): UsageError {
  return new UsageError({ what: 'there is no unfinished run', fix: 'start one with: waterfall-contacts run <companies.csv>' });
}
