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
    ['n/a', '"n/a" is not a domain'],
    ['-', '"-" is not a domain'],
    ['unknown', '"unknown" is not a domain'],
    ['foo bar', '"foo bar" is not a domain'],
    ['Acme Inc.', '"Acme Inc." is not a domain'],
    ['see acme.com', '"see acme.com" is not a domain'],
    ['🦊🔥✨', '"🦊🔥✨" is not a domain'],
    ['""', '"""" is not a domain'],
    ['http://', '"http://" has no domain in it'],
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
    ['myshopify.com', '"myshopify.com" is a platform, not a company; give the full name, such as acme.myshopify.com'],
    ['https://www.github.io/', '"github.io" is a platform, not a company; give the full name, such as acme.github.io'],
    ['jane@gmail.com', '"gmail.com" is a free e-mail provider, not a company'],
    ['de.yahoo.co.jp', '"yahoo.co.jp" is a free e-mail provider, not a company'],
    ['GMX.at', '"gmx.at" is a free e-mail provider, not a company'],
    ['https://www.linkedin.com/company/acme', '"linkedin.com" is a social network, not a company'],
    ['x.com/acme', '"x.com" is a social network, not a company'],
    ['https://linktr.ee/acme', '"linktr.ee" is a link service, not a company'],
    ['crunchbase.com', '"crunchbase.com" is a directory of other companies, not a company'],
  ])('%j: %s', (text, reason) => {
    expect(companyDomain(text)).toEqual({ reason });
  });

  it.each(['web.de', 'qq.com', '163.com', 'icloud.com', 'proton.me', 'outlook.com', 'facebook.com', 'tiktok.com', 'bit.ly', 't.co'])(
    'the public domain %s',
    (text) => {
      expect(companyDomain(text)).toEqual({ reason: expect.stringMatching(/ is an? .*, not a company$/) as string });
    },
  );

  it('a name longer than 253 characters', () => {
    expect(companyDomain(`${`${'a'.repeat(60)}.`.repeat(5)}com`)).toEqual({ reason: expect.stringContaining('not a domain') as string });
  });

  it('quotes at most 60 characters, on one line', () => {
    const result = companyDomain(`x\n${'y'.repeat(5000)}`);
    expect(result).toEqual({ reason: `"x ${'y'.repeat(57)}…" is not a domain` });
  });

  it('any text without throwing, and gives either a clean domain or a reason', () => {
    const piece = fc.constantFrom('http', ':', '//', '/', '@', '.', '[', ']', 'a', 'com', 'xn--', '-', ' ', ',', '<', '>', '1', '%', '\ud800');
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
