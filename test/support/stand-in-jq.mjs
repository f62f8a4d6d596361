/* Stands in for jq where there is none: the filters of docs/recipes.md, each as a function of all the values that were read. */
import { readFileSync } from 'node:fs';

const words = process.argv.slice(2);
const at = words.indexOf('--arg');
const list = at < 0 ? undefined : words[at + 2];
if (at >= 0) words.splice(at, 3);
const [filter, file] = words.filter((word) => !word.startsWith('-'));
const text = readFileSync(file ?? 0, 'utf8').trim();
const values = text === '' ? [] : text.startsWith('[') ? [JSON.parse(text)] : text.split('\n').map((line) => JSON.parse(line));
const grouped = (rows) => Object.entries(Object.groupBy?.(rows, ({ domain }) => domain) ?? rows.reduce((all, row) => ({ ...all, [row.domain]: [...(all[row.domain] ?? []), row] }), {}));

const FILTERS = [
  ['select(.msg == "dry run") |', () => values.filter(({ msg }) => msg === 'dry run').map(({ to_launch, requests, worst_case_usd }) => JSON.stringify({ list, to_launch, requests, worst_case_usd }))],
  ['select(.email_verified)', () => values.filter(({ email_verified }) => email_verified).map(({ professional_email }) => professional_email)],
  ['group_by(.domain)', () => [JSON.stringify(grouped(values).map(([domain, rows]) => ({ domain, contacts: rows.length })))]],
  ['.[] | select(.state ==', () => values.flat().filter(({ state }) => state === 'interrupted' || state === 'stopped').map(({ next_command }) => `'${next_command.replaceAll("'", "'\\''")}'`)],
  ['select(.contacts == 0', () => values.filter(({ contacts, outcome }) => contacts === 0 && outcome !== 'duplicate').map(({ row, domain, outcome, reason }) => [row, ...[domain, outcome, reason].map((text) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`))].join(','))],
  ['select(.msg == "run finished"', () => values.filter(({ msg }) => msg === 'run finished' || msg === 'run stopped').map(({ contacts, cost_usd }) => `${contacts} contacts for $${cost_usd}`)],
  ['select(.msg == "rows without an answer")', () => values.filter(({ msg }) => msg === 'rows without an answer').flatMap(({ first }) => first.map(({ row, outcome }) => `line ${row}: ${outcome}`))],
];
const known = FILTERS.find(([beginning]) => filter.startsWith(beginning));
if (known === undefined) throw new Error(`no stand-in for the filter ${filter}`);
for (const line of known[1]()) process.stdout.write(`${line}\n`);
