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
 * Upserts `$<parameter>::json`, a list of company records, each with the call that brought it (`call_id`), our moment (`at`) and the
 * provider's (`answered_at`). `condition` is SQL about `given`.
 */
export function upsertCompanies(parameter: number, condition: string): string {
  const isLate = 'excluded.answered_at < kept.answered_at';
  return upsert('companies', COMPANY_COLUMNS, {
    rows: `select distinct on (id) id, ${namesOf(COMPANY_COLUMNS)}, at, at, answered_at
    from json_to_recordset($${parameter}::json) as given (call_id bigint, at timestamptz, answered_at timestamptz, id text, ${typed(COMPANY_COLUMNS)})
    where ${condition}
    order by id, answered_at desc`,
    merged: (latest, filled) => `case when ${isLate} then ${filled} else ${latest} end`,
    moment: 'answered_at',
  });
}

/**
 * Upserts the people of answers. `links` is SQL that gives rows of `call_id, position, contact_id, company_id, identifiers, at` and the
 * answer that has the person at that position. Of `late` answers, whose people are in one that is later, only what is not known is taken.
 */
export function upsertContacts(links: string, { isLate }: { isLate: boolean }): string {
  return upsert('contacts', { company_id: 'text', identifiers: 'keys', ...PERSON_COLUMNS }, {
    rows: `select distinct on (link.contact_id) link.contact_id, link.company_id, link.identifiers, ${namesOf(PERSON_COLUMNS)}, link.at, link.at
    from (${links}) as link,
      jsonb_to_record(link.answer -> 'persons' -> link.position) as person (${typed(PERSON_COLUMNS)})
    order by link.contact_id, link.position desc`,
    merged: (latest, filled) => (isLate ? filled : latest),
  });
}

/** Whether somebody (`link.contact_id`) is in an answer that is later than a moment of its provider. */
export const isInLaterAnswer = (moment: string) => `exists (
  select from waterfall.answer_contacts as held join waterfall.answers as later on later.id = held.answer_id
  where held.contact_id = link.contact_id and least(later.answered_at, later.saved_at) > ${moment})`;

type Columns = Readonly<Record<string, string>>;

const namesOf = (columns: Columns) => Object.keys(columns).join(', ');
const typed = (columns: Columns) => Object.entries(columns).map(([name, type]) => `${name} ${type}`).join(', ');

/**
 * Writes the statement from the list of columns: null, '' and empty lists never erase a known value, and a row
 * that stays as it is is not touched. The rows come sorted by id, so that two processes lock them in the same order. `merged` chooses
 * between the value that a later answer gives, and the one that fills what is not known. `moment` is a column that only grows.
 */
function upsert(
  table: string,
  columns: Columns,
  { rows, merged, moment }: { rows: string; merged: (latest: string, filled: string) => string; moment?: string },
): string {
  const names = Object.keys(columns);
  const values = names.map((name) => {
    if (columns[name] === 'keys') return bothOf(name);
    const [given, kept] = [known('excluded', name, columns[name]), known('kept', name, columns[name])];
    return merged(`coalesce(${given}, kept.${name})`, `coalesce(${kept}, excluded.${name})`);
  });
  const sets = [...names.map((name, index) => `${name} = ${values[index]}`), ...(moment === undefined ? [] : [`${moment} = greatest(kept.${moment}, excluded.${moment})`])];
  // An answer that says nothing confirms nothing.
  const saysAnything = `num_nonnulls(${names.map((name) => known('excluded', name, columns[name])).join(', ')}) > 0`;
  const compared = moment === undefined ? '' : ` or excluded.${moment} > kept.${moment} and ${saysAnything}`;
  return `
    insert into waterfall.${table} as kept (id, ${names.join(', ')}, created_at, updated_at${moment === undefined ? '' : `, ${moment}`})
    ${rows}
    on conflict (id) do update
    set ${sets.join(', ')}, updated_at = ${moment === undefined ? 'excluded.updated_at' : `case when ${changed(names, values)} then excluded.updated_at else kept.updated_at end`}
    where ${changed(names, values)}${compared}`;
}

const changed = (names: readonly string[], values: readonly string[]) => `(${names.map((name) => `kept.${name}`).join(', ')}) is distinct from (${values.join(', ')})`;

/** Of all that somebody was ever known by nothing is dropped. */
const bothOf = (name: string) => `case when excluded.${name} <@ kept.${name} then kept.${name} else excluded.${name} || kept.${name} end`;

function known(row: 'excluded' | 'kept', name: string, type: string | undefined): string {
  switch (type) {
    case 'text':
      return `nullif(${row}.${name}, '')`;
    case 'text[]':
      return `nullif(${row}.${name}, '{}')`;
    case 'jsonb':
      return `nullif(${row}.${name}, '[]')`;
    default:
      return `${row}.${name}`;
  }
}
