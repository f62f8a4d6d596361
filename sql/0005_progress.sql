-- Saves the progress of many targets in one round trip, and says of each that is now claimed (`launching`) whether its
-- question has an answer meanwhile. Two statements, and so a function: the second must see what others committed before
-- the claims of the first were made. From the claim on nobody else can launch the question, so what is not known then is
-- not on its way either.

create function waterfall.save_progress(changes json) returns table (saved_id bigint, is_answered boolean)
language plpgsql as $$
declare
  saved bigint[];
begin
  with change as materialized (
    select * from json_to_recordset(changes) as given (
      id bigint, from_state text, from_launches integer, state text, launches integer, doubts integer, job_id text,
      launched_at timestamptz, reason text, settled_at timestamptz)
  ),
  done as (
    update waterfall.targets as target
    set state = change.state, launches = change.launches, doubts = change.doubts, job_id = change.job_id,
      launched_at = change.launched_at, reason = change.reason, settled_at = change.settled_at
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
        and other.answer is not null and other.settled_at >= run.created_at)
    from waterfall.targets as target
    join waterfall.runs as run on run.id = target.run_id
    where target.id = any (saved);
end;
$$;

-- An answer is saved for all who wait for its job, found by this index. It had `where settled_at is null`; for a list that
-- was only just imported, without any job yet, the planner then chose the index of all open targets instead.
drop index waterfall.targets_by_job;
create index targets_by_job on waterfall.targets (job_id) where job_id is not null;
