/*
 * What became of the rows of a run: read-only questions for the outputs, the summary and the exit code. A row's target is
 * one of its own run, and the joins say so: else the planner may read the targets of all runs to find those of one.
 */
import type { Answer, Outcome } from '../core/model.ts';
import type { Queryable } from './database.ts';

/** The outcome of the row that asks a target's question first, from the target's state. */
const OF_TARGET = `
  case
    when target.state in ('launching', 'launched', 'following') then 'waiting'
    when target.state = 'pending' and target.launches > 0 then 'waiting'
    when target.state = 'pending' then 'not_launched'
    else target.state end`;

/** A row's outcome: its own (`invalid`, `duplicate`), or that of its target. */
const OUTCOME = `coalesce(input_row.outcome, ${OF_TARGET})`;

/** Bytes of a page, of which its last row may be beyond: cells have any length, an answer up to 32 MB. */
const PAGE_BYTES = 2 ** 21;

/** The rows of `page` up to so many bytes, at least one; their length as an SQL expression. */
const bounded = (length: string) => `(
  select * from (
    select page.*, sum(${length}) over (order by position rows between unbounded preceding and 1 preceding) as bytes_before from page
  ) as measured
  where coalesce(bytes_before, 0) < ${PAGE_BYTES}
)`;
const CELLS_LENGTH = `octet_length(array_to_string(page.cells, ''))`;
/** As they are kept most answers are shorter than this, and compressed. What is added to nothing is unpacked, and no more. */
const ANSWER_LENGTH = `case when pg_column_size(page.answer) > 8192 then pg_column_size(page.answer || '{}') else 8192 end`;
/** Rows of `page` with their answers, as many. */
export const BOUNDED_ANSWERS = bounded(`${CELLS_LENGTH} + ${ANSWER_LENGTH}`);

/** How many rows have an outcome, and what they brought and cost. `cost_usd` is null when no cost is known. */
export type OutcomeCount = { outcome: Outcome; rows: number; contacts: number; cost_usd: string | null; launches: number };

/** How many rows have one of these outcomes. */
export function rowsOf(counts: readonly OutcomeCount[], outcomes: readonly Outcome[]): number {
  return counts.filter((count) => outcomes.includes(count.outcome)).reduce((sum, count) => sum + count.rows, 0);
}

/**
 * Counts by outcome. Contacts, cost and launches are counted once, at the first row of a question. Each target has exactly
 * one such row, so the two need not be joined (100,000 rows: half the time).
 */
export async function countOutcomes(database: Queryable, run_id: string): Promise<OutcomeCount[]> {
  return database.query<OutcomeCount>(
    `select ${OF_TARGET} as outcome, count(*)::integer as rows, sum(contacts)::integer as contacts, sum(cost_usd)::text as cost_usd,
       sum(launches)::integer as launches
     from waterfall.targets as target where run_id = $1 group by 1
     union all
     select outcome, count(*)::integer, 0, null, 0
     from waterfall.input_rows where run_id = $1 and outcome is not null group by outcome`,
    [run_id],
  );
}

/** Whether the answer of a target is its own, which its run paid for. */
export const HOLDS_ANSWER = 'exists (select from waterfall.answers as own where own.target_id = targets.id)';

/** Contacts of the answers that a run's own targets hold: what its cost was paid for. What others hold, they paid. */
export const PAID_CONTACTS = `coalesce(sum(contacts) filter (where state = 'found' and ${HOLDS_ANSWER}), 0)::integer`;

/** What lies behind the cost of a run. */
export type PaidCounts = { unknown_cost: number; paid_contacts: number; repeated: number };

/**
 * Answers whose cost the API did not say, and launches of one run that repeat one in doubt: its own, or, where it began
 * with a doubt, an earlier run's. All launches but one that has a job are in doubt. And the contacts that its cost was paid
 * for: those of answers that it holds itself.
 */
export async function countPaid(database: Queryable, run_id: string): Promise<PaidCounts> {
  const [row] = await database.query<PaidCounts>(
    `select count(*) filter (where state in ('found', 'no_contacts', 'not_found') and cost_usd is null)::integer as unknown_cost,
       ${PAID_CONTACTS} as paid_contacts,
       coalesce(sum(case when launches > 0 then launches - asked + least(inherited_doubts, 1) end), 0)::integer as repeated
     from waterfall.targets,
       -- Of one that several providers were asked for, one launch is each one's.
       lateral (select case when launches <= 1 then 1 else greatest(1, (
         select count(distinct call.provider) from waterfall.call_targets as listed join waterfall.calls as call on call.id = listed.call_id
         where listed.target_id = targets.id and call.state <> 'not_sent')) end as asked) as providers,
       lateral (select greatest(doubts - launches + (call_id is not null)::integer, 0) as inherited_doubts) as inherited
     where run_id = $1`,
    [run_id],
  );
  return row ?? { unknown_cost: 0, paid_contacts: 0, repeated: 0 };
}

/** One line of the report. `domain` is what the row asks for: a company's domain, or an address. */
export type ReportRow = {
  position: number;
  row: number;
  domain: string | null;
  title_filter: string | null;
  outcome: Outcome;
  reason: string | null;
  contacts: number;
  /** Whose answer makes the row's line. */
  provider: string | null;
  /** Who was asked before, or besides, with commas between them. */
  asked_in_vain: string | null;
  cost_usd: string | null;
  job_id: string | null;
  launches: number;
  cells: string[];
  /** Of a duplicate: the line that asked first, and how that one ended. */
  first_row: number | null;
  first_outcome: Outcome | null;
};

/** The answer that makes the line of a target: of several providers the last that knows something, else the last. Contacts have no verdict. */
const bestAnswer = (columns: string, target_id: string) => `(
  select ${columns} from waterfall.target_answers as made join waterfall.answers as answer on answer.id = made.answer_id
  where made.target_id = ${target_id} order by (answer.verdict is null or answer.verdict <> 'unknown') desc, made.place desc limit 1)`;

/** Rows of the report after a position, in input order: at least one if there is any, at most `limit`, fewer where they are long. */
export async function reportRows(
  database: Queryable,
  query: { run_id: string; after: number; limit: number; outcomes?: readonly Outcome[] },
): Promise<ReportRow[]> {
  return database.query<ReportRow>(
    `with page as (
       select input_row.*, ${OUTCOME} as row_outcome, target.state, target.reason as target_reason,
         target.contacts, target.cost_usd, target.call_id, target.launches
       from waterfall.input_rows as input_row
       left join waterfall.targets as target on target.id = input_row.target_id and target.run_id = $1
       where input_row.run_id = $1 and input_row.position > $2
         and ($4::text[] is null or ${OUTCOME} = any ($4::text[]))
       order by input_row.position limit $3
     )
     select page.position, page.line as row, page.domain, page.title_filter, page.row_outcome as outcome,
       coalesce(page.reason, page.target_reason) as reason,
       case when page.outcome is null then page.contacts else 0 end as contacts,
       case when page.outcome = 'duplicate' then '0' when page.outcome is null then page.cost_usd::text end as cost_usd,
       (select job_id from waterfall.calls as call where call.id = page.call_id) as job_id,
       case when page.outcome is null then page.launches else 0 end as launches,
       best.provider,
       case when page.outcome is null then (
         select string_agg(provider, ',' order by place, call_id) from (
           select provider, min(place) as place, min(call_id) as call_id from (
             select answer.provider, made.place, answer.call_id
             from waterfall.target_answers as made join waterfall.answers as answer on answer.id = made.answer_id where made.target_id = page.target_id
             union all
             select call.provider, null, call.id
             from waterfall.call_targets as listed join waterfall.calls as call on call.id = listed.call_id
             where listed.target_id = page.target_id and call.state = 'ended'
           ) as asked where provider is distinct from best.provider group by provider
         ) as vain) end as asked_in_vain,
       page.cells,
       first_row.line as first_row,
       (select ${OUTCOME} from waterfall.input_rows as input_row
        join waterfall.targets as target on target.id = input_row.target_id
        where input_row.run_id = first_row.run_id and input_row.position = first_row.position) as first_outcome
     from ${bounded(CELLS_LENGTH)} as page
     left join lateral ${bestAnswer('answer.provider', 'page.target_id')} as best on page.outcome is null
     left join waterfall.input_rows as first_row
       on page.outcome = 'duplicate' and first_row.target_id = page.target_id and first_row.outcome is null
     order by page.position`,
    [query.run_id, query.after, query.limit, query.outcomes ?? null],
  );
}

/** A row that may deliver contacts (no duplicate, not invalid), with the answer of its target where there is one. */
export type AnsweredRow = {
  position: number;
  /** The line of the list. */
  row: number | null;
  domain: string;
  title_filter: string;
  outcome: Outcome;
  cells: string[];
  job_id: string | null;
  /** The provider's moment. */
  answered_at: Date | null;
  answer: Answer | null;
  /** How many of the contacts are the row's, where the answer is one to a larger limit. */
  most: number | null;
  /** Ids of contacts that are left out. */
  known: string[] | null;
};

/** The position of the first row behind another that is not settled yet; null when all are. */
export async function firstOpenPosition(database: Queryable, run_id: string, after: number): Promise<number | null> {
  const [row] = await database.query<{ position: number | null }>(
    // From `after` on: the index has dead entries of all rows that were settled a moment ago.
    'select min(position) as position from waterfall.targets where run_id = $1 and settled_at is null and position > $2',
    [run_id, after],
  );
  return row?.position ?? null;
}

/** Whether an answer that was there before a moment ($5, say) held the contact of a link: the first one made the contact, which outlives it. */
export const heldBefore = (moment: string) => `(
  exists (select from waterfall.contacts as held where held.id = link.contact_id and held.created_at < ${moment})
  or exists (
    select from waterfall.answer_contacts as held join waterfall.answers as earlier on earlier.id = held.answer_id
    where held.contact_id = link.contact_id and earlier.saved_at < ${moment}))`;

/**
 * Rows with their answers after a position (and before another), in input order, as many as of the report. Those not settled have no
 * answer. With `newSince` answers that were there before, and contacts that one of these held, are left out.
 */
export async function answeredRows(
  database: Queryable,
  query: { run_id: string; after: number; before?: number | null; limit: number; newSince?: Date | undefined },
): Promise<AnsweredRow[]> {
  return database.query<AnsweredRow>(
    `with page as (
       select input_row.position, input_row.line as row, input_row.domain, input_row.title_filter, ${OF_TARGET} as outcome, input_row.cells,
         call.job_id, answer.id as answer_id, answer.answered_at, case when answer.saved_at < $5 then null else answer.answer end as answer,
         case when answer.target_id <> target.id then target.question_limit end as most
       from waterfall.input_rows as input_row
       join waterfall.targets as target on target.id = input_row.target_id
       left join waterfall.calls as call on call.id = target.call_id
       left join waterfall.target_answers as made on made.target_id = target.id
       left join waterfall.answers as answer on answer.id = made.answer_id
       where input_row.run_id = $1 and input_row.outcome is null and input_row.position > $2
         and ($4::integer is null or input_row.position < $4)
       order by input_row.position limit $3
     )
     select position, row, domain, title_filter, outcome, cells, job_id, answered_at, answer, most,
       case when $5::timestamptz is not null then array(
         select contact_id from waterfall.answer_contacts as link where link.answer_id = page.answer_id and ${heldBefore('$5')}) end as known
     from ${BOUNDED_ANSWERS} as page order by position`,
    [query.run_id, query.after, query.limit, query.before ?? null, query.newSince ?? null],
  );
}

/** A row that asks about an address, a duplicate too, with the answer that makes its line; without one all of that is null. */
export type EmailRow = {
  position: number;
  row: number;
  email: string;
  cells: string[];
  provider: string | null;
  /** The provider's moment, or ours, whichever was first. */
  checked_at: Date | null;
  /** An answer about an address. */
  answer: unknown;
};

/**
 * Rows with what was said of their addresses, as `answeredRows`. Whoever verifies a list wants to know of each of its rows: a
 * duplicate has the answer of the row that asked first, which stands before it, and so is settled first.
 */
export async function emailRows(
  database: Queryable,
  query: { run_id: string; after: number; before?: number | null; limit: number; newSince?: Date | undefined },
): Promise<EmailRow[]> {
  return database.query<EmailRow>(
    `with page as (
       select input_row.position, input_row.line as row, input_row.domain as email, input_row.cells, input_row.target_id
       from waterfall.input_rows as input_row
       join waterfall.targets as target on target.id = input_row.target_id
       where input_row.run_id = $1 and input_row.position > $2 and ($4::integer is null or input_row.position < $4)
       order by input_row.position limit $3
     )
     select position, row, email, cells, best.provider, best.checked_at, case when best.saved_at < $5::timestamptz then null else best.answer end as answer
     from ${bounded(CELLS_LENGTH)} as page
     left join lateral ${bestAnswer('answer.provider, answer.answer, answer.saved_at, least(answer.answered_at, answer.saved_at) as checked_at', 'page.target_id')} as best on true
     order by position`,
    [query.run_id, query.after, query.limit, query.before ?? null, query.newSince ?? null],
  );
}

/** How many addresses of a run have a verdict; each once, however many rows ask about it. */
export async function countVerdicts(database: Queryable, run_id: string): Promise<{ verdict: string; addresses: number }[]> {
  return database.query<{ verdict: string; addresses: number }>(
    `select best.verdict, count(*)::integer as addresses
     from waterfall.targets as target join lateral ${bestAnswer('answer.verdict', 'target.id')} as best on true
     where target.run_id = $1 and target.settled_at is not null and best.verdict is not null group by 1`,
    [run_id],
  );
}
