/*
 * Invented people and companies. Everything follows from hashes: a company from its domain, a person from the domain and the
 * title, so the same question is answered byte for byte the same, and somebody whom two questions find is the same
 * person with the same id in both. Names are made up; addresses and phone numbers that exist are not used:
 * `.example` hosts, the domain that was asked for, and numbers reserved for fiction.
 */
import { parseTitleFilter } from '../kinds/contacts/title-filter.ts';
import { hash32, mulberry32, pick, uuidOf } from './chance.ts';
import type { LaunchTask } from './launch-request.ts';
import { AREA_CODES, FORMER, INDUSTRIES, LATIN, OTHER_SCRIPTS, PLACES, plainText, SIZES } from './names.ts';
import { departmentOf, seniorityOf, titlesFor } from './titles.ts';

type SandboxCompany = ReturnType<typeof companyAt>;
type SandboxPerson = ReturnType<typeof personAt>;
/** Who was found, with what the bill counts. */
export type Found = { company: SandboxCompany; persons: SandboxPerson[]; phones: number };

/** Most people by default; one domain in thirteen has none. */
const MOST_BY_DEFAULT = 12;
/** People looked at for each one wanted, before places or excluded names leave the list short. */
const LOOKED_AT = 40;
/** Filters whose titles are kept ready. */
const KEPT_FILTERS = 500;

/**
 * Makes the function that answers a launch. `personsPerCompany` fixes how many people a company has; without it that
 * depends on the domain, 0 to 12. The limit cuts the list: a lower limit gives the first people of a higher one.
 */
export function createPeople(personsPerCompany?: number): (task: LaunchTask) => Found {
  const titlesByFilter = new Map<string, string[]>();

  const titlesOf = (filter: string): string[] => {
    let titles = titlesByFilter.get(filter);
    if (!titles) {
      const parsed = parseTitleFilter(filter);
      titles = parsed.ok ? titlesFor(parsed.expression) : [];
      if (titlesByFilter.size >= KEPT_FILTERS) titlesByFilter.clear();
      titlesByFilter.set(filter, titles);
    }
    return titles;
  };

  return (task) => {
    const available = personsPerCompany ?? hash32(`count|${task.domain}`) % (MOST_BY_DEFAULT + 1);
    const filters = task.title_filter === undefined ? (task.title_filters ?? []) : [{ filter: task.title_filter }];
    const company = companyAt(task.domain);
    const admits = admission(task);
    const persons: SandboxPerson[] = [];
    const names = new Set<string>();
    filters.forEach(({ filter }, place) => {
      // Each filter has its share of the company's people, so that several filters all get their turn.
      const wanted = Math.min(task.limit, Math.ceil((available * (place + 1)) / filters.length));
      const titles = titlesOf(filter);
      const looks = titles.length === 0 ? 0 : (wanted - persons.length) * LOOKED_AT;
      for (let turn = 0; turn < looks && persons.length < wanted; turn += 1) {
        const title = titles[(turn + hash32(`${task.domain}|${filter}`)) % titles.length] ?? '';
        const person = personAt(company, title, Math.floor(turn / titles.length));
        const name = `${person.first_name} ${person.last_name}`;
        if (names.has(name) || !admits(person, name)) continue;
        names.add(name);
        persons.push(task.include_phones ? person : { ...person, mobile_phone: null, phone_numbers: [] });
      }
    });
    return { company, persons, phones: persons.filter((person) => person.phone_numbers.length > 0).length };
  };
}

function admission(task: LaunchTask): (person: SandboxPerson, name: string) => boolean {
  const countries = (task.location_countries ?? (task.location_country ? [task.location_country] : [])).map(plainText);
  const excluded = new Set(task.excluded_names?.map(plainText));
  const place = plainText(task.location_name ?? '');
  return (person, name) =>
    (!task.verified_only || person.email_verified_status !== 'catch_all') &&
    (countries.length === 0 || countries.includes(plainText(person.country ?? ''))) &&
    (place === '' || plainText(person.location ?? '').includes(place)) &&
    (excluded.size === 0 || !excluded.has(plainText(name)));
}

function companyAt(domain: string) {
  const random = mulberry32(hash32(`company|${domain}`));
  const label = domain.split('.', 1).join('');
  const name = label.replaceAll('-', ' ').replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase());
  const size = pick(SIZES, random());
  const industry = pick(INDUSTRIES, random());
  const slug = `${domain.replaceAll('.', '-')}-sandbox-example`;
  const place = pick(PLACES, random());
  return {
    id: uuidOf(`company|${domain}`),
    domain,
    company_name: `${name} (Sandbox)`,
    website: `https://www.${domain}/`,
    linkedin_id: slug,
    linkedin_url: `https://www.linkedin.com/company/${slug}/`,
    // Commas, quotes and line ends, since real profiles have them and spreadsheets trip over them.
    linkedin_description: `An invented company, "made to order".\n${industry}; for trials only.`,
    linkedin_logo_url: `https://cdn.example.com/logos/${slug}.png`,
    size,
    linkedin_size: size,
    linkedin_industry: industry,
    linkedin_type: random() < 0.7 ? 'Privately Held' : 'Public Company',
    linkedin_followers: Math.floor(random() * 90_000),
    linkedin_founded: 1900 + Math.floor(random() * 124),
    linkedin_employees_count: Math.floor(random() * 9000) + 2,
    linkedin_address: `${Math.floor(random() * 98) + 1} Quay Lane, ${place.location}`,
    country: place.country,
    generic_emails: random() < 0.6 ? [`hello@${domain}`] : [],
  };
}

/** The person who has this title at this company; `ordinal` tells several of them apart. */
function personAt(company: SandboxCompany, title: string, ordinal: number) {
  const key = `${company.domain}|${title}|${ordinal}`;
  const random = mulberry32(hash32(key));
  const culture = random() < 0.93 ? LATIN : pick(OTHER_SCRIPTS, random());
  const first = pick(culture.first, random());
  const last = pick(culture.last, random());
  const place = random() < 0.92 ? pick(PLACES, random()) : null;
  const slug = `${first.slug}-${last.slug}`;
  // Some have no profile and some no address at all, as in the API's own examples.
  const profile = random() < 0.92 ? `${slug}-${hash32(key).toString(36)}-example` : null;
  const mail = pick(['safe', 'safe', 'safe', 'safe', 'safe', 'safe', 'catch_all', null], random());
  const personal = random() < 0.1;
  const phone = random() < 0.55 ? phoneNumber(random()) : null;
  const second = random() < 0.3 ? phoneNumber(random()) : null;
  const current = experience(title, place?.location ?? null, company.company_name, company.linkedin_id, company.domain, null);
  const former = pick(FORMER, random());
  const left = `${2012 + Math.floor(random() * 12)}-0${Math.floor(random() * 9) + 1}-01`;
  const formerDomain = `${former.slug}.example`;
  const before = experience('Associate', null, former.written, `${former.slug}-example`, formerDomain, left);
  return {
    id: uuidOf(`person|${key}`),
    first_name: first.written,
    last_name: last.written,
    linkedin_id: profile,
    linkedin_url: profile && `https://www.linkedin.com/in/${profile}/`,
    personal_email: personal ? `${first.slug}.${last.slug}@mail.example` : null,
    location: place?.location ?? null,
    country: place?.country ?? null,
    company_id: company.id,
    company_linkedin_id: company.linkedin_id,
    company_name: company.company_name,
    company_domain: company.domain,
    professional_email: mail && `${first.slug}.${last.slug}@${company.domain}`,
    mobile_phone: phone,
    phone_numbers: [phone, phone === null || phone === second ? null : second].filter((number) => number !== null),
    title,
    seniority: seniorityOf(title),
    department: departmentOf(title),
    experiences: random() < 0.5 ? [current] : [current, before],
    email_verified: mail && mail === 'safe',
    email_confidence: mail && (mail === 'safe' ? 'high' : 'medium'),
    email_verified_status: mail,
    smtp_provider: mail && pick(['Google', 'Microsoft', 'Other'], hash32(`mail|${company.domain}`) / 2 ** 32),
    mx_record: mail && `mx1.${company.domain}`,
  };
}

function experience(title: string, location: string | null, name: string, slug: string, domain: string, left: string | null) {
  return {
    title,
    location,
    company_name: name,
    company_linkedin_id: slug,
    company_linkedin_url: `https://www.linkedin.com/company/${slug}/`,
    company_domain: domain,
    is_current: left === null,
    end_date: left,
  };
}

function phoneNumber(chance: number): string {
  const number = Math.floor(chance * 100 * AREA_CODES.length);
  return `+1${pick(AREA_CODES, chance)}55501${String(number % 100).padStart(2, '0')}`;
}
