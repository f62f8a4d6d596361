/* What one invocation tells the next about an API: how long its jobs take, and the requests that still count there. */
import type { Queryable } from './database.ts';
import { storableJson } from './storable.ts';

/** Whose requests: the limit is counted for each key, of which only a hash is kept. */
export type PaceKey = { api_host: string; key_hash: string };

/** As it was saved; both come from outside this program's run and are checked by whoever uses them. */
export type SavedPace = { job_times: unknown; taken: unknown };

/**
 * What was saved for this key. Without a row of its own the job times are those of another key of the same host, and no
 * requests count.
 */
export async function loadPace(database: Queryable, key: PaceKey): Promise<SavedPace | undefined> {
  const [row] = await database.query<SavedPace>(
    `select job_times, case when key_hash = $2 then taken end as taken
     from waterfall.pace where api_host = $1
     order by key_hash = $2 desc, saved_at desc limit 1`,
    [key.api_host, key.key_hash],
  );
  return row;
}

/** Saves both; job times that are not known leave those that were. `at` is epoch milliseconds. */
export async function savePace(database: Queryable, key: PaceKey, pace: { job_times: object | undefined; taken: object; at: number }): Promise<void> {
  await database.query(
    `insert into waterfall.pace as known (api_host, key_hash, job_times, taken, saved_at) values ($1, $2, $3, $4, $5)
     on conflict (api_host, key_hash) do update
     set job_times = coalesce(excluded.job_times, known.job_times), taken = excluded.taken, saved_at = excluded.saved_at`,
    [key.api_host, key.key_hash, pace.job_times === undefined ? null : storableJson(pace.job_times), storableJson(pace.taken), new Date(pace.at)],
  );
}
