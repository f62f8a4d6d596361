-- An answer that comes late says what was true before: it never overwrites what a later one said. Of contacts the answers that hold them
-- tell which was the latest; companies stand in no such list, and keep the moment themselves.

-- of the provider, of the answer whose values these are
alter table waterfall.companies add column answered_at timestamptz;
update waterfall.companies as company set answered_at = latest.answered_at
from (
  select contact.company_id as id, max(least(answer.answered_at, answer.saved_at)) as answered_at
  from waterfall.answers as answer
  join waterfall.answer_contacts as link on link.answer_id = answer.id
  join waterfall.contacts as contact on contact.id = link.contact_id
  group by 1
) as latest
where company.id = latest.id;
update waterfall.companies set answered_at = updated_at where answered_at is null;
alter table waterfall.companies alter column answered_at set default waterfall.moment(), alter column answered_at set not null;
