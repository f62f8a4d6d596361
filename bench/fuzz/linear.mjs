/* Cells of 100 kB: what takes four times as long for four times the length is well, and what takes ten times as long is not. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { caret } from '../../dist/core/caret.js';
import { companyDomain } from '../../dist/core/domain.js';
import { UsageError } from '../../dist/core/errors.js';
import { readIdentifier } from '../../dist/core/forgotten.js';
import { parseUsd } from '../../dist/core/money.js';
import { questionOf } from '../../dist/kinds/contacts/question.js';
import { canonicalFilter, matchesTitle, parseTitleFilter, readOr } from '../../dist/kinds/contacts/title-filter.js';
import { chooseColumns, isTitle } from '../../dist/lists/columns.js';
import { examineList } from '../../dist/lists/format.js';
import { unquoted } from '../../dist/lists/lines.js';
import { openList } from '../../dist/lists/read.js';
import { readColumnList } from '../../dist/outputs/column-choice.js';
import { writeSheetFile } from '../../dist/outputs/write.js';
import { readError } from '../../dist/providers/waterfall/wire.js';
import { longText, repetitive } from './arbitraries.mjs';
import { sheetOf } from './tables.mjs';

const LENGTH = 100_000;
/** Looked at first, since most are done with it soon. */
const SHORTER = 25_000;
const MOST_TIMES_AS_LONG = 10;
/** What is over so soon at the shorter length takes at most a second or two at the other, even when it is quadratic. */
const SOON_MS = 100;

const OPTIONS = { api_host: 'api.example', limit: 10, include_phones: false, include_unverified: false };
const row = (cells) => questionOf({ domain: 'nordwind.example', title_filter: 'ceo', company_name: '', linkedin: '', ...cells }, OPTIONS);

/** Everything that is done with one cell, or with one text of the API. */
const STEPS = {
  domain: (text) => companyDomain(text),
  'domain of mail': (text) => companyDomain(text, { isMailDomain: true }),
  'parsed filter': (text) => parseTitleFilter(text),
  'short parsed filter': (text) => parseTitleFilter(text.slice(0, 9_990)),
  'canonical filter': (text) => canonicalFilter(text),
  or: (text) => readOr(text),
  caret: (text) => caret(text, text.length / 2),
  title: (text) => matchesTitle({ kind: 'term', text: 'ceo' }, text),
  'row by domain': (text) => row({ domain: text }),
  'row by filter': (text) => row({ title_filter: text }),
  'row by company name': (text) => row({ company_name: text }),
  'row by page': (text) => row({ linkedin: text }),
  header: (text) => refusable(() => chooseColumns(['domain', text])),
  'wrong header': (text) => refusable(() => chooseColumns([text])),
  'named header': (text) => refusable(() => chooseColumns([text], { domainColumn: 'somain' })),
  'title above': (text) => isTitle([text]),
  identifier: (text) => readIdentifier(text),
  dollars: (text) => parseUsd(text),
  'unquoted line': (text) => unquoted(text),
  'columns option': (text) => refusable(() => readColumnList(text)),
  error: (text) => readError({ host: 'api.example', status: 400, body: JSON.stringify({ code: text, message: text, error: [text] }), retryAfterMs: undefined }),
};

/** The same for files. */
const FILE_STEPS = {
  'read plainly': (text, path) => read(path, `domain,note\nnordwind.example,${text}\n`),
  'read in quotes': (text, path) => read(path, `domain,note\nnordwind.example,"${text.replaceAll('"', '""')}"\n`),
  'written as csv': (text, path) => write(path, text, 'csv'),
  'written as xlsx': (text, path) => write(path, text, 'xlsx'),
};

/** No step takes longer than in proportion to the length. */
export function linear({ folder }) {
  const path = join(folder, 'linear');
  const check = async ([name, shape]) => {
    const timed = (length) => msOf(() => (STEPS[name] ?? FILE_STEPS[name])(longText(shape, length), path));
    if ((await timed(SHORTER)) < SOON_MS) return;
    const short = Math.min(await timed(SHORTER), await timed(SHORTER), await timed(SHORTER));
    if (short < SOON_MS) return;
    const long = await timed(LENGTH);
    assert.ok(long / short < MOST_TIMES_AS_LONG, `${name} takes ${short.toFixed()} ms for ${SHORTER} characters and ${long.toFixed()} ms for ${LENGTH}`);
  };
  return { arbitrary: fc.tuple(fc.constantFrom(...Object.keys({ ...STEPS, ...FILE_STEPS })), repetitive), check };
}

async function msOf(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function refusable(work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}

async function read(path, text) {
  await writeFile(path, text);
  try {
    const { rows } = await openList(path, await examineList(path));
    for await (const _ of rows);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}

const write = (path, text, format) => writeSheetFile(path, [sheetOf(['domain', 'note'], [['nordwind.example', text]])], { format, delimiter: ',', bom: false, formulaGuard: true }, 'fuzz');
