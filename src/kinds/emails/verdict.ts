/*
 * What becomes of mail to an address, in one vocabulary for all providers. Which of their words means what is said in each
 * provider's folder; a word that nobody knows is `unknown`.
 */

/** Verdicts, from the best on. */
export const EMAIL_VERDICTS = ['deliverable', 'catch_all', 'risky', 'do_not_mail', 'undeliverable', 'unknown'] as const;

export type EmailVerdict = (typeof EMAIL_VERDICTS)[number];

/** How old a `catch_all` may be, where nobody says: such servers change sooner than mailboxes do. */
export const CATCH_ALL_AGE_MS = 7 * 24 * 3_600_000;

/** Which verdicts are good enough to write to. */
export const POLICIES = ['strict', 'normal', 'loose'] as const;

export type Policy = (typeof POLICIES)[number];

/** What was said about one address: by a provider, or by the program's own checks. */
export type EmailAnswer = {
  verdict: EmailVerdict;
  /** In words, where there is more to say than the verdict. */
  reason: string | null;
  /** The provider's own word. */
  provider_status: string | null;
  is_role: boolean | null;
  is_free: boolean | null;
  is_disposable: boolean | null;
  /** An address that may have been meant. */
  suggestion: string | null;
  /** As it came, less what nobody asked for. */
  reply: Record<string, unknown>;
};

const GOOD: Record<Policy, readonly EmailVerdict[]> = {
  strict: ['deliverable'],
  normal: ['deliverable', 'catch_all'],
  loose: ['deliverable', 'catch_all', 'risky'],
};

/** Whether a policy lets mail go to an address with this verdict. */
export function isGood(verdict: EmailVerdict, policy: Policy): boolean {
  return GOOD[policy].includes(verdict);
}

/** Whether a verdict ends the matter, or the next provider is asked (sql/0014_emails.sql has the same). */
export function isLastWord(verdict: string): boolean {
  return verdict !== 'unknown' && verdict !== 'catch_all';
}

/** Of what the providers said in their order: the last that is a verdict makes the row, else the last. */
export function bestOf<Answer extends Pick<EmailAnswer, 'verdict'>>(answers: readonly Answer[]): Answer | undefined {
  return answers.findLast(({ verdict }) => verdict !== 'unknown') ?? answers.at(-1);
}

const TEMPORARY = /gr[ea]y[ _-]?list|time[ _-]?d?[ _-]?out|temporar|too[ _-]?many|try[ _-]?again|throttl|deferred|rate[ _-]?limit|(?<![\d.])4[25]\d(?!\d)|(?<![\d.])4\.\d\.\d/i;

/** Whether a detail says that a later look-up may end otherwise: it is then no verdict on the mailbox, whatever the status is. */
export function isTemporary(detail: string): boolean {
  return TEMPORARY.test(detail);
}
