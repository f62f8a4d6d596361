/*
 * docs/recipes.md: each shell recipe is taken out of the page and run as it is; of the workflow, the crontab and the units the
 * commands are. jq, psql and flock are the machine's own, or tiny stand-ins where it has none (support/stand-ins.ts).
 */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, it, sql, type Scene, type SceneOptions } from '../support/command.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { addStandIns } from '../support/stand-ins.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/recipes.md'), 'utf8');
const DOMAINS = companies(4);
const LIST = list(DOMAINS);

/** Blocks of a language, by the heading that they are under. */
function blocksOf(language: string): { heading: string; text: string }[] {
  return page.split('\n## ').slice(1).flatMap((section) => {
    const heading = section.split('\n')[0] ?? '';
    return [...section.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, text = '']) => ({ heading, text }));
  });
}

/** The one block under a heading that has these words. */
function recipe(heading: string, words = '', language = 'sh'): string {
  const found = blocksOf(language).filter((block) => block.heading === heading && block.text.includes(words));
  if (found.length !== 1) throw new Error(`${found.length} recipes under "${heading}" have "${words}"`);
  tried.add(found[0]?.text ?? '');
  return found[0]?.text ?? '';
}

/** Recipes that a test has asked for. */
const tried = new Set<string>();

type Kitchen = Scene & { databaseUrl: string; mailed: () => Promise<string> };
type Tools = { open: (options?: SceneOptions) => Promise<Scene>; newDatabase: (how?: { migrated?: boolean }) => Promise<string> };

/** A workplace with a list, a database of its own, and the programs of the recipes. */
async function kitchen({ open, newDatabase }: Tools, { migrated } = { migrated: true }): Promise<Kitchen> {
  const scene = await open();
  const databaseUrl = await newDatabase({ migrated });
  await addStandIns(join(scene.folder, '../bin'), join(scene.folder, '../mailed'));
  await scene.write('companies.csv', LIST);
  const shell: Scene['shell'] = (line, how = {}) => scene.shell(line, { ...how, env: { DATABASE_URL: databaseUrl, ...how.env } });
  const run: Scene['run'] = (args, how = {}) => scene.run(args, { ...how, env: { DATABASE_URL: databaseUrl, ...how.env } });
  const give: Scene['give'] = (args, how = {}) => scene.give(args, { env: { DATABASE_URL: databaseUrl, ...how.env } });
  return { ...scene, shell, run, give, databaseUrl, mailed: () => scene.read('../mailed').catch(() => '') };
}

const contactsOf = async ({ read }: Scene, name = 'companies.contacts.csv') => csvRows(await read(name));
const FIND = ['run', 'companies.csv'];
const usd = (contacts: number) => Math.round(contacts * 5) / 100;

describe.concurrent('docs/recipes.md', () => {
  it('says what a run costs before it starts', async ({ open, newDatabase }) => {
    const { shell, sandbox } = await kitchen({ open, newDatabase });
    const { exit, stderr } = await shell(recipe('What does it cost, before I start?', 'companies.csv'));
    expect([exit, stderr]).toEqual([0, expect.stringContaining('at worst $2.00: 40 contacts at $0.05 each')]);
    expect((await sandbox.stats()).launch_requests).toBe(0);
  });

  it('says what several lists cost', async ({ open, newDatabase }) => {
    const { shell, folder, write } = await kitchen({ open, newDatabase });
    await mkdir(join(folder, 'lists'));
    await write('lists/a.csv', list(DOMAINS.slice(0, 1)));
    await write('lists/b.csv', list(DOMAINS.slice(1)));
    const { stdout } = await shell(recipe('What does it cost, before I start?', 'lists/*.csv'));
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual([
      { list: 'lists/a.csv', to_launch: 1, requests: 2, worst_case_usd: 0.5 },
      { list: 'lists/b.csv', to_launch: 3, requests: 6, worst_case_usd: 1.5 },
    ]);
  });

  it('asks several lists one after the other, also behind one with an invalid row', async ({ open, newDatabase }) => {
    const { shell, folder, write, rows } = await kitchen({ open, newDatabase });
    await mkdir(join(folder, 'lists'));
    await write('lists/a.csv', list([...DOMAINS.slice(0, 1), 'no domain']));
    await write('lists/b.csv', list(DOMAINS.slice(1)));
    expect((await shell(recipe('Several lists, one after the other'))).exit).toBe(3);
    expect((await rows('found/a.report.csv')).map(({ outcome }) => outcome)).toEqual(['found', 'invalid']);
    expect((await rows('found/b.report.csv')).map(({ outcome }) => outcome)).toEqual(['found', 'found', 'found']);
    expect(new Set((await rows('found/b.contacts.csv')).map(({ domain }) => domain))).toEqual(new Set(DOMAINS.slice(1)));
  });

  it('stops before the second list when the first run stops', async ({ open, newDatabase }) => {
    const { shell, folder, write, sandbox } = await kitchen({ open, newDatabase });
    await mkdir(join(folder, 'lists'));
    for (const name of ['a', 'b']) await write(`lists/${name}.csv`, LIST);
    await write('lists/a.csv', 'no,columns\n');
    expect((await shell(recipe('Several lists, one after the other'))).exit).toBe(2);
    expect((await sandbox.stats()).launch_requests).toBe(0);
    await write('lists/a.csv', LIST);
    expect((await shell(`${recipe('Several lists, one after the other').trim()} --max-cost 0.1`)).exit).toBe(4);
    expect(await readdir(join(folder, 'found'))).toEqual(['a.contacts.partial.csv', 'a.report.partial.csv']);
  });

  it('sends no mail from cron when all is well, and all output when not', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    await made.write('nightly.sh', recipe('Cron, with a lock, and mail on failure', 'mail -s'));
    await chmod(join(made.folder, 'nightly.sh'), 0o755);
    expect([await made.shell('./nightly.sh'), await made.mailed()]).toMatchObject([{ exit: 0 }, '']);
    expect((await contactsOf(made)).length).toBeGreaterThan(0);
    await made.write('companies.csv', `${LIST}no domain,\n`);
    expect((await made.shell('./nightly.sh')).exit).toBe(3);
    expect(await made.mailed()).toMatch(/^-s contacts: exit 3 ops@acme\.example\n[^]*invalid/);
  });

  it('lets the crontab give way to a night that is still at it', async ({ open, newDatabase }) => {
    const { shell, write, folder } = await kitchen({ open, newDatabase });
    const [path = '', line = ''] = recipe('Cron, with a lock, and mail on failure', 'flock', 'cron').replaceAll('/srv/contacts', folder).split('\n');
    expect(path).toMatch(/^PATH=(\/[\w/]+:?)+$/);
    const command = line.replace(/^(\S+ ){5}\s*/, '').trim();
    // Gives its own command again, as the next night would, and tells its exit code.
    await write('nightly.sh', `#!/bin/sh\n[ -e again ] && exit 9\ntouch again\n${command}\nexit $(($? + 1))\n`);
    await chmod(join(folder, 'nightly.sh'), 0o755);
    expect((await shell(command)).exit).toBe(76);
  });

  it('has a unit whose command does the work, and whose exit codes are those of no failure', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const unit = recipe('systemd', 'ExecStart=', 'ini');
    const settings = new Map([...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
    const command = settings.get('ExecStart')?.replace('/usr/local/bin/', '') ?? '';
    expect((await made.shell(command)).exit).toBe(0);
    expect((await contactsOf(made)).length).toBeGreaterThan(0);
    expect([settings.get('Type'), settings.get('SuccessExitStatus')]).toEqual(['oneshot', '75 143']);
    expect(unit.match(/^\[.*\]$/gm)).toEqual(['[Unit]', '[Service]']);
    expect(recipe('systemd', 'OnCalendar=', 'ini').match(/^\[.*\]$/gm)).toEqual(['[Unit]', '[Timer]', '[Install]']);
  });

  it('has a workflow whose command does the work, and whose secrets are settings', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const workflow = recipe('A scheduled GitHub Action', '', 'yaml');
    expect(workflow).not.toContain('\t');
    const runs = [...workflow.matchAll(/^ {6}- run: (.*)$/gm)].map(([, command = '']) => command);
    expect(runs[0]).toBe('npm ci');
    expect(runs).toHaveLength(2);
    expect((await made.shell(`set -e; ${runs[1] ?? ''}`)).exit).toBe(0);
    expect((await contactsOf(made)).length).toBeGreaterThan(0);
    const secrets = [...workflow.matchAll(/^ {10}(\w+): \$\{\{ secrets\.(\w+) \}\}$/gm)];
    expect(secrets.map(([, name, secret]) => [name, secret])).toEqual(['WATERFALL_API_KEY', 'DATABASE_URL'].map((name) => [name, name]));
  });

  it('pipes a list through, and counts a finished run with jq', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    await made.write('crm-export.csv', `domain,owner\n${DOMAINS.map((domain) => `${domain},Maya\n`).join('')}`);
    const addresses = (await made.shell(recipe('Pipes and jq', 'crm-export.csv'))).stdout.trim().split('\n');
    const contacts = csvRows((await made.give(['export', '--format', 'csv'])).stdout);
    expect(addresses).toEqual(contacts.filter(({ email_verified }) => email_verified === 'true').map(({ professional_email }) => professional_email));
    const counted = JSON.parse((await made.shell(recipe('Pipes and jq', 'group_by'))).stdout) as { domain: string; contacts: number }[];
    expect(Object.fromEntries(counted.map(({ domain, contacts: count }) => [domain, count]))).toEqual(
      Object.fromEntries(DOMAINS.map((domain) => [domain, contacts.filter((contact) => contact.domain === domain).length])),
    );
  });

  it('goes on with every run that was left, however long ago, within the cap of each', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const goOn = recipe('Go on with every run that was left');
    await made.give(FIND);
    const before = await made.sandbox.stats();
    expect((await made.shell(goOn)).exit).toBe(0);
    expect(await made.sandbox.stats()).toEqual(before);
    await made.write('other.csv', list(companies(6).slice(4)));
    await made.sandbox.setFaults({ silent: true });
    const killed = made.start(['run', 'other.csv'], { env: { DATABASE_URL: made.databaseUrl } });
    await killed.said('to launch');
    killed.signal('SIGKILL');
    await killed.ended;
    await made.sandbox.setFaults({ silent: false });
    await made.write('capped.csv', list(companies(8).slice(6)));
    expect((await made.give(['run', 'capped.csv', '--max-cost', '0.01', '--price', '0.05'])).exit).toBe(4);
    await sql(made.databaseUrl, `insert into waterfall.runs (id, key, input_name, input_columns, options, created_at, finished_at, state)
      select 'later-' || n, 'later', 'later.csv', '{}', '{}', now() + interval '1 hour', now() + interval '1 hour', 'done' from generate_series(1, 30) as n`);
    const { billed_usd } = await made.sandbox.stats();
    expect((await made.shell(goOn)).exit).toBe(123); // the one with the cap
    const found = await contactsOf(made, 'other.contacts.csv');
    expect([found.length > 0, (await made.sandbox.stats()).billed_usd]).toEqual([true, billed_usd + usd(found.length)]);
  });

  it('keeps to $100 with a long list, and says what is expected of the rest', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    await made.write('companies.csv', list(companies(24)));
    const { exit, stderr } = await made.shell(recipe('5,000 companies and $100'));
    expect([exit, (await made.sandbox.stats()).launch_requests]).toEqual([0, 24]);
    expect(stderr).toMatch(/ {2}expected \$\d\.\d\d: \d+ contacts \(.* a company, hit rate \d+ %, by the last 20 companies answered\)\n/);
    expect(stderr).toContain('  stops before the run could cost more than $100.00 (--max-cost)\n');
  });

  it('tells which companies had no contacts and why, writes lost outputs again, and everything ever found in one file', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const [empty = ''] = companies(1, (people) => people === 0);
    await made.write('companies.csv', `${list([...DOMAINS, empty, 'no domain'])}${list(DOMAINS.slice(0, 1)).split('\n')[1] ?? ''}\n`);
    expect((await made.give(FIND)).exit).toBe(3);
    const written = await made.read('companies.contacts.csv');
    await rm(join(made.folder, 'companies.contacts.csv'));
    expect((await made.shell(recipe('The output file was lost'))).exit).toBe(0);
    expect(await made.read('companies.contacts.csv')).toBe(written);
    expect((await made.shell(recipe('Which companies had no contacts, and why'))).exit).toBe(0);
    expect((await made.read('without-contacts.csv')).split('\n')).toEqual([expect.stringMatching(`^6,"${empty}","no_contacts",`), expect.stringMatching(/^7,.*"invalid",".+"$/), '']);
    await made.write('other.csv', list(companies(6).slice(3)));
    await made.give(['run', 'other.csv']);
    expect((await made.shell(recipe('One file of everything ever found'))).exit).toBe(0);
    const ids = (rows: Record<string, string>[]) => [...new Set(rows.map(({ person_id = '' }) => person_id))].sort();
    const everything = (await made.rows('everything.csv')).map(({ person_id = '' }) => person_id).sort();
    expect(everything).toEqual(ids([...csvRows(written), ...(await made.rows('other.contacts.csv'))]));
  });

  it('writes only what is new since last week, of a list that grew and of all', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    await made.write('companies.csv', list(DOMAINS.slice(0, 2)));
    await made.give(FIND);
    await sql(made.databaseUrl, "update waterfall.answers set saved_at = saved_at - interval '8 days'");
    await made.write('companies.csv', LIST);
    for (const words of ['companies.csv', '--all']) {
      expect((await made.shell(recipe('Only the new companies since last week', words))).exit).toBe(0);
      expect(new Set((await made.rows('new.csv')).map(({ domain }) => domain))).toEqual(new Set(DOMAINS.slice(2)));
    }
  });

  it('forgets people who unsubscribed', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    await made.give(FIND);
    const contacts = await contactsOf(made);
    const gone = contacts.flatMap(({ professional_email }) => professional_email || []).slice(0, 10);
    await made.write('unsubscribed.csv', `name,email\n${gone.map((email) => `"Fjord, Ida",${email.toUpperCase()}\n`).join('')}`);
    const { exit, stdout } = await made.shell(recipe('Ten people who unsubscribed'));
    expect([exit, stdout]).toEqual([0, expect.stringMatching(`^erased: contacts ${gone.length}, [^]*hashes are kept`)]);
    expect(csvRows((await made.give(['export'])).stdout)).toEqual(contacts.filter(({ professional_email = '' }) => !gone.includes(professional_email)));
  });

  it('moves the database of a laptop to the team, and pays for nothing there', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase }, { migrated: false });
    const alone = { DATABASE_URL: undefined };
    await made.run(FIND, { env: alone });
    const before = await contactsOf(made);
    const { launch_requests } = await made.sandbox.stats();
    const { exit, stdout, stderr } = await made.shell(recipe("From the laptop's database to the team's"), { env: { ...alone, TEAM_URL: made.databaseUrl } });
    expect([exit, (await made.sandbox.stats()).launch_requests]).toEqual([0, launch_requests]);
    expect(await contactsOf(made)).toEqual(before.map((contact) => ({ ...contact, outcome: 'cached' })));
    expect(stdout).toMatch(/^copied from the embedded PostgreSQL in \S+ to PostgreSQL at \S+: 1 run, 4 questions, \d+ contacts, 4 companies\n/);
    expect(stdout + stderr).not.toContain(new URL(made.databaseUrl).password || 'no password');
    // A second copy would mix two histories.
    const again = await made.run(['copy', '--to', made.databaseUrl], { env: alone });
    expect([again.exit, again.stderr]).toEqual([2, expect.stringMatching(/^error: the database to copy to \(\S+\) is not empty: nothing was copied/)]);
  });

  it('loads the contacts into a table of another database, also twice', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const crm = await newDatabase();
    await sql(crm, 'create table leads (person_id text primary key, first_name text, last_name text, email text)');
    const load = recipe('Into a table of another database, with psql');
    for (let night = 1; night <= 2; night += 1) expect((await made.shell(load, { env: { CRM_URL: crm } })).exit).toBe(0);
    const leads = await sql<{ person_id: string; email: string | null }>(crm, 'select person_id, email from leads');
    const contacts = await contactsOf(made);
    expect(new Map(leads.map(({ person_id, email }) => [person_id, email ?? '']))).toEqual(new Map(contacts.map((contact) => [contact.person_id, contact.professional_email])));
  });

  it('writes what is new since the last time, and keeps when that was', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const sync = recipe('What is new since the last time');
    await made.give(FIND);
    const changed = async () => ((await made.shell(sync)).exit === 0 ? (await made.rows('changed.csv')).length : undefined);
    expect(await changed()).toBe(new Set((await contactsOf(made)).map(({ person_id }) => person_id)).size);
    expect(await made.read('last-sync')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/);
    await made.write('last-sync', '2999-01-01T00:00:00Z\n');
    expect(await changed()).toBe(0);
  });

  it('reads what a run brought, and which rows have no answer, from the log', async ({ open, newDatabase }) => {
    const made = await kitchen({ open, newDatabase });
    const brought = await made.shell(recipe('Reading the log'));
    const { length } = await contactsOf(made);
    expect(brought.stdout).toBe(`${length} contacts for $${usd(length)}\n`);
    await made.sandbox.setFaults({ failRate: 1 });
    await made.write('companies.csv', list(companies(5).slice(4)));
    expect((await made.shell(recipe('Reading the log'))).stdout).toBe('0 contacts for $0\nline 2: job_failed\n');
  });

});

describe('docs/recipes.md after all of these', () => {
  it('is run to the last recipe', () => {
    const all = ['sh', 'cron', 'ini', 'yaml'].flatMap((language) => blocksOf(language).map(({ text }) => text));
    expect(all.filter((text) => !tried.has(text))).toEqual([]);
    expect(page.match(/^```\w+$/gm)).toHaveLength(all.length);
  });
});
