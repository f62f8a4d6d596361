/* What a person is known by when they are to be forgotten. All people are invented. */
import { describe, expect, it } from 'vitest';
import { hashesOf, identifiersOf, keysOf, readIdentifier, withoutForgotten } from '../../src/core/forgotten.ts';

describe('readIdentifier', () => {
  it.each([
    ['mira.quill@alderfinch.example', { ids: [], emails: ['mira.quill@alderfinch.example'] }],
    ['  Mira.Quill@AlderFinch.example ', { ids: [], emails: ['mira.quill@alderfinch.example'] }],
    ['4f7b0c1e-9a55-4d0e-8c0b-2f5d1a7e9b31', { ids: ['4f7b0c1e-9a55-4d0e-8c0b-2f5d1a7e9b31'], emails: [] }],
    ['4F7B0C1E-9A55-4D0E-8C0B-2F5D1A7E9B31', { ids: ['4F7B0C1E-9A55-4D0E-8C0B-2F5D1A7E9B31', '4f7b0c1e-9a55-4d0e-8c0b-2f5d1a7e9b31'], emails: [] }],
    ["o'hara+lists@alderfinch.co.example", { ids: [], emails: ["o'hara+lists@alderfinch.co.example"] }],
  ])('reads %j', (text, identifiers) => {
    expect(readIdentifier(text)).toEqual(identifiers);
  });

  it.each(['', '   ', '%', '*', '%@%', '*@alderfinch.example', 'mira@*', 'mira@alderfinch', 'Mira', 'Person_0042', '4f7b0c1e-9a55-4d0e-8c0b', 'Mira Quill', '@alderfinch.example', 'mira@', 'mira@quill@alderfinch.example', 'Mira <mira@alderfinch.example>'])('refuses %j', (text) => {
    expect(readIdentifier(text)).toBeUndefined();
  });
});

describe('identifiersOf', () => {
  it('are the id and both addresses, in lower case, each once', () => {
    const people = [
      { id: 'p1', professional_email: 'Mira@AlderFinch.example ', personal_email: 'mira@home.example' },
      { id: 'p1', professional_email: 'mira@alderfinch.example', personal_email: null },
    ];
    expect(identifiersOf(people)).toEqual({ ids: ['p1'], emails: ['mira@alderfinch.example', 'mira@home.example'] });
  });

  it('are none of a person who has none', () => {
    expect(identifiersOf([{ id: null, professional_email: '', personal_email: ' ' }, {}])).toEqual({ ids: [], emails: [] });
  });
});

describe('hashesOf', () => {
  it('are the SHA-256 of `id:` and `email:` with what follows, so that other programs can compute them', () => {
    expect(hashesOf({ ids: ['p1'], emails: ['mira@alderfinch.example'] })).toEqual([ID_HASH, EMAIL_HASH]);
  });
});

describe('keysOf', () => {
  it('are the first 64 bits of hashes as PostgreSQL has such a number, with its sign, each once', () => {
    const hash = (start: string) => start.padEnd(64, '0');
    expect(keysOf(['0000000000000001', 'ffffffffffffffff', '7fffffffffffffff', '8000000000000000', '0000000000000001'].map(hash))).toEqual(['1', '-1', '9223372036854775807', '-9223372036854775808']);
  });
});

describe('withoutForgotten', () => {
  const mira = { id: 'p1', professional_email: 'Mira@alderfinch.example' };
  const jon = { id: 'p2', professional_email: 'jon@alderfinch.example' };
  const answer = { company: { id: 'c1' }, persons: [mira, jon], usage: { total_usd: 0.5 } };

  it.each([
    ['id', ID_HASH],
    ['address', EMAIL_HASH],
  ])('takes out who is known by the hash of the %s, and nothing else', (_what, hash) => {
    expect(withoutForgotten(answer, [hash])).toEqual({ answer: { ...answer, persons: [jon] }, dropped: [mira] });
  });

  it('takes out nobody for hashes of others', () => {
    expect(withoutForgotten(answer, hashesOf({ ids: ['p3'], emails: ['p1'] }))).toEqual({ answer, dropped: [] });
  });
});

// printf 'id:p1' | sha256sum
const ID_HASH = '5334138a887a2f11864f38c095047389813e8afe60a0a283b00ae82fb75b28b4';
const EMAIL_HASH = 'a6dd288c94dcc2bad38df3e8b010728ce89c19f36a4917c933c07e524ef60095';
