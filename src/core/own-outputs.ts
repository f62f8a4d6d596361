/* What this program writes, told by its header: a report may be a list again, contacts are nobody's list of companies, verdicts nobody's list of addresses. */

/** The report's own columns, of a run that looks for contacts; those of the input follow. */
export const REPORT_COLUMNS: readonly string[] = [
  'row', 'domain', 'title_filter', 'outcome', 'reason', 'contacts', 'provider', 'asked_in_vain', 'cost_usd', 'job_id', 'launches',
];

/** The same of a run that verifies addresses. */
export const EMAIL_REPORT_COLUMNS: readonly string[] = ['row', 'email', 'outcome', 'reason', 'provider', 'asked_in_vain', 'cost_usd', 'job_id', 'launches'];

/** As versions wrote it that knew one provider; such reports are lists for ever. */
const OLDER_REPORT_COLUMNS: readonly string[] = ['row', 'domain', 'title_filter', 'outcome', 'reason', 'contacts', 'cost_usd', 'job_id', 'launches'];

/** The report's own columns, by what its run asked. */
export function reportColumns(kind: 'contacts' | 'emails' = 'contacts'): readonly string[] {
  return kind === 'emails' ? EMAIL_REPORT_COLUMNS : REPORT_COLUMNS;
}

/** Before the name of a column of the list that has the name of one of ours. */
export const RENAMED = 'input_';

/** Two of these names, and a table is of contacts that we wrote, whichever columns were chosen. */
const OF_CONTACTS = new Set(['professional_email', 'person_id', 'job_id', 'fetched_at']);

/** One of these names beside a verdict, and a table is of addresses that we verified. */
const OF_VERDICTS = new Set(['good', 'policy', 'provider_status', 'checked_at']);

/** Which output of ours has this header; undefined for any other table. Verdicts on contacts are verdicts. */
export function ownOutput(header: readonly string[]): 'report' | 'email_report' | 'contacts' | 'verified' | undefined {
  const names = namesIn(header);
  const head = reportHead(header);
  if (head !== undefined) return head === EMAIL_REPORT_COLUMNS ? 'email_report' : 'report';
  if (names.includes('verdict') && names.some((name) => OF_VERDICTS.has(name))) return 'verified';
  return names.filter((name) => OF_CONTACTS.has(name)).length > 1 ? 'contacts' : undefined;
}

/** The columns with which a report begins, as its version wrote them; undefined where the header is of no report. */
export function reportHead(header: readonly string[]): readonly string[] | undefined {
  const names = namesIn(header);
  return [REPORT_COLUMNS, EMAIL_REPORT_COLUMNS, OLDER_REPORT_COLUMNS].find((columns) => columns.every((name, place) => names[place] === name));
}

function namesIn(header: readonly string[]): string[] {
  return header.map((name) => name.trim().toLowerCase());
}

/** A row of a report was refused for what its line was, and not for a cell: with its cells in order, it would be asked. */
export const LINE_PROBLEM = /^(?:has \d+ cells, the header has \d+$|a quotation mark joins lines )/;
