-- Rows that --exclude-domain keeps from being asked: like invalid ones they have no target, and unlike those they are no fault.
alter table waterfall.input_rows
  drop constraint input_rows_outcome,
  drop constraint input_rows_has_target,
  add constraint input_rows_outcome check (outcome in ('duplicate', 'invalid', 'excluded')),
  add constraint input_rows_has_target check (coalesce(outcome in ('invalid', 'excluded'), false) = (target_id is null));
