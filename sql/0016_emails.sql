-- A second kind of question: addresses, of which an answer has a verdict, and which several providers may be asked in turn.

alter table waterfall.answers
  -- of an address; null: the answer is of another kind
  add column verdict text;

alter table waterfall.targets
  -- whose turn it is, of the providers in their order
  add column turn smallint not null default 0,
  add column last_turn smallint not null default 0,
  drop constraint targets_state,
  add constraint targets_state check (state in (
    'pending', 'launching', 'launched', 'following',
    'found', 'no_contacts', 'not_found', 'cached', 'rejected', 'job_failed', 'job_lost', 'timed_out', 'in_doubt'));
