/* Which column of the list is which, by the names in its header. */
import { closest } from '../core/closest.ts';
import { addressOf, cleaned, wordsOf } from '../core/address.ts';
import { companyDomain } from '../core/domain.ts';
import { UsageError, type Problem } from '../core/errors.ts';
import { ownOutput, RENAMED, reportHead } from '../core/own-outputs.ts';
import { beginning } from '../core/text.ts';

/** The columns of a list. The numbers are places in `names`, from 0. */
export type ListColumns = {
  /** As in the header, trimmed; a repeated name gets `_2`, `_3`, ...; an empty one becomes `column_<n>`, n from 1. */
  names: string[];
  /** Of a list of companies. */
  domain?: number;
  /** Of a list of addresses. */
  email?: number;
  /** The domain column holds the domains of e-mail addresses, as its name says. */
  isMailDomain?: true;
  filter?: number;
  company_name?: number;
  linkedin?: number;
  /** The list is a report of ours: what it was made of stands behind so many columns. */
  behind?: number;
};

/** What each row of a list is about. */
export type Subject = 'domain' | 'email';

/** What the options say of the columns, and of what the list shall be. */
export type ColumnOptions = {
  subject?: Subject | undefined;
  domainColumn?: string | undefined;
  filterColumn?: string | undefined;
  emailColumn?: string | undefined;
  asList?: boolean | undefined;
};

/** Names in the order in which they are looked for, without spaces, dots, hyphens and underscores; docs/input.md lists them. */
export const KNOWN_NAMES = {
  domain: [
    'domain', 'companydomain', 'companydomainname', 'accountdomain', 'organizationdomain', 'primarydomain', 'rootdomain', 'domainname',
    'companywebsite', 'companywebsiteurl', 'accountwebsite', 'organizationwebsite', 'companyhomepage', 'companyurl', 'website', 'websiteurl',
    'webseite', 'internetseite', 'siteweb', 'sitioweb', 'paginaweb', 'sitoweb', 'сайт', 'домен', 'homepage', 'webaddress', 'webpage', 'www', 'web',
    'site', 'url', 'emaildomain',
  ],
  filter: [
    'titlefilter', 'filter', 'titles', 'titlefilters', 'jobtitles', 'jobtitlefilter', 'titleexpression', 'filters',
    'targettitles', 'personatitles', 'roles',
  ],
  company_name: [
    'companyname', 'company', 'accountname', 'organizationname', 'organisationname', 'organization', 'organisation',
    'account', 'businessname', 'legalname', 'firm',
  ],
  linkedin: [
    'companylinkedinurl', 'companylinkedin', 'linkedincompanyurl', 'linkedincompany', 'organizationlinkedinurl',
    'accountlinkedinurl', 'companylinkedinpage', 'linkedinpage',
  ],
  email: [
    'email', 'emailaddress', 'mail', 'mailaddress', 'emailid', 'workemail', 'workemailaddress', 'businessemail', 'businessemailaddress', 'companyemail',
    'corporateemail', 'professionalemail', 'professionalemailaddress', 'contactemail', 'contactemailaddress', 'primaryemail', 'leademail', 'personemail',
    'prospectemail', 'recipientemail', 'useremail', 'emailaddresses', 'emails', 'email1', 'emailadresse', 'mailadresse', 'correo', 'correoelectrónico',
    'correoelectronico', 'courriel', 'adresseemail', 'adressemail', 'adressemel', 'indirizzoemail', 'почта', 'personalemail',
  ],
} as const;

/** What our contacts call the address at work; the column of the list that they came from may be called `email`. */
const OF_OUR_CONTACTS = 'professionalemail';

/** The part behind the @: who writes from a mail provider works somewhere else. */
const MAIL_DOMAINS = /^(?:e?mail|(?:contact|lead|person|work)?email)domain$/;

/** These mean the company only where no column is about a person: a person's name or page would be a wrong hint. */
const OF_COMPANY_OR_PERSON = { company_name: ['name'], linkedin: ['linkedinurl', 'linkedin', 'linkedinprofile'] } as const;
const OF_PERSON = new Set(['firstname', 'lastname', 'fullname', 'surname', 'email', 'emailaddress', 'jobtitle', 'title', 'contactname']);

/**
 * Finds the columns by the names in the header, in any case and spacing. The options name a column instead.
 * @throws UsageError with every problem: a report of another kind, no column of domains or addresses, a named column that is not there, a name that is there twice.
 */
export function chooseColumns(
  header: readonly string[],
  options: ColumnOptions = {},
): ListColumns {
  const names = uniqueNames(header);
  const { subject = 'domain' } = options;
  const own = ownOutput(header);
  if (options.asList !== true && (own === 'report' || own === 'email_report')) return columnsOfReport(names, subject);
  const keys = header.map(keyOf);
  const problems: Problem[] = [];

  const named = (flag: string, wanted: string): number | undefined => {
    const exact = names.indexOf(wanted.trim());
    if (exact >= 0) return exact;
    const found = placesOf(keys, keyOf(wanted));
    if (found.length > 1) problems.push(repeated(flag, names, found));
    if (found.length === 0) {
      const similar = closest(wanted, names, keyOf);
      const hint = similar === undefined ? '' : `did you mean ${shown(similar)}? `;
      problems.push({ what: `the list has no column "${wanted.trim()}" (${flag})`, fix: `${hint}Its columns are ${listed(names)}` });
    }
    return found[0];
  };
  const known = (candidates: readonly string[], flag: string): number | undefined => {
    const found = knownPlaces(header, candidates);
    if (found.length > 1) problems.push(repeated(flag, names, found));
    return found[0];
  };

  if (subject === 'email') {
    const candidates = own === 'contacts' ? [OF_OUR_CONTACTS, ...KNOWN_NAMES.email] : KNOWN_NAMES.email;
    const email = options.emailColumn === undefined ? known(candidates, '--email-column') : named('--email-column', options.emailColumn);
    if (email === undefined && options.emailColumn === undefined && problems.length === 0) problems.push(noEmailColumn(header, names));
    if (problems.length > 0 || email === undefined) throw new UsageError(problems);
    return { names, email };
  }
  const domain =
    options.domainColumn === undefined ? known(KNOWN_NAMES.domain, '--domain-column') : named('--domain-column', options.domainColumn);
  const filter =
    options.filterColumn === undefined ? known(KNOWN_NAMES.filter, '--filter-column') : named('--filter-column', options.filterColumn);
  if (domain === undefined && options.domainColumn === undefined) problems.push(noDomainColumn(header, names));
  if (domain !== undefined && domain === filter) {
    problems.push({
      what: `"${names[domain] ?? ''}" cannot hold both the domain and the title filter`,
      fix: 'choose two columns with --domain-column and --filter-column',
    });
  }
  if (problems.length > 0 || domain === undefined) throw new UsageError(problems);

  const columns: ListColumns = { names, domain };
  if (MAIL_DOMAINS.test(keys[domain] ?? '')) columns.isMailDomain = true;
  if (filter !== undefined) columns.filter = filter;
  return { ...columns, ...hintColumns(header, [domain, filter]) };
}

/** The columns of hints, none of which is one of the `others`. */
function hintColumns(header: readonly string[], others: readonly (number | undefined)[]): Pick<ListColumns, 'company_name' | 'linkedin'> {
  const hints: Pick<ListColumns, 'company_name' | 'linkedin'> = {};
  const aboutPeople = header.some((name) => OF_PERSON.has(keyOf(name)));
  for (const hint of ['company_name', 'linkedin'] as const) {
    const [place] = knownPlaces(header, aboutPeople ? KNOWN_NAMES[hint] : [...KNOWN_NAMES[hint], ...OF_COMPANY_OR_PERSON[hint]]);
    if (place !== undefined && !others.includes(place)) hints[hint] = place;
  }
  return hints;
}

const REPORT_OF_ADDRESSES: Problem = {
  what: 'the list is the report of a run that verified addresses, and holds no companies to ask for',
  fix: 'give it to waterfall-contacts verify; --as-list takes it as a list like any other',
};
const REPORT_OF_COMPANIES: Problem = {
  what: 'the list is the report of a run that looked for contacts, and holds no addresses to verify',
  fix: 'give the contacts that the run found; --as-list takes the report as a list like any other',
};

/** A report asks what its list asked, by what it says of each row; the options that chose columns of the list have done their work. */
function columnsOfReport(names: string[], subject: Subject): ListColumns {
  const head = reportHead(names) ?? [];
  if (!head.includes(subject)) throw new UsageError(subject === 'domain' ? REPORT_OF_ADDRESSES : REPORT_OF_COMPANIES);
  if (subject === 'email') return { names, email: head.indexOf('email'), behind: head.length };
  const ours = head.map(() => '');
  const columns = { names, domain: head.indexOf('domain'), filter: head.indexOf('title_filter'), behind: ours.length };
  return { ...columns, ...hintColumns([...ours, ...namesOfList(columns)], []) };
}

/** The names of the columns that travel along into the outputs: of a report, those of its list, under their own names again. */
export function namesOfList({ names, behind = 0 }: ListColumns): string[] {
  const taken = new Set(names.slice(0, behind).map((name) => name.toLowerCase()));
  return names.slice(behind).map((name) => {
    const own = name.startsWith(RENAMED) && taken.has(name.slice(RENAMED.length).toLowerCase()) ? name.slice(RENAMED.length) : name;
    taken.add(name.toLowerCase());
    return own;
  });
}

/** Whether a line names the column of domains (or of addresses), as the header does: by a known name, or by the one that the options give, and with none in it. */
export function namesSubject(cells: readonly string[], { subject = 'domain', domainColumn, emailColumn }: ColumnOptions = {}): boolean {
  const column = subject === 'email' ? emailColumn : domainColumn;
  const wanted: readonly string[] = column === undefined ? KNOWN_NAMES[subject] : [keyOf(column)];
  return cells.some((name) => wanted.includes(keyOf(name)) || wanted.includes(keyBeforeBracket(name))) && dataIn(cells, subject) === undefined;
}

/** The error of a list above whose header, in this line, stand lines that may be rows. `first` is what the first of them says. */
export function headerIsBelow(line: number, first: readonly string[]): UsageError {
  const title = first.find((cell) => cell.trim() !== '') ?? '';
  return new UsageError({
    what: `the header seems to stand in line ${line}, and the list begins with ${shown(title)}`,
    fix: 'put the names of the columns first, or remove the lines above them',
  });
}

/** The first cell that holds a domain (or, where addresses are looked for, one at a mail provider too), as rows do and a header does not. */
function dataIn(cells: readonly string[], subject: Subject = 'domain'): string | undefined {
  return cells.find((cell) => 'domain' in companyDomain(cell) || (subject === 'email' && holdsAddress(cell)));
}

/** Whether a cell is what rows of such a list have. */
export function holdsSubject(cell: string, subject: Subject): boolean {
  return subject === 'email' ? holdsAddress(cell) : 'domain' in companyDomain(cell);
}

/** Also at a mail provider, which is no company. Whether it can be written to is not judged here. */
function holdsAddress(cell: string): boolean {
  if (!cell.includes('@')) return false;
  return wordsOf(cleaned(cell)).some(({ text }) => {
    const { isMail, host } = addressOf(text);
    return isMail && /[^.]\.[^.]/.test(host);
  });
}

/** Whether a line above the header is no row that would be lost: a title, a date, `#TYPE ...`. It may hold an address among other words. */
export function isTitle(cells: readonly string[], { subject }: ColumnOptions = {}): boolean {
  const filled = cells.filter((cell) => cell.trim() !== '');
  return dataIn(cells, subject) === undefined || (filled.length === 1 && /\S\s+\S/.test(filled[0] ?? ''));
}

function uniqueNames(header: readonly string[]): string[] {
  const given = header.map((name, place) => name.trim() || `column_${place + 1}`);
  // A made-up name must not take that of another column, earlier or later.
  const taken = new Set(given);
  const seen = new Map<string, number>();
  return given.map((name) => {
    let n = (seen.get(name) ?? 0) + 1;
    let unique = name;
    for (; n > 1 && taken.has(unique); n += 1) unique = `${name}_${n}`;
    seen.set(name, Math.max(n - 1, 1));
    taken.add(unique);
    return unique;
  });
}

function keyOf(name: string): string {
  return name.normalize('NFKC').toLowerCase().replace(/[\s\p{Cf}._\-–"'*:()[\]]+/gu, '');
}

function keyBeforeBracket(name: string): string {
  return keyOf(name.split(/[([]/, 1)[0] ?? '');
}

function placesOf(keys: readonly string[], wanted: string): number[] {
  return keys.flatMap((key, place) => (key === wanted && key !== '' ? [place] : []));
}

/** Where the first of these names is that the header has. */
function knownPlaces(header: readonly string[], candidates: readonly string[]): number[] {
  const [keys, shortKeys] = [header.map(keyOf), header.map(keyBeforeBracket)];
  for (const candidate of candidates) {
    const whole = placesOf(keys, candidate);
    // `Website (required)` is meant where no column is called so without brackets.
    const found = whole.length > 0 ? whole : placesOf(shortKeys, candidate);
    if (found.length > 0) return found;
  }
  return [];
}

function repeated(flag: string, names: readonly string[], places: readonly number[]): Problem {
  const choices = places.map((place) => names[place] ?? '');
  return {
    what: `the list has ${places.length} columns named like "${choices[0] ?? ''}" (columns ${places.map((place) => place + 1).join(' and ')})`,
    fix: `rename all but one, or choose: ${choices.map((name) => `${flag} "${name}"`).join(' or ')}`,
  };
}

function noEmailColumn(header: readonly string[], names: readonly string[]): Problem {
  const data = dataIn(header, 'email');
  if (data !== undefined) {
    return {
      what: `the first line looks like data (${shown(data)}), not like column names`,
      fix: 'put a line with the names of the columns above it, such as: email',
    };
  }
  if (knownPlaces(header, KNOWN_NAMES.domain).length > 0) {
    return {
      what: `this list has domains and no addresses; its columns are ${listed(names)}`,
      fix: 'waterfall-contacts run finds people at companies; if a column does hold addresses, name it with --email-column <name>',
    };
  }
  return {
    what: `no column of the list looks like the e-mail address; its columns are ${listed(names)}`,
    fix: 'name the column with --email-column <name>, or call it "email"',
  };
}

function noDomainColumn(header: readonly string[], names: readonly string[]): Problem {
  const data = dataIn(header);
  if (data !== undefined) {
    return {
      what: `the first line looks like data (${shown(data)}), not like column names`,
      fix: 'put a line with the names of the columns above it, such as: domain,title_filter',
    };
  }
  return {
    what: `no column of the list looks like the domain; its columns are ${listed(names)}`,
    fix: 'name the column with --domain-column <name>, or call it "domain"',
  };
}

function listed(names: readonly string[]): string {
  return names.slice(0, 20).map(shown).join(', ') + (names.length > 20 ? `, ... (${names.length} in all)` : '');
}

/** A name in quotation marks, without what would move the cursor of a terminal or turn its text around. */
function shown(name: string): string {
  return `"${beginning(name.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim(), 60)}"`;
}
