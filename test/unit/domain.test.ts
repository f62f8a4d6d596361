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
    ['www.www.github.io', 'github.io'],
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
    ['https://www.google.com/url?q=acme.example', 'acme.example'],
    ['https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.example%2F&data=x', 'acme.example'],
    // What stands beside an address is a remark, where both together make no other name.
    ['Acme | acme.com', 'acme.com'],
    ['Acme, acme.com', 'acme.com'],
    ['1) acme.com', 'acme.com'],
    ['acme.com in Paris', 'acme.com'],
    ['acme.com acme.com', 'acme.com'],
    ['https://acme.com/Our Team.aspx', 'acme.com'],
    ['<b>acme.com</b>', 'acme.com'],
    ['acme.com .', 'acme.com'],
    ['acme.com:', 'acme.com'],
    ['acme.com@', 'acme.com'],
    ['acme.com\0\0', 'acme.com'],
    ['\uF0ACacme.com', 'acme.com'],
    ["https://acme.com/l'atelier", 'acme.com'],
    // Joiners are part of Persian and Hindi names, and of no other.
    ['\u0646\u0627\u0645\u0647\u200C\u0627\u06CC.com', 'xn--mgba3gch31f060k.com'],
    ['ac\u200Cme.com', 'acme.com'],
    ['\u0130stanbul.com', 'istanbul.com'],
    ['paral·lel.cat', 'xn--parallel-koa.cat'],
    ['トヨタ・カー.jp', 'xn--lckwb0a3jydh.jp'],
    ['צה״ל.co.il', 'xn--8dbq2a9c.co.il'],
    ['de-de.facebook.com', 'facebook.com'],
    ['support@corp.linkedin.com', 'linkedin.com'],
    ['google.com/intl/de/about', 'google.com'],
    ['blogspot.de', 'blogspot.de'],
    ['jobs.lever.co', 'lever.co'],
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
    ['[::1]', '"[::1]" is an IP address, not a domain'],
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
    ['acme.com; jane@gmail.com', '"acme.com; jane@gmail.com" holds more than one domain; give each its own row'],
    ['acme.com logo.png', '"acme.com logo.png" holds more than one domain; give each its own row'],
    ['acme.com<br/>beta.com', '"acme.com<br/>beta.com" holds more than one domain; give each its own row'],
    ['http://www.ac me.com', '"http://www.ac me.com" holds more than one domain; give each its own row'],
    ['Acme acme.example', '"Acme acme.example" has a blank in it; acme.example or acmeacme.example?'],
    ['www.acme,example', '"www.acme,example" is not a domain; www.acme.example?'],
    ['acme .com', '"acme .com\" is not a domain; acme.com?'],
    ['www.acme\n.com', '"www.acme .com\" is not a domain; acme.com?'],
    ['acme.c\nom', '"acme.c om\" is not a domain; acme.com?'],
    ['ac me.com', '"ac me.com\" is not a domain; acme.com?'],
    ['face\nbook.com/acme', '"face book.com/acme" has a blank in it; book.com or facebook.com?'],
    ['acme,com,br', '"acme,com,br" is not a domain; acme.com.br?'],
    ['info@acme,com', '"info@acme,com" is not a domain; acme.com?'],
    ['acme､com', '"acme､com" is not a domain; acme.com?'],
    ['acme.co\u22EF', '"acme.co…" is cut off; give the whole domain'],
    ['acme.co···', '"acme.co…" is cut off; give the whole domain'],
    ['acme.co・・・', '"acme.co…" is cut off; give the whole domain'],
    ['acme.co%E2%80%A6', '"acme.co%E2%80%A6" is cut off; give the whole domain'],
    ['acmeーcorp.com', '"acmeーcorp.com" has a dash that is no hyphen; acme-corp.com?'],
    ['acme•com', '"acme•com" is not a domain; acme.com?'],
    // Without the quote, or the letter that an entity or a damaged sign stands for, the name is somebody else's.
    ["o'reilly.com", `"o'reilly.com" is not a domain; oreilly.com?`],
    ['l’oreal.com', '"l’oreal.com" is not a domain; loreal.com?'],
    ['m&uuml;ller.de', '"m&uuml;ller.de" is not a domain'],
    ['&Uuml;bersee.de', '"&Uuml;bersee.de" is not a domain'],
    ['%DCbersee.de', '"%DCbersee.de" is not a domain'],
    ['?bersee.de', '"?bersee.de" is not a domain'],
    ['\uFFFDbersee.de', '"\uFFFDbersee.de" is not a domain'],
    ['acme.co\uFFFD', '"acme.co\uFFFD" is not a domain'],
    ['№1.com', '"№1.com" is not a domain'],
    ['acme.coⓜ', '"acme.coⓜ" is not a domain'],
    ['\u1C80.com', '"\u1C80.com" is not a domain'],
    ['\u1100.com', '"\u1100.com" is not a domain'],
    ['xn--i-7iq.ws', '"xn--i-7iq.ws" is not a domain'],
    ['support@acme.zendesk.com', '"acme.zendesk.com" is a help desk page, not a company'],
    ['linkedin.com/in/person', '"linkedin.com/in/person" is a page at a social network, not a company'],
    ['ebay.com.au/usr/acme', '"ebay.com.au/usr/acme" is a shop at a market, not a company'],
    ['acme.blogspot.de', '"acme.blogspot.de" is a page at a publishing platform, not a company'],
    ['acme.sharepoint.com', '"acme.sharepoint.com" is a shared document, not a company'],
    ['g.page/acme', '"g.page/acme" is a page at a link service, not a company'],
    ['bing.com/maps?q=x', '"bing.com/maps?q=x" is a page at Bing, not a company'],
    ['amazon.com/Acme-Box/dp/B00', '"amazon.com/Acme-Box/dp/B00" is a page at Amazon, not a company'],
    ['jane@live.com.mx', '"live.com.mx" is a free e-mail provider, not a company'],
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
    const piece = fc.constantFrom(
      ...['http', 'q=', '…', '™', '–', '(', ')', 'www.', 'google.', 'facebook.com', ':', '//', '/', '@', '.', '[', ']', 'a', 'com', 'co', 'uk', 'xn--', '-', ' ', '\n'],
      ...[',', '<', '>', '1', '%', '\ud800', 'ß', 'ü', '・', 'ー', '·', "'", '&uuml;', '\u200C', '\u0301', 'ا', '①', '\uFFFD', '?url=', 'gmail.'],
    );
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
