-- The ledger: what was asked of whom stands apart from what was answered, and both apart from the runs that wanted to know.
--
--   targets         a question within a run, and how far it has got
--   calls           a paid request, saved before it is sent; call_targets: whose questions it asks
--   open_questions  a question that is being asked at a provider: one at a time, over all runs and machines
--   answers         what a provider said, as it came; target_answers: which answers make the line of a target
--
-- Progress changes no column that an index has, nor one in its condition, but for what is left to do: so a row is changed in its place (HOT).

-- The answers stay where they are: the old table becomes theirs, and the targets, which are small, get one of their own.
alter table waterfall.targets rename to answers;
alter table waterfall.answers rename constraint targets_pkey to answers_pkey;
alter sequence waterfall.targets_id_seq rename to answers_id_seq;
drop index waterfall.targets_open, waterfall.targets_by_question, waterfall.targets_by_job, waterfall.targets_one_open_launch, waterfall.targets_one_per_question,
  waterfall.targets_to_form, waterfall.targets_by_holder, waterfall.targets_doubted, waterfall.targets_answered_by_domain, waterfall.targets_latest_answers;
alter index waterfall.targets_by_person rename to answers_by_person;
alter table waterfall.target_contacts rename to answer_contacts;
alter table waterfall.answer_contacts rename column target_id to answer_id;
alter table waterfall.answer_contacts rename constraint target_contacts_pkey to answer_contacts_pkey;
alter index waterfall.target_contacts_by_contact rename to answer_contacts_by_contact;

create table waterfall.calls (
  id bigint generated always as identity primary key,
  provider text not null,
  -- of the API that was called, `sandbox` for the built-in one: what one says is never taken for what the other does
  api_host text not null,
  -- saved: sent, or about to be. running: it has a job, which is polled. not_sent: it was not, after all
  state text not null default 'saved',
  -- who made it, and polls it; null: nobody
  process_id uuid,
  saved_at timestamptz not null default waterfall.moment(),
  -- when its reply was seen: a job is as old as this
  replied_at timestamptz,
  job_id text,
  -- null: unknown
  cost_usd numeric,

  constraint calls_state check (state in ('saved', 'running', 'ended', 'in_doubt', 'not_sent')),
  constraint calls_running_has_job check (state <> 'running' or (job_id is not null and replied_at is not null))
) with (fillfactor = 70);

create table waterfall.targets (
  id bigint generated always as identity primary key,
  run_id text not null references waterfall.runs (id),
  -- of the first input row that asks it
  position integer not null,
  question jsonb not null,
  -- SHA-256 of what tells questions apart: without hints, and without the limit, which stands beside it
  question_hash bytea not null,
  -- by which rules the hash was made
  question_version smallint not null default 2,
  -- stored by an older version: of such questions two of one run may have become one
  formed_anew boolean not null default false,
  question_limit integer,
  state text not null default 'pending',
  -- calls for this target that were billed, or may have been
  launches integer not null default 0,
  -- calls for this question whose reply was never seen, since it was last answered
  doubts integer not null default 0,
  -- the call that asks for it, that it follows, or that ended it: no foreign key, whose index each step would have to write
  call_id bigint,
  contacts integer not null default 0,
  -- null: unknown
  cost_usd numeric,
  reason text,
  settled_at timestamptz,

  constraint targets_state check (state in (
    'pending', 'launching', 'launched', 'following',
    'found', 'no_contacts', 'cached', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt')),
  constraint targets_counts check (launches >= 0 and doubts >= 0 and contacts >= 0),
  constraint targets_launching_was_counted check (state <> 'launching' or launches > 0),
  constraint targets_asked_has_call check (state not in ('launching', 'launched', 'following') or call_id is not null),
  constraint targets_open_is_not_settled check ((state in ('pending', 'launching', 'launched', 'following')) = (settled_at is null))
) with (fillfactor = 70);

-- Whose questions a call asks, in their order within it.
create table waterfall.call_targets (
  call_id bigint not null references waterfall.calls (id),
  place smallint not null default 0,
  target_id bigint not null references waterfall.targets (id),
  constraint call_targets_pkey primary key (call_id, place)
);

-- A question that is being asked at a provider, whatever run or machine it belongs to: made before the call is sent, gone when that ends.
create table waterfall.open_questions (
  question_hash bytea not null,
  provider text not null,
  api_host text not null,
  call_id bigint not null,
  constraint open_questions_pkey primary key (question_hash, provider, api_host)
);

create table waterfall.target_answers (
  target_id bigint not null references waterfall.targets (id),
  -- in the order of the providers that were asked
  place smallint not null default 0,
  answer_id bigint not null references waterfall.answers (id),
  constraint target_answers_pkey primary key (target_id, place)
);

-- Each job becomes a call: of the target that launched it, or where that is not known any more, of one that waits for it.
insert into waterfall.calls (id, provider, api_host, state, saved_at, replied_at, job_id, cost_usd) overriding system value
select distinct on (job_id) id, 'waterfall', coalesce(question ->> 'api_host', ''),
  case when state in ('launched', 'following', 'timed_out') then 'running' else 'ended' end,
  coalesce(launched_at, settled_at, now()), coalesce(launched_at, settled_at, now()), job_id, case when answered_by is null then cost_usd end
from waterfall.answers where job_id is not null
order by job_id, launches = 0, state in ('following', 'cached'), id;
select setval('waterfall.calls_id_seq', greatest((select max(id) from waterfall.answers), 1));

insert into waterfall.targets (id, run_id, position, question, question_hash, question_version, formed_anew, question_limit, state, launches, doubts, call_id, contacts, cost_usd, reason, settled_at)
overriding system value
select before.id, run_id, position, question,
  case when question_hash ~ '^[0-9a-f]{64}$' then decode(question_hash, 'hex') else sha256(convert_to(question_hash, 'UTF8')) end,
  question_version, formed_anew, question_limit,
  -- Whoever was launching is dead, or this would not be done: its launch is in doubt, as after any crash.
  case before.state when 'launching' then 'pending' else before.state end, launches, doubts + (before.state = 'launching')::integer,
  call.id, contacts, before.cost_usd, reason, settled_at
from waterfall.answers as before left join waterfall.calls as call using (job_id);
select setval('waterfall.targets_id_seq', greatest((select max(id) from waterfall.targets), 1));

insert into waterfall.call_targets (call_id, target_id) select id, id from waterfall.calls;

-- Launches whose reply was never seen: all but the one that has the job.
with doubted as (
  select nextval('waterfall.calls_id_seq') as call_id, id, coalesce(question ->> 'api_host', '') as api_host, coalesce(launched_at, settled_at, now()) as saved_at
  from waterfall.answers as before,
    generate_series(1, launches - (job_id is not null and state <> 'following' and answered_by is null)::integer)
),
called as (
  insert into waterfall.calls (id, provider, api_host, state, saved_at) overriding system value
  select call_id, 'waterfall', api_host, 'in_doubt', saved_at from doubted
)
insert into waterfall.call_targets (call_id, target_id) select call_id, id from doubted;

insert into waterfall.open_questions (question_hash, provider, api_host, call_id)
select target.question_hash, call.provider, call.api_host, call.id
from waterfall.targets as target join waterfall.calls as call on call.id = target.call_id
where target.state = 'launched' order by target.id
on conflict do nothing;

insert into waterfall.target_answers (target_id, answer_id) select id, coalesce(answered_by, id) from waterfall.answers where answer is not null or answered_by is not null;

-- What is left of the old table are answers.
alter table waterfall.input_rows drop constraint input_rows_target_id_fkey;
alter table waterfall.answers drop constraint targets_answered_by_fkey;
delete from waterfall.answers where answer is null;
alter table waterfall.answers
  add column provider text,
  add column api_host text,
  add column hash bytea,
  -- whose call brought it, and who has its cost; null: nobody was paid
  add column call_id bigint,
  add column target_id bigint;
update waterfall.answers as answer
set provider = 'waterfall', api_host = coalesce(target.question ->> 'api_host', ''), hash = target.question_hash, call_id = target.call_id, target_id = target.id
from waterfall.targets as target where target.id = answer.id;
alter table waterfall.answers
  drop column run_id, drop column position, drop column question_hash, drop column question, drop column question_version, drop column formed_anew,
  drop column state, drop column launches, drop column doubts, drop column job_id, drop column launched_at, drop column answered_by;
alter table waterfall.answers rename column hash to question_hash;
-- both moments: the provider's, and ours
alter table waterfall.answers rename column stop_date to answered_at;
alter table waterfall.answers rename column settled_at to saved_at;
alter table waterfall.answers
  alter column provider set not null,
  alter column api_host set not null,
  alter column question_hash set not null,
  alter column answer set not null,
  alter column saved_at set not null;

alter table waterfall.answers
  add constraint answers_target_id_fkey foreign key (target_id) references waterfall.targets (id);
alter table waterfall.input_rows add constraint input_rows_target_id_fkey foreign key (target_id) references waterfall.targets (id);

-- What is left to do in a run, in order.
create index targets_open on waterfall.targets (run_id, position) where settled_at is null;
create unique index targets_one_per_question on waterfall.targets (run_id, question_hash) where not formed_anew;
-- Who asked a question before, and who follows it now.
create index targets_by_question on waterfall.targets (question_hash);
create index targets_by_domain on waterfall.targets ((question ->> 'domain'));
create index targets_to_form on waterfall.targets (id) where question_version < 2;
create index call_targets_by_target on waterfall.call_targets (target_id);
create index target_answers_by_answer on waterfall.target_answers (answer_id);
create index answers_by_question on waterfall.answers (question_hash, provider, api_host);
create index answers_by_target on waterfall.answers (target_id);
create index answers_latest on waterfall.answers (api_host, saved_at);

drop function waterfall.save_progress(json);

/*
 * Saves the progress of many targets in one round trip, each if it is still as it was, or already as it shall be: a statement whose reply
 * was lost is repeated. What becomes of its call follows from the step. A claim saves the call before it is sent, where the question is
 * not open at the provider already, and says whether it has an answer meanwhile: several statements, and so a function, since the last
 * must see what others committed before the claims were made.
 */
create function waterfall.save_progress(changes json, process uuid) returns table (saved_id bigint, saved_call bigint, is_answered boolean)
language plpgsql as $$
declare
  claimed bigint[];
  moved bigint[];
  ended bigint[];
begin
  -- In the order of their hashes: two processes that claim the same questions wait for each other instead of deadlocking.
  with change as materialized (
    select * from json_to_recordset(changes) as given (
      id bigint, from_state text, from_launches integer, state text, launches integer, provider text, api_host text)
    where given.state = 'launching'
  ),
  wanted as materialized (
    select target.id, target.question_hash, change.launches, change.provider, change.api_host, nextval('waterfall.calls_id_seq') as call_id
    from change join waterfall.targets as target on target.id = change.id
    where target.state = change.from_state and target.launches = change.from_launches
    order by target.question_hash for update of target
  ),
  opened as materialized (
    insert into waterfall.open_questions (question_hash, provider, api_host, call_id)
    select question_hash, provider, api_host, call_id from wanted order by question_hash
    on conflict do nothing returning call_id
  ),
  called as (
    insert into waterfall.calls (id, provider, api_host, process_id) overriding system value
    select call_id, provider, api_host, process from wanted join opened using (call_id)
  ),
  listed as (
    insert into waterfall.call_targets (call_id, target_id) select call_id, id from wanted join opened using (call_id)
  ),
  done as (
    update waterfall.targets as target set state = 'launching', launches = wanted.launches, call_id = wanted.call_id
    from wanted join opened using (call_id)
    where target.id = any (array(select wanted.id from wanted)) and target.id = wanted.id
    returning target.id
  )
  select array_agg(done.id) into claimed from done;

  with change as materialized (
    select * from json_to_recordset(changes) as given (
      id bigint, from_state text, from_launches integer, state text, launches integer, doubts integer, call_id bigint, job_id text, reason text, is_settled boolean)
    where given.state <> 'launching'
  ),
  -- Whom a target follows is open, and stays so until this is saved.
  followed as materialized (
    select call.id from waterfall.calls as call where call.id in (select change.call_id from change where change.state = 'following') and call.state = 'running'
    order by call.id for share
  ),
  done as (
    update waterfall.targets as target
    set state = change.state, launches = change.launches, doubts = change.doubts, reason = change.reason,
      call_id = case when change.state = 'pending' then null else change.call_id end,
      -- After whatever the update has waited for.
      settled_at = case when change.is_settled then waterfall.moment() end
    from change
    -- The list of ids keeps the planner from reading the whole table for a few changes.
    where target.id = any (array(select change.id from change)) and target.id = change.id
      and (change.state <> 'following' or change.call_id in (select followed.id from followed))
      and (target.state = change.from_state and target.launches = change.from_launches
        or target.state = change.state and target.launches = change.launches and target.doubts = change.doubts
          and target.call_id is not distinct from case when change.state = 'pending' then null else change.call_id end)
    returning target.id
  ),
  -- Of a target that only follows a call, the call is another's.
  own as materialized (
    select change.call_id, change.job_id, case
        when change.state = 'launched' then 'running'
        when change.state = 'timed_out' then 'given_up'
        when change.from_state = 'launched' or change.state = 'rejected' then 'ended'
        when change.launches < change.from_launches then 'not_sent'
        else 'in_doubt' end as step
    from change join done using (id)
    where change.call_id is not null and change.from_state in ('launching', 'launched')
  ),
  called as (
    update waterfall.calls as call
    set state = case when own.step = 'given_up' then call.state else own.step end,
      process_id = case when own.step = 'running' then process else null end,
      job_id = coalesce(own.job_id, call.job_id),
      replied_at = case when own.step in ('running', 'ended') then coalesce(call.replied_at, waterfall.moment()) else call.replied_at end
    from own where call.id = any (array(select own.call_id from own)) and call.id = own.call_id
    returning call.id, own.step
  ),
  closed as (
    delete from waterfall.open_questions as question
    using own join waterfall.call_targets as listed using (call_id) join waterfall.targets as target on target.id = listed.target_id
      join waterfall.calls as call on call.id = own.call_id
    where own.step <> 'running' and question.question_hash = target.question_hash and question.provider = call.provider
      and question.api_host = call.api_host and question.call_id = own.call_id
  )
  select array(select done.id from done), array(select own.call_id from own where own.step = 'ended') into moved, ended;

  -- Whoever followed a call that ended without an answer asks for itself.
  if cardinality(ended) > 0 then
    update waterfall.targets as target set state = 'pending', call_id = null
    where target.state = 'following' and target.call_id = any (ended)
      and target.question_hash in (
        select asked.question_hash from waterfall.call_targets as listed join waterfall.targets as asked on asked.id = listed.target_id where listed.call_id = any (ended));
  end if;

  return query
    select target.id, target.call_id, target.state = 'launching' and exists (
      select from waterfall.answers as answer join waterfall.calls as call on call.id = target.call_id
      where answer.question_hash = target.question_hash and answer.provider = call.provider and answer.api_host = call.api_host
        and answer.saved_at >= run.created_at and waterfall.serves(answer.question_limit, answer.contacts, target.question_limit))
    from waterfall.targets as target
    join waterfall.runs as run on run.id = target.run_id
    where target.id = any (moved || claimed)
      -- Or claimed by this process before, and the reply to that was lost.
      or target.state = 'launching' and target.id in (
        select given.id from json_to_recordset(changes) as given (id bigint, state text, launches integer) where given.state = 'launching' and given.launches = target.launches)
        and exists (select from waterfall.calls as call where call.id = target.call_id and call.process_id = process);
end;
$$;
