/* Texts that make an expression or a loop take more than linear time: no cell may hang the program. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asStarted, sameCommand } from '../../src/cli/command-line.ts';
import { wrapped } from '../../src/cli/wrap.ts';
import { caret } from '../../src/core/caret.ts';
import { closest } from '../../src/core/closest.ts';
import { companyDomain } from '../../src/core/domain.ts';
import { parseDuration } from '../../src/core/duration.ts';
import { UsageError } from '../../src/core/errors.ts';
import { readIdentifier } from '../../src/core/forgotten.ts';
import { parseUsd } from '../../src/core/money.ts';
import { questionOf } from '../../src/kinds/contacts/question.ts';
import { matchesTitle, parseTitleFilter, printTitleFilter, termsOf } from '../../src/kinds/contacts/title-filter.ts';
import { chooseColumns, namesSubject } from '../../src/lists/columns.ts';
import { isSepLine } from '../../src/lists/delimiter.ts';
import { examineList, forcedFormat } from '../../src/lists/format.ts';
import { openList } from '../../src/lists/read.ts';
import { parseRateLimit, readSettings } from '../../src/runtime/config.ts';
import { passwordsOf, scrubber } from '../../src/runtime/log.ts';
import { readLaunch } from '../../src/sandbox/launch-request.ts';
import { plainText } from '../../src/sandbox/names.ts';
import { departmentOf, seniorityOf } from '../../src/sandbox/titles.ts';
import { guardFormula } from '../../src/outputs/formula-guard.ts';
import { linkTarget, sheetText, xmlText } from '../../src/outputs/xlsx/text.ts';
import { storableText } from '../../src/store/storable.ts';
import { retryAfterMs } from '../../src/providers/http/retry.ts';
import { readError } from '../../src/providers/waterfall/wire.ts';

/** Long enough that more than linear time is felt, and exponential time never ends. */
const LENGTH = 50_000;
/** Linear time is some milliseconds, on a busy machine a second or two. */
const LONGEST_MS = 15_000;

/** What is repeated, between a beginning and an end on which an expression fails late. */
const PIECES = [
  'a', ' ', '.', '-', '0', '@', '/', ':', ',', '"', '(', '<', '?', '#', '%', '\n', '\r', '\0', '\u200b', '\ud800', 'ü', '＝', '…',
  '-0.5; ', '+1.555.010.0100; ', '+1,', 'a.', 'a-', 'a@a.', 'a, ', '""', '",', '\r\n', 'http:', 'https://www.', 'a.example ', '?url=https://www.google.com/url',
  ' OR ', 'NOT ', '(a AND ', 'waterfall-contacts ', '_x0041_', 'A1',
];
const CASES = PIECES.flatMap((piece) => {
  const long = piece.repeat(LENGTH / piece.length);
  return [`${long}!`, `-${long}n/a`];
});

const error = (message: string) => readError({ host: 'api.example', status: 400, body: JSON.stringify({ code: 'X', message, error: [message] }), retryAfterMs: undefined });
const question = (text: string) =>
  questionOf({ domain: 'acme.example', title_filter: text, company_name: text, linkedin: text }, { api_host: 'api.example', limit: 1, include_phones: false, include_unverified: false });
const filter = (text: string) => {
  const parsed = parseTitleFilter(text);
  if (!parsed.ok) return caret(text, parsed.mistake.column);
  return [printTitleFilter(parsed.expression), termsOf(parsed.expression), matchesTitle(parsed.expression, 'Head of Sales')];
};

/** Every function that reads what somebody else wrote. */
const READERS: Record<string, (text: string) => unknown> = {
  companyDomain, questionOf: question, parseTitleFilter: filter,
  guardFormula, sheetText, xmlText, linkTarget, storableText,
  header: (text) => chooseColumns([text, 'domain']), namesSubject: (text) => namesSubject([text]), isSepLine,
  forcedFormat: (text) => forcedFormat({ encoding: text, delimiter: text }), closest: (text) => closest(text, ['domain', 'title_filter']),
  parseRateLimit, parseDuration, parseUsd, readIdentifier, passwordsOf, scrubber: (text) => scrubber(['secret', 'long-enough-secret'])(text),
  settings: (text) => readSettings({}, { WATERFALL_API_KEY: text, WATERFALL_BASE_URL: `https://a${text}`, DATABASE_URL: `postgres://${text}`, WATERFALL_RATE_LIMIT: text, WATERFALL_API_KEY_HEADER: text }, '/'),
  wrapped: (text) => wrapped(text, 80), asStarted: (text) => asStarted(text, { npm_command: 'exec' }), sameCommand: (text) => sameCommand(['', '', text]),
  retryAfterMs: (text) => retryAfterMs(text, 0), readError: error,
  readLaunch: (text) => readLaunch(JSON.stringify({ domain: text, title_filter: text, company_name: text })), plainText, seniorityOf, departmentOf,
};

/** Ends what takes too long, also within an expression. What the function throws is its answer. */
function within(read: (text: string) => unknown, text: string): void {
  const context = createContext({
    read: () => {
      try {
        read(text);
      } catch {
        // A refusal is an answer too.
      }
    },
  });
  runInContext('read()', context, { timeout: LONGEST_MS });
}

describe('50,000 characters of anything', () => {
  it.each(Object.entries(READERS))('are read by %s in linear time', { timeout: 600_000 }, (_name, read) => {
    for (const text of CASES) within(read, text);
  });

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hostile-cells-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('are read as a list, in the header, as a row and as a cell', { timeout: 600_000 }, async () => {
    const path = join(folder, 'list.csv');
    for (const text of CASES.filter((_, place) => place % 2 === 1)) {
      for (const list of [`domain,note\nacme.example,"${text.replaceAll('"', '""')}"\n`, `${text},domain\nx,acme.example\n`]) {
        await writeFile(path, list);
        try {
          const { rows } = await openList(path, await examineList(path));
          for await (const row of rows) expect(row.line).toBeGreaterThan(1);
        } catch (refusal) {
          if (!(refusal instanceof UsageError)) throw refusal;
        }
      }
    }
  });
});
