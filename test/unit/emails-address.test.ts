/* What a cell of a column of addresses is read as: what is legal is asked, however odd, and what is none says why. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../src/kinds/emails/address.ts';

const VALID: readonly (readonly [cell: string, address: string])[] = [
  ['jane@acme.example', 'jane@acme.example'],
  ['Jane.Doe@ACME.example', 'Jane.Doe@acme.example'],
  ['  jane@acme.example  ', 'jane@acme.example'],
  ['jane@acme.example;', 'jane@acme.example'],
  ['jane@acme.example,', 'jane@acme.example'],
  ['jane@acme.example.', 'jane@acme.example'],
  ['mailto:jane@acme.example', 'jane@acme.example'],
  ['mailto:jane@acme.example?subject=Hello', 'jane@acme.example'],
  ['Jane Doe <jane@acme.example>', 'jane@acme.example'],
  ['"Doe, Jane" <jane@acme.example>', 'jane@acme.example'],
  ['<jane@acme.example>', 'jane@acme.example'],
  ['jane+news@acme.example', 'jane+news@acme.example'],
  ["o'rourke@acme.example", "o'rourke@acme.example"],
  ['jane@acme.systems', 'jane@acme.systems'],
  ['jane@acme.co.uk', 'jane@acme.co.uk'],
  ['jane@mail.acme.example', 'jane@mail.acme.example'],
  ['jane@xn--mnze-werk-q9a.example', 'jane@xn--mnze-werk-q9a.example'],
  ['hugo@münze-werk.example', 'hugo@xn--mnze-werk-q9a.example'],
  ['jane@acme.xn--p1ai', 'jane@acme.xn--p1ai'],
  ['jane@пример.рф', 'jane@xn--e1afmkfd.xn--p1ai'],
  ['jürgen@acme.example', 'jürgen@acme.example'],
  ['"jane doe"@acme.example', '"jane doe"@acme.example'],
  ['"jane@home"@acme.example', '"jane@home"@acme.example'],
  ['j@acme.example', 'j@acme.example'],
  ['jane_doe-1@acme.example', 'jane_doe-1@acme.example'],
  ['jane/sales=eu@acme.example', 'jane/sales=eu@acme.example'],
  ['{jane}@acme.example', '{jane}@acme.example'],
  ['1234567@acme.example', '1234567@acme.example'],
  [`${'a'.repeat(64)}@acme.example`, `${'a'.repeat(64)}@acme.example`],
  ['jane\uFF20acme.example', 'jane@acme.example'],
  ['jane@acme-works.example', 'jane@acme-works.example'],
  ['\u200bjane@acme.example', 'jane@acme.example'],
];

const INVALID: readonly (readonly [cell: string, reason: RegExp])[] = [
  ['', /empty/],
  ['  ', /empty/],
  ['n/a', /empty|no @/],
  ['jane', /no @/],
  ['acme.com', /a domain, not an address/],
  ['@acme.example', /nothing in front/],
  ['jane@', /nothing behind/],
  ['jane@acme', /no ending/],
  ['jane@@acme.example', /two @/],
  ['jane doe@acme.example', /blank in front/],
  ['jane@acme .example', /blank behind/],
  ['.jane@acme.example', /dot/],
  ['jane.@acme.example', /dot/],
  ['jane..doe@acme.example', /dot/],
  ['jane@-acme.example', /no domain/],
  ['jane@acme_works.example', /no domain/],
  ['jane@127.0.0.1', /number/],
  ['jane@acme.example, joe@acme.example', /several addresses/],
  ['jane(doe@acme.example', /cannot stand/],
  [`${'a'.repeat(65)}@acme.example`, /64/],
  [`jane@${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(20)}.example`, /254/],
];

describe('an address', () => {
  it.each(VALID)('%j is asked for as %s', (cell, address) => {
    expect(readAddress(cell)).toMatchObject({ address });
  });

  it.each(INVALID)('%j is none', (cell, reason) => {
    expect(readAddress(cell)).toEqual({ reason: expect.stringMatching(reason) as string });
  });

  it('is never thrown at, and one that was read is read again as itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.emailAddress()), (cell) => {
        const read = readAddress(cell);
        if ('address' in read) expect(readAddress(read.address)).toEqual(read);
      }),
    );
  });

  it.each([
    ['the same in another case', 'Jane.Doe@acme.example', 'jane.doe@ACME.example', true],
    ['at Gmail with other dots', 'jane.doe@gmail.com', 'janedoe@googlemail.com', true],
    ['with other dots elsewhere', 'jane.doe@acme.example', 'janedoe@acme.example', false],
    ['with a tag', 'jane+news@acme.example', 'jane@acme.example', false],
    ['at Gmail with a tag', 'jane+news@gmail.com', 'jane@gmail.com', false],
    ['at Outlook with other dots', 'jane.doe@outlook.com', 'janedoe@outlook.com', false],
  ])('is one question or two: %s', (_what, one, other, isSame) => {
    const [first, second] = [readAddress(one), readAddress(other)];
    expect('key' in first && 'key' in second && first.key === second.key).toBe(isSame);
  });
});
