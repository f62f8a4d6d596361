import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { companyDomain } from '../../src/core/domain.ts';

describe('companyDomain finds', () => {
  it.each([
    ['https://www.Acme.com/about?x=1', 'acme.com'],
    ['ACME.com.', 'acme.com'],
    ['jane@acme.com', 'acme.com'],
    ['acme.com', 'acme.com'],
    [' www.acme.com:8080/x ', 'acme.com'],
    ['//acme.com', 'acme.com'],
    ['acme.com?ref=b.com', 'acme.com'],
    ['acme.com#top', 'acme.com'],
    ['https://acme.com\\about', 'acme.com'],
    ['http:acme.com', 'acme.com'],
    ['https//acme.com', 'acme.com'],
    ['http://https://acme.com', 'acme.com'],
    ['https://jane:secret@shop.acme.com:443/', 'acme.com'],
    ['mailto:jane@acme.com?subject=a,b', 'acme.com'],
    ['Jane Roe <jane@acme.com>', 'acme.com'],
    ['<https://acme.com>', 'acme.com'],
    ['"acme.com"', 'acme.com'],
    ['“acme.com”,', 'acme.com'],
    ['(acme.com)', 'acme.com'],
    ['*.acme.com', 'acme.com'],
    ['@acme.com', 'acme.com'],
    ['\u00a0acme\u200b.com\ufeff', 'acme.com'],
    ['ａｃｍｅ．ｃｏｍ', 'acme.com'],
    ['acme。com', 'acme.com'],
    ['acme.com (moved in May)', 'acme.com'],
    ['https://acme.com/a,b.html;c', 'acme.com'],
    ['https://acme.com/a, https://www.acme.com/b', 'acme.com'],
    ['shop.acme.co.uk', 'acme.co.uk'],
    ['www.gov.uk', 'www.gov.uk'],
    ['careers.acme.example', 'acme.example'],
    ['acme.myshopify.com', 'acme.myshopify.com'],
    ['www.other.myshopify.com', 'other.myshopify.com'],
    ['mail_1.acme.example', 'acme.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['例子.cn', 'xn--fsqu00a.cn'],
    ['yahoo.example', 'yahoo.example'],
    ['https://www.github.io/', 'github.io'],
    ['qq.com', 'qq.com'],
    ['bit.ly', 'bit.ly'],
    ['acme.com¹', 'acme.com'],
    ['✅acme.com', 'acme.com'],
    ['•acme.com', 'acme.com'],
    ['′acme.com′', 'acme.com'],
    ['1\uFE0F\u20E3acme.com', 'acme.com'],
    ['acme.com Paris', 'acme.com'],
    ['acme.com, Inc', 'acme.com'],
    ['acme.com/abou…', 'acme.com'],
    ['Acme【acme.com】', 'acme.com'],
    ['[acme.com](https://acme.com)', 'acme.com'],
    ['https://l.facebook.com/l.php?u=https%3A%2F%2Facme.com%2F&h=x', 'acme.com'],
    ['https://acme.com/login?url=https://other.example/', 'acme.com'],
  ])('%j -> %s', (text, domain) => {
    expect(companyDomain(text)).toEqual({ domain });
  });

  it('the same domain again in its own result', () => {
    const label = fc.stringMatching(/^[a-zü公]([a-z0-9-]{0,8}[a-z0-9])?$/);
    const ending = fc.constantFrom('com', 'co.uk', 'example', 'github.io', 'kawasaki.jp', 'xn--fiqs8s', 'zz');
    let found = 0;
    fc.assert(fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), ending, (labels, tail) => {
      const result = companyDomain(`https://${labels.join('.')}.${tail}/x`);
      if (!('domain' in result)) return;
      found += 1;
      expect(companyDomain(result.domain)).toEqual(result);
      expect(result.domain).toMatch(/^[a-z0-9.-]{4,253}$/);
    }));
    expect(found).toBeGreaterThan(30);
  });
});

describe('companyDomain refuses', () => {
  it.each([
    ['', 'the domain is empty'],
    [' \t\n', 'the domain is empty'],
    ['n/a', 'the domain is empty'],
    ['-', 'the domain is empty'],
    ['unknown', '"unknown" is not a domain'],
    ['foo bar', '"foo bar" is not a domain'],
    ['Acme Inc.', '"Acme Inc." is not a domain'],
    ['see acme.com', '"see acme.com" has a blank in it; acme.com or seeacme.com?'],
    ['🦊🔥✨', '"🦊🔥✨" is not a domain'],
    ['""', '"""" is not a domain'],
    ['http://', '"http://" is not a domain'],
    ['localhost', '"localhost" is not a domain'],
    ['http://localhost:3000/x', '"http://localhost:3000/x" is not a domain'],
    ['-acme.com', '"-acme.com" is not a domain'],
    ['acme..com', '"acme..com" is not a domain'],
    ['foo_bar.com', '"foo_bar.com" is not a domain'],
    ['acme.c', '"acme.c" is not a domain'],
    ['a.zz'.slice(1), '".zz" is not a domain'],
    ['a.com, b.com', '"a.com, b.com" holds more than one domain; give each its own row'],
    ['a.com;b.com', '"a.com;b.com" holds more than one domain; give each its own row'],
    ['https://a.com/x,https://b.com/', '"https://a.com/x,https://b.com/" holds more than one domain; give each its own row'],
    ['a.com\nb.com', '"a.com b.com" holds more than one domain; give each its own row'],
    ['192.0.2.7', '"192.0.2.7" is an IP address, not a domain'],
    ['http://192.0.2.7:80/x', '"http://192.0.2.7:80/x" is an IP address, not a domain'],
    ['2001:db8::1', '"2001:db8::1" is an IP address, not a domain'],
    ['http://[2001:db8::1]:443/x', '"http://[2001:db8::1]:443/x" is an IP address, not a domain'],
    ['co.uk', '"co.uk" is an ending that many domains share, not a company'],
    ['jane@gmail.com', '"gmail.com" is a free e-mail provider, not a company'],
    ['jane@de.yahoo.co.jp', '"yahoo.co.jp" is a free e-mail provider, not a company'],
    ['jane@GMX.at', '"gmx.at" is a free e-mail provider, not a company'],
    ['https://x.com/acme', '"https://x.com/acme" is a page at a social network, not a company'],
    ['crunchbase.com/organization/acme', '"crunchbase.com/organization/acme" is a page of a directory, not a company'],
    ['apps.apple.com/app/acme', '"apps.apple.com/app/acme" is a page at Apple, not a company'],
    ['amazon.de/stores/acme', '"amazon.de/stores/acme" is a page at Amazon, not a company'],
    ['acme.co\nm', '"acme.co m" has a blank in it; acme.co or acme.com?'],
    ['acme.co uk', '"acme.co uk" is not a domain; acme.co.uk?'],
    ['www.gamma;com', '"www.gamma;com" is not a domain; www.gamma.com?'],
    ['www.acme，com', '"www.acme,com" is not a domain; www.acme.com?'],
    ['acme.com …', '"acme.com …" is cut off; give the whole domain'],
    ['https://www.acme-indus…', '"https://www.acme-indus…" is cut off; give the whole domain'],
    ['my\u2011shop.example', '"my\u2011shop.example" has a dash that is no hyphen; my-shop.example?'],
    ['my\u2212shop.example', '"my\u2212shop.example" has a dash that is no hyphen; my-shop.example?'],
    ['acme.com (formerly beta.com)', '"acme.com (formerly beta.com)" holds more than one domain; give each its own row'],
    // Letters that would turn into others: the name without them belongs to somebody else.
    ['ⓐcme.com', '"ⓐcme.com" is not a domain'],
    ['\uFB01rma.de', '"\uFB01rma.de" is not a domain'],
    ['nord\u0008wind.example', '"nord wind.example" is not a domain'],
    ['%(x)s.example', '"%(x)s.example" is not a domain'],
  ])('%j: %s', (text, reason) => {
    expect(companyDomain(text)).toEqual({ reason });
  });

  it('the bare names of mail providers in a column of e-mail domains only', () => {
    expect(companyDomain('web.de')).toEqual({ domain: 'web.de' });
    expect(companyDomain('web.de', { isMailDomain: true })).toEqual({ reason: '"web.de" is a free e-mail provider, not a company' });
    expect(companyDomain('acme.com', { isMailDomain: true })).toEqual({ domain: 'acme.com' });
  });

  it('a name longer than 253 characters', () => {
    expect(companyDomain(`${`${'a'.repeat(60)}.`.repeat(5)}com`)).toEqual({ reason: expect.stringContaining('not a domain') as string });
  });

  it('quotes at most 60 characters, on one line', () => {
    const result = companyDomain(`x\n${'y'.repeat(5000)}`);
    expect(result).toEqual({ reason: `"x ${'y'.repeat(57)}…" is not a domain` });
  });

  it('nothing of an ending that does not exist, but says so', () => {
    expect(companyDomain('acme.con')).toEqual({ domain: 'acme.con', hint: '"acme.con": there is no such ending as .con' });
    expect(companyDomain('1.5M')).toMatchObject({ hint: expect.stringContaining('no such ending') as string });
    expect(companyDomain('acme.test')).toEqual({ domain: 'acme.test' });
  });

  it('any text without throwing, and gives either a clean domain or a reason', () => {
    const piece = fc.constantFrom('http', 'q=', '…', '™', '–', '(', 'www.', 'google.', ':', '//', '/', '@', '.', '[', ']', 'a', 'com', 'xn--', '-', ' ', ',', '<', '>', '1', '%', '\ud800');
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: piece }));
    fc.assert(
      fc.property(text, (typed) => {
        const result = companyDomain(typed);
        if ('reason' in result) expect(result.reason).toMatch(/^[^\n]+$/);
        else {
          expect(result.domain).toMatch(/^[a-z0-9.-]{4,253}$/);
          expect(companyDomain(result.domain)).toEqual(result);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
