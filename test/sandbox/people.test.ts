/* The invented people: always the same for a question, obeying it, and recognisably fictional. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesTitle, parseTitleFilter, printTitleFilter, type TitleExpression } from '../../src/kinds/contacts/title-filter.ts';
import { readLaunch } from '../../src/sandbox/launch-request.ts';
import { createPeople } from '../../src/sandbox/people.ts';
import { QUESTION, trial } from './trial.ts';

const ask = (question: object = {}, personsPerCompany?: number) =>
  createPeople(personsPerCompany)(readLaunch(JSON.stringify({ ...QUESTION, ...question })));

const names = (question: object, personsPerCompany?: number) =>
  ask(question, personsPerCompany).persons.map((person) => `${person.first_name} ${person.last_name}`);

const words = ['sales', 'VP', 'chief revenue officer', 'co-founder', 'head of', 'Vertrieb', 'données', 'C++', '営業', "people's", 'CEO'];
const term = fc.constantFrom(...words).map((text): TitleExpression => ({ kind: 'term', text }));

const filters = (withNot: boolean) =>
  fc.letrec<{ node: TitleExpression }>((tie) => {
    const operands = fc.array(tie('node'), { minLength: 2, maxLength: 4 });
    const joined = fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), operands });
    const not = tie('node').map((operand): TitleExpression => ({ kind: 'not', operand }));
    return { node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, term, joined, ...(withNot ? [not] : [])) };
  }).node;

describe('determinism', () => {
  it('gives the same question the same output byte for byte, in another sandbox, at another time and with another seed', async () => {
    const question = { include_phones: true, verified_only: false, limit: 12 };
    const first = await trial({ personsPerCompany: 12 });
    const second = await trial({ personsPerCompany: 12, seed: 99, startAt: Date.UTC(2027, 0, 1) });
    expect(JSON.stringify(await second.ask(question))).toBe(JSON.stringify(await first.ask(question)));
  });

  it('gives a lower limit the first people of a higher one', () => {
    expect(ask({ limit: 3 }, 20).persons).toEqual(ask({ limit: 20 }, 20).persons.slice(0, 3));
  });

  it('gives a person the same id in every question that finds them', () => {
    const both = new Map(ask({ title_filter: 'CEO OR CFO', limit: 200 }, 200).persons.map((person) => [person.id, person]));
    const shared = ask({ title_filter: 'CFO', limit: 200 }, 200).persons.filter((person) => both.has(person.id));
    expect(shared.length).toBeGreaterThan(10);
    for (const person of shared) expect(both.get(person.id)).toEqual(person);
  });

  it('gives no two people one id', () => {
    const ids = Array.from({ length: 300 }, (_, at) => ask({ domain: `company-${at}.example`, limit: 50 }, 50).persons);
    const all = ids.flat().map(({ id }) => id);
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(300 * 50);
  });
});

describe('title filters', () => {
  it('finds only people whose title obeys the filter, whatever it is', () => {
    fc.assert(
      fc.property(filters(true), (expression) => {
        const title_filter = printTitleFilter(expression);
        const parsed = parseTitleFilter(title_filter);
        if (!parsed.ok) throw new Error(`not a filter: ${title_filter}`);
        for (const { title } of ask({ title_filter }, 10).persons) expect(matchesTitle(parsed.expression, title)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('finds somebody for every filter without NOT', () => {
    fc.assert(
      fc.property(filters(false), (expression) => {
        expect(ask({ title_filter: printTitleFilter(expression) }, 10).persons).toHaveLength(10);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['NOT assistant', 10],
    ['(VP OR head) AND (sales OR marketing) AND NOT (assistant OR regional)', 10],
    ['NOT (NOT (welder AND maestro))', 10],
    ['NOT (NOT welder OR NOT maestro)', 10],
    ['sales AND NOT sales', 0],
  ])('finds for %s: %i', (title_filter, count) => {
    expect(ask({ title_filter }, 10).persons).toHaveLength(count);
  });

  it('spends less than half a second on a filter of 10,000 characters that nobody can meet', () => {
    const terms = Array.from({ length: 800 }, (_, at) => `w${at} x`).join(' OR ');
    const before = process.cpuUsage();
    expect(ask({ title_filter: `(${terms}) AND NOT x` }, 10).persons).toEqual([]);
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
  });

  it('says rank and department where the title does', () => {
    expect(ask({ title_filter: 'VP of Sales' }, 1).persons[0]).toMatchObject({ seniority: 'VP', department: 'Sales' });
    expect(ask({ title_filter: 'Zauberer' }, 1).persons[0]).toMatchObject({ seniority: null, department: null });
  });

  it('fills from several filters in their order, each with its share, up to the limit', () => {
    const title_filters = [
      { name: 'buyers', filter: 'purchasing' },
      { name: 'nobody', filter: 'sales AND NOT sales' },
      { name: 'makers', filter: 'engineer' },
    ];
    const titles = (limit: number) => {
      const { persons } = ask({ title_filter: undefined, title_filters, limit }, 9);
      return persons.map(({ title }) => (/engineer/i.test(title) ? 'makers' : /purchasing/i.test(title) ? 'buyers' : title));
    };
    expect(titles(50)).toEqual([...Array<string>(3).fill('buyers'), ...Array<string>(6).fill('makers')]);
    expect(titles(4)).toEqual(['buyers', 'buyers', 'buyers', 'makers']);
  });

  it('reads title_filters only without title_filter', () => {
    const title_filters = [{ name: 'makers', filter: 'engineer' }];
    expect(ask({ title_filters }, 5).persons).toEqual(ask({}, 5).persons);
  });
});

describe('how many', () => {
  it('returns exactly the limit when there are more people, and all when there are fewer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }), (limit, available) => {
        expect(ask({ limit }, available).persons).toHaveLength(Math.min(limit, available));
      }),
      { numRuns: 40 },
    );
  });

  it('never has two people of one name at a company', () => {
    const all = names({ limit: 500 }, 500);
    expect(new Set(all).size).toBe(500);
  });

  it('has 0 to 12 people by default, by the domain, and a few domains with none', () => {
    const counts = Array.from({ length: 400 }, (_, at) => ask({ domain: `company-${at}.example`, limit: 500 }).persons.length);
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 13 }, (_, count) => count)));
    const empty = counts.filter((count) => count === 0).length;
    expect(empty).toBeGreaterThan(10);
    expect(empty).toBeLessThan(60);
  });
});

describe('options of a question', () => {
  it('has phone numbers, all reserved for fiction, only when they are asked for', () => {
    const asked = ask({ include_phones: true, limit: 100 }, 100);
    const numbers = asked.persons.flatMap(({ mobile_phone, phone_numbers }) => [...phone_numbers, ...(mobile_phone ? [mobile_phone] : [])]);
    expect(asked.phones).toBe(asked.persons.filter(({ phone_numbers }) => phone_numbers.length > 0).length);
    expect(asked.phones).toBeGreaterThan(20);
    expect(numbers.filter((number) => !/^\+1\d{3}55501\d\d$/.test(number))).toEqual([]);
    const plain = ask({ limit: 100 }, 100);
    expect(plain.phones).toBe(0);
    expect(plain.persons.every(({ mobile_phone, phone_numbers }) => mobile_phone === null && phone_numbers.length === 0)).toBe(true);
  });

  it('has catch-all addresses only when unverified ones are asked for', () => {
    const statuses = (verified_only: boolean) =>
      new Set(ask({ verified_only, limit: 100 }, 100).persons.map((person) => person.email_verified_status));
    expect(statuses(true)).toEqual(new Set(['safe', null]));
    expect(statuses(false)).toEqual(new Set(['safe', 'catch_all', null]));
  });

  it('leaves out excluded names in any case and without their accents', () => {
    const [first, second] = names({ limit: 40 }, 40);
    const excluded_names = [first?.toUpperCase(), second?.normalize('NFD').replace(/\p{M}/gu, '')];
    const left = names({ limit: 40, excluded_names }, 40);
    expect(left).toHaveLength(40);
    expect(left).not.toContain(first);
    expect(left).not.toContain(second);
  });

  it('keeps to the countries asked for, of which the list replaces the single one', () => {
    const countries = (question: object) => new Set(ask({ limit: 40, ...question }, 40).persons.map(({ country }) => country));
    expect(countries({ location_country: 'france' })).toEqual(new Set(['France']));
    expect(countries({ location_country: 'France', location_countries: ['Japan', 'Brazil'] })).toEqual(new Set(['Japan', 'Brazil']));
    expect(countries({ location_country: 'Atlantis' })).toEqual(new Set());
  });

  it('keeps to the place asked for, or a part of it', () => {
    const places = ask({ limit: 5, location_name: 'sao paulo' }, 5).persons.map(({ location }) => location);
    expect(places).toEqual(Array(5).fill('São Paulo, Brazil'));
  });
});

describe('fiction', () => {
  const { company, persons } = ask({ limit: 300, verified_only: false }, 300);

  it('marks every company as made up', () => {
    expect(company.company_name).toBe('Northpier Robotics (Sandbox)');
    expect(company.linkedin_id).toMatch(/-example$/);
  });

  it('gives every address the asked domain and a name that mail servers take', () => {
    const addresses = persons.map(({ professional_email }) => professional_email).filter((address) => address !== null);
    expect(addresses.length).toBeGreaterThan(200);
    expect(addresses.filter((address) => !/^[a-z][a-z-]*\.[a-z][a-z-]*@northpier-robotics\.example$/.test(address))).toEqual([]);
  });

  it('marks every profile as made up', () => {
    const profiles = persons.map(({ linkedin_id }) => linkedin_id).filter((profile) => profile !== null);
    expect(profiles.length).toBeGreaterThan(200);
    expect(profiles.filter((profile) => !profile.endsWith('-example'))).toEqual([]);
  });

  it('has names with accents, apostrophes, hyphens and of other scripts', () => {
    const all = persons.map(({ first_name, last_name }) => `${first_name} ${last_name}`);
    for (const sign of [/[À-ž]/, /'/, /-/, /[^\p{Script=Latin}\p{P}\s]/u]) expect(all.some((name) => sign.test(name))).toBe(true);
  });
});
