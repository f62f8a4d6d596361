/* What can be told of addresses without asking anybody: who was forgotten, throwaway and role addresses, domains that take no mail. */
import { hashesOf, namesOf } from '../core/forgotten.ts';
import { localAnswer } from '../kinds/emails/free-checks.ts';
import type { MxLookup } from '../kinds/emails/mail-exchange.ts';
import type { EmailAnswer } from '../kinds/emails/verdict.ts';
import type { Database, Queryable } from '../store/database.ts';
import { forgottenOf, pendingQuestions, saveLocalAnswers } from '../store/local-answers.ts';
import type { ImportedRow } from '../store/import.ts';

/** The checks of a run. */
export type FreeChecks = {
  /** Marks the rows of people who were forgotten: they are not asked, nor is anything of them kept. */
  leaveOut: (database: Queryable, rows: ImportedRow[]) => Promise<void>;
  /** What is told of an address; undefined: a provider is asked. */
  answer: (address: string) => Promise<EmailAnswer | undefined>;
  /** Settles the questions of a run that nobody sees yet, as far as they can be told. */
  settle: (database: Database, run_id: string, signal: AbortSignal) => Promise<void>;
};

const PAGE = 1_000;

/** Makes the checks; without `lookUp` nobody looks whether a domain takes mail. */
export function createFreeChecks(options: { allowRole: boolean; allowDomains: ReadonlySet<string>; lookUp?: MxLookup | undefined }): FreeChecks {
  const { lookUp, ...allowed } = options;

  async function answer(address: string): Promise<EmailAnswer | undefined> {
    const known = localAnswer(address, allowed);
    if (known !== undefined || lookUp === undefined) return known;
    return localAnswer(address, { ...allowed, mx: await lookUp(address.slice(address.lastIndexOf('@') + 1)) });
  }

  return {
    answer,
    async leaveOut(database, rows) {
      const hashes = new Map<string, ImportedRow[]>();
      for (const row of rows) {
        if (row.question === undefined || !('email' in row.question)) continue;
        for (const hash of hashesOf({ ids: [], emails: namesOf(row.question.email) })) hashes.set(hash, [...(hashes.get(hash) ?? []), row]);
      }
      for (const hash of await forgottenOf(database, [...hashes.keys()])) {
        for (const row of hashes.get(hash) ?? []) {
          Object.assign(row, { domain: null, cells: row.cells.map(() => ''), reason: 'forgotten', excluded: true });
          delete row.question;
          delete row.question_hash;
        }
      }
    },
    async settle(database, run_id, signal) {
      for (let after = -1; ; ) {
        signal.throwIfAborted();
        const page = await pendingQuestions(database, run_id, { after, limit: PAGE });
        const last = page.at(-1);
        if (last === undefined) return;
        after = last.position;
        const answers = await Promise.all(page.map(async ({ id, question }) => ({ id, address: question.email, answer: await answer(question.email) })));
        await saveLocalAnswers(database, answers.flatMap(({ answer: known, ...one }) => (known === undefined ? [] : [{ ...one, answer: known }])));
      }
    },
  };
}
