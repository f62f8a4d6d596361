/* (h) Start-up: `--help` against a Node that does nothing, and the start of `run` to its first request, on an existing database. */
import { CLI } from './companies.mjs';
import { duration, line, median } from './figures.mjs';
import { timeToFirstRequest } from './first-request.mjs';
import { timeChild } from './measured-child.mjs';

const ROUNDS = { full: 15, short: 5, tiny: 1 };
const COMPANIES = 20;

/** Part (h). */
export async function benchStartUp(services, form) {
  const list = services.listOf(COMPANIES);
  const env = services.environment();
  const home = 'start-up';
  // Makes the folder of the embedded database.
  await timeToFirstRequest(services, { list, home });

  const times = { help: [], node: [], postgresql: [], embedded: [] };
  await services.withDatabase(async (databaseUrl) => {
    for (let round = 0; round < ROUNDS[form]; round += 1) {
      times.node.push(await timeChild(['-e', '0'], { services, env }));
      times.help.push(await timeChild([CLI, '--help'], { services, env }));
      times.postgresql.push((await timeToFirstRequest(services, { list, databaseUrl })).wallMs);
      times.embedded.push((await timeToFirstRequest(services, { list, home })).wallMs);
    }
  });
  const node = { part: 'h', rival: median(times.node), against: 'node -e 0', unit: duration };
  return [
    line({ ...node, what: '--help', ours: median(times.help), reach: '<= 1.4' }),
    line({ ...node, what: 'run to its first request, PostgreSQL', ours: median(times.postgresql), reach: '<= 0.6 s' }),
    line({ ...node, what: 'run to its first request, existing PGlite folder', ours: median(times.embedded), reach: '<= 0.8 s' }),
  ];
}
