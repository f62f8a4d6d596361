/* The tables of companies and contacts: one upsert statement per answer. */
import type { CompanyRecord, ContactRecord } from '../core/contact.ts';
import type { Queryable } from './database.ts';
import { storableJson } from './storable.ts';

const COMPANY_COLUMNS = {
  domain: 'text',
  company_name: 'text',
  website: 'text',
  linkedin_id: 'text',
  linkedin_url: 'text',
  linkedin_description: 'text',
  linkedin_logo_url: 'text',
  size: 'text',
  linkedin_size: 'text',
  linkedin_industry: 'text',
  linkedin_type: 'text',
  linkedin_followers: 'bigint',
  linkedin_founded: 'bigint',
  linkedin_employees_count: 'bigint',
  linkedin_address: 'text',
  country: 'text',
  generic_emails: 'text[]',
} as const;

const CONTACT_COLUMNS = {
  company_id: 'text',
  first_name: 'text',
  last_name: 'text',
  title: 'text',
  seniority: 'text',
  department: 'text',
  professional_email: 'text',
  email_verified: 'boolean',
  email_verified_status: 'text',
  email_confidence: 'text',
  smtp_provider: 'text',
  mx_record: 'text',
  personal_email: 'text',
  mobile_phone: 'text',
  phone_numbers: 'text[]',
  linkedin_id: 'text',
  linkedin_url: 'text',
  location: 'text',
  country: 'text',
  company_linkedin_id: 'text',
  company_name: 'text',
  company_domain: 'text',
  experiences: 'jsonb',
} as const;

const UPSERT_COMPANIES = upsert('companies', COMPANY_COLUMNS);
const UPSERT_CONTACTS = upsert('contacts', CONTACT_COLUMNS);

/** Inserts or updates companies as of `at`; rows that do not change are not rewritten. */
export async function upsertCompanies(database: Queryable, companies: readonly CompanyRecord[], at: Date): Promise<void> {
  if (companies.length > 0) await database.query(UPSERT_COMPANIES, [storableJson(companies), at]);
}

/** Inserts or updates contacts as of `at`; their companies must be there. Rows that do not change are not rewritten. */
export async function upsertContacts(database: Queryable, contacts: readonly ContactRecord[], at: Date): Promise<void> {
  if (contacts.length > 0) await database.query(UPSERT_CONTACTS, [storableJson(contacts), at]);
}

/** Notes which contacts a target brought, in the API's order. Repeating it changes nothing. */
export async function linkContacts(
  database: Queryable,
  target_id: number,
  links: readonly { position: number; contact_id: string }[],
): Promise<void> {
  if (links.length === 0) return;
  await database.query(
    `insert into waterfall.target_contacts (target_id, position, contact_id)
     select $1, link.position, link.contact_id
     from json_to_recordset($2::json) as link (position integer, contact_id text)
     on conflict do nothing`,
    [target_id, storableJson(links)],
  );
}

/**
 * Writes the statement once, from the list of columns: null, '' and empty lists never erase a known value, and a row
 * that stays as it is is not touched. Sorted by id, so that two processes lock the same rows in the same order.
 */
function upsert(table: string, columns: Readonly<Record<string, string>>): string {
  const names = Object.keys(columns);
  const list = names.join(', ');
  const typed = names.map((name) => `${name} ${columns[name]}`).join(', ');
  const merged = names.map((name) => `coalesce(${known(name, columns[name])}, kept.${name})`);
  return `
    insert into waterfall.${table} as kept (id, ${list}, created_at, updated_at)
    select distinct on (id) id, ${list}, $2::timestamptz, $2::timestamptz
    from json_to_recordset($1::json) as given (id text, ${typed})
    order by id
    on conflict (id) do update
    set ${names.map((name, index) => `${name} = ${merged[index]}`).join(', ')}, updated_at = excluded.updated_at
    where (${names.map((name) => `kept.${name}`).join(', ')}) is distinct from (${merged.join(', ')})`;
}

function known(name: string, type: string | undefined): string {
  switch (type) {
    case 'text':
      return `nullif(excluded.${name}, '')`;
    case 'text[]':
      return `nullif(excluded.${name}, '{}')`;
    case 'jsonb':
      return `nullif(excluded.${name}, '[]')`;
    default:
      return `excluded.${name}`;
  }
}
