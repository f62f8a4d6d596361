-- Runs, the rows of their lists, and their targets: what was asked, how far each question has got, and its answer.
-- The program reads and changes these by compare-and-set; the constraints below are rules its code relies on.

create schema if not exists waterfall;

create table waterfall.runs (
  id text primary key,
  -- hash of the input's bytes and of the options that decide what is asked: the same command finds its run again
  key text not null,
  input_name text not null,
  input_columns text[] not null,
  options jsonb not null,
  created_at timestamptz not null,
  finished_at timestamptz,
  -- launches and finds sent to the API so far
  requests integer not null default 0,
  -- milliseconds of work, over all invocations
  worked_ms bigint not null default 0,
  stop_reason text
);

create index runs_by_key on waterfall.runs (key, created_at);

-- A question within a run. Rows of the list that ask the same share one.
create table waterfall.targets (
  id bigint generated always as identity primary key,
  run_id text not null references waterfall.runs (id),
  -- of the first input row that asks it
  position integer not null,
  question_hash text not null,
  question jsonb not null,
  state text not null default 'pending',
  -- launches by this run that made, or may have made, a job
  launches integer not null default 0,
  -- launches of this question whose reply was never seen, since it was last answered
  doubts integer not null default 0,
  job_id text,
  launched_at timestamptz,
  -- of the job: an answer is as old as this
  stop_date timestamptz,
  answer jsonb,
  -- the target that holds the answer, where another one's launch brought it
  answered_by bigint references waterfall.targets (id),
  contacts integer not null default 0,
  -- null: unknown
  cost_usd numeric,
  reason text,
  settled_at timestamptz,

  constraint targets_one_per_question unique (run_id, question_hash),
  constraint targets_state check (state in (
    'pending', 'launching', 'launched', 'following',
    'found', 'no_contacts', 'cached', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt')),
  constraint targets_counts check (launches >= 0 and doubts >= 0 and contacts >= 0),
  constraint targets_launching_was_counted check (state <> 'launching' or launches > 0),
  constraint targets_polled_has_job check (state not in ('launched', 'following') or (job_id is not null and launched_at is not null)),
  constraint targets_answered_has_answer check (
    (state in ('found', 'no_contacts', 'cached')) = (answer is not null or answered_by is not null)),
  constraint targets_open_is_not_settled check (
    (state in ('pending', 'launching', 'launched', 'following')) = (settled_at is null))
);

-- Never pay twice: one unfinished launch per question, whatever run or machine it belongs to.
create unique index targets_one_open_launch on waterfall.targets (question_hash) where state in ('launching', 'launched');
-- What is left to do in a run, in order.
create index targets_open on waterfall.targets (run_id, position) where settled_at is null;
-- What is already known of a question.
create index targets_by_question on waterfall.targets (question_hash, state);
create index targets_by_job on waterfall.targets (job_id) where settled_at is null and job_id is not null;

-- The lines of the list, each with the target that answers it, or with why it is not asked.
create table waterfall.input_rows (
  run_id text not null references waterfall.runs (id),
  position integer not null,
  -- number of the line on which the row begins; the header is line 1
  line integer not null,
  -- as understood
  domain text,
  title_filter text,
  cells text[] not null,
  target_id bigint references waterfall.targets (id),
  -- null: the outcome of the target
  outcome text,
  reason text,

  constraint input_rows_pkey primary key (run_id, position),
  constraint input_rows_outcome check (outcome in ('duplicate', 'invalid')),
  constraint input_rows_has_target check ((outcome is not distinct from 'invalid') = (target_id is null))
);

create index input_rows_by_target on waterfall.input_rows (target_id);
