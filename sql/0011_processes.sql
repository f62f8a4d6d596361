-- Who works: a process says every few seconds that it is alive, by the clock of the database. This takes the place of locks on
-- sessions, which a pooler gives to somebody else, and of moments of clients' clocks, which differ.

-- The time by which everything is decided that processes decide together: this moment, not that of the beginning of a transaction,
-- which may have waited since.
create function waterfall.moment() returns timestamptz language sql volatile as $$ select clock_timestamp() $$;

create table waterfall.processes (
  id uuid primary key default gen_random_uuid(),
  -- for people
  pid integer not null,
  host text not null,
  -- tells machines (and containers) apart whose process ids mean the same; null: not known
  machine text,
  started_at timestamptz not null default waterfall.moment(),
  alive_until timestamptz not null
) with (fillfactor = 50);

create function waterfall.is_alive(process_id uuid) returns boolean
language sql volatile as $$
  select exists (select from waterfall.processes as process where process.id = $1 and process.alive_until > waterfall.moment())
$$;

alter table waterfall.runs
  -- who works on it, or was the last to do so
  add column process_id uuid,
  add column state text;

update waterfall.runs as run set state = case
  when finished_at is null then 'stopped'
  when exists (select from waterfall.input_rows as input_row where input_row.run_id = run.id and input_row.outcome = 'invalid')
    or exists (select from waterfall.targets as target where target.run_id = run.id and target.state in ('rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt'))
    then 'done_with_failures'
  else 'done' end;

alter table waterfall.runs
  alter column state set not null,
  -- importing: its list is being saved, and nobody else sees it
  add constraint runs_state check (state in ('importing', 'running', 'done', 'done_with_failures', 'stopped')),
  add constraint runs_done_is_finished check ((state in ('done', 'done_with_failures')) = (finished_at is not null)),
  add constraint runs_at_work_has_process check (state not in ('importing', 'running') or process_id is not null);

-- Of two same commands at once one works, and the other waits or gives way.
create unique index runs_one_at_work on waterfall.runs (key) where state in ('importing', 'running');
