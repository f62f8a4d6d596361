/* Lists that are broken, mistaken or malicious: each row is asked or says why not, and none is lost. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { companyDomain } from '../../src/core/domain.ts';
import { TransportError, UsageError } from '../../src/core/errors.ts';
import { questionOf, type Asked, type QuestionOptions } from '../../src/kinds/contacts/question.ts';
import { parseTitleFilter } from '../../src/kinds/contacts/title-filter.ts';
import { examineList, textOf } from '../../src/lists/format.ts';
import { openList, type ListRow } from '../../src/lists/read.ts';
import { readReply } from '../../src/providers/http/read-reply.ts';
import { accountReply, jobReply, launchReply } from '../../src/providers/waterfall/wire.ts';
import { EXPECTED } from '../lists/expected.ts';

const LISTS = join(import.meta.dirname, '../lists');
const OPTIONS: QuestionOptions = { api_host: 'api.example', title_filter: 'ceo', limit: 10, include_phones: false, include_unverified: false };
/** What a terminal obeys or cannot show. The caret under a title filter is on a line of its own. */
const CONTROL = /(?!\n)[\p{Cc}\p{Cs}]/u;

/** Hundreds of files on a machine that is busy. */
const LONGEST_MS = 60_000;

type Read = { row: ListRow; asked: Asked; reason: string | undefined };

/** The rows of a list with their questions, as a run takes them. */
async function* rowsOf(path: string): AsyncGenerator<Read> {
  const { columns, rows } = await openList(path, await examineList(path));
  for await (const row of rows) {
    const cell = (place: number | undefined) => (place === undefined ? '' : (row.cells[place] ?? ''));
    const asked = questionOf(
      { domain: cell(columns.domain), title_filter: cell(columns.filter), company_name: cell(columns.company_name), linkedin: cell(columns.linkedin) },
      OPTIONS,
    );
    yield { row, asked, reason: row.problem ?? ('reason' in asked ? asked.reason : undefined) };
  }
}

/** All rows, and the refusal that ended the list early. Any other error is thrown. */
async function readList(path: string): Promise<{ rows: Read[]; refusal: string | undefined }> {
  const rows: Read[] = [];
  try {
    for await (const read of rowsOf(path)) rows.push(read);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { rows, refusal: error.message };
  }
  return { rows, refusal: undefined };
}

describe('the list', async () => {
  const names = (await readdir(LISTS)).filter((name) => name.endsWith('.csv')).map((name) => name.slice(0, -'.csv'.length));

  it.each(names)('%s', async (name) => {
    const expected = EXPECTED[name];
    const { rows, refusal } = await readList(join(LISTS, `${name}.csv`));
    if (expected === undefined) throw new Error(`test/lists/expected.ts does not say what becomes of ${name}.csv`);
    for (const words of [refusal, ...rows.map(({ reason }) => reason)]) expect(words ?? '').not.toMatch(CONTROL);
    if (expected instanceof RegExp) {
      expect(refusal).toMatch(expected);
      return;
    }
    expect(refusal).toBeUndefined();
    expect(rows.map(({ row, asked }) => [row.line, asked.domain])).toEqual(expected.map(([line, domain]) => [line, domain]));
    for (const [place, [, , reason, cell]] of expected.entries()) {
      if (reason) expect(rows[place]?.reason).toMatch(reason);
      else expect(rows[place]?.reason).toBeUndefined();
      if (cell !== undefined) expect(rows[place]?.row.cells).toContain(cell);
    }
  });

  it('that is expected is there', () => {
    expect(Object.keys(EXPECTED).filter((name) => !names.includes(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(100);
  });

  it('with one company in five spellings asks one question', async () => {
    const { rows } = await readList(join(LISTS, 'same-company-in-five-spellings.csv'));
    expect(new Set(rows.map(({ asked }) => asked.question && asked.question_hash)).size).toBe(1);
  });

  it('with a company name that is too long for the API sends whole characters of it', async () => {
    const { rows } = await readList(join(LISTS, 'company-name-longer-than-the-api-takes.csv'));
    expect(rows[0]?.asked.question?.company_name).toBe(`${'n'.repeat(499)}🦊`);
  });
});

describe('any bytes as a list', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hostile-lists-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const PIECES = ['"', '"', ',', ',', ';', '\n', '\n', '\r', '\r\n', ' ', '\t', '|', 'a', 'b.example', 'é', '\xe9', '\x80', '\0', '\x1a', '\u2028', '\ufeff', '😀', '=', '\\'];
  const piece = fc.constantFrom(...PIECES.map((text) => Buffer.from(text, /^[\x80-\xff]$/.test(text) ? 'latin1' : 'utf8')));
  const some = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.concat(pieces));
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

  it('are read, or refused in words', { timeout: LONGEST_MS }, async () => {
    const path = join(folder, 'bytes.csv');
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, random), async (bytes) => {
        await writeFile(path, bytes);
        const { rows, refusal } = await readList(path);
        for (const words of [refusal, ...rows.map(({ reason }) => reason)]) expect(words ?? '').not.toMatch(CONTROL);
      }),
      { numRuns: 150 },
    );
  });

  it('under a header come back in rows, every character once, in order and from the line that is named', { timeout: LONGEST_MS }, async () => {
    // So many columns that no row is too long: of those the cells beyond the header are not kept.
    const header = Buffer.from(`domain${',x'.repeat(250)}\n`);
    const path = join(folder, 'rows.csv');
    let characters = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: some }, random), async (bytes) => {
        await writeFile(path, Buffer.concat([header, bytes]));
        const { rows, refusal } = await readList(path);
        if (rows.length === 0) return;
        const lines = (await wholeText(path)).split(/(?<=\r\n|\n|\r(?!\n))/);
        let before = '';
        for (const { row } of rows) {
          expect(before).toBe(visible(lines.slice(1, row.line - 1)));
          before += visible(row.cells);
        }
        // A quotation mark that is never closed refuses the list; nothing of it is kept.
        if (refusal === undefined) expect(before).toBe(visible(lines.slice(1)));
        characters += before.length;
      }),
      { numRuns: 200 },
    );
    expect(characters).toBeGreaterThan(500);
  });

  async function wholeText(path: string): Promise<string> {
    let text = '';
    for await (const part of textOf(path, await examineList(path))) text += part;
    return text;
  }

  /** What is neither space nor syntax. */
  /** Without what belongs to the way of writing: quotes, delimiters, and the `=` before a text that Excel is to keep. */
  function visible(texts: readonly string[]): string {
    return texts.join('').replace(/[\s",=]/g, '');
  }
});

describe('any text', () => {
  const syntax = fc.constantFrom('(', ')', 'AND', 'OR', 'NOT', ' ', 'ceo', '"', '.', '@', '/', ':', 'example', 'xn--', '[', ']', '\0', '\ud83d', '\udc00', '\u202e', '😀', '\n');
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: syntax, maxLength: 60 }));

  it('is a title filter or names its mistake, at a place within it', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const parsed = parseTitleFilter(typed);
        const places = parsed.ok ? parsed.hints : [parsed.mistake];
        for (const { column } of places) expect(column >= 1 && column <= [...typed].length + 1).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a domain or says why it is none', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const result = companyDomain(typed);
        if ('reason' in result) expect(result.reason).not.toMatch(CONTROL);
        else expect(result.domain).toMatch(/^[a-z0-9.-]{4,253}$/);
      }),
      { numRuns: 1_000 },
    );
  });

  it('in all cells of a row makes a question or a reason', () => {
    // As the decoder of a list leaves it.
    const cell = text.map((typed) => typed.toWellFormed());
    const domain = fc.oneof(fc.constant('nordwind.example'), cell);
    fc.assert(
      fc.property(domain, cell, cell, cell, (typed, title_filter, company_name, linkedin) => {
        const asked = questionOf({ domain: typed, title_filter, company_name, linkedin }, OPTIONS);
        if (asked.question === undefined) expect(asked.reason).not.toMatch(CONTROL);
        else expect(asked.question_hash).toMatch(/^[0-9a-f]{64}$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('any JSON as a reply', () => {
  const key = fc.constantFrom(
    'status', 'output', 'company', 'persons', 'usage', 'id', 'job_id', 'stop_date', 'title', 'phone_numbers', 'experiences', 'email_verified',
    'linkedin_founded', 'generic_emails', 'total_usd', 'price', 'key_usage', '__proto__', 'constructor', 'toString',
  );
  // Nobody could take these for a word of ours.
  const secret = fc.oneof(fc.string({ maxLength: 12 }).map((text) => `Ida § ${text}`), fc.integer({ min: 1_000_000_000 }));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      secret,
      fc.constantFrom(null, true, false),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const part = fc.dictionary(key, value, { maxKeys: 5 });
  const output = fc.oneof(value, fc.record({ persons: fc.array(part, { maxLength: 3 }), company: part, usage: part }, { requiredKeys: [] }));
  const reply = fc.oneof(value, fc.record({ status: fc.constant('SUCCEEDED'), output }), fc.record({ job_id: value }));

  it.each([
    ['a job', jobReply],
    ['a launched job', launchReply],
    ['an account', accountReply],
  ])('is %s or refused without a word of what it holds', (_what, schema) => {
    let refused = 0;
    fc.assert(
      fc.property(reply, (made) => {
        const json: unknown = JSON.parse(JSON.stringify(made));
        try {
          readReply<unknown>(schema, json, 'GET /');
        } catch (error) {
          if (!(error instanceof TransportError)) throw error;
          refused += 1;
          for (const leaf of leaves(json)) expect(error.message).not.toContain(leaf);
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  /** The texts and numbers that were made up, wherever they are. */
  function leaves(json: unknown): string[] {
    if (typeof json === 'number') return [String(json)];
    if (typeof json === 'string') return json === 'SUCCEEDED' ? [] : [json];
    return typeof json === 'object' && json !== null ? Object.values(json).flatMap(leaves) : [];
  }
});
