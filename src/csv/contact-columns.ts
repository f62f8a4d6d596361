/* The columns of the contacts sheet: made from a target's own answer, never from the merged tables. */
import type { Answer, Person } from '../core/model.ts';

/** What one contact line is made of. */
export type ContactSource = {
  row: number;
  domain: string;
  title_filter: string;
  job_id: string | null;
  /** The job's `stop_date`. */
  fetched_at: Date | null;
  answer: Answer;
  person: Person;
};

type Cell = (source: ContactSource) => unknown;

const person =
  (name: keyof Person): Cell =>
  (source) =>
    source.person[name];

/** The person's own words about their company where they have some, else the answer's company. */
const company =
  (name: string, ofPerson?: keyof Person): Cell =>
  (source) =>
    orElse(ofPerson === undefined ? undefined : source.person[ofPerson], employer(source)?.[name]);

/** The answer's company, unless the person is said to be at another one, of which we know only what the person says. */
function employer({ person, answer }: ContactSource) {
  const isElsewhere = Boolean(person.company_id) && person.company_id !== answer.company?.id;
  return isElsewhere ? undefined : answer.company;
}

/** Null and empty text both say nothing. */
const orElse = (value: unknown, other: unknown) => (value === undefined || value === null || value === '' ? other : value);

/** The default columns in their order (contract, section 4). The columns of the input follow. */
const COLUMNS: readonly (readonly [name: string, cell: Cell])[] = [
  ['domain', (source) => source.domain],
  ['title_filter', (source) => source.title_filter],
  ['first_name', person('first_name')],
  ['last_name', person('last_name')],
  ['title', person('title')],
  ['seniority', person('seniority')],
  ['department', person('department')],
  ['professional_email', person('professional_email')],
  ['email_verified', person('email_verified')],
  ['email_verified_status', person('email_verified_status')],
  ['email_confidence', person('email_confidence')],
  ['mobile_phone', person('mobile_phone')],
  ['phone_numbers', person('phone_numbers')],
  ['linkedin_url', person('linkedin_url')],
  ['location', person('location')],
  ['country', person('country')],
  ['company_name', company('company_name', 'company_name')],
  ['company_domain', company('domain', 'company_domain')],
  ['company_linkedin_url', company('linkedin_url')],
  ['company_size', company('size')],
  ['company_industry', company('linkedin_industry')],
  ['company_country', company('country')],
  ['personal_email', person('personal_email')],
  ['smtp_provider', person('smtp_provider')],
  ['mx_record', person('mx_record')],
  ['person_id', person('id')],
  ['company_id', company('id', 'company_id')],
  ['job_id', (source) => source.job_id],
  ['fetched_at', (source) => source.fetched_at?.toISOString()],
  ['row', (source) => source.row],
];

/** Names of the columns that come before the input's own. */
export const CONTACT_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** The cells of those columns for one contact, as text. */
export function contactCells(source: ContactSource): string[] {
  return COLUMNS.map(([, cell]) => cellText(cell(source)));
}

/** Names for the input's own columns behind ours: `input_<name>` where one of ours, or an earlier one, has it. */
export function inputColumnNames(ours: readonly string[], input: readonly string[]): string[] {
  const taken = new Set(ours);
  return input.map((name) => {
    let unique = taken.has(name) ? `input_${name}` : name;
    while (taken.has(unique)) unique = `input_${unique}`;
    taken.add(unique);
    return unique;
  });
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cellText).join('; ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
