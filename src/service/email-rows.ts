/* The rows of a list of addresses, as they are asked. */
import { readAddress } from '../kinds/emails/address.ts';
import { hashOf } from '../kinds/contacts/question.ts';
import type { ListColumns } from '../lists/columns.ts';
import type { ListRow } from '../lists/read.ts';
import { isExcluded } from './contact-rows.ts';
import type { AskedRow } from './start.ts';

/** What decides what a row asks. */
export type EmailRows = {
  columns: ListColumns;
  /** Companies whose addresses are left out, their sub-domains too. */
  excluded?: ReadonlySet<string>;
};

/** What a row asks, or why it asks nothing. */
export function askEmail({ columns, excluded }: EmailRows, row: ListRow): AskedRow {
  const cell = columns.email === undefined ? '' : (row.cells[columns.email] ?? '');
  const read = readAddress(cell);
  const asked = { line: row.line, cells: row.cells.slice(columns.behind ?? 0), domain: 'address' in read ? read.address : null, title_filter: '' };
  if (row.problem !== undefined) return { ...asked, reason: row.problem };
  if (!('address' in read)) return { ...asked, reason: read.reason };
  if (isExcluded(read.domain, excluded)) return { ...asked, reason: 'left out by --exclude-domain', excluded: true };
  return { ...asked, question: { email: read.address }, question_hash: addressHash(read.key) };
}

/** Tells questions about addresses apart, by what tells addresses apart (kinds/emails/address.ts). */
export function addressHash(key: string): string {
  return hashOf({ email: key });
}
