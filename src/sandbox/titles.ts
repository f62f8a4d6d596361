/*
 * Job titles that obey a title filter: built from the filter's own terms and from a pool of common titles, and each one
 * checked with `matchesTitle`, so that a reply of the sandbox never contradicts its question.
 */
import { matchesTitle, termsOf, type TitleExpression } from '../kinds/contacts/title-filter.ts';

/** Enough for variety; more only costs time, since people may share a title. */
const MOST_TITLES = 48;
/** Term comparisons spent on one filter. It keeps a filter of 400 terms under a tenth of a second. */
const EFFORT = 20_000;
const MOST_PHRASES = 40;

const COMMON_TITLES: readonly string[] = [
  'Chief Executive Officer', 'CEO', 'Founder', 'Co-Founder & CTO', 'Chief Financial Officer', 'CFO', 'Chief Marketing Officer', 'CMO',
  'President', 'Owner', 'Managing Director', 'VP of Sales, Americas', 'VP Marketing', 'Vice President of Engineering', 'VP Operations',
  'Head of Marketing', 'Head of People', 'Head of Procurement', 'Sales Director', 'Director of Finance', 'Marketing Director, EMEA',
  'Director of Engineering', 'Product Manager', 'Project Manager', 'Account Executive', 'Sales Manager', 'Marketing Manager',
  'HR Business Partner', 'Software Engineer', 'Senior Software Engineer', 'Data Analyst', 'Operations Manager', 'Financial Controller',
  'Customer Success Manager', 'IT Manager', 'Legal Counsel', 'Purchasing Lead', 'Growth Marketing Lead', 'Plant Manager', 'Buyer',
];

/** What may stand around a phrase. The first is the phrase itself; those that add a rank are only for a phrase that has none. */
const FRAMES: readonly { frame: string; ranked: boolean }[] = [
  { frame: '{}', ranked: true },
  { frame: 'Senior {}', ranked: false },
  { frame: '{}, EMEA', ranked: true },
  { frame: 'Head of {}', ranked: false },
  { frame: '{} - Americas', ranked: true },
  { frame: 'VP {}', ranked: false },
  { frame: 'Group {}', ranked: true },
  { frame: '{} Manager', ranked: false },
  { frame: 'Regional {}', ranked: true },
  { frame: '{} Lead', ranked: false },
  { frame: '{} (Interim)', ranked: true },
  { frame: 'Director of {}', ranked: false },
  { frame: 'Global {}', ranked: true },
  { frame: '{} | Board Member', ranked: true },
];

const RANKS: readonly [RegExp, string][] = [
  [/\b(founder|owner)\b/i, 'Founder'],
  [/\b(s?vp|evp|vice president)\b/i, 'VP'],
  [/\b(chief|c[a-z]{1,2}o|president)\b/i, 'C-Level'],
  [/\b(head|director)\b/i, 'Director'],
  [/\b(manager|lead|controller)\b/i, 'Manager'],
  [/\bsenior\b/i, 'Senior'],
];

const DEPARTMENTS: readonly [RegExp, string][] = [
  [/\b(sales|account|revenue|business development)\b/i, 'Sales'],
  [/\b(marketing|cmo|growth|brand|communications)\b/i, 'Marketing'],
  [/\b(finance|financial|cfo|accounting)\b/i, 'Finance'],
  [/\b(engineer|engineering|software|cto|developer|data|it|security)\b/i, 'Engineering'],
  [/\b(people|hr|human resources|talent)\b/i, 'Human Resources'],
  [/\b(operations|coo|plant|procurement|purchasing|buyer|logistics|supply)\b/i, 'Operations'],
  [/\b(legal|counsel)\b/i, 'Legal'],
  [/\b(product)\b/i, 'Product'],
];

/**
 * Up to 48 different titles that satisfy the expression, always the same ones in the same order.
 * Empty when none was found, as for a filter that contradicts itself.
 */
export function titlesFor(expression: TitleExpression): string[] {
  const tries = Math.max(MOST_PHRASES, Math.floor(EFFORT / termsOf(expression).length));
  const found = new Set<string>();
  let tried = 0;
  for (const title of candidates(phrasesOf(expression, false))) {
    if (found.size >= MOST_TITLES || tried >= tries) break;
    tried += 1;
    if (!found.has(title) && matchesTitle(expression, title)) found.add(title);
  }
  return [...found];
}

/** The rank that a title speaks of, such as `VP`; null when it says none. */
export function seniorityOf(title: string): string | null {
  return RANKS.find(([sign]) => sign.test(title))?.[1] ?? null;
}

/** The department that a title speaks of, such as `Sales`; null when it says none. */
export function departmentOf(title: string): string | null {
  return DEPARTMENTS.find(([sign]) => sign.test(title))?.[1] ?? null;
}

function* candidates(phrases: string[]): Generator<string> {
  const own = phrases.filter((phrase) => phrase !== '').map((phrase) => ({ phrase, cased: titleCase(phrase) }));
  // Frame by frame, so that every alternative of the filter is met before any is varied.
  for (const { frame, ranked } of FRAMES) {
    for (const { phrase, cased } of own) {
      if (ranked || seniorityOf(phrase) === null) yield frame.replace('{}', () => cased);
    }
    if (frame === '{}') yield* COMMON_TITLES;
  }
  // Changing the case of a letter can change how it compares (`ß`, `İ`); the text as it was written always works.
  for (const { phrase } of own) yield phrase;
}

/** Texts that hold what the expression wants; an empty one where it only says what it does not want. */
function phrasesOf(expression: TitleExpression, negated: boolean): string[] {
  if (expression.kind === 'term') return [negated ? '' : expression.text];
  if (expression.kind === 'not') return phrasesOf(expression.operand, !negated);
  const parts = expression.operands.map((operand) => phrasesOf(operand, negated));
  // Under a NOT the two change places (De Morgan).
  if ((expression.kind === 'or') !== negated) return [...new Set(parts.flat())].slice(0, MOST_PHRASES);
  let joined = [''];
  for (const part of parts) {
    joined = joined.flatMap((left) => part.map((right) => `${left} ${right}`.trim())).slice(0, MOST_PHRASES);
  }
  return joined;
}

function titleCase(phrase: string): string {
  return phrase.replace(/[\p{L}\p{M}\p{N}+#'’]+/gu, (word) => {
    if (/^(of|and|the|for|de|du|in|at)$/i.test(word)) return word.toLowerCase();
    if (/^(s?vp|evp|c[a-z]{1,2}o|hr|it|pr|qa|ux|ui|b2b)$/i.test(word)) return word.toUpperCase();
    return word.charAt(0).toUpperCase() + word.slice(1);
  });
}
