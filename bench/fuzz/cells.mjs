/* Single cells: domains and title filters. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { caret } from '../../dist/core/caret.js';
import { companyDomain } from '../../dist/core/domain.js';
import { canonicalFilter, matchesTitle, parseTitleFilter, printTitleFilter, readOr } from '../../dist/kinds/contacts/title-filter.js';
import { anyText, domainText, piece } from './arbitraries.mjs';

const HOST = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/;
/** Where rules differ: shops, pages, redirects, mail, endings of two parts, other scripts. */
const HOSTS = ['facebook.com', 'https://www.facebook.com/nordwind', 'shop.nordwind.co.uk', 'nordwind.myshopify.com', 'https://www.google.com/url?q=https://nordwind.example', 'gmail.com', 'ida@web.de', 'xn--mnchen-3ya.example', 'bücher.example', '食狮.公司.cn', 'nordwind.github.io', 'a.b.c.d.nordwind.example'];
const LONGEST_REASON = 600;

/** Any cell is a domain in ASCII with a dot, which stays what it is however it is written, or a short reason on one line. */
export function domains({ count }) {
  const check = ([text, isMailDomain]) => {
    const result = companyDomain(text, { isMailDomain });
    if ('reason' in result) {
      assert.ok(result.reason !== '' && result.reason.length <= LONGEST_REASON, `the reason has ${result.reason.length} characters`);
      assert.doesNotMatch(result.reason, /[\p{Cc}\p{Cs}]/u);
      return;
    }
    count('domains asked');
    assert.match(result.domain, HOST);
    const spellings = [result.domain, result.domain.toUpperCase(), `https://${result.domain}/`, ` "${result.domain}"\r\n`];
    for (const spelling of spellings) assert.deepEqual(companyDomain(spelling, { isMailDomain }), result, `as ${JSON.stringify(spelling)}`);
  };
  const around = fc.string({ unit: piece, maxLength: 3 });
  const text = fc.oneof(anyText, fc.tuple(around, fc.oneof(domainText, fc.constantFrom(...HOSTS)), around).map((parts) => parts.join('')));
  return { arbitrary: fc.tuple(text, fc.boolean()), check };
}

/** Any text is a filter, which stays what it is when it is printed and read again, or has a mistake at a place within it. */
export function filters({ count }) {
  const word = fc.constantFrom('ceo', 'founder', 'or', 'and', 'not', 'AND', 'OR', 'NOT', '(', ')', ' ', ' ', '\n', 'C++', '営業', '__proto__');
  const text = fc.oneof(fc.array(word, { maxLength: 20 }).map((words) => words.join(' ')), fc.string({ unit: word, maxLength: 30 }), anyText);
  const check = ([typed, title]) => {
    const read = readOr(typed);
    assert.equal(read.text.length, typed.length);
    assert.deepEqual(readOr(read.text), { text: read.text, isRead: false });
    const canonical = canonicalFilter(read.text);
    assert.equal(canonicalFilter(canonical), canonical);
    const parsed = parseTitleFilter(read.text);
    const places = parsed.ok ? parsed.hints : [parsed.mistake];
    for (const { column } of places) {
      assert.ok(column >= 1 && column <= [...read.text].length + 1, `column ${column}`);
      assert.equal(caret(read.text, column).split('\n').length, 2);
    }
    if (!parsed.ok) return;
    count('filters understood');
    const printed = printTitleFilter(parsed.expression);
    const again = parseTitleFilter(printed);
    // One letter in brackets is a filter, and without them is none.
    if (printed.length < 2) return;
    assert.ok(again.ok, `${printed} is not read again`);
    assert.equal(again.isAmbiguous, false);
    assert.equal(printTitleFilter(again.expression), printed);
    assert.equal(matchesTitle(again.expression, title), matchesTitle(parsed.expression, title));
  };
  return { arbitrary: fc.tuple(text, fc.constantFrom('CEO', 'Founder and CEO', 'head of c++', '', '営業')), check };
}
