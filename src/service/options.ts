/* What a run is told to do. Kept in its row, so that it can be gone on with; no secrets go in here. */
import type { QuestionOptions } from '../kinds/contacts/question.ts';
import type { Policy } from '../kinds/emails/verdict.ts';
import { hashOf } from '../kinds/contacts/question.ts';
import type { ColumnList } from '../outputs/column-choice.ts';
import type { Format, SheetStyle } from '../outputs/sheet.ts';
import type { RunRecord } from '../store/runs.ts';
import type { StopReason } from '../engine/stop.ts';

/** How the list is to be read, where the user said so. */
export type ReadingOptions = {
  domainColumn?: string;
  filterColumn?: string;
  emailColumn?: string;
  /** What each row asks for; a domain, where nothing is said. */
  subject?: 'email';
  delimiter?: string;
  encoding?: string;
  /** Of a workbook. */
  sheet?: string;
  /** Also what this program wrote is a list like any other. */
  asList?: true;
};

/** What the user said of the shape of the outputs; the rest has defaults (service/output-shape.ts). */
export type OutputShape = {
  /** Of the contacts. */
  format?: Format;
  /** Of the contacts. */
  columns?: ColumnList;
  delimiter?: string;
  bom?: boolean;
  formulaGuard?: boolean;
};

/** Where the outputs go and what they look like. Paths are absolute. */
export type OutputOptions = {
  /** The main output, of any kind: a path, or `-` for stdout. Called so in the stored runs. */
  contacts: string;
  /** A path; null for none. */
  report: string | null;
  /** As the input has it: for files, where the user said nothing else. */
  style: Pick<SheetStyle, 'delimiter' | 'bom'>;
  shape?: OutputShape;
  /** Of addresses: for whom a verdict is good. Decided at the output, and no part of what is asked. */
  policy?: Policy;
};

/** A provider of a run, and the host of its API, `sandbox` for the built-in one. */
export type AskedProvider = { name: string; api_host: string };

/** Options of a run over addresses that decide what is asked, and of whom: the providers in order. */
export type EmailOptions = {
  providers: AskedProvider[];
  /** Role accounts are asked too. */
  allow_role?: true;
  /** Tells apart which domains are asked although they are on the list of disposable ones. */
  allowed_sha256?: string;
  /** Nobody looks whether a domain takes mail. */
  no_dns?: true;
};

/** What a run asks for; kept without a kind where that is contacts, as it always was. */
export type Asking = { kind?: undefined; question: QuestionOptions } | { kind: 'emails'; question: EmailOptions };

/** All that a run needs to be gone on with. */
export type RunOptions = Asking & {
  reading: ReadingOptions;
  rows: number | null;
  /** Tells apart which companies are left out; which these are, only the command knows. */
  excluded_sha256?: string;
  output: OutputOptions;
  /** The command that made the run, for people to give again; without secrets. Unknown of runs of older versions. */
  command?: string;
  /** What bounds the cost of the run, as words: options of the last command that worked on it, and those that it keeps of earlier ones. */
  bounds?: string[];
  /** The bound without which it would launch nothing more, where the last command stopped for that. */
  needs?: StopReason['needs'];
};

/** The providers of a run, in order. */
export function providersOf(options: Asking): AskedProvider[] {
  return options.kind === 'emails' ? options.question.providers : [{ name: 'waterfall', api_host: options.question.api_host }];
}

/** How much an answer brings at most: contacts of a company, or one verdict. */
export function mostOf(options: Asking): number {
  return options.kind === 'emails' ? 1 : options.question.limit;
}

/** A run with its options. */
export type Run = RunRecord<RunOptions>;

/** The options of a run that is gone on with, with what is said now in the place of what was said before. */
export function goneOn({ needs: _needs, ...before }: RunOptions, now: Partial<Omit<RunOptions, keyof Asking>>): RunOptions {
  return { ...before, ...now };
}

/**
 * What makes the same command find its run again: the input's bytes, how they are read, what is asked, and how many
 * rows. Pace and output may differ.
 */
export function runKey(input_sha256: string, options: RunOptions): string {
  const { kind, question, reading, rows, excluded_sha256 } = options;
  return hashOf({ input_sha256, kind, question, reading, rows, excluded_sha256 });
}
