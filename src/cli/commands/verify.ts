/* `verify`: what becomes of mail to every address of a list. Checks what costs nothing first, then asks providers in order. */
import { Resolver } from 'node:dns/promises';
import { UsageError } from '../../core/errors.ts';
import type { Problem } from '../../core/errors.ts';
import { readAll } from '../../core/problems.ts';
import { hashOf } from '../../kinds/contacts/question.ts';
import { createMxLookup } from '../../kinds/emails/mail-exchange.ts';
import type { MxLookup } from '../../kinds/emails/mail-exchange.ts';
import { CATCH_ALL_AGE_MS } from '../../kinds/emails/verdict.ts';
import type { Policy } from '../../kinds/emails/verdict.ts';
import { forcedFormat } from '../../lists/format.ts';
import { durationOption } from '../../runtime/config.ts';
import { askEmail } from '../../service/email-rows.ts';
import { createFreeChecks } from '../../service/free-checks.ts';
import type { EmailOptions } from '../../service/options.ts';
import { readShape } from '../../service/output-shape.ts';
import { contactAddresses } from '../../store/contact-addresses.ts';
import { askList, askLists } from '../ask-list.ts';
import type { ListCommandOptions } from '../ask-list.ts';
import { excludedDomains } from '../excluded-domains.ts';
import { readPace } from '../perform.ts';
import { askedProviders, readProviders, refuseWithoutKeys } from '../providers.ts';
import { findRunById, noRuns } from '../run-id.ts';
import { openSession, openToRead } from '../session.ts';
import type { ListSource } from '../spool.ts';

/** Options of `verify`, as commander gives them. */
export type VerifyCommandOptions = ListCommandOptions & {
  emailColumn?: string;
  provider: string;
  policy: Policy;
  allowRole?: boolean;
  allowDomain?: string[];
  dns: boolean;
  contacts?: boolean;
  run?: string;
};

/** How old an answer may be where nobody says. */
const USUAL_AGE = '30d';
/** A resolver that does not answer is no reason to wait: the address is then asked. */
const DNS_TIMEOUT_MS = 5_000;

/** Runs the command, list by list; returns its exit code. */
export async function verify(inputs: readonly string[], options: VerifyCommandOptions): Promise<number> {
  const misfit = misfitOf(inputs, options);
  if (misfit !== undefined) throw new UsageError(misfit);
  // Outputs are named as if they were a list in the working folder.
  if (options.contacts) return verifyList('contacts.csv', options, await contactsOf(options));
  return askLists(inputs, options, { columns: { subject: 'email', ...columnsOf(options) }, kind: 'emails', askOne: (input) => verifyList(input, options) });
}

/** What does not go together. */
function misfitOf(inputs: readonly string[], { contacts, run, emailColumn }: VerifyCommandOptions): Problem | undefined {
  if (contacts !== true && run !== undefined) return { what: '--run says whose contacts are verified, and a list is', fix: 'add --contacts, or leave it out' };
  if (contacts === true && inputs.length > 0) return { what: `--contacts takes the addresses from the database, and ${inputs.join(' ')} is a list`, fix: 'give one of the two' };
  if (contacts === true && emailColumn !== undefined) return { what: '--email-column is about a list, and --contacts takes the addresses from the database', fix: 'leave it out' };
  if (contacts !== true && inputs.length === 0) return { what: 'verify needs a list of addresses', fix: 'name one, for instance: waterfall-contacts verify emails.csv; or add --contacts' };
  return undefined;
}

/** The addresses of all contacts, or of those of a run, as a list. @throws {UsageError} when there are none. */
async function contactsOf(options: VerifyCommandOptions): Promise<ListSource> {
  const session = openSession(options);
  const database = await openToRead(session);
  if (database === undefined) throw noRuns(session.settings.home);
  try {
    const run = options.run === undefined ? undefined : await findRunById(database, options.run);
    const addresses = await contactAddresses(database, run?.id);
    if (addresses.length === 0) throw new UsageError({ what: `no contact ${run === undefined ? '' : `of run ${run.id} `}has an address`, fix: 'find some first: waterfall-contacts run companies.csv' });
    return { name: run === undefined ? 'contacts' : `contacts of run ${run.id}`, text: ['email\n', ...addresses.map((address) => `"${address.replaceAll('"', '""')}"\n`)] };
  } finally {
    await database.close();
  }
}

async function verifyList(input: string, options: VerifyCommandOptions, source?: ListSource): Promise<number> {
  const excluded = await excludedDomains(options.excludeDomain);
  const allowed = await excludedDomains(options.allowDomain, '--allow-domain');
  const sandbox = options.sandbox ?? false;
  const [session, pace, shape, maxAgeMs, names] = readAll(
    () => openSession(options),
    () => readPace(options),
    () => readShape(options),
    () => durationOption('--max-age', options.maxAge ?? USUAL_AGE),
    () => readProviders(options.provider),
    () => forcedFormat(options),
    () => {
      const problems = [...excluded.problems, ...allowed.problems];
      if (problems.length > 0) throw new UsageError(problems);
    },
  );
  if (!sandbox && !options.dryRun) refuseWithoutKeys(names, session.settings);
  for (const hint of [...excluded.hints, ...allowed.hints]) session.terminal.say(`hint: ${hint}`, { message: 'hint', hint });

  const question: EmailOptions = {
    providers: askedProviders(names, session.settings, sandbox),
    ...(options.allowRole && { allow_role: true as const }),
    ...(allowed.domains.size > 0 && { allowed_sha256: hashOf([...allowed.domains].sort()) }),
    ...(!options.dns && { no_dns: true as const }),
  };
  return askList(input, options, {
    ...{ session, pace, shape, maxAgeMs, excluded: excluded.domains },
    ...(source !== undefined && { source }),
    // Servers that take everything change sooner than others; who names an age means it.
    ...(options.maxAge === undefined && { catchAllAgeMs: CATCH_ALL_AGE_MS }),
    asking: { kind: 'emails', question },
    policy: options.policy,
    columnOptions: columnsOf(options),
    checks: createFreeChecks({ allowRole: options.allowRole ?? false, allowDomains: allowed.domains, lookUp: options.dns ? await mxLookup(sandbox) : undefined }),
    problems: () => [],
    understood(columns) {
      const email_column = columns.email === undefined ? null : (columns.names[columns.email] ?? null);
      return { words: `addresses in column "${email_column}"`, fields: { email_column } };
    },
    ask: (columns, row) => askEmail({ columns, excluded: excluded.domains }, row),
  });
}

/** How the user said that the column is found. */
function columnsOf({ emailColumn }: VerifyCommandOptions) {
  return emailColumn === undefined ? {} : { emailColumn };
}

/** Whether a domain takes mail: as its servers say, and in a trial as the sandbox does. */
async function mxLookup(sandbox: boolean): Promise<MxLookup> {
  if (sandbox) {
    const { sandboxMx } = await import('../../sandbox/mail-exchange.ts');
    return (domain) => Promise.resolve(sandboxMx(domain));
  }
  return createMxLookup(new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 }));
}
