/* The upserts of companies and contacts, as parts of the one statement that saves an answer (settle.ts). */

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

/**
 * Upserts `$<parameter>::json`, a list of company records, each with the job that brought it (`job_id`) and the moment it
 * is true for (`at`). `condition` is SQL about `given`.
 */
export function upsertCompanies(parameter: number, condition: string): string {
  return upsert('companies', COMPANY_COLUMNS, { parameter, condition });
}

/** The same for contact records. */
export function upsertContacts(parameter: number, condition: string): string {
  return upsert('contacts', CONTACT_COLUMNS, { parameter, condition });
}

/**
 * Writes the statement from the list of columns: null, '' and empty lists never erase a known value, and a row
 * that stays as it is is not touched. Sorted by id, so that two processes lock the same rows in the same order.
 */
function upsert(
  table: string,
  columns: Readonly<Record<string, string>>,
  from: { parameter: number; condition: string },
): string {
  const names = Object.keys(columns);
  const list = names.join(', ');
  const typed = names.map((name) => `${name} ${columns[name]}`).join(', ');
  const merged = names.map((name) => `coalesce(${known(name, columns[name])}, kept.${name})`);
  return `
    insert into waterfall.${table} as kept (id, ${list}, created_at, updated_at)
    select distinct on (id) id, ${list}, at, at
    from json_to_recordset($${from.parameter}::json) as given (job_id text, at timestamptz, id text, ${typed})
    where ${from.condition}
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
