-- Questions are told apart by other rules: without hints, and with the limit beside the hash. What older versions stored is formed anew by
-- the program (src/store/forming.ts), in batches, before anything else is done: an upgrade buys no known answer again.

alter table waterfall.targets
  -- by which rules question_hash was made
  add column question_version smallint not null default 1,
  -- null until formed anew
  add column question_limit integer,
  -- stored by an older version: of such questions two of one run may have become one
  add column formed_anew boolean not null default false;
alter table waterfall.targets alter column question_version set default 2;

create index targets_to_form on waterfall.targets (id) where question_version < 2;

alter table waterfall.targets drop constraint targets_one_per_question;
create unique index targets_one_per_question on waterfall.targets (run_id, question_hash) where not formed_anew;

-- An answer serves a question with a limit that is not larger, and any limit where there were fewer contacts than asked for.
create function waterfall.serves(answer_limit integer, contacts integer, asked_limit integer) returns boolean
language sql immutable as $$ select answer_limit >= asked_limit or contacts < answer_limit $$;

create or replace function waterfall.save_progress(changes json) returns table (saved_id bigint, is_answered boolean)
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
        and other.answer is not null and other.settled_at >= run.created_at
        and waterfall.serves(other.question_limit, other.contacts, target.question_limit))
    from waterfall.targets as target
    join waterfall.runs as run on run.id = target.run_id
    where target.id = any (saved);
end;
$$;
