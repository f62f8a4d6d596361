/* Which cells of delimited text a spreadsheet would run as a formula. Every expression here is linear in the length of the cell. */

const FORMULA_START = /^[=@＝＠\t\r\n]/;
const SIGN_START = /^[+\-＋－]/;
const [CODE_OF_DOT = 0, CODE_OF_EQUALS = 0, CODE_OF_AT = 0, FIRST_FULL_WIDTH = 0] = Array.from('.=@＋', (character) => character.charCodeAt(0));

/** Signs with nothing to work on. */
const ONLY_SIGNS = /^[+\-\s]*$/;
/** Between the numbers of a list. */
const SEPARATOR = /; |, (?!ext|x)| \/ /i;
/** Digits, grouped and with a fraction as people write them, with a currency, a power of ten or a percent sign: no operator between two numbers. */
const NUMBER = /^[+-]?\s?\p{Sc}?[\d.,'’\s]+(?:e[+-]?\d+)?[%‰\p{Sc}]?$/iu;
/** As people write them: `+49 (89) 1234/56-78`. Without a `+` it is one only behind others. */
const PHONE = /^\+?\s?[\d(][\d\s()./‐‑–-]*(?<extension>(?<=[\d)])(?:;ext=|[\s,;]{0,2}(?:ext|x|#))[a-z]{0,6}[.:]?\s?\d+)?$/i;
/** With its country code no phone number is shorter; what is may be a sum. */
const FEWEST_DIGITS = 7;

/** The cell, behind a `'` when a spreadsheet would run it as a formula. */
export function guardFormula(cell: string): string {
  // Nearly every cell begins with a letter or a digit: one look, where the patterns below take three.
  const first = cell.charCodeAt(0);
  if ((first > CODE_OF_DOT && first < CODE_OF_EQUALS) || (first > CODE_OF_AT && first < FIRST_FULL_WIDTH)) return cell;
  if (FORMULA_START.test(cell)) return `'${cell}`;
  return SIGN_START.test(cell) && !isPlain(cell) ? `'${cell}` : cell;
}

/** Whether a cell that begins with a sign is a number, a phone number, or a list of them. */
function isPlain(cell: string): boolean {
  return ONLY_SIGNS.test(cell) || cell.split(SEPARATOR).every((part) => isNumber(part) || isPhone(part));
}

function isNumber(part: string): boolean {
  return NUMBER.test(part) && /\d/.test(part);
}

function isPhone(part: string): boolean {
  const extension = PHONE.exec(part)?.groups?.extension ?? '';
  const digits = part.slice(0, part.length - extension.length).match(/\d/g)?.length ?? 0;
  return PHONE.test(part) && digits >= FEWEST_DIGITS;
}
