/* What this program writes, told by its header: a report may be a list again, contacts are nobody's list of companies. */

/** The report's own columns; those of the input follow. */
export const REPORT_COLUMNS: readonly string[] = ['row', 'domain', 'title_filter', 'outcome', 'reason', 'contacts', 'cost_usd', 'job_id', 'launches'];

/** Before the name of a column of the list that has the name of one of ours. */
export const RENAMED = 'input_';

/** Two of these names, and a table is of contacts that we wrote, whichever columns were chosen. */
const OF_CONTACTS = new Set(['professional_email', 'person_id', 'job_id', 'fetched_at']);

/** Which output of ours has this header; undefined for any other table. */
export function ownOutput(header: readonly string[]): 'report' | 'contacts' | undefined {
  const names = header.map((name) => name.trim().toLowerCase());
  if (REPORT_COLUMNS.every((name, place) => names[place] === name)) return 'report';
  return names.filter((name) => OF_CONTACTS.has(name)).length > 1 ? 'contacts' : undefined;
}

/** A row of a report was refused for what its line was, and not for a cell: with its cells in order, it would be asked. */
export const LINE_PROBLEM = /^(?:has \d+ cells, the header has \d+$|a quotation mark joins lines )/;
