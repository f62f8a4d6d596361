/* The columns of verified addresses: one line for each row of the list that has a verdict. docs/output.md explains each. */
import { isGood } from './verdict.ts';
import type { EmailAnswer, Policy } from './verdict.ts';

/** What one line is made of. */
export type EmailSource = {
  row: number;
  /** As understood. */
  email: string;
  /** Of the input row, under its own columns. */
  cells: readonly string[];
  policy: Policy;
  provider: string;
  /** When the provider said so. */
  checked_at: string;
  answer: EmailAnswer;
};

/** A column and what it holds of an address. */
export type EmailColumn = { name: string; cell: (source: EmailSource) => unknown };

const said = (name: keyof EmailAnswer): EmailColumn => ({ name, cell: ({ answer }) => answer[name] });

/** All columns of ours, in their order; each is a default. The columns of the input follow. */
export const EMAIL_COLUMNS: readonly EmailColumn[] = [
  { name: 'email', cell: ({ email }) => email },
  said('verdict'),
  { name: 'good', cell: ({ answer, policy }) => isGood(answer.verdict, policy) },
  { name: 'policy', cell: ({ policy }) => policy },
  said('reason'),
  { name: 'provider', cell: ({ provider }) => provider },
  said('provider_status'),
  said('is_role'),
  said('is_free'),
  said('is_disposable'),
  said('suggestion'),
  { name: 'checked_at', cell: ({ checked_at }) => checked_at },
  { name: 'row', cell: ({ row }) => row },
];
