/* What costs nothing: throwaway domains, roles, domains without mail; and what verdicts are good for. */
import { describe, expect, it } from 'vitest';
import { isDisposable, isFree } from '../../src/kinds/emails/domains.ts';
import { localAnswer } from '../../src/kinds/emails/free-checks.ts';
import { createMxLookup } from '../../src/kinds/emails/mail-exchange.ts';
import type { MailResolver } from '../../src/kinds/emails/mail-exchange.ts';
import { isRole } from '../../src/kinds/emails/roles.ts';
import { bestOf, EMAIL_VERDICTS, isGood, isTemporary } from '../../src/kinds/emails/verdict.ts';

describe('a domain of throwaway addresses', () => {
  it.each(['mailinator.com', 'guerrillamail.com', '10minutemail.com', 'yopmail.com'])('is %s', (domain) => {
    expect(isDisposable(domain)).toBe(true);
  });

  it('is one with its sub-domains where the whole host is', () => {
    expect(isDisposable('anything.33m.co')).toBe(true);
  });

  it.each(['com', 'com.ar', 'co.uk', 'github.io', 'gmail.com', 'gmx.de', 'gmx.net', '163.com', 'qq.com', 'google.com', 'mail.google.com', 'apple.com', 'yahoo.co.jp', 'acme.example', 'web.de', 'outlook.com', 'protonmail.com', 'fastmail.com'])(
    'is not %s',
    (domain) => {
      expect(isDisposable(domain)).toBe(false);
    },
  );

  it.each([['gmail.com', true], ['gmx.at', true], ['acme.example', false]])('%s is free: %s', (domain, isOne) => {
    expect(isFree(domain)).toBe(isOne);
  });
});

describe('a role', () => {
  it.each(['info', 'INFO', 'sales', 'sales2', 'sales-2', 'info+berlin', 'no-reply', 'noreply', 'customer.service', 'kontakt', 'buchhaltung', 'rrhh'])('is %s', (local) => {
    expect(isRole(local)).toBe(true);
  });

  it.each(['jane', 'jane.doe', 'information.officer.jane', 'salesh', 'admiral', 'j2', '42'])('is not %s', (local) => {
    expect(isRole(local)).toBe(false);
  });
});

describe('what is told without asking', () => {
  const usual = { allowRole: false, allowDomains: new Set<string>() };

  it.each([
    ['a throwaway address', 'jane@mailinator.com', usual, 'do_not_mail'],
    ['a role at one: the domain goes first', 'info@mailinator.com', usual, 'do_not_mail'],
    ['a throwaway address that is allowed', 'jane@mailinator.com', { ...usual, allowDomains: new Set(['mailinator.com']) }, undefined],
    ['a role', 'info@acme.example', usual, 'risky'],
    ['a role that is allowed', 'info@acme.example', { ...usual, allowRole: true }, undefined],
    ['a domain without mail', 'jane@acme.example', { ...usual, mx: 'no_mail' as const }, 'undeliverable'],
    ['a look-up that failed', 'jane@acme.example', { ...usual, mx: 'failed' as const }, undefined],
    ['anybody else', 'jane@acme.example', { ...usual, mx: 'mail' as const }, undefined],
  ])('of %s', (_what, address, options, verdict) => {
    expect(localAnswer(address, options)?.verdict).toBe(verdict);
  });
});

describe('whether a domain takes mail', () => {
  const error = (code: string) => Promise.reject(Object.assign(new Error(code), { code }));
  const none = () => error('ENODATA');
  const resolver = (more: Partial<MailResolver>): MailResolver => ({ resolveMx: none, resolve4: none, resolve6: none, ...more });

  it.each([
    ['it has a server', { resolveMx: () => Promise.resolve([{ exchange: 'mx.acme.example' }]) }, 'mail'],
    ['it has an address alone', { resolve4: () => Promise.resolve(['192.0.2.1']) }, 'mail'],
    ['it has an address of the newer kind alone', { resolve6: () => Promise.resolve(['2001:db8::1']) }, 'mail'],
    ['it says that there is no mail', { resolveMx: () => Promise.resolve([{ exchange: '' }]), resolve4: () => Promise.resolve(['192.0.2.1']) }, 'no_mail'],
    ['it has nothing', {}, 'no_mail'],
    ['there is no such name', { resolveMx: () => error('ENOTFOUND'), resolve4: () => error('ENOTFOUND'), resolve6: () => error('ENOTFOUND') }, 'no_mail'],
    ['the server fails', { resolveMx: () => error('ESERVFAIL') }, 'failed'],
    ['nobody answers', { resolveMx: () => error('ETIMEOUT') }, 'failed'],
    ['the server fails at the second question', { resolve4: () => error('ESERVFAIL') }, 'failed'],
  ] as const)('where %s', async (_what, more, expected) => {
    expect(await createMxLookup(resolver(more as Partial<MailResolver>))('acme.example')).toBe(expected);
  });

  it('is looked up once, also by many at a time', async () => {
    let asked = 0;
    const lookUp = createMxLookup(resolver({ resolveMx: () => ((asked += 1), Promise.resolve([{ exchange: 'mx.acme.example' }])) }));
    await Promise.all([lookUp('acme.example'), lookUp('acme.example')]);
    await lookUp('acme.example');
    expect(asked).toBe(1);
  });
});

describe('a verdict', () => {
  it.each([
    ['strict', ['deliverable']],
    ['normal', ['deliverable', 'catch_all']],
    ['loose', ['deliverable', 'catch_all', 'risky']],
  ] as const)('is good by %s where it is one of %j', (policy, good) => {
    expect(EMAIL_VERDICTS.filter((verdict) => isGood(verdict, policy))).toEqual(good);
  });

  it('makes the row where it is the last that is one', () => {
    expect(bestOf([{ verdict: 'catch_all' }, { verdict: 'unknown' }])).toEqual({ verdict: 'catch_all' });
    expect(bestOf([{ verdict: 'catch_all' }, { verdict: 'deliverable' }])).toEqual({ verdict: 'deliverable' });
    expect(bestOf([{ verdict: 'unknown' }, { verdict: 'unknown' }])).toEqual({ verdict: 'unknown' });
  });

  it.each(['greylisted', 'Grey-listed', 'timeout', 'timed out', 'too many recipients', '451 4.7.1 try again later', 'temporarily unavailable', 'rate limited'])('is put off by %j', (detail) => {
    expect(isTemporary(detail)).toBe(true);
  });

  it.each(['valid_email', 'mailbox not found', '550 no such user', '5.1.1', 'invalid_format'])('is not put off by %j', (detail) => {
    expect(isTemporary(detail)).toBe(false);
  });
});
