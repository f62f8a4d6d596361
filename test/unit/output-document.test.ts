/* docs/output.md has every column that there is and no other, each with the type that it really has. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { REPORT_COLUMNS } from '../../src/core/own-outputs.ts';
import { EMAIL_COLUMNS } from '../../src/kinds/emails/columns.ts';
import { ALL_CONTACT_COLUMNS, CONTACT_COLUMNS } from '../../src/outputs/contact-columns.ts';
import type { ContactSource } from '../../src/outputs/contact-columns.ts';
import { FORMATS } from '../../src/outputs/sheet.ts';
import answered from '../fixtures/api/prospector-finder-succeeded.json' with { type: 'json' };

const document = readFileSync(resolve(import.meta.dirname, '../../docs/output.md'), 'utf8');

/** The cells of the table under a heading, without its header. */
function tableOf(heading: string): string[][] {
  const [, section = ''] = document.split(`\n## ${heading}\n`);
  const lines = section.split('\n## ')[0]?.split('\n').filter((line) => line.startsWith('| ')) ?? [];
  return lines.slice(2).map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

const byDefault = tableOf('Contacts: the default columns');
const added = tableOf('Contacts: what `--columns all` adds');
const bare = (cell = '') => cell.replaceAll('`', '');
const namesIn = (table: string[][]) => table.map(([name]) => bare(name));

/** The first person of the vendor's own example, with what only newer answers would have. */
const source: ContactSource = {
  row: 2,
  domain: 'northpier-robotics.example',
  title_filter: 'ceo',
  outcome: 'found',
  cells: [],
  job_id: 'job-1',
  fetched_at: '2026-03-02T09:14:12.908Z',
  answer: { ...answered.output, novelty: 1 },
  person: { ...answered.output.persons[0], personal_email: 'maren@mail.example' },
};

function typeOf(value: unknown): string {
  if (typeof value === 'boolean') return 'truth value';
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT/.test(value) ? 'time' : 'text';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return 'list of texts';
  return typeof value === 'number' ? 'number' : 'JSON';
}

describe('docs/output.md', () => {
  it('has the default columns of the contacts, in their order', () => {
    expect(namesIn(byDefault)).toEqual(CONTACT_COLUMNS.map(({ name }) => name));
  });

  it('has the columns that all adds, in their order', () => {
    const all = ALL_CONTACT_COLUMNS.map(({ name }) => name);
    expect(namesIn(added)).toEqual(all.filter((name) => !CONTACT_COLUMNS.some((column) => column.name === name)));
  });

  it.each(ALL_CONTACT_COLUMNS)('says of $name the type that it has', ({ name, cell }) => {
    const [, type] = [...byDefault, ...added].find(([other]) => bare(other) === name) ?? [];
    expect(type).toBe(typeOf(cell(source)));
  });

  it.each([...byDefault, ...added].filter(([, , from = '']) => from.startsWith('`')).map(([name, , from]) => ({ name: bare(name), from: bare(from) })))(
    'says of $name where it comes from: $from',
    ({ name, from }) => {
      const shown = ALL_CONTACT_COLUMNS.find((column) => column.name === name);
      // A value of its own in each place that is named; the first wins.
      const [first = '', second] = from.split(', else ');
      const nobody = { ...source, answer: {}, person: {} };
      const only = (place: string) => {
        const [part = '', member = ''] = place.split('.');
        return part === 'person' ? { ...nobody, person: { [member]: place } } : { ...nobody, answer: { [part]: { [member]: place } } };
      };
      expect(shown?.cell(only(first))).toBe(first);
      if (second !== undefined) expect(shown?.cell(only(second))).toBe(second);
    },
  );

  it('has the columns of verified addresses, in their order, each with the type that it has', () => {
    const answer = { verdict: 'risky', reason: 'role', provider_status: 'valid', is_role: true, is_free: false, is_disposable: false, suggestion: 'a@acme.example', reply: {} } as const;
    const line = { row: 2, email: 'info@acme.example', cells: [], policy: 'strict', provider: 'waterfall', checked_at: '2026-03-02T09:14:12.908Z', answer } as const;
    expect(tableOf('Verified addresses').map(([name, type]) => [bare(name), type])).toEqual(EMAIL_COLUMNS.map(({ name, cell }) => [name, typeOf(cell(line))]));
  });

  it('has the columns of the report, in their order', () => {
    expect(namesIn(tableOf('The report'))).toEqual(REPORT_COLUMNS);
  });

  it('has each format, and each option of the outputs', () => {
    const export_ = buildProgram(() => undefined, { writeOut: () => undefined, writeErr: () => undefined }).commands.find((command) => command.name() === 'export');
    const options = (export_?.options ?? []).map(({ long }) => long ?? '').filter((long) => long !== '--sandbox' && long !== '--version');
    expect([...options, ...FORMATS.map((format) => `.${format}`)].filter((word) => !document.includes(`\`${word}`) && !document.includes(`\`-o\`, \`${word}`))).toEqual([]);
  });
});
