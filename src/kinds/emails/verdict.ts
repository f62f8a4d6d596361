/*
 * What becomes of mail to an address, in one vocabulary for all providers. Which of their words means what is said in each
 * provider's folder; a word that nobody knows is `unknown`.
 */

export type EmailVerdict = 'deliverable' | 'undeliverable' | 'catch_all' | 'risky' | 'do_not_mail' | 'unknown';

/** A provider's answer about one address. */
export type EmailAnswer = {
  verdict: EmailVerdict;
  /** In words, where there is more to say than the verdict. */
  reason: string | null;
  /** The provider's own word. */
  provider_status: string | null;
  is_role: boolean | null;
  is_free: boolean | null;
  is_disposable: boolean | null;
  suggestion: string | null;
  /** As it came. */
  reply: Record<string, unknown>;
};

const TEMPORARY = /gr[ea]y[ _-]?list|time[ _-]?d?[ _-]?out|temporar|too[ _-]?many|try[ _-]?again|throttl|deferred|rate[ _-]?limit|(?<![\d.])4[25]\d(?!\d)|(?<![\d.])4\.\d\.\d/i;

/** Whether a detail says that a later look-up may end otherwise: it is then no verdict on the mailbox, whatever the status is. */
export function isTemporary(detail: string): boolean {
  return TEMPORARY.test(detail);
}
