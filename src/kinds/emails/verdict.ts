/* What a provider may say of an address, and for whom that is good enough. */

export type EmailVerdict = 'deliverable' | 'undeliverable' | 'catch_all' | 'risky' | 'do_not_mail' | 'unknown';

/** How much risk a user takes. */
export type Policy = 'strict' | 'normal' | 'loose';

/** What was said of an address. */
export type EmailAnswer = {
  verdict: EmailVerdict;
  reason: string | null;
  provider_status: string | null;
  is_role: boolean | null;
  is_free: boolean | null;
  is_disposable: boolean | null;
  suggestion: string | null;
  /** As the provider wrote it. */
  reply: Record<string, unknown>;
};

const GOOD: Record<Policy, readonly EmailVerdict[]> = {
  strict: ['deliverable'],
  normal: ['deliverable', 'catch_all'],
  loose: ['deliverable', 'catch_all', 'risky'],
};

/** Whether one may write to an address of this verdict. */
export function isGood(verdict: EmailVerdict, policy: Policy): boolean {
  return GOOD[policy].includes(verdict);
}

/** Of answers in the order of their providers, the last that knows something, else the last. */
export function bestOf(answers: readonly EmailAnswer[]): EmailAnswer | undefined {
  return answers.findLast(({ verdict }) => verdict !== 'unknown') ?? answers.at(-1);
}
