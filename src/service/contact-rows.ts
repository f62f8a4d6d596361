/* The rows of a list of companies, as they are asked. */
import { questionOf } from '../kinds/contacts/question.ts';
import type { QuestionOptions } from '../kinds/contacts/question.ts';
import type { ListColumns } from '../lists/columns.ts';
import type { ListRow } from '../lists/read.ts';
import type { AskedRow } from './start.ts';

/** What decides what a row asks, and who is told of what looks odd. */
export type ContactRows = {
  columns: ListColumns;
  options: QuestionOptions;
  /** Companies that are left out, their sub-domains too. */
  excluded?: ReadonlySet<string>;
  /** Told of rows whose filter looks odd; they are asked all the same. */
  onAdvice: (line: number, advice: string) => void;
  /** Told of rows in whose filter an `or` was read as OR. */
  onOrRead: () => void;
};

/** What a row asks, or why it asks nothing. */
export function askContacts({ columns, options, excluded, onAdvice, onOrRead }: ContactRows, row: ListRow): AskedRow {
  const cell = (index: number | undefined) => (index === undefined ? '' : (row.cells[index] ?? ''));
  const asked = questionOf(
    {
      domain: cell(columns.domain),
      isMailDomain: columns.isMailDomain ?? false,
      title_filter: cell(columns.filter),
      company_name: cell(columns.company_name),
      linkedin: cell(columns.linkedin),
      isReported: columns.behind !== undefined,
    },
    options,
  );
  const { domain, title_filter } = asked;
  const imported = { line: row.line, cells: row.cells.slice(columns.behind ?? 0), domain, title_filter };
  // A row that is broken as a line is not asked, whatever its cells say.
  if (row.problem !== undefined) return { ...imported, reason: row.problem };
  if (domain !== null && isExcluded(domain, excluded)) return { ...imported, reason: 'left out by --exclude-domain', excluded: true };
  if (asked.question === undefined) return { ...imported, reason: asked.reason };
  if (row.oddity !== undefined) onAdvice(row.line, row.oddity);
  if (asked.isOrRead) onOrRead();
  if (asked.advice !== undefined) onAdvice(row.line, asked.advice);
  return { ...imported, question: asked.question, question_hash: asked.question_hash };
}

/** Whether a domain, or one that it is below, is among these. */
export function isExcluded(domain: string, excluded: ReadonlySet<string> = new Set()): boolean {
  if (excluded.size === 0) return false;
  const labels = domain.split('.');
  return labels.some((_label, place) => excluded.has(labels.slice(place).join('.')));
}
