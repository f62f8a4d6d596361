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

const PERSON_COLUMNS = {
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
 * Upserts `$<parameter>::json`, a list of company records, each with the call that brought it (`call_id`) and the moment it
 * is true for (`at`). `condition` is SQL about `given`.
 */
export function upsertCompanies(parameter: number, condition: string): string {
  return upsert(
    'companies',
    COMPANY_COLUMNS,
    `select distinct on (id) id, ${namesOf(COMPANY_COLUMNS)}, at, at
    from json_to_recordset($${parameter}::json) as given (call_id bigint, at timestamptz, id text, ${typed(COMPANY_COLUMNS)})
    where ${condition}
    order by id`,
  );
}

/**
 * Upserts the people of answers. `links` is SQL that gives rows of `call_id, position, contact_id, company_id, identifiers, at` and the
 * answer that has the person at that position.
 */
export function upsertContacts(links: string): string {
  return upsert(
    'contacts',
    { company_id: 'text', identifiers: 'keys', ...PERSON_COLUMNS },
    `select distinct on (link.contact_id) link.contact_id, link.company_id, link.identifiers, ${namesOf(PERSON_COLUMNS)}, link.at, link.at
    from (${links}) as link,
      jsonb_to_record(link.answer -> 'persons' -> link.position) as person (${typed(PERSON_COLUMNS)})
    order by link.contact_id, link.position desc`,
  );
}

type Columns = Readonly<Record<string, string>>;

const namesOf = (columns: Columns) => Object.keys(columns).join(', ');
const typed = (columns: Columns) => Object.entries(columns).map(([name, type]) => `${name} ${type}`).join(', ');

/**
 * Writes the statement from the list of columns: null, '' and empty lists never erase a known value, and a row
 * that stays as it is is not touched. The rows come sorted by id, so that two processes lock them in the same order.
 */
function upsert(table: string, columns: Columns, rows: string): string {
  const names = Object.keys(columns);
  const merged = names.map((name) => (columns[name] === 'keys' ? bothOf(name) : `coalesce(${known(name, columns[name])}, kept.${name})`));
  return `
    insert into waterfall.${table} as kept (id, ${names.join(', ')}, created_at, updated_at)
    ${rows}
    on conflict (id) do update
    set ${names.map((name, index) => `${name} = ${merged[index]}`).join(', ')}, updated_at = excluded.updated_at
    where (${names.map((name) => `kept.${name}`).join(', ')}) is distinct from (${merged.join(', ')})`;
}

/** Of all that somebody was ever known by nothing is dropped. */
const bothOf = (name: string) => `case when excluded.${name} <@ kept.${name} then kept.${name} else excluded.${name} || kept.${name} end`;

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
