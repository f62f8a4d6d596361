/* What a run leaves behind: its lines, its tables, its files. However often it was cut off, these are the same. */
import { expect } from 'vitest';
import { openDriver } from '../../src/store/open.ts';
import { testRuntime } from './databases.ts';
import { withoutJobs, type Scene } from './command.ts';

/** What must not depend on interruptions; without the ids of jobs and moments, in which two runs differ. */
export type Traces = { lines: Kept[]; contacts: Kept[]; companies: Kept[]; links: Kept[]; files: string[] };

type Kept = Record<string, unknown>;

const CONTACTS = "select company_domain as domain, to_jsonb(contact) - 'created_at' - 'updated_at' as contact from waterfall.contacts as contact order by id";
const COMPANIES = "select domain, to_jsonb(company) - 'created_at' - 'updated_at' - 'answered_at' as company from waterfall.companies as company order by id";
const LINKS = `
  select distinct question->>'domain' as domain, link.position, link.contact_id
  from waterfall.answer_contacts as link join waterfall.answers as answer on answer.id = link.answer_id join waterfall.targets as target on target.id = answer.target_id order by 1, 2`;
/** The doubts of a question go on from run to run, and its launches add up. */
const LAUNCHES = `
  select question->>'domain' as domain, sum(launches)::integer as launches, max(doubts) as doubts
  from waterfall.targets group by 1 order by 1`;

/** Reads the traces of `list.csv`; the database is the embedded one where there is no URL. */
export async function tracesOf(scene: Scene, databaseUrl: string | undefined): Promise<Traces> {
  const [contacts, companies, links] = await ask<Kept>(scene, databaseUrl, [CONTACTS, COMPANIES, LINKS]);
  return { lines: withoutJobs(await scene.read('list.contacts.csv')), contacts, companies, links, files: await scene.files() };
}

/** The same without what is known of some domains. */
export function withoutDomains(traces: Traces, domains: readonly string[]): Traces {
  const others = (records: Kept[]) => records.filter(({ domain }) => !domains.includes(String(domain)));
  const { lines, contacts, companies, links, files } = traces;
  return { lines: others(lines), contacts: others(contacts), companies: others(companies), links: others(links), files };
}

/** The server saw no launch that is not admitted, and no question twice that was not in doubt. Returns the doubts by domain. */
export async function expectHonestLaunches(scene: Scene, databaseUrl: string | undefined): Promise<Map<string, number>> {
  const [admitted] = await ask<{ domain: string; launches: number; doubts: number }>(scene, databaseUrl, [LAUNCHES]);
  const { launches_by_question } = await scene.sandbox.stats();
  const seen = (domain: string) =>
    Object.entries(launches_by_question).reduce((sum, [question, launches]) => sum + (question.startsWith(`${domain}|`) ? launches : 0), 0);
  const unadmitted = admitted.filter(({ domain, launches }) => seen(domain) > launches);
  const repeated = admitted.filter(({ domain, doubts }) => seen(domain) > 1 + doubts);
  expect({ unadmitted, repeated }).toEqual({ unadmitted: [], repeated: [] });
  return new Map(admitted.filter(({ doubts }) => doubts > 0).map(({ domain, doubts }) => [domain, doubts]));
}

async function ask<Row>(scene: Scene, databaseUrl: string | undefined, statements: readonly string[]): Promise<[Row[], Row[], Row[]]> {
  const driver = await openDriver({ databaseUrl, home: scene.home }, testRuntime());
  try {
    const answers: Row[][] = [];
    for (const statement of statements) answers.push(await driver.query<Row>(statement));
    return [answers[0] ?? [], answers[1] ?? [], answers[2] ?? []];
  } finally {
    await driver.close();
  }
}
