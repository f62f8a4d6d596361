-- Companies and contacts, as last known. Ids are the API's. Empty values never erase known ones, and a row that did
-- not change is not rewritten, so `updated_at` can drive a sync into another system.

create table waterfall.companies (
  id text primary key,
  domain text,
  company_name text,
  website text,
  linkedin_id text,
  linkedin_url text,
  linkedin_description text,
  linkedin_logo_url text,
  size text,
  linkedin_size text,
  linkedin_industry text,
  linkedin_type text,
  linkedin_followers bigint,
  linkedin_founded bigint,
  linkedin_employees_count bigint,
  linkedin_address text,
  country text,
  generic_emails text[],
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table waterfall.contacts (
  id text primary key,
  -- the latest known
  company_id text references waterfall.companies (id),
  first_name text,
  last_name text,
  title text,
  seniority text,
  department text,
  professional_email text,
  email_verified boolean,
  email_verified_status text,
  email_confidence text,
  smtp_provider text,
  mx_record text,
  personal_email text,
  mobile_phone text,
  phone_numbers text[],
  linkedin_id text,
  linkedin_url text,
  location text,
  country text,
  company_linkedin_id text,
  company_name text,
  company_domain text,
  experiences jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create index contacts_by_company on waterfall.contacts (company_id);

-- Which target brought which contact, in the API's order.
create table waterfall.target_contacts (
  target_id bigint not null references waterfall.targets (id),
  position integer not null,
  contact_id text not null references waterfall.contacts (id),
  constraint target_contacts_pkey primary key (target_id, position)
);

create index target_contacts_by_contact on waterfall.target_contacts (contact_id);

-- Contacts with their company, one line each, for people who query by hand.
create view waterfall.contact_list as
select
  contact.id as person_id,
  contact.first_name,
  contact.last_name,
  contact.title,
  contact.seniority,
  contact.department,
  contact.professional_email,
  contact.email_verified,
  contact.email_verified_status,
  contact.email_confidence,
  contact.personal_email,
  contact.mobile_phone,
  contact.phone_numbers,
  contact.linkedin_url,
  contact.location,
  contact.country,
  contact.company_id,
  coalesce(company.company_name, contact.company_name) as company_name,
  coalesce(company.domain, contact.company_domain) as company_domain,
  company.linkedin_url as company_linkedin_url,
  company.size as company_size,
  company.linkedin_industry as company_industry,
  company.country as company_country,
  contact.created_at,
  contact.updated_at
from waterfall.contacts as contact
left join waterfall.companies as company on company.id = contact.company_id;
