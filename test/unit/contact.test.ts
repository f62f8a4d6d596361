/* An answer -> the records that the tables keep. */
import { describe, expect, it } from 'vitest';
import { recordsOf } from '../../src/kinds/contacts/contact.ts';
import type { Company, Person } from '../../src/core/model.ts';

const company: Company = { id: 'c1', domain: 'acme.example', company_name: 'Acme Ltd' };
const person = (fields: Person): Person => ({ first_name: 'Mira', company_id: 'c1', ...fields });

describe('recordsOf', () => {
  it.each([
    ['an answer without anything', {}],
    ['nulls', { company: null, persons: null }],
    ['empty lists', { persons: [] }],
  ])('gives nothing for %s', (_what, answer) => {
    expect(recordsOf(answer)).toEqual({ companies: [], links: [] });
  });

  it('keeps members of a company that nobody knows yet', () => {
    const { companies } = recordsOf({ company: { ...company, motto: 'onwards' }, persons: [] });
    expect(companies[0]).toMatchObject({ id: 'c1', motto: 'onwards' });
  });

  it.each([
    ['250', 250],
    [250, 250],
    [' 1,000 ', null],
    ['51-200', null],
    ['', null],
    [2.5, null],
    [Number.NaN, null],
    [null, null],
    [undefined, null],
  ])('reads a count of %j as %j', (given, kept) => {
    const { companies } = recordsOf({ company: { ...company, linkedin_followers: given, linkedin_founded: given, linkedin_employees_count: given } });
    expect(companies[0]).toMatchObject({ linkedin_followers: kept, linkedin_founded: kept, linkedin_employees_count: kept });
  });

  it.each([
    ['no id', {}],
    ['an id of null', { id: null }],
    ['an empty id', { id: '' }],
    ['an id longer than an index can hold', { id: 'x'.repeat(201) }],
  ])('puts a person with %s in no table', (_what, fields) => {
    expect(recordsOf({ company, persons: [person(fields)] })).toMatchObject({ links: [] });
  });

  it('links a contact at its own place in the answer, whoever before it has no id', () => {
    const { links } = recordsOf({ company, persons: [person({}), person({ id: 'p2' }), person({ id: 'p3' })] });
    expect(links).toEqual([
      { position: 1, contact_id: 'p2', company_id: 'c1' },
      { position: 2, contact_id: 'p3', company_id: 'c1' },
    ]);
  });

  it('links both places of a person who is there twice', () => {
    const { links } = recordsOf({ company, persons: [person({ id: 'p1', title: 'CTO' }), person({ id: 'p1', title: 'CEO' })] });
    expect(links.map(({ position, contact_id }) => [position, contact_id])).toEqual([
      [0, 'p1'],
      [1, 'p1'],
    ]);
  });

  it.each([
    ['the company that was asked for', { company, persons: [person({ id: 'p1', company_id: null })] }, 'c1'],
    ['none, when the answer has no company either', { company: null, persons: [person({ id: 'p1', company_id: '' })] }, null],
    ['their own, also when it is another one', { company, persons: [person({ id: 'p1', company_id: 'c2' })] }, 'c2'],
  ])('gives a person %s', (_what, answer, company_id) => {
    expect(recordsOf(answer).links[0]?.company_id).toBe(company_id);
  });

  it('makes a company of what a person says about another employer, and never touches the one that was asked for', () => {
    const elsewhere = { company_id: 'c2', company_name: 'Borealis', company_domain: 'borealis.example', company_linkedin_id: '42' };
    const { companies } = recordsOf({ company, persons: [person({ id: 'p1', company_name: 'ACME' }), person({ id: 'p2', ...elsewhere })] });
    expect(companies).toEqual([
      { ...company, linkedin_followers: null, linkedin_founded: null, linkedin_employees_count: null },
      { id: 'c2', company_name: 'Borealis', domain: 'borealis.example', linkedin_id: '42' },
    ]);
  });
});
