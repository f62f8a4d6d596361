/* Which cells a spreadsheet would run, and which look like it and are data. */
import { describe, expect, it } from 'vitest';
import { guardFormula } from '../../src/sheet/delimited.ts';

describe('guardFormula', () => {
  it.each([
    '=1+1',
    '=HYPERLINK("https://trap.example";"press")',
    '@SUM(A1)',
    '＝1+1',
    '＠SUM(A1)',
    '\t=1+1',
    '\r=1+1',
    '\n=1+1',
    '\t',
    '+cmd|calc',
    '-cmd|calc',
    '+1+1',
    '-1+cmd|calc',
    '-A1',
    '--1',
    '-+1',
    '+@SUM(A1)',
    '-=1',
    '＋1+1',
    '－A1',
    '＋351 555 0100',
    '+351 555 0100 ext. 5',
    '- a list item',
    '+351 555 0100; +cmd|calc',
    '+351 555 0100;=1+1',
    '+351 555 0100; ',
  ])('puts a quotation mark before %j', (cell) => {
    expect(guardFormula(cell)).toBe(`'${cell}`);
  });

  it.each([
    '',
    'Acme Ltd',
    'acme.example',
    "'quoted'",
    ' =1+1',
    'a=1',
    'mira@acme.example',
    '0099',
    '-5',
    '+5',
    '-5.25',
    '+5,25',
    '+351 555 0100',
    '+1 (555) 010-0100',
    '+49-30-555.01.00',
    '-',
    '51-200',
    '(555) 010',
    '+351 555 0100; +351 555 0101',
    '-1; 2; +3,5',
  ])('leaves %j alone', (cell) => {
    expect(guardFormula(cell)).toBe(cell);
  });
});
