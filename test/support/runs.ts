/*
 * Runs for tests, made by the store's own functions: a list of domains becomes rows and targets, and a target is moved
 * to where a case needs it. All people and companies are invented.
 */
import type { Answer, Company, Person } from '../../src/core/model.ts';
import { billedUsd } from '../../src/core/money.ts';
import { advance, type TargetEvent } from '../../src/core/progress.ts';
import { questionOf } from '../../src/kinds/contacts/question.ts';
import type { Database } from '../../src/store/database.ts';
import { adoptKnown, addRows, type ImportedRow } from '../../src/store/import.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { Taker } from '../../src/store/run-owner.ts';
import { CONTACTS_RECORDER } from '../../src/store/contacts-recorder.ts';
import { settle, type Settled, type Settlement } from '../../src/store/settle.ts';
import { loadTarget, saveProgress, type Caller, type PlacedTarget } from '../../src/store/targets.ts';
import { setMoment, testRuntime } from './databases.ts';

/** A morning in March 2026, and a number of days around it. */
export const NOW = Date.UTC(2026, 2, 2, 9);
export const DAY_MS = 86_400_000;

/** The row at a position, which asks for a domain; a domain that is none makes it an invalid row. */
export function rowFor(domain: string, position: number): ImportedRow {
  const asked = questionOf(
    { domain, title_filter: 'founder OR ceo', company_name: '', linkedin: '' },
    { api_host: 'api.waterfall.example', limit: 10, include_phones: false, include_unverified: false },
  );
  const row = { position, line: position + 2, cells: [domain], domain: asked.domain, title_filter: asked.title_filter };
  if (asked.question === undefined) return { ...row, reason: asked.reason };
  return { ...row, question: asked.question, question_hash: asked.question_hash };
}

/** The domain that a target asks for. */
export function domainOf({ question }: Pick<PlacedTarget, 'question'>): string {
  return 'domain' in question ? question.domain : '';
}

/** The hash of the question for a domain. */
export function hashFor(domain: string): string {
  return rowFor(domain, 0).question_hash ?? '';
}

/** The process that the runs below name; it is dead until `bringToLife`. */
export const PROCESS = '00000000-0000-4000-8000-000000000001';

/** Who calls in tests: that process, at the API that the questions below name. */
export const CALLER: Caller = { process_id: PROCESS, provider: 'waterfall', api_host: 'api.waterfall.example' };

/** Lets the process of the runs below be alive, for as long as the time of the database stands still. */
export async function bringToLife(database: Database, id = PROCESS): Promise<void> {
  await database.query(`insert into waterfall.processes (id, pid, host, alive_until) values ($1, 4321, 'elsewhere', waterfall.moment() + interval '20 s')`, [id]);
}

/** Who takes runs in tests: the process that they name already, which waits by a clock that is moved by hand. */
export function taker(runtime: Runtime = testRuntime()): Taker {
  return { process_id: PROCESS, self: { pid: 4321, host: 'elsewhere', machine: null, hasEnded: () => false }, runtime, signal: new AbortController().signal };
}

type RunOptions = {
  /** Rows instead of domains. */
  rows?: ImportedRow[];
  at?: number;
  /** How old an answer may be, in days; null takes nothing (--fresh). */
  maxAgeDays?: number | null;
};

/** Starts a run over a list of domains, as `run` does. Returns its targets in order. */
export async function startedRun(database: Database, id: string, domains: string[], options: RunOptions = {}): Promise<PlacedTarget[]> {
  const { rows = domains.map(rowFor), at = NOW, maxAgeDays = 30 } = options;
  await database.transaction(async (transaction) => {
    await transaction.query(
      `insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, process_id, state)
       values ($1, $2, 'companies.csv', '{domain}', '{}', $3, $4, 'running')`,
      [id, `key of ${id}`, new Date(at), PROCESS],
    );
    await addRows(transaction, id, rows);
    if (maxAgeDays !== null) {
      const since = new Date(at - maxAgeDays * DAY_MS);
      await adoptKnown(transaction, id, [{ provider: CALLER.provider, api_host: hostOf(rows) }], { since, catchAllSince: since });
    }
  });
  return targetsOf(database, id);
}

/** The API that the rows ask. */
function hostOf(rows: readonly ImportedRow[]): string {
  const question = rows.find((row) => row.question !== undefined)?.question;
  return question !== undefined && 'api_host' in question ? question.api_host : CALLER.api_host;
}

/** The targets of a run, in order; of a long one the first twenty. */
export async function targetsOf(database: Database, run_id: string): Promise<PlacedTarget[]> {
  const ids = await database.query<{ id: number }>('select id from waterfall.targets where run_id = $1 order by position limit 20', [run_id]);
  return Promise.all(ids.map(({ id }) => loadTarget(database, id)));
}

/** A run with one target. */
export async function startedTarget(database: Database, id: string, domain: string, options?: RunOptions): Promise<PlacedTarget> {
  const [target] = await startedRun(database, id, [domain], options);
  if (target === undefined) throw new Error(`${domain} made no target`);
  return target;
}

/** Lets events happen to a target, each saved. Returns the target as it is then. */
export async function move(database: Database, target: PlacedTarget, ...events: TargetEvent[]): Promise<PlacedTarget> {
  let now = target;
  for (const event of events) {
    if ((await saveProgress(database, CALLER, now, advance(now, event))).saved === 'refused') throw new Error(`${event.kind} was not saved`);
    now = await loadTarget(database, target.id);
  }
  return now;
}

/** Launches a target: its job is polled from now on. */
export function launch(database: Database, target: PlacedTarget, job_id: string, at = NOW): Promise<PlacedTarget> {
  return atMoment(database, at, () => move(database, target, { kind: 'claimed', at }, { kind: 'launched', job_id, at }));
}

/** Targets with what is said of them elsewhere: the job of their call; their own answer, or whose it is that they took. */
export const TARGETS = `(
  select target.*, call.job_id, case when answer.target_id = target.id then answer.answer end as answer,
    nullif(answer.target_id, target.id) as answered_by, answer.id as answer_id, answer.answered_at
  from waterfall.targets as target left join waterfall.calls as call on call.id = target.call_id
  left join waterfall.target_answers as made on made.target_id = target.id left join waterfall.answers as answer on answer.id = made.answer_id
) as target`;

/** Lets a target follow the call that has this job. */
export async function meet(database: Database, target: PlacedTarget, job_id: string): Promise<PlacedTarget> {
  const [call] = await database.query<{ id: number }>('select id from waterfall.calls where job_id = $1', [job_id]);
  return move(database, target, { kind: 'met', call_id: call?.id ?? 0, job_id, launched_at: NOW });
}

/** An answer of a call, as it is saved. */
export function settlementOf(call_id: number, answer: Answer, { answered_at = NOW, at = NOW }: { answered_at?: number; at?: number } = {}): Settlement<Answer> {
  const question = { api_host: CALLER.api_host, domain: 'alderfinch.example', limit: 10, include_phones: false, verified_only: true };
  return { call_id, question, answer, answered_at, at, cost_usd: billedUsd(answer.usage) ?? null };
}

/** Saves the answer of a job. */
export async function settleJob(database: Database, job: { job_id: string; answer: Answer; answered_at?: number; at?: number }): Promise<Settled> {
  const [call] = await database.query<{ id: number }>('select id from waterfall.calls where job_id = $1', [job.job_id]);
  return settle(database, CONTACTS_RECORDER, settlementOf(call?.id ?? 0, job.answer, job));
}

/** Does something when it is that time in the database, as a rule NOW. */
export async function atMoment<Result>(database: Database, at: number, work: () => Promise<Result>): Promise<Result> {
  if (at !== NOW) await setMoment(database, at);
  const result = await work();
  if (at !== NOW) await setMoment(database, NOW);
  return result;
}

/** Starts a run with one target, launches it and settles its job. */
export async function answeredRun(database: Database, id: string, domain: string, answer: Answer, at = NOW): Promise<PlacedTarget> {
  const target = await startedTarget(database, id, domain, { at, maxAgeDays: null });
  const { call_id } = await launch(database, target, `job of ${id}`, at);
  await atMoment(database, at, () => settle(database, CONTACTS_RECORDER, settlementOf(call_id ?? 0, answer, { answered_at: at, at })));
  return loadTarget(database, target.id);
}

/** A person, recognisable by her id. */
export function person(id: string, more: Person = {}): Person {
  return { id, first_name: 'Ida', last_name: `Fjord-${id}`, professional_email: `${id}@alderfinch.example`, ...more };
}

/** A company and its people, as an answer. */
export function answerOf(persons: Person[], company: Company = ALDERFINCH): Answer {
  return { company, persons, usage: { total_usd: 0.25 * persons.length } };
}

export const ALDERFINCH: Company = { id: 'company-alderfinch', domain: 'alderfinch.example', company_name: 'Alder & Finch' };
