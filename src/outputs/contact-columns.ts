/* The columns of the contacts: made from a target's own answer, never from the merged tables. docs/output.md explains each. */
import type { Answer, Company, Outcome, Person, Usage } from '../core/model.ts';
import type { Column } from './sheet.ts';

/** What one contact line is made of. */
export type ContactSource = {
  row: number | null;
  domain: string;
  title_filter: string;
  /** Of the input row: whether this run asked, or an earlier one. */
  outcome: Outcome;
  /** Of the input row, under its own columns. */
  cells: readonly string[];
  job_id: string | null;
  /** The job's `stop_date`. */
  fetched_at: string | null;
  answer: Answer;
  person: Person;
};

/** A column and what it holds of a contact. */
export type ContactColumn = Column & { cell: (source: ContactSource) => unknown };

/** The members of the answer that a column shows. */
type Shows = { person?: keyof Person; company?: keyof Company; usage?: keyof Usage };

type OurColumn = ContactColumn & Shows;

const ofPerson = (name: string, person: keyof Person = name): OurColumn => ({
  name,
  person,
  cell: (source) => source.person[person],
});

/** The person's own words about their company where they have some, else the answer's company. */
const ofCompany = (name: string, company: keyof Company, person?: keyof Person): OurColumn => ({
  name,
  company,
  ...(person !== undefined && { person }),
  cell: (source) => orElse(person === undefined ? undefined : source.person[person], employer(source)?.[company]),
});

/** What the answer was billed: the same for all contacts of a row. */
const ofUsage = (usage: keyof Usage): OurColumn => ({
  name: `usage_${usage}`,
  usage,
  cell: (source) => source.answer.usage?.[usage],
});

/** The answer's company, unless the person is said to be at another one, of which we know only what the person says. */
function employer({ person, answer }: ContactSource) {
  const isElsewhere = Boolean(person.company_id) && person.company_id !== answer.company?.id;
  return isElsewhere ? undefined : answer.company;
}

/** Null and empty text both say nothing. */
const orElse = (value: unknown, other: unknown) => (value === undefined || value === null || value === '' ? other : value);

const MAIN: readonly OurColumn[] = [
  { name: 'domain', cell: (source) => source.domain },
  { name: 'title_filter', cell: (source) => source.title_filter },
  ofPerson('first_name'),
  ofPerson('last_name'),
  ofPerson('title'),
  ofPerson('seniority'),
  ofPerson('department'),
  ofPerson('professional_email'),
  ofPerson('email_verified'),
  ofPerson('email_verified_status'),
  ofPerson('email_confidence'),
  ofPerson('mobile_phone'),
  ofPerson('phone_numbers'),
  { ...ofPerson('linkedin_url'), link: true },
  ofPerson('location'),
  ofPerson('country'),
  ofCompany('company_name', 'company_name', 'company_name'),
  ofCompany('company_domain', 'domain', 'company_domain'),
  { ...ofCompany('company_linkedin_url', 'linkedin_url'), link: true },
  ofCompany('company_size', 'size'),
  ofCompany('company_industry', 'linkedin_industry'),
  ofCompany('company_country', 'country'),
  ofPerson('personal_email'),
  ofPerson('smtp_provider'),
  ofPerson('mx_record'),
  ofPerson('person_id', 'id'),
  ofCompany('company_id', 'id', 'company_id'),
  { name: 'job_id', cell: (source) => source.job_id },
  { name: 'fetched_at', cell: (source) => source.fetched_at },
];
/** What belongs to the row of the list. */
const OF_ROW: readonly OurColumn[] = [
  { name: 'outcome', cell: (source) => source.outcome },
  { name: 'row', cell: (source) => source.row },
];

/** What else the API gives. */
const MORE: readonly OurColumn[] = [
  ofPerson('linkedin_id'),
  ofPerson('experiences'),
  { ...ofCompany('company_website', 'website'), link: true },
  ofCompany('company_linkedin_id', 'linkedin_id', 'company_linkedin_id'),
  ofCompany('company_linkedin_description', 'linkedin_description'),
  ofCompany('company_linkedin_logo_url', 'linkedin_logo_url'),
  ofCompany('company_linkedin_size', 'linkedin_size'),
  ofCompany('company_linkedin_type', 'linkedin_type'),
  ofCompany('company_linkedin_followers', 'linkedin_followers'),
  ofCompany('company_linkedin_founded', 'linkedin_founded'),
  ofCompany('company_linkedin_employees_count', 'linkedin_employees_count'),
  ofCompany('company_linkedin_address', 'linkedin_address'),
  ofCompany('company_generic_emails', 'generic_emails'),
  ofUsage('total_usd'),
  ofUsage('persons_usd'),
  ofUsage('phones_usd'),
  ofUsage('companies_usd'),
  ofUsage('persons_count'),
  ofUsage('phones_count'),
  ofUsage('companies_count'),
  ofUsage('balance_remaining_usd'),
  { name: 'other_members', cell: otherMembers },
];

/** The default columns in their order (contract, section 4). The columns of the input follow. */
export const CONTACT_COLUMNS: readonly ContactColumn[] = [...MAIN, ...OF_ROW];

/** All columns of ours. What belongs to the list, `outcome`, `row` and the input's own, stays at the end. */
export const ALL_CONTACT_COLUMNS: readonly ContactColumn[] = [...MAIN, ...MORE, ...OF_ROW];

const shown = (of: keyof Shows) => new Set<string>([...MAIN, ...MORE].flatMap((column) => String(column[of] ?? [])));
const SHOWN = { person: shown('person'), company: shown('company'), usage: shown('usage'), answer: new Set(['company', 'persons', 'usage']) };

/** Members of the answer that have no column, because they are newer than this program; undefined when there are none. */
function otherMembers(source: ContactSource): unknown {
  const { answer, person } = source;
  const parts = { person, company: employer(source), usage: answer.usage, answer };
  const others = Object.entries(parts).map(([part, members]) => [
    part,
    Object.entries(members ?? {}).filter(([name]) => !SHOWN[part as keyof typeof parts].has(name)),
  ] as const);
  const present = others.filter(([, members]) => members.length > 0);
  return present.length === 0 ? undefined : Object.fromEntries(present.map(([part, members]) => [part, Object.fromEntries(members)]));
}
