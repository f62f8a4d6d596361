/* A finished job's answer -> the companies as the tables keep them, and which of its people become contacts. */
import type { Answer, Company, Person } from '../../core/model.ts';

/** One row of `waterfall.companies`, without its dates. */
export type CompanyRecord = { id: string } & Record<string, unknown>;
/** A contact at its place in the answer, with the company it is kept with. All else is in the answer itself. */
export type ContactLink = { position: number; contact_id: string; company_id: string | null };

/** Ids are UUIDs (36 characters) in all examples. One that no index could hold is treated as absent. */
const LONGEST_ID = 200;

/**
 * What an answer adds to the tables. A person without an id cannot be told from another, so it is in the
 * answer and on the CSV, but in no table; the same person twice in one answer has two links, of which the later counts.
 */
export function recordsOf(answer: Answer): { companies: CompanyRecord[]; links: ContactLink[] } {
  const company = companyRecord(answer.company);
  const companies = new Map<string, CompanyRecord>();
  const links: ContactLink[] = [];

  if (company !== undefined) companies.set(company.id, company);
  for (const [position, person] of (answer.persons ?? []).entries()) {
    const contact_id = usableId(person.id);
    if (contact_id === undefined) continue;
    const company_id = usableId(person.company_id) ?? company?.id ?? null;
    // A person may belong to a company other than the one that was asked for; all we know of it is in the person.
    if (company_id !== null && !companies.has(company_id)) companies.set(company_id, companyOfPerson(company_id, person));
    links.push({ position, contact_id, company_id });
  }
  return { companies: [...companies.values()], links };
}

function companyRecord(company: Company | null | undefined): CompanyRecord | undefined {
  const id = usableId(company?.id);
  if (company === null || company === undefined || id === undefined) return undefined;
  return {
    ...company,
    id,
    linkedin_followers: wholeNumber(company.linkedin_followers),
    linkedin_founded: wholeNumber(company.linkedin_founded),
    linkedin_employees_count: wholeNumber(company.linkedin_employees_count),
  };
}

function companyOfPerson(id: string, person: Person): CompanyRecord {
  return { id, domain: person.company_domain, company_name: person.company_name, linkedin_id: person.company_linkedin_id };
}

function usableId(id: string | null | undefined): string | undefined {
  return id !== null && id !== undefined && id !== '' && id.length <= LONGEST_ID ? id : undefined;
}

/** The vendor does not state the types of these; text that is no whole number is left out. */
function wholeNumber(value: number | string | null | undefined): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : null;
}
