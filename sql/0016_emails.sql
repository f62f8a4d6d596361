-- A second kind of question: addresses of e-mail. A question may go to several providers in order, each of which is asked only when those
-- before it did not know; and there are answers that nobody was asked for, by the program's own checks (provider `local`).

alter table waterfall.targets
  -- whose turn it is among the providers of the run, from 0, and the last of them
  add column turn smallint not null default 0,
  add column last_turn smallint not null default 0,
  add constraint targets_turns check (turn between 0 and last_turn),
  drop constraint targets_state,
  add constraint targets_state check (state in (
    'pending', 'launching', 'launched', 'following',
    'found', 'no_contacts', 'not_found', 'cached', 'excluded', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt'));

alter table waterfall.answers
  -- of an address; null: of another kind
  add column verdict text,
  add constraint answers_verdict check (verdict in ('deliverable', 'undeliverable', 'catch_all', 'risky', 'do_not_mail', 'unknown'));

-- What each provider last said of an address.
create table waterfall.email_checks (
  address text not null,
  provider text not null,
  verdict text not null,
  -- the provider's own word, and ours for why
  provider_status text,
  reason text,
  is_role boolean,
  is_free boolean,
  is_disposable boolean,
  suggestion text,
  checked_at timestamptz not null,
  -- by which a person is found (0012_forgetting.sql)
  key bigint not null,
  constraint email_checks_pkey primary key (address, provider),
  constraint email_checks_verdict check (verdict in ('deliverable', 'undeliverable', 'catch_all', 'risky', 'do_not_mail', 'unknown'))
);
create index email_checks_by_key on waterfall.email_checks (key);

-- Whether an answer is the last word on a question, or the next provider is asked.
create function waterfall.is_last_word(verdict text, turn smallint, last_turn smallint) returns boolean
language sql immutable parallel safe as $$ select turn >= last_turn or verdict is null or verdict not in ('unknown', 'catch_all') $$;

-- How a question has ended: by what its answers brought, and by the kind of the last one.
create function waterfall.answered_state(contacts integer, verdict text) returns text
language sql immutable parallel safe as $$ select case when contacts > 0 then 'found' when verdict is null then 'no_contacts' else 'not_found' end $$;

-- Whether an answer may be taken instead of asking: `unknown` passes soon, and is no knowledge, but is not asked for again at once.
create function waterfall.is_known(verdict text, saved_at timestamptz) returns boolean
language sql volatile parallel safe as $$ select verdict is distinct from 'unknown' or saved_at >= waterfall.moment() - interval '15 minutes' $$;

-- Why a question to which an API said `unknown` is not asked of it again at this moment; null: it may be.
create function waterfall.why_not_again(question_hash bytea, provider text, api_host text) returns text
language sql volatile as $$
  select case
    when count(*) >= 3 then 'unknown 3 times in 30 days'
    when max(answer.saved_at) >= waterfall.moment() - interval '15 minutes' then 'unknown less than 15 minutes ago' end
  from waterfall.answers as answer
  where answer.question_hash = $1 and answer.provider = $2 and answer.api_host = $3 and answer.verdict = 'unknown'
    and answer.saved_at >= waterfall.moment() - interval '30 days'
$$;

/*
 * As before, but for the turns of providers. Saves the progress of many targets in one round trip, each if it is still as it was, or already as it shall be: a statement whose reply
 * was lost is repeated. What becomes of its call follows from the step. A claim saves the call before it is sent, where the question is
 * not open at the provider already, and says whether it has an answer meanwhile: several statements, and so a function, since the last
 * must see what others committed before the claims were made.
 */
create or replace function waterfall.save_progress(changes json, process uuid) returns table (saved_id bigint, saved_call bigint, is_answered boolean)
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
      id bigint, from_state text, from_launches integer, state text, launches integer, doubts integer, call_id bigint, job_id text, reason text, is_settled boolean, from_turn smallint, turn smallint)
    where given.state <> 'launching'
  ),
  -- Whom a target follows is open, and stays so until this is saved.
  followed as materialized (
    select call.id from waterfall.calls as call where call.id in (select change.call_id from change where change.state = 'following') and call.state = 'running'
    order by call.id for share
  ),
  done as (
    update waterfall.targets as target
    set state = change.state, launches = change.launches, doubts = change.doubts, reason = change.reason, turn = change.turn,
      call_id = case when change.state = 'pending' then null else change.call_id end,
      -- After whatever the update has waited for.
      settled_at = case when change.is_settled then waterfall.moment() end
    from change
    -- The list of ids keeps the planner from reading the whole table for a few changes.
    where target.id = any (array(select change.id from change)) and target.id = change.id
      and (change.state <> 'following' or change.call_id in (select followed.id from followed))
      and (target.state = change.from_state and target.launches = change.from_launches and target.turn = change.from_turn
        or target.state = change.state and target.launches = change.launches and target.doubts = change.doubts and target.turn = change.turn
          and target.call_id is not distinct from case when change.state = 'pending' then null else change.call_id end)
    returning target.id
  ),
  -- Of a target that only follows a call, the call is another's.
  own as materialized (
    select change.call_id, change.job_id, case
        when change.state = 'launched' then 'running'
        when change.state = 'timed_out' then 'given_up'
        -- Refused: by the row's last provider, or by one before it.
        when change.from_state = 'launched' or change.state not in ('pending', 'launched') or change.turn > change.from_turn then 'ended'
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
        and answer.saved_at >= run.created_at and waterfall.is_known(answer.verdict, answer.saved_at) and waterfall.serves(answer.question_limit, answer.contacts, target.question_limit))
    from waterfall.targets as target
    join waterfall.runs as run on run.id = target.run_id
    where target.id = any (moved || claimed)
      -- Or claimed by this process before, and the reply to that was lost.
      or target.state = 'launching' and target.id in (
        select given.id from json_to_recordset(changes) as given (id bigint, state text, launches integer) where given.state = 'launching' and given.launches = target.launches)
        and exists (select from waterfall.calls as call where call.id = target.call_id and call.process_id = process);
end;
$$;
