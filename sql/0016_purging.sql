-- Purging: a run goes with its rows, and what others may still need of it stays: answers that are known, failures, calls that may yet be billed.
-- Such a question belongs to no run any more.
alter table waterfall.runs
  drop constraint runs_state,
  add constraint runs_state check (state in ('importing', 'running', 'done', 'done_with_failures', 'stopped', 'purging'));
alter table waterfall.runs drop constraint runs_done_is_finished;
alter table waterfall.runs add constraint runs_done_is_finished check (state = 'purging' or (state in ('done', 'done_with_failures')) = (finished_at is not null));
alter table waterfall.targets alter column run_id drop not null;
-- Those of purged runs.
create index targets_of_no_run on waterfall.targets (id) where run_id is null;
-- A run is deleted without a look at the questions of all others: by the reference to it, each of them is asked whether it is its own.
create index targets_by_run on waterfall.targets (run_id);
