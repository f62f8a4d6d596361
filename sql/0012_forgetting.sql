-- Who is in which answer, found by an index: a person is forgotten in milliseconds, whatever the history, and by hashes alone.

-- Hashes of what a person is known by, as `forgotten` keeps them: without the blanks that the program trims (core/forgotten.ts), and an
-- empty text is nothing. A set, since that is planned as a part of its statement: as a function of its own it took ten times as long.
create function waterfall.identifier_hashes(id text, professional_email text, personal_email text) returns setof text
language sql immutable parallel safe as $$
  select encode(sha256(convert_to(named || trimmed, 'UTF8')), 'hex')
  from (values ('id:', id), ('email:', lower(professional_email)), ('email:', lower(personal_email))) as known (named, identifier),
    btrim(identifier, E' \t\n\u000b\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff') as trimmed
  where trimmed <> ''
$$;

-- The first 64 bits of a hash, as rows have them: enough to find a person by, not to tell two apart.
create function waterfall.hash_key(hash text) returns bigint
language sql immutable parallel safe as $$ select ('x' || left(hash, 16))::bit(64)::bigint $$;

-- Keys of everybody in the answer, and of the contact: of all that they were known by. The program writes them with the rest.
alter table waterfall.targets add column people bigint[];
alter table waterfall.contacts add column identifiers bigint[];

update waterfall.targets set people = array(
  select distinct waterfall.hash_key(hash) from jsonb_path_query(answer, '$.persons[*]') as person,
    waterfall.identifier_hashes(person ->> 'id', person ->> 'professional_email', person ->> 'personal_email') as hash)
where answer is not null;
update waterfall.contacts set identifiers = array(
  select distinct waterfall.hash_key(hash) from waterfall.identifier_hashes(id, professional_email, personal_email) as hash);

-- A look-up reads what is still pending too: so little is.
create index targets_by_person on waterfall.targets using gin (people) with (gin_pending_list_limit = 256) where people is not null;
create index contacts_by_identifier on waterfall.contacts using gin (identifiers) with (gin_pending_list_limit = 256);
