/* The kinds of question, and what the engine needs to know of each to keep a cost cap. */
import type { Usage } from '../core/model.ts';

/** What a list asks for: people at companies, or what becomes of mail to addresses. */
export type KindName = 'contacts' | 'emails';

/** What an answer brought, and what it cost in US dollars; null: nobody knows. */
export type Billed = { contacts: number; cost_usd: number | null; usage?: Usage | null | undefined };

/** What questions of a run cost, in US dollars; learnt from bills, upwards only. */
export type Rates = {
  /** The most that one question can cost; undefined while a price is missing. */
  worst: () => number | undefined;
  /** The same by the prices that are known, the others being nothing. */
  least: () => number;
  /** What answers cost that brought so much, and whose cost nobody said. */
  costOf: (contacts: number, answers: number) => number | undefined;
  learn: (bill: Billed) => void;
};
