/* Answers as JSON text: of the right outline, and otherwise as wrong as can be. */
import fc from 'fast-check';
import { anyText } from './arbitraries.mjs';

const NUMBERS = ['0', '-0', '-12.5', '1e400', '-1e400', '1e308', '1e-400', '12345678901234567890', '0.1', '99999999999', '3.0'];
const DATES = ['2026-03-02T09:00:00Z', '-005000-01-01T00:00:00Z', '+275760-09-13T00:00:00.000Z', '9999-12-31T23:59:59.999Z', '0000-01-01', 'soon', '2026-02-30', '1'];
const UNKNOWN = ['__proto__', 'constructor', 'toJSON', 'length', '', 'a\0b', '\ud83d', 'new_member'];
/** Members of a person that are text in the tables and in the contacts. */
export const PERSON_TEXTS = [
  'first_name', 'last_name', 'title', 'seniority', 'department', 'professional_email', 'email_verified_status', 'email_confidence', 'mobile_phone', 'linkedin_url',
  'location', 'country', 'personal_email', 'smtp_provider', 'mx_record',
];
const PERSON = [...PERSON_TEXTS, 'linkedin_id', 'company_id', 'company_linkedin_id', 'company_name', 'company_domain', 'phone_numbers', 'experiences', 'email_verified', ...UNKNOWN];
const COMPANY = ['domain', 'company_name', 'website', 'linkedin_id', 'linkedin_followers', 'linkedin_founded', 'linkedin_employees_count', 'size', 'generic_emails', ...UNKNOWN];
const USAGE = ['total_usd', 'persons_usd', 'phones_usd', 'companies_usd', 'persons_count', 'balance_remaining_usd', ...UNKNOWN];

const json = (value) => JSON.stringify(value);
/** Few, so that answers have people and companies in common. */
const id = fc.oneof({ weight: 6, arbitrary: fc.constantFrom('p-1', 'p-2', 'p-3', 'p-4') }, fc.constantFrom('', ' ', 'x'.repeat(200), 'x'.repeat(5_000), 'a\0', '\udc00'), anyText).map(json);
const long = fc.constantFrom('x', '😀', '"', ' ', 'é').map((unit) => json(unit.repeat(50_000)));
const deep = fc.constantFrom(10, 500, 3_000, 10_000, 100_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
const leaf = fc.oneof(
  { weight: 8, arbitrary: anyText.map(json) },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS, ...DATES.map(json), 'null', 'true', 'false', '"true"', '[]', '{}', '""') },
  { weight: 1, arbitrary: fc.oneof(long, deep) },
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', maxDepth: 3 }, { weight: 6, arbitrary: leaf }, fc.array(tie('value'), { maxLength: 3 }).map(array), fc.array(fc.tuple(fc.constantFrom(...PERSON), tie('value')), { maxLength: 3 }).map(object)),
}));

function array(values) {
  return `[${values.join(',')}]`;
}

function object(members) {
  return `{${members.map(([name, member]) => `${json(name)}:${member}`).join(',')}}`;
}

const record = (names, fixed = {}) =>
  fc
    .tuple(fc.record(fixed, { requiredKeys: [] }), fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 6 }))
    .map(([given, members]) => object([...Object.entries(given), ...members]));

const person = fc.oneof({ weight: 9, arbitrary: record(PERSON, { id, first_name: anyText.map(json), professional_email: anyText.map(json) }) }, value);
const persons = fc.oneof({ weight: 9, arbitrary: fc.array(person, { maxLength: 4 }).map(array) }, fc.constantFrom('null', '[]'));
const company = fc.oneof({ weight: 4, arbitrary: record(COMPANY, { id: fc.constantFrom('"c-1"', '"c-2"') }) }, value);
const usage = fc.oneof({ weight: 4, arbitrary: record(USAGE) }, value);
const output = fc.record({ persons, company, usage, more: value }, { requiredKeys: [] }).map((members) => object(Object.entries(members)));
const date = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...DATES).map(json) }, value);

/** The text of a reply with the answer of a job that SUCCEEDED. */
export const answerText = fc
  .record({ status: fc.constantFrom('"SUCCEEDED"', '"succeeded"'), output, start_date: date, stop_date: date, more: value }, { requiredKeys: ['status', 'output'] })
  .map((members) => object(Object.entries(members)));
