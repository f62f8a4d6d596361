/* `status`: how a run is doing, also while another process works on it. Reads only. */
import { readStatus } from '../../service/status.ts';
import { thisProcess } from '../../runtime/machine.ts';
import { statusLines } from '../../service/status-lines.ts';
import { nextCommand } from '../next-command.ts';
import { findRunOrLatest, noRuns } from '../run-id.ts';
import { openSession, openToRead } from '../session.ts';
import type { GlobalOptions } from '../session.ts';
import { CLOSED_STDOUT, jsonText, print } from '../stdout.ts';

/** Options of `status`, as commander gives them. */
export type StatusCommandOptions = GlobalOptions & { json?: boolean; watch?: boolean; sandbox?: boolean };

const WATCH_EVERY_MS = 2_000;
/** Puts the cursor in the first place and clears what is below it. */
const CLEAR = '\u001b[H\u001b[J';

/** Runs the command; returns its exit code. With `--watch` it ends when nobody works on the run any more. */
export async function status(id: string | undefined, options: StatusCommandOptions): Promise<number> {
  const session = openSession(options);
  const database = await openToRead(session);
  if (database === undefined) throw noRuns(session.settings.home);
  try {
    const { id: run_id } = await findRunOrLatest(database, id);
    for (;;) {
      const run = await findRunOrLatest(database, run_id);
      const now = await readStatus(database, run, thisProcess());
      const next = nextCommand(run, now);
      const text = options.json ? jsonText({ ...now, next_command: next?.program ?? null }) : `${[...statusLines(now), ...(next === undefined ? [] : [`${next.why}: ${next.people}`])].join('\n')}\n`;
      const clear = options.watch === true && process.stdout.isTTY && process.env.TERM !== 'dumb';
      if (!(await print(clear ? CLEAR + text : text))) return CLOSED_STDOUT;
      if (!options.watch || now.state !== 'running') return 0;
      await session.runtime.clock.sleep(WATCH_EVERY_MS);
    }
  } finally {
    await database.close();
  }
}
