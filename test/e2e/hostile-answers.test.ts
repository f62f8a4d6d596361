/*
 * An API that answers with anything a JSON text can hold: it is saved, and comes back the same from PostgreSQL and from
 * the CSV. The server of this test is the API; a reader of its own, written after RFC 4180, reads the CSV.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { it as command, sql } from '../support/command.ts';
import account from '../fixtures/api/account.json' with { type: 'json' };
import succeeded from '../fixtures/api/prospector-finder-succeeded.json' with { type: 'json' };

type Fields = Record<string, unknown>;

/** What the API says of one domain, over what the fixture says. `rejected` is the message of a refused launch. */
type Hostile = { persons: Fields[]; company: Fields; usage?: Fields; stop_date?: string; rejected?: string };

const MEGABYTE = 'Fjørd 👩🏽‍🚀 "\\,;\n'.repeat(40_000);

/** A text, and what is kept of it where that is not the same. */
const TEXTS: Readonly<Record<string, readonly [text: string, kept?: string]>> = {
  emoji: ['👩🏽‍🚀 Ida 🇳🇴 \u{10ffff}'],
  'direction-marks': ['\u202eFjord\u202c עידה \u200f\u2066فيورد\u2069'],
  nul: ['\0Ida\0 Fjord\0', 'Ida Fjord'],
  'lone-surrogates': ['\udc00Ida \ud83d', '\ufffdIda \ufffd'],
  controls: ['a\u0001\u001b[31m\u007f\u0085\u2028\ufeffb'],
  formula: ['=HYPERLINK("http://evil.example","Ida")'],
  'formula-with-at': ['@SUM(A1:A9)'],
  'formula-with-plus': ["+cmd|' /C calc'!A0"],
  'formula-with-minus': ['-2+3+cmd'],
  'formula-in-full-width': ['＝1＋1'],
  'formula-behind-a-tab': ['\t=1+1'],
  'formula-behind-nul': ['\0=1+1', '=1+1'],
  html: ['<img src=x onerror="alert(1)">&amp;<!--'],
  quotes: [`"Ida" ""Fjord"" 'x' \\"`],
  'quote-alone': ['"'],
  newlines: ['one\ntwo\r\nthree\rfour\n'],
  'newline-first': ['\nIda'],
  delimiters: ['a,b;c\td|e'],
  sql: [`'; drop table waterfall.contacts; -- {NULL,"a"} $1 \\x00`],
  'spaces-around': [' \u00a0Ida\u3000 '],
  'words-for-nothing': ['null'],
  'list-separator': ['a; b; c'],
};
const NAMES = Object.keys(TEXTS);

const ODD: Readonly<Record<string, Partial<Hostile>>> = {
  'end-in-the-year-275760': { stop_date: '+275760-09-13T00:00:00Z' },
  'end-before-christ': { stop_date: '-000044-03-15T00:00:00Z' },
  'end-before-any-calendar': { stop_date: '-100000-01-01T00:00:00Z' },
  'end-that-is-no-moment': { stop_date: '=NOW()' },
  'cost-beyond-all-money': { usage: { total_usd: 1e308 } },
  'cost-below-zero': { usage: { total_usd: -5 } },
  'cost-next-to-nothing': { usage: { total_usd: 5e-324 } },
  'followers-beyond-count': { company: { id: 'odd', linkedin_followers: 1e300, linkedin_founded: 'MMXIV', linkedin_employees_count: -0.5 } },
};

const [PERSON] = succeeded.output.persons;
const COMPANY = succeeded.output.company;
const PERSON_TEXTS = textsOf(PERSON ?? {});
const COMPANY_TEXTS = textsOf(COMPANY);

/** Contact columns that hold the company's word, or the person's own where there is one. */
const CSV_OF_COMPANY: Readonly<Record<string, string>> = {
  company_linkedin_url: 'linkedin_url', company_size: 'size', company_industry: 'linkedin_industry', company_country: 'country',
};
const CSV_OF_PERSON = PERSON_TEXTS.filter((name) => !['id', 'company_id', 'linkedin_id', 'company_linkedin_id'].includes(name));

const it = command.extend('serve', ({}, { onCleanup }) => {
  const opened: (() => Promise<void>)[] = [];
  onCleanup(async () => {
    for (const close of opened) await close();
  });
  /** An API that answers for a domain with `answers`; a job's id is `jobOf` the domain. Returns its URL. */
  return async (answers: (domain: string) => Hostile, jobOf = (domain: string) => `job-of-${domain}`): Promise<string> => {
    const domains = new Map<string, string>();
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => {
        const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api.example');
        let reply: unknown = account;
        if (request.method === 'POST') {
          const { domain } = JSON.parse(body) as { domain: string };
          const { rejected } = answers(domain);
          domains.set(jobOf(domain), domain);
          reply = { job_id: jobOf(domain) };
          if (rejected !== undefined) {
            response.statusCode = 400;
            reply = { status: 'error', code: 'VALIDATION_BAD_DOMAIN', category: 'VALIDATION', message: rejected, error: [rejected] };
          }
        } else if (pathname === '/v1/prospector') {
          const domain = domains.get(searchParams.get('job_id') ?? '') ?? '';
          const { stop_date = succeeded.stop_date, usage = succeeded.output.usage, ...output } = answers(domain);
          reply = { ...succeeded, stop_date, output: { ...output, usage } };
        }
        response.setHeader('content-type', 'application/json').end(JSON.stringify(reply));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
});

describe.concurrent('texts in every field of an answer', () => {
  it('are kept in PostgreSQL, company and person, and in the CSV', async ({ serve, newDatabase, openWorkplace }) => {
    const databaseUrl = await newDatabase({ migrated: true });
    const { run, write, read } = await openWorkplace({ WATERFALL_BASE_URL: await serve((domain) => filled(domain)), DATABASE_URL: databaseUrl });
    await write('list.csv', listOf(NAMES));
    const { exit, stderr } = await run(['run', 'list.csv', '--title-filter', 'ceo']);
    expect([exit, stderr]).toEqual([0, expect.stringContaining(`found ${NAMES.length}`)]);

    const lines = recordsOf(await read('list.contacts.csv'));
    expect(lines.map(({ domain }) => domain)).toEqual(NAMES.map((name) => `${name}.example`));
    for (const [place, name] of NAMES.entries()) {
      const kept = keptOf(name);
      const [saved] = await sql<{ contact: Fields; company: Fields }>(databaseUrl, SAVED, [`${name}.example`]);
      expect(saved?.contact, name).toMatchObject({ ...fieldsOf(PERSON_TEXTS, kept), phone_numbers: [kept, kept], experiences: [{ title: kept }] });
      expect(saved?.company, name).toMatchObject({ ...fieldsOf(COMPANY_TEXTS, kept), generic_emails: [kept] });

      const cells = { ...fieldsOf([...CSV_OF_PERSON, ...Object.keys(CSV_OF_COMPANY), 'person_id', 'company_id'], kept), phone_numbers: `${kept}; ${kept}` };
      const line = lines[place] ?? {};
      expect(Object.fromEntries(Object.keys(cells).map((column) => [column, unguarded(line[column] ?? '', kept)])), name).toEqual(cells);
      // What a spreadsheet would run.
      expect(Object.values(line).filter((cell) => /^[=@＝＠\t\r\n]|^[+＋\-－](?![\d\s().-]*$)/.test(cell)), name).toEqual([]);
    }
  });

  it('are kept when they have a megabyte', async ({ serve, newDatabase, openWorkplace }) => {
    const databaseUrl = await newDatabase({ migrated: true });
    const long = fieldsOf(['title', 'location', 'professional_email', 'company_domain', 'company_id'], MEGABYTE);
    const company = { ...COMPANY, linkedin_description: MEGABYTE, domain: MEGABYTE };
    const url = await serve(() => ({ persons: [{ ...PERSON, ...long }], company }));
    const { run, write, read } = await openWorkplace({ WATERFALL_BASE_URL: url, DATABASE_URL: databaseUrl });
    await write('list.csv', listOf(['megabyte']));
    expect((await run(['run', 'list.csv', '--title-filter', 'ceo'])).exit).toBe(0);

    const [line = {}] = recordsOf(await read('list.contacts.csv'));
    for (const column of ['title', 'location', 'professional_email', 'company_domain']) expect(line[column] === MEGABYTE, column).toBe(true);
    const [saved] = await sql<{ contact: Fields; company: Fields }>(databaseUrl, SAVED, ['megabyte.example']);
    for (const column of ['title', 'location', 'professional_email']) expect(saved?.contact[column] === MEGABYTE, column).toBe(true);
    expect(saved?.company.linkedin_description === MEGABYTE).toBe(true);
  });
});

describe.concurrent('the id of a job', () => {
  it.for([
    ['signs that a URL has a use for', `job'"\\%2F?&#+=;/../`],
    ['200 characters', 'j'.repeat(200)],
  ] as const)('of %s is saved and asked for as it is', async ([, id], { serve, databaseUrl, openWorkplace }) => {
    const url = await serve(() => ({ persons: [PERSON ?? {}], company: COMPANY }), () => id);
    const { give, write, read } = await openWorkplace({ WATERFALL_BASE_URL: url, DATABASE_URL: databaseUrl });
    await write('list.csv', listOf([`job-of-${id.length}`]));
    expect((await give(['run', 'list.csv', '--title-filter', 'ceo'])).exit).toBe(0);
    expect(recordsOf(await read('list.contacts.csv'))).toMatchObject([{ job_id: id }]);
  });

  it.for([
    ['a NUL', 'job\0-1'],
    ['a lone surrogate', 'job-\ud83d'],
    ['a line end', 'job\n1'],
    ['a megabyte', Array.from({ length: 100_000 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7_919) % 20_000))).join('')],
  ] as const)('with %s, which cannot be kept or asked for, leaves the launch in doubt', async ([what, id], { serve, databaseUrl, openWorkplace }) => {
    const url = await serve(() => ({ persons: [PERSON ?? {}], company: COMPANY }), () => id);
    const { give, write, rows } = await openWorkplace({ WATERFALL_BASE_URL: url, DATABASE_URL: databaseUrl });
    await write('list.csv', listOf([`no-job-${what.replaceAll(' ', '-')}`]));
    const { exit, stderr } = await give(['run', 'list.csv', '--title-filter', 'ceo', '--in-doubt', 'hold']);
    expect([exit, stderr]).toEqual([3, expect.not.stringContaining('bug')]);
    expect((await rows('list.report.csv')).map(({ outcome }) => outcome)).toEqual(['in_doubt']);
  });
});

describe.concurrent('the refusal of a company', () => {
  it('is in the report on one line, and moves nobody’s cursor', async ({ serve, newDatabase, openWorkplace }) => {
    const url = await serve((domain) => ({ ...filled(domain), rejected: keptOf(domain.replace('.example', '')) }));
    const { give, write, read } = await openWorkplace({ WATERFALL_BASE_URL: url, DATABASE_URL: await newDatabase({ migrated: true }) });
    // Five in a row would stop the run.
    await write('list.csv', listOf(['controls', 'html', 'formula', 'newlines']));
    const { exit, stderr } = await give(['run', 'list.csv', '--title-filter', 'ceo']);
    expect([exit, stderr]).toEqual([3, expect.stringContaining('rejected 4')]);
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
    const reasons = recordsOf(await read('list.report.csv')).map(({ reason }) => reason);
    expect(reasons).toEqual(Array(4).fill(expect.stringMatching(/^\P{Cc}*VALIDATION_BAD_DOMAIN\P{Cc}*$/u)));
  });
});

describe.concurrent('moments and amounts that nobody expects', () => {
  it('end in contacts all the same', async ({ serve, newDatabase, openWorkplace }) => {
    const url = await serve((domain) => ({ persons: [PERSON ?? {}], company: COMPANY, ...ODD[domain.replace('.example', '')] }));
    const { give, write, read } = await openWorkplace({ WATERFALL_BASE_URL: url, DATABASE_URL: await newDatabase({ migrated: true }) });
    await write('list.csv', listOf(Object.keys(ODD)));
    const { exit, stderr } = await give(['run', 'list.csv', '--title-filter', 'ceo']);
    expect([exit, stderr]).toEqual([0, expect.stringContaining(`found ${Object.keys(ODD).length}`)]);
    const lines = recordsOf(await read('list.contacts.csv'));
    expect(lines.map(({ domain, last_name }) => [domain, last_name])).toEqual(Object.keys(ODD).map((name) => [`${name}.example`, PERSON?.last_name]));
  });
});

/** The one contact that a domain brought, and its company. */
const SAVED = `
  select row_to_json(contact) as contact, row_to_json(company) as company
  from waterfall.targets as target
  join waterfall.answers as answer on answer.target_id = target.id
  join waterfall.answer_contacts as link on link.answer_id = answer.id
  join waterfall.contacts as contact on contact.id = link.contact_id
  join waterfall.companies as company on company.id = contact.company_id
  where target.question ->> 'domain' = $1`;

/** An answer with the text of a domain in each field that holds text. */
function filled(domain: string): Hostile {
  const [text] = TEXTS[domain.replace('.example', '')] ?? [domain];
  const person = { ...PERSON, ...fieldsOf(PERSON_TEXTS, text), phone_numbers: [text, text], experiences: [{ title: text }] };
  return { persons: [person], company: { ...COMPANY, ...fieldsOf(COMPANY_TEXTS, text), generic_emails: [text] } };
}

function keptOf(name: string): string {
  const [text, kept = text] = TEXTS[name] ?? [''];
  return kept;
}

function fieldsOf(names: readonly string[], text: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, text]));
}

function textsOf(fields: object): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [name] : []));
}

function listOf(names: readonly string[]): string {
  return `domain\n${names.map((name) => `${name}.example\n`).join('')}`;
}

/** The cell without the formula guard, where the guard is all that was added. */
function unguarded(cell: string, kept: string): string {
  return cell.startsWith(`'${kept}`) ? cell.slice(1) : cell;
}

/** The records of a CSV under the names of its first line, as RFC 4180 has it: CRLF or LF ends a record, quotes double. */
function recordsOf(text: string): Record<string, string>[] {
  const records: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    let cell = '';
    if (text[at] === '"') {
      for (;;) {
        const close = text.indexOf('"', at + 1);
        if (close < 0) throw new Error('a quoted cell does not end');
        cell += text.slice(at + 1, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
      }
    } else {
      const end = text.slice(at).search(/[,\r\n]/);
      const plain = text.slice(at, end < 0 ? undefined : at + end);
      if (plain.includes('"')) throw new Error('a quotation mark in a plain cell');
      cell = plain;
      at += plain.length;
    }
    records.at(-1)?.push(cell);
    const end = /^(?:,|\r?\n|$)/.exec(text.slice(at, at + 2))?.[0];
    if (end === undefined) throw new Error('text after a quoted cell');
    at += end.length;
    if (end === ',' && at === text.length) records.at(-1)?.push('');
    if (end !== ',' && at < text.length) records.push([]);
  }
  const [header = [], ...rows] = records;
  return rows.map((cells) => {
    if (cells.length !== header.length) throw new Error(`${cells.length} cells under ${header.length} names`);
    return Object.fromEntries(header.map((name, place) => [name, cells[place] ?? '']));
  });
}
