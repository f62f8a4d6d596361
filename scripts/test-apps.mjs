/*
 * `npm run test:apps`: opens what the command writes in LibreOffice, which is asked for its cells and compared with the list and
 * the answers. Outside `npm test`, since LibreOffice comes from no package of npm.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';

const cli = new URL('../dist/bundle/main.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'waterfall-contacts-apps-'));
const env = { PATH: process.env.PATH, HOME: folder, WATERFALL_CONTACTS_HOME: join(folder, 'home') };

/** Cells that programs like to change. The file has them as text, and text they must stay. */
const NOTES = ['007', '1e5', '2026-03-02', 'TRUE', '=1+1', '@SUM(A1)', '+49 30 5550100', 'Größe; "groß"', '営業 😀', 'two\nlines', '_x0041_', "O'Dea & <Söhne>"];
/** Comma, quotation marks, UTF-8, the values as shown, no formulas, every sheet in a file of its own. */
const CELLS = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1';

/** What people choose when LibreOffice asks how a CSV is written: comma, quotation marks, UTF-8. */
const UTF8 = '--infilter=Text - txt - csv (StarCalc):44,34,76,1';

if (spawnSync('soffice', ['--version']).status !== 0) {
  console.error('LibreOffice is not there: install it, for instance with: apt-get install --no-install-recommends libreoffice-calc');
  process.exit(2);
}

let failures = 0;
try {
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  writeFileSync(join(folder, 'list.csv'), `domain,title_filter,note\n${NOTES.map((note, n) => `harbour-${n + 1}.example,ceo OR founder,${quoted(note)}\n`).join('')}`);
  command('run', 'list.csv', '--sandbox', '--rate-limit', '0', '--quiet', '-o', 'people.xlsx', '--columns', 'all');
  command('export', '--sandbox', '--quiet', '-o', 'people.csv');
  command('export', '--sandbox', '--quiet', '-o', 'plain.csv', '--no-formula-guard');
  const written = tableOf('plain.csv');
  const guarded = tableOf('people.csv');

  const [contacts, report] = converted('people.xlsx', CELLS, 'people-contacts.csv', 'people-report.csv').map(rowsOf);
  same('contacts of the workbook', contacts.length, written.length);
  for (const column of ['domain', 'first_name', 'last_name', 'professional_email', 'linkedin_url', 'note']) {
    same(`column ${column} of the workbook`, contacts.map((row) => row[column]), written.map((row) => row[column]));
  }
  same('truth values of the workbook', new Set(contacts.map((row) => row.email_verified)), new Set(['TRUE', '']));
  same('outcomes on the second sheet', report.map((row) => row.outcome), tableOf('list.report.csv').map((row) => row.outcome));

  const [page] = converted('people.xlsx', 'fods', 'people.fods');
  const addresses = new Set(written.flatMap((row) => [row.linkedin_url, row.company_linkedin_url]).filter((address) => address !== ''));
  const links = new Set([...page.matchAll(/<text:a [^>]*xlink:href="([^"]*)"/g)].map(([, address]) => address));
  same('links that are missing in the workbook', [...addresses].filter((address) => !links.has(address)), []);
  // LibreOffice itself takes a truth value for the formula TRUE().
  same('formulas in the workbook', formulasIn(page).filter((formula) => !/^of:=(TRUE|FALSE)\(\)$/.test(formula)), []);

  const [lines] = converted('people.csv', 'fods', 'people.fods');
  same('formulas in the CSV', formulasIn(lines), []);
  const [opened] = converted('people.csv', CELLS, 'people-people.csv').map(rowsOf);
  for (const column of ['domain', 'first_name', 'last_name', 'professional_email', 'linkedin_url']) {
    same(`column ${column} of the CSV`, opened.map((row) => row[column]), guarded.map((row) => row[column]));
  }
  // Numbers and dates in a CSV are for the program that opens it to understand.
  const isText = (row, place) => !/^[\d+][\d\s.e+-]*$|^TRUE$/.test(guarded[place].note);
  same('texts of the CSV', opened.filter(isText).map(({ note }) => note), guarded.filter(isText).map(({ note }) => note));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures === 0 ? 'all as it should be' : `${failures} differ`);
process.exitCode = failures === 0 ? 0 : 1;

function command(...args) {
  execFileSync(process.execPath, [cli, ...args], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Opens a file in LibreOffice and gives the text of what it saves. */
function converted(name, filter, ...results) {
  const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
  const out = join(folder, 'opened');
  const { status, stderr } = spawnSync('soffice', [profile, '--headless', ...(name.endsWith('.csv') ? [UTF8] : []), '--convert-to', filter, '--outdir', out, join(folder, name)], { timeout: 120_000 });
  if (status !== 0) throw new Error(`soffice ended with ${status}: ${stderr}`);
  return results.map((result) => readFileSync(join(out, result), 'utf8'));
}

function tableOf(name) {
  return rowsOf(readFileSync(join(folder, name), 'utf8'));
}

function rowsOf(text) {
  return parse(text, { columns: true, bom: true });
}

function formulasIn(text) {
  return [...text.matchAll(/table:formula="([^"]*)"/g)].map(([, formula]) => formula);
}

function same(what, found, expected) {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value instanceof Set ? [...value].sort() : value));
  if (one !== other) failures += 1;
  console.log(`${one === other ? 'ok     ' : 'DIFFERS'} ${what}${one === other ? '' : `\n  found    ${one.slice(0, 500)}\n  expected ${other.slice(0, 500)}`}`);
}
