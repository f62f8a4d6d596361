/* `verify` as users give it: free checks, providers in order, money, and that no address is paid for twice whatever happens. */
import { copyFile, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect } from 'vitest';
import { csvRows, it, sql, type Running, type Scene } from '../support/command.ts';
import type { Held } from '../support/gate.ts';
import { companies, list } from '../support/sandbox-process.ts';
import { readWorkbook } from '../support/workbooks.ts';

const SAMPLE = resolve(import.meta.dirname, '../../data/emails.csv');
const PRICES = ['--price', 'waterfall=0.01', '--price', 'abstractapi=0.002'];
const BOTH = ['--provider', 'waterfall,abstractapi'];

/** Addresses at a fictional company; some of each kind that the sandbox knows. */
function addresses(count: number): string[] {
  const kinds = ['', '', '', 'unknown.', 'catchall.', 'greylisted.', 'bounce.', 'risky.'];
  return Array.from({ length: count }, (_, place) => `${kinds[place % kinds.length]}person${place}@acme${place % 5}.example`);
}
const listOf = (all: readonly string[]) => `email\n${all.join('\n')}\n`;

/** Leads both providers of the command to the sandbox of a scene. */
function apiAt(url: string) {
  return { WATERFALL_BASE_URL: url, ABSTRACTAPI_BASE_URL: `${url}/v1/`, ABSTRACTAPI_KEY: 'another-key', ABSTRACTAPI_RATE_LIMIT: '0' };
}
const verify = (list: string, ...more: string[]) => ['verify', list, '--no-dns', '--rate-limit', '0', ...more];

/** How often each provider was paid for an address. */
async function asked({ sandbox }: Scene): Promise<Record<string, number>> {
  return (await sandbox.stats()).verifications_by_address;
}

/** The verdicts of a report's rows by address. */
async function outcomes(scene: Scene, report: string): Promise<string[]> {
  return (await scene.rows(report)).map(({ email, outcome, reason }) => `${email} ${outcome}${outcome === 'found' || outcome === 'cached' || outcome === 'not_found' ? '' : ` ${reason}`}`);
}

/** No address was paid for more often than once at each provider, but for the counted repeats. */
async function expectHonest(scene: Scene, databaseUrl: string): Promise<number> {
  const doubts = await sql<{ provider: string; email: string; doubts: number }>(
    databaseUrl,
    `select call.provider, target.question ->> 'email' as email, count(*)::integer as doubts
     from waterfall.calls as call join waterfall.call_targets as listed on listed.call_id = call.id join waterfall.targets as target on target.id = listed.target_id
     where call.state = 'in_doubt' group by 1, 2`,
  );
  const counted = new Map(doubts.map(({ provider, email, doubts: count }) => [`${provider}|${email}`, count]));
  for (const [key, times] of Object.entries(await asked(scene))) expect(times, key).toBeLessThanOrEqual(1 + (counted.get(key) ?? 0));
  return doubts.reduce((total, { doubts: count }) => total + count, 0);
}

async function killed(running: Running, moment: Promise<unknown>): Promise<void> {
  await Promise.race([moment, running.ended.then(({ stderr }) => Promise.reject(new Error(`ended before the moment came:\n${stderr}`)))]);
  running.signal('SIGKILL');
  expect((await running.ended).exit).toBeNull();
}

describe.concurrent('the sample', () => {
  it('has a verdict for each address in a trial, and asks nothing the second time', async ({ open }) => {
    const scene = await open({ embedded: true });
    await copyFile(SAMPLE, join(scene.folder, 'emails.csv'));
    const first = await scene.run(['verify', 'emails.csv', '--sandbox']);
    expect(first.exit, first.stderr).toBe(3);
    expect(first.stderr).toMatch(/ {2}verdicts: deliverable \d+, .*risky \d+.*unknown \d+; good by --policy strict: \d+/);
    const [lines, report] = [await scene.rows('emails.verified.csv'), await scene.rows('emails.report.csv')];
    expect(report).toHaveLength(24);
    expect(lines).toHaveLength(22);
    expect(Object.keys(lines[0] ?? {}).slice(0, 13)).toEqual(['email', 'verdict', 'good', 'policy', 'reason', 'provider', 'provider_status', 'is_role', 'is_free', 'is_disposable', 'suggestion', 'checked_at', 'row']);
    expect(Object.keys(report[0] ?? {}).slice(0, 9)).toEqual(['row', 'email', 'outcome', 'reason', 'provider', 'asked_in_vain', 'cost_usd', 'job_id', 'launches']);
    const verdictOf = (row: string) => lines.find((line) => line.row === row);
    expect(verdictOf('4')).toMatchObject({ email: 'Maren.Holt@alderfinch.example', verdict: verdictOf('2')?.verdict });
    expect(verdictOf('9')).toMatchObject({ verdict: 'risky', provider: 'local', good: 'false' });
    expect(verdictOf('21')).toMatchObject({ verdict: 'undeliverable', provider: 'local' });
    const second = await scene.run(['verify', 'emails.csv', '--sandbox', '--policy', 'loose', '-o', 'again.xlsx']);
    expect(second.stderr).toContain('0 to ask');
    const sheets = await readWorkbook(await readFile(join(scene.folder, 'again.xlsx')));
    expect(Object.keys(sheets)).toEqual(['emails', 'report']);
    expect(sheets.emails?.[2]?.slice(0, 4)).toEqual(['idris.quill@alderfinch.example', 'risky', true, 'loose']);
  });

  it('goes from one provider to the next, with what each costs', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('emails.csv', listOf(['jane@acme.example', 'unknown.joe@acme.example', 'catchall.ida@acme.example', 'greylisted.ada@acme.example']));
    const ended = await scene.give(verify('emails.csv', ...BOTH, ...PRICES, '-o', 'out.csv'), { env });
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('out.report.csv')).map(({ outcome, provider, asked_in_vain, cost_usd, launches }) => [outcome, provider, asked_in_vain, cost_usd, launches])).toEqual([
      ['found', 'waterfall', '', '0.01', '1'],
      ['found', 'abstractapi', 'waterfall', '0.002', '2'],
      ['found', 'waterfall', '', '0.01', '1'],
      ['not_found', 'abstractapi', 'waterfall', '0.002', '2'],
    ]);
    // What is unknown was asked a moment ago; what both said is known.
    await scene.write('more.csv', listOf(['greylisted.ada@acme.example', 'jane@acme.example', 'new@acme.example']));
    await scene.give(verify('more.csv', ...BOTH), { env });
    expect(await outcomes(scene, 'more.report.csv')).toEqual(['greylisted.ada@acme.example not_found', 'jane@acme.example cached', 'new@acme.example found']);
    // What the later provider knows never skips the earlier one.
    await scene.give(verify('more.csv', '--provider', 'abstractapi,waterfall', '-o', 'other.csv'), { env });
    const counts = await asked(scene);
    expect([counts['waterfall|jane@acme.example'], counts['abstractapi|jane@acme.example'], counts['waterfall|greylisted.ada@acme.example']]).toEqual([1, 1, 1]);
  });

  it('keeps to a cap, and goes on under a higher one', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('emails.csv', listOf(addresses(20)));
    const capped = await scene.give(verify('emails.csv', '--provider', 'abstractapi', '--price', 'abstractapi=0.01', '--max-cost', '0.05'), { env });
    expect(capped.exit, capped.stderr).toBe(4);
    expect((await scene.sandbox.stats()).abstract_requests).toBe(5);
    const on = await scene.give(['resume', '--max-cost', '1', '--rate-limit', '0'], { env });
    expect(on.exit, on.stderr).toBe(0);
    expect((await scene.sandbox.stats()).abstract_requests).toBe(20);
  });
});

describe.concurrent('contacts', () => {
  it('are verified in place of a list, and have the verdict beside what their source said', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.write('list.csv', list(companies(3)));
    expect((await scene.give(['run', 'list.csv', '--rate-limit', '0'], { env })).exit).toBe(0);
    const found = new Set((await scene.rows('list.contacts.csv')).map(({ professional_email: address = '' }) => address.toLowerCase()).filter((address) => address !== ''));
    const ended = await scene.give(['verify', '--contacts', '--no-dns', '--rate-limit', '0'], { env });
    expect(ended.exit, ended.stderr).toBe(0);
    expect(new Set((await scene.rows('contacts.verified.csv')).map(({ email = '' }) => email))).toEqual(found);
    const told = await sql<{ email: string; verdict: string }>(env.DATABASE_URL, "select lower(professional_email) as email, email_verdict as verdict from waterfall.contact_list where professional_email <> ''");
    const verdicts = new Map((await scene.rows('contacts.verified.csv')).map(({ email = '', verdict = '' }) => [email, verdict]));
    for (const { email, verdict } of told) expect(verdict, email).toBe(verdicts.get(email));
    const again = await scene.give(['verify', '--contacts', '--run', 'nothing', '--no-dns'], { env });
    expect(again).toMatchObject({ exit: 2, stderr: expect.stringContaining('there is no run nothing') as string });
  });
});

describe.concurrent('what costs nothing', () => {
  it('is not asked: duplicates, who was forgotten, companies left out, roles, throwaway addresses', async ({ open, newDatabase }) => {
    const scene = await open();
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: await newDatabase({ migrated: true }) };
    await scene.give(['forget', 'gone@acme.example'], { env });
    await scene.write('emails.csv', listOf(['jane@acme.example', 'JANE@acme.example', 'gone@acme.example', 'joe@left-out.example', 'info@acme.example', 'jane@mailinator.com', 'nobody']));
    const dry = await scene.give(verify('emails.csv', '--exclude-domain', 'left-out.example', '--dry-run'), { env });
    expect(dry.stderr).toContain('7 rows, 1 duplicate, 1 invalid, 2 excluded, 1 disposable, 1 role account, 1 to ask');
    expect((await scene.sandbox.stats()).verify_requests).toBe(0);
    expect((await scene.give(verify('emails.csv', '--exclude-domain', 'left-out.example'), { env })).exit).toBe(3);
    expect(await outcomes(scene, 'emails.report.csv')).toEqual([
      'jane@acme.example found',
      'JANE@acme.example duplicate same as line 2: found',
      ' excluded forgotten',
      'joe@left-out.example excluded left out by --exclude-domain',
      'info@acme.example found',
      'jane@mailinator.com found',
      ' invalid there is no @ in it',
    ]);
    expect(await asked(scene)).toEqual({ 'waterfall|jane@acme.example': 1 });
    const allowed = await scene.give(verify('emails.csv', '--provider', 'abstractapi', '--allow-role', '--allow-domain', 'mailinator.com', '-o', 'all.csv'), { env });
    expect(allowed.exit).toBe(3);
    expect(Object.keys(await asked(scene))).toContain('abstractapi|info@acme.example');
    expect(Object.keys(await asked(scene))).toContain('abstractapi|jane@mailinator.com');
    // Erased afterwards, nothing of them is left but the place.
    await scene.give(['forget', 'Jane@acme.example'], { env });
    expect(await sql(env.DATABASE_URL, "select from waterfall.email_checks where address = 'jane@acme.example'")).toEqual([]);
    expect(await sql(env.DATABASE_URL, "select from waterfall.targets where question ->> 'email' ilike 'jane@acme.example'")).toEqual([]);
    const exported = await scene.give(['export', '--report', '-'], { env });
    expect(csvRows(exported.stdout)[0]).toMatchObject({ email: '', outcome: 'excluded', reason: 'forgotten', input_email: '' });
  });

  it.for([
    ['a list of domains', 'domain\nacme.example\n', [], /addresses/],
    ['a list without a header', 'jane@acme.example\njoe@acme.example\n', [], /looks like data/],
    ['a provider that is none', 'email\njane@acme.example\n', ['--provider', 'abstrakt'], /--provider "abstrakt" is not known/],
    ['a provider twice', 'email\njane@acme.example\n', ['--provider', 'waterfall,waterfall'], /twice/],
  ] as const)('%s is refused before anything is sent', async ([, content, options, words], { open }) => {
    const scene = await open();
    await scene.write('emails.csv', content);
    const ended = await scene.give(verify('emails.csv', ...options), { env: apiAt(scene.sandbox.url) });
    expect(ended).toMatchObject({ exit: 2, stderr: expect.stringMatching(words) as string });
    expect((await scene.sandbox.stats()).verify_requests).toBe(0);
  });

  it('a provider without a key is refused with the name of the setting', async ({ open }) => {
    const scene = await open();
    await scene.write('emails.csv', listOf(['jane@acme.example']));
    const ended = await scene.give(verify('emails.csv', ...BOTH), { env: { WATERFALL_BASE_URL: scene.sandbox.url } });
    expect(ended).toMatchObject({ exit: 2, stderr: expect.stringContaining('ABSTRACTAPI_KEY') as string });
  });
});

describe.concurrent('no address is paid for twice', () => {
  const MOMENTS: readonly { moment: string; at: 'api' | 'database'; held: Held; words: string }[] = [
    { moment: 'the list is being saved', at: 'database', held: 'answer', words: 'insert into waterfall.input_rows' },
    { moment: 'the intent is saved and nothing is sent', at: 'api', held: 'request', words: 'POST /v1/verify/email' },
    { moment: 'it is verified and the reply is not here', at: 'api', held: 'answer', words: 'POST /v1/verify/email' },
    { moment: 'the second provider has answered and the reply is not here', at: 'api', held: 'answer', words: 'GET /v1/?email' },
    { moment: 'the answer is here and not saved', at: 'database', held: 'request', words: 'payer as materialized' },
    { moment: 'the answer is saved and the process does not know it', at: 'database', held: 'answer', words: 'payer as materialized' },
  ];

  it.for(MOMENTS)('when it is killed as $moment', async ({ at, held, words }, { open, newDatabase, newGate }) => {
    const scene = await open();
    const databaseUrl = await newDatabase({ migrated: true });
    const gates = { api: await newGate(scene.sandbox.url), database: await newGate(databaseUrl) };
    const env = { ...apiAt(gates.api.url), DATABASE_URL: gates.database.url };
    await scene.write('emails.csv', listOf(addresses(16)));
    const command = verify('emails.csv', ...BOTH, '--concurrency', '2');
    const reached = gates[at].shutAt(held, words);
    await killed(scene.start(command, { env }), reached);
    gates[at].open();
    const ended = await scene.give(command, { env });
    expect(ended.exit, ended.stderr).toBe(0);
    expect((await scene.rows('emails.verified.csv')).map(({ email }) => email)).toEqual(addresses(16));
    expect(await expectHonest(scene, databaseUrl)).toBeLessThanOrEqual(2);
  });

  it('when Ctrl-C comes and the run goes on later', async ({ open, newDatabase, newGate }) => {
    const scene = await open();
    const databaseUrl = await newDatabase({ migrated: true });
    const gate = await newGate(scene.sandbox.url);
    const env = { ...apiAt(gate.url), DATABASE_URL: databaseUrl };
    await scene.write('emails.csv', listOf(addresses(16)));
    const reached = gate.shutAt('answer', 'POST /v1/verify/email');
    const running = scene.start(verify('emails.csv', ...BOTH, '--concurrency', '2'), { env });
    await reached;
    running.signal('SIGINT');
    await running.said('finishing what is on its way');
    gate.open();
    expect((await running.ended).exit).toBe(130);
    const ended = await scene.give(['resume', '--rate-limit', '0'], { env });
    expect(ended.exit, ended.stderr).toBe(0);
    expect(await expectHonest(scene, databaseUrl)).toBe(0);
    expect(Object.values(await asked(scene)).filter((times) => times > 1)).toEqual([]);
  });

  it.for([
    ['replies are lost after the work', { dropAfterRate: 0.1 }],
    ['requests are lost', { dropBeforeRate: 0.1 }],
    ['a proxy answers in the place of the API', { bareErrorRate: 0.05, bareErrorAfterRate: 0.05 }],
    ['the API fails in its own words', { errorRate: 0.2 }],
    ['replies are cut', { cutRate: 0.08 }],
    ['replies are of another type', { badTypeRate: 0.1 }],
  ] as const)('where %s', async ([, faults], { open, newDatabase }) => {
    const scene = await open({ faults });
    const databaseUrl = await newDatabase({ migrated: true });
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: databaseUrl };
    await scene.write('emails.csv', listOf(addresses(60)));
    const ended = await scene.run(verify('emails.csv', ...BOTH), { env });
    expect([0, 3], ended.stderr).toContain(ended.exit);
    expect((await scene.rows('emails.report.csv')).filter(({ outcome }) => outcome === 'waiting' || outcome === 'not_launched')).toEqual([]);
    await expectHonest(scene, databaseUrl);
  });

  it('by two processes whose lists overlap', async ({ open, newDatabase }) => {
    const scene = await open({ faults: { slowRate: 1, slowMs: 20 } });
    const databaseUrl = await newDatabase({ migrated: true });
    const env = { ...apiAt(scene.sandbox.url), DATABASE_URL: databaseUrl };
    const all = addresses(40);
    await scene.write('one.csv', listOf(all.slice(0, 30)));
    await scene.write('other.csv', listOf(all.slice(10).toReversed()));
    const ended = await Promise.all(['one.csv', 'other.csv'].map((name) => scene.run(verify(name, ...BOTH), { env })));
    expect(ended.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(Object.values(await asked(scene)).filter((times) => times > 1)).toEqual([]);
    const verdicts = async (name: string) => new Map((await scene.rows(name)).map(({ email = '', verdict = '' }) => [email, verdict]));
    const [one, other] = [await verdicts('one.verified.csv'), await verdicts('other.verified.csv')];
    for (const address of all.slice(10, 30)) expect(one.get(address)).toBe(other.get(address));
  });
});
