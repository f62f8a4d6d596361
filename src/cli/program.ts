/* The commands and their options. A thin layer: each action loads its command only when it runs, so `--help` stays cheap. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { closest } from '../core/closest.ts';
import type { Problem } from '../core/errors.ts';
import { asStarted } from './command-line.ts';
import type { CopyCommandOptions } from './commands/copy.ts';
import { keepMisread } from './misread.ts';
import { outputOptions } from './output-options.ts';

const ASKED = 'What is asked:';
/** As commander calls the group of `--help`. */
const OTHERS = 'Options:';

/** One line for each command, shown under its options. */
const EXAMPLES: Record<string, string> = {
  run: 'waterfall-contacts run companies.csv --title-filter "founder OR ceo"',
  verify: 'waterfall-contacts verify emails.csv --provider waterfall,abstractapi',
  resume: 'waterfall-contacts resume',
  export: 'waterfall-contacts export 20261122-034801 -o contacts.csv --report report.csv',
  query: 'waterfall-contacts query "select company_domain, count(*) from contact_list group by 1"',
  copy: 'waterfall-contacts copy --to "$DATABASE_URL"',
  runs: 'waterfall-contacts runs --limit 5',
  status: 'waterfall-contacts status --json | jq .hit_rate',
  check: 'waterfall-contacts check && waterfall-contacts run companies.csv',
  migrate: 'waterfall-contacts migrate --print | psql "$DATABASE_URL"',
  forget: 'waterfall-contacts forget jane@acme.example',
  purge: 'waterfall-contacts purge --older-than 180d --dry-run',
  sandbox: 'waterfall-contacts sandbox --port 8787 --error-rate 0.1',
};

const FIRST_STEPS = `
A trial, which costs nothing:
  waterfall-contacts run companies.csv --title-filter "founder OR ceo" --sandbox
All options of a command, with an example:
  waterfall-contacts run --help`;

const share = numberUpTo(1);

/** Where help and version go, and where complaints about the words of a command. */
export type Output = { writeOut: (text: string) => void; writeErr: (text: string) => void };

/** Makes the program; `ended` is told the exit code of the command that ran, `output` gets what commander itself says. */
export function buildProgram(ended: (exit: number) => void, output: Output): Command {
  const program = new Command('waterfall-contacts')
    .description(
      'Turns a list of company domains into verified contacts, in a spreadsheet and in\nPostgreSQL, without losing a row or paying twice.',
    )
    .version(version())
    .option('--database-url <url>', 'PostgreSQL to keep everything in (DATABASE_URL); without it an embedded one')
    .option('--home <dir>', 'folder of the embedded database (WATERFALL_CONTACTS_HOME)')
    .option('--base-url <url>', 'address of the API (WATERFALL_BASE_URL)')
    .option('--allow-insecure', 'send the key over plain http to a host other than this one')
    .option('--quiet', 'only errors')
    .option('--verbose', 'also what happens to each row')
    .addOption(new Option('--log-format <format>', 'of what goes to stderr').choices(['text', 'json']).default('text'))
    .option('--no-progress', 'no progress display')
    .option('--no-color', 'no colours')
    .showHelpAfterError('(waterfall-contacts --help shows all commands and options)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.writeOut(asStarted(text, process.env)),
      writeErr: (text) => output.writeErr(asStarted(text, process.env)),
    })
    .addHelpText('after', FIRST_STEPS)
    .on('command:*', ([word = '']: string[]) => program.error(unknownCommand(word, program), { code: 'commander.unknownCommand' }));

  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .showHelpAfterError(`(waterfall-contacts ${name} --help shows all its options)`)
      .exitOverride()
      .addHelpText('after', () => `\nExample:\n  ${EXAMPLES[name] ?? ''}\n\nOptions of every command: waterfall-contacts --help`);

  paceOptions(
    outputOptions(
      command('run', 'find contacts for every company of a list')
        .argument('<companies.csv...>', 'the list, or several, one run each; - reads one from stdin')
        .optionsGroup(ASKED)
        .option('--title-filter <expr>', 'for rows without a filter of their own, e.g. "(founder OR ceo) AND NOT assistant", or @file')
        .option('--persona <name=expr>', 'a named filter; repeat up to 5 times, tried in order until the limit is filled', collect)
        .option('--filter-as-is', 'send title filters as they are written: no "or" is read as OR, nothing is checked')
        .option('--no-hints', 'send no company names and LinkedIn pages of the list along')
        .optionsGroup('How the list is read:')
        .option('--domain-column <name>', 'column of the company domains (default: found by name)')
        .option('--filter-column <name>', 'column of the title filters (default: found by name)')
        .option('--delimiter <char>', 'one of , ; tab | (default: detected)')
        .option('--encoding <name>', 'of the list, e.g. utf-8, utf-16le, windows-1252 (default: detected)')
        .option('--sheet <name>', 'of a workbook (default: the first one that has rows)')
        .option('--as-list', 'take contacts that were written here, or a report, as a list like any other')
        .optionsGroup(ASKED)
        .option('--limit <n>', 'contacts per company, 1-500', wholeNumber(1, 500), 10)
        .option('--include-phones', 'also phone numbers; those found cost extra')
        .option('--include-unverified', 'also catch-all e-mail addresses')
        .option('--location <text>', "the contact's city, region or country")
        .option('--country <name>', "the contact's country, in full; repeatable", collect)
        .option('--exclude-name <name>', 'a full name to leave out, or @file with one a line; repeatable', collect)
        .option('--exclude-domain <domain>', 'a company you already have, or @file with a list of them; never asked; repeatable', collect)
        .optionsGroup('What is asked for, and what is known already:')
        .option('--rows <n>', 'a trial: only the first n rows that could be asked, into files of their own', wholeNumber(1, 1_000_000_000))
        .option('--max-age <duration>', 'how old an answer in the database may be', '30d')
        .option('--fresh', 'ask for everything again')
        .option('--dry-run', 'say what the run would do and cost; sends nothing, needs no key, creates nothing but a report that --report asks for'),
    ),
  )
    .optionsGroup(OTHERS)
    .option('--sandbox', 'a trial: a fictional API and an embedded database of its own')
    .action(async (inputs: string[], _options: unknown, self: Command) => {
      const { run } = await import('./commands/run.ts');
      ended(await run(inputs, self.optsWithGlobals()));
    });

  paceOptions(
    outputOptions(
      command('verify', 'say of every address of a list whether mail can go there')
        .argument('[emails.csv...]', 'the list, or several, one run each; - reads one from stdin')
        .option('--contacts', 'in place of a list: the addresses of all contacts in the database')
        .option('--run <id>', 'with --contacts: only those of a run')
        .optionsGroup('How the list is read:')
        .option('--email-column <name>', 'column of the addresses (default: found by name)')
        .option('--delimiter <char>', 'one of , ; tab | (default: detected)')
        .option('--encoding <name>', 'of the list, e.g. utf-8, utf-16le, windows-1252 (default: detected)')
        .option('--sheet <name>', 'of a workbook (default: the first one that has rows)')
        .option('--as-list', 'take verdicts that were written here, or a report, as a list like any other')
        .optionsGroup(ASKED)
        .option('--provider <a,b>', `who is asked, in order: the next for what those before did not know (waterfall, abstractapi)`, 'waterfall')
        .addOption(new Option('--policy <name>', 'which verdicts are good: deliverable (strict), also catch_all (normal), also risky (loose)').choices(['strict', 'normal', 'loose']).default('strict'))
        .option('--allow-role', 'ask also for accounts that are a role, such as info@')
        .option('--allow-domain <domain>', 'ask also for a domain that is on the list of throwaway ones, or @file; repeatable', collect)
        .option('--no-dns', 'do not look up whether domains take mail')
        .option('--exclude-domain <domain>', 'a company whose addresses are never asked, or @file with a list of them; repeatable', collect)
        .optionsGroup('What is asked for, and what is known already:')
        .option('--rows <n>', 'a trial: only the first n rows that could be asked, into files of their own', wholeNumber(1, 1_000_000_000))
        .option('--max-age <duration>', 'how old a verdict in the database may be (default: 30d, of catch_all 7d)')
        .option('--fresh', 'ask for everything again')
        .option('--dry-run', 'say what the run would do and cost; sends nothing, needs no key, creates nothing but a report that --report asks for'),
      { output: 'where the verdicts go; a folder gets the usual name (default: beside the list)', report: 'the report, one line per input row (default: beside the verdicts)' },
    ),
    'an address',
  )
    .optionsGroup(OTHERS)
    .option('--sandbox', 'a trial: fictional APIs and an embedded database of its own')
    .action(async (inputs: string[], _options: unknown, self: Command) => {
      const { verify } = await import('./commands/verify.ts');
      ended(await verify(inputs, self.optsWithGlobals()));
    });

  paceOptions(outputOptions(command('resume', 'go on with an unfinished run; needs no input file').argument('[run-id]', 'or as much of it as is unique; default: the latest unfinished one')))
    .optionsGroup(OTHERS)
    .option('--sandbox', 'a run that was made with --sandbox')
    .action(async (id: string | undefined, _options: unknown, self: Command) => {
      const { resume } = await import('./commands/resume.ts');
      ended(await resume(id, self.optsWithGlobals()));
    });

  outputOptions(command('export', 'the contacts of a run from the database, without asking the API').argument('[run-id]', 'or as much of it as is unique; default: the latest one'), {
    output: 'where the contacts go; a folder gets the usual name (default: -, stdout)',
    report: 'also the report, one line per input row; - is stdout',
  })
    .optionsGroup('Which contacts:')
    .option('--all', 'of all runs: everything that is known, each person once')
    .option('--since <date>', 'with --all: of answers that came since then, e.g. 2026-11-20 or 7d')
    .option('--only-new', 'only persons whom no answer from before the run, or before --since, held')
    .optionsGroup(OTHERS)
    .option('--sandbox', 'of a run that was made with --sandbox')
    .action(async (id: string | undefined, _options: unknown, self: Command) => {
      const { exportRun } = await import('./commands/export.ts');
      ended(await exportRun(id, self.optsWithGlobals()));
    });

  command('query', 'one statement that only reads, on whichever database there is; prints a table, elsewhere than on a terminal CSV')
    .argument('<statement>', 'a select, in quotation marks')
    .option('--json', 'as JSON, for programs')
    .option('--sandbox', 'of the trial database')
    .action(async (statement: string, _options: unknown, self: Command) => {
      const { query } = await import('./commands/query.ts');
      ended(await query(statement, self.optsWithGlobals()));
    });

  command('copy', 'copy everything from the embedded database into an empty PostgreSQL, or the other way')
    .option('--to <database-url>', 'the PostgreSQL to copy into')
    .option('--from <database-url>', 'the PostgreSQL to copy into the embedded database')
    .action(async (_options: unknown, self: Command) => {
      const { to, from, databaseUrl, ...options } = self.optsWithGlobals<CopyCommandOptions>();
      if (databaseUrl !== undefined) return program.error('error: copy takes --to or --from, and no --database-url');
      // Known by its usual name, its password is kept out of whatever is said.
      program.setOptionValue('databaseUrl', to ?? from);
      const { copy } = await import('./commands/copy.ts');
      ended(await copy({ ...options, ...(to !== undefined && { to, databaseUrl: to }), ...(from !== undefined && { from, databaseUrl: from }) }));
    });

  command('runs', 'list the runs, newest first')
    .option('--limit <n>', 'how many', wholeNumber(1, 10_000), 20)
    .option('--json', 'as JSON, for programs')
    .option('--sandbox', 'the trial runs')
    .action(async (_options: unknown, self: Command) => {
      const { listRuns } = await import('./commands/runs.ts');
      ended(await listRuns(self.optsWithGlobals()));
    });

  command('status', 'how a run is doing: rows, contacts, cost, failures, how to go on')
    .argument('[run-id]', 'or as much of it as is unique; default: the latest one')
    .option('--json', 'as JSON, for programs')
    .option('--watch', 'again every 2 seconds, while another process works on the run (PostgreSQL)')
    .option('--sandbox', 'of a run that was made with --sandbox')
    .action(async (id: string | undefined, _options: unknown, self: Command) => {
      const { status } = await import('./commands/status.ts');
      ended(await status(id, self.optsWithGlobals()));
    });

  command('check', 'is everything in place? settings, key, balance, home folder, database, schema')
    .option('--sandbox', 'check the trial set-up instead')
    .action(async (_options: unknown, self: Command) => {
      const { check } = await import('./commands/check.ts');
      ended(await check(self.optsWithGlobals()));
    });

  command('migrate', 'create or update the schema "waterfall" in the database')
    .option('--print', 'print the DDL instead, for people who apply it themselves')
    .option('--grants <role>', 'with --print: also what a role needs that owns nothing and only works with it')
    .action(async (_options: unknown, self: Command) => {
      const { migrateDatabase } = await import('./commands/migrate.ts');
      ended(await migrateDatabase(self.optsWithGlobals()));
    });

  command('forget', 'erase a person everywhere; only a hash stays, so that later runs leave them out')
    .argument('[email | person-id | @file]', 'an address or the person_id of a contact, or a file with one a line')
    .option('--dry-run', 'list every place that holds them, and change nothing')
    .option('--replay <file>', 'erase again everybody of an erasures.jsonl, after an older backup was restored')
    .option('--sandbox', 'from the trial database')
    .action(async (person: string | undefined, _options: unknown, self: Command) => {
      const { forget } = await import('./commands/forget.ts');
      ended(await forget(person, self.optsWithGlobals()));
    });

  command('purge', 'delete runs that ended long ago; what is known by them, contacts and companies stay')
    .option('--older-than <duration>', 'how long ago they ended, e.g. 180d')
    .option('--with-known', 'also answers of the last 30 days, whose questions would then be paid again')
    .option('--dry-run', 'say what would be deleted, and change nothing')
    .option('--sandbox', 'from the trial database')
    .action(async (_options: unknown, self: Command) => {
      const { purge } = await import('./commands/purge.ts');
      ended(await purge(self.optsWithGlobals()));
    });

  command('sandbox', 'serve a local, fictional Waterfall API for trials, tests and benchmarks')
    .option('--port <n>', 'on 127.0.0.1; 0 takes a free one', wholeNumber(0, 65_535), 8787)
    .option('--rate-limit <n/seconds>', 'requests per window; 0 = none', '50/60')
    .option('--job-time <duration>', 'median time of a job; 0 = done at once', '3s')
    .option('--job-spread <n>', 'how much the times differ: standard deviation of the logarithm', numberUpTo(3), 0.5)
    .option('--slow-jobs <share>', 'jobs that take ten times as long', share)
    .option('--state <file>', 'keep the jobs here, so that they survive a restart')
    .option('--seed <n>', 'of all chance', wholeNumber(0, 2 ** 31), 1)
    .option('--persons <n>', 'people at every company (default: 0 to 12, by the domain)', wholeNumber(0, 500))
    .optionsGroup('Faults (a share is a number from 0 to 1):')
    .option('--latency <duration>', 'before every reply', '0')
    .option('--error-rate <share>', "500 in the API's envelope", share)
    .option('--bare-error-rate <share>', '502 with an HTML page, no job made', share)
    .option('--bare-error-after-rate <share>', '502 with an HTML page after the job was made', share)
    .option('--drop-before-rate <share>', 'socket dropped, no job made', share)
    .option('--drop-after-rate <share>', 'socket dropped after the job was made', share)
    .option('--fail-rate <share>', 'jobs that end FAILED', share)
    .option('--stuck-rate <share>', 'jobs that stay RUNNING', share)
    .option('--forget-rate <share>', 'jobs the API no longer knows', share)
    .option('--cut-rate <share>', 'replies cut in the middle', share)
    .option('--bad-type-rate <share>', 'replies with a wrong type', share)
    .option('--slow-rate <share>', 'replies held back', share)
    .option('--slow <duration>', 'how long they are held back', '5s')
    .action(async (_options: unknown, self: Command) => {
      const { serveSandbox } = await import('./commands/sandbox.ts');
      ended(await serveSandbox(self.optsWithGlobals()));
    });

  const misread: Problem[] = [];
  for (const one of [program, ...program.commands]) keepMisread(one, misread);
  return program.hook('preAction', (_program, given) => void given.setOptionValue('misread', misread));
}

/** What to say to a word that is no command; the name of a list is one that was forgotten `run`. */
function unknownCommand(word: string, program: Command): string {
  const names = program.commands.map((command) => command.name());
  const meant = /\.(csv|tsv|txt|jsonl|xlsx)$/i.test(word) ? `run ${word}` : closest(word.toLowerCase(), names);
  return `error: unknown command '${word}'${meant === undefined ? '' : `\n(Did you mean ${meant}?)`}`;
}

function paceOptions(command: Command, priced = 'a contact'): Command {
  return command
    .optionsGroup('How fast, and how patient:')
    .option('--concurrency <n>', 'jobs launched and not settled, at most', wholeNumber(1, 10_000), 200)
    .option('--rate-limit <n/seconds>', 'requests, launches and polls together (WATERFALL_RATE_LIMIT, default 50/60); 0 = none')
    .option('--max-cost <usd>', 'launch nothing that could bring the cost of the run above it, over all its commands')
    .option('--price <usd>', `what ${priced} costs at most${priced === 'a contact' ? ', its phone number included' : ', or provider=usd, repeatable'} (default: from earlier bills, or the account)`, collect)
    .option('--confirm-above <usd>', 'ask before launching when the worst case costs more (default: 100 on a terminal)')
    .option('--yes', 'do not ask')
    .option('--job-timeout <duration>', 'a job still RUNNING so long after its launch is given up', '10m')
    .addOption(
      new Option('--in-doubt <policy>', 'launches whose reply was never seen: repeat them (bounded), or never')
        .choices(['relaunch', 'hold'])
        .default('relaunch'),
    );
}

function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text.trim()) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most}`);
  };
}

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && number >= 0 && number <= most) return number;
    throw new InvalidArgumentError(`a number from 0 to ${most}`);
  };
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
