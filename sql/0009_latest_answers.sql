-- The latest answers of an API, with contacts or without, from which the expected cost of a run is reckoned. What only had those with
-- contacts is served by it too.
create index targets_latest_answers on waterfall.targets ((question ->> 'api_host'), settled_at) where state in ('found', 'no_contacts') and answer is not null;
drop index waterfall.targets_billed;
