-- Who works: a process says every few seconds that it is alive, by the clock of the database. This takes the place of locks on
-- sessions, which a pooler gives to somebody else, and of moments of clients' clocks, which differ.

-- The time by which everything is decided that processes decide together: this moment, not that of the beginning of a transaction,
-- which may have waited since. In milliseconds, which clients keep: what is read and given back is the same moment.
create function waterfall.moment() returns timestamptz language sql volatile as $$ select date_trunc('milliseconds', clock_timestamp()) $$;

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

-- As before, but for the moment at which a target is settled.
create or replace function waterfall.save_progress(changes json) returns table (saved_id bigint, is_answered boolean)
language plpgsql as $$
declare
  saved bigint[];
begin
  with change as materialized (
    select * from json_to_recordset(changes) as given (
      id bigint, from_state text, from_launches integer, state text, launches integer, doubts integer, job_id text,
      launched_at timestamptz, reason text, is_settled boolean)
  ),
  done as (
    update waterfall.targets as target
    set state = change.state, launches = change.launches, doubts = change.doubts, job_id = change.job_id,
      launched_at = change.launched_at, reason = change.reason, 
      -- After whatever the update has waited for.
      settled_at = case when change.is_settled then waterfall.moment() end
    from change
    -- The list of ids keeps the planner from reading the whole table for a few changes.
    where target.id = any (array(select change.id from change)) and target.id = change.id
      and (target.state = change.from_state and target.launches = change.from_launches
        or target.state = change.state and target.launches = change.launches and target.doubts = change.doubts
          and target.job_id is not distinct from change.job_id)
    returning target.id
  )
  select array_agg(done.id) into saved from done;

  return query
    select target.id, target.state = 'launching' and exists (
      select from waterfall.targets as other
      where other.question_hash = target.question_hash and other.state in ('found', 'no_contacts')
        and other.answer is not null and other.settled_at >= run.created_at
        and waterfall.serves(other.question_limit, other.contacts, target.question_limit))
    from waterfall.targets as target
    join waterfall.runs as run on run.id = target.run_id
    where target.id = any (saved);
end;
$$;
