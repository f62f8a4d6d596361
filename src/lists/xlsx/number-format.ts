/*
 * Numbers and dates as a spreadsheet program set to English (US) shows them (numfmt). Dates are counted in days and made text by
 * integers: no time zone of this machine comes near them.
 */
import { format, getFormatDateInfo, getFormatFromId } from 'numfmt';

/** How a cell looks, by its style. */
export type Shown = {
  number: (value: number) => string;
  /** Of a text: most formats leave it as it is. */
  text: (value: string) => string;
  /** Of a date as ISO 8601 writes it, whatever the calendar of the workbook is. */
  date: (value: string) => string;
};

/** Ids from here on are the workbook's own. */
export const FIRST_OWN_FORMAT = 164;
/** Excel takes no longer format. */
const LONGEST_FORMAT = 255;
/** A currency with its country, or a country alone. It says in which language months are named, and nothing of how numbers are written. */
const COUNTRY = /\[\$([^\]-]{0,20})-[^\]]{0,20}\]/g;
/** Days between the first days of the two calendars that a workbook may count from. */
const DAYS_UNTIL_1904 = 1462;
const DAY_MS = 86_400_000;
/** Day 0 of the calendar of 1900, which has a 29 February 1900 that never was. */
const DAY_ZERO = Date.UTC(1899, 11, 30);
const FIRST_OF_MARCH = 61;
const ISO = /^(?:(\d{4})-(\d\d)-(\d\d))?T?(?:(\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?)?(?:Z|[+-]\d\d:\d\d)?$/;
const OPTIONS = { dateErrorThrows: true, dateSpanLarge: false };

/** The code of a format that comes with the program. */
export function builtInFormat(id: number): string {
  return id < FIRST_OWN_FORMAT ? (getFormatFromId(id) ?? 'General') : 'General';
}

/** How cells with this format look. One that is not understood shows its values as they are. */
export function shownBy(given: string, is1904: boolean): Shown {
  const plain: Shown = { number: general, text: (value) => value, date: (value) => value };
  if (given.length > LONGEST_FORMAT || /^(?:general|@)?$/i.test(given)) return plain;
  let code = given;
  let isDate: boolean;
  try {
    format(code, 1, OPTIONS);
    const { year, month, day } = getFormatDateInfo(code);
    isDate = year || month || day;
    if (!isDate) code = given.replace(COUNTRY, (_whole, currency: string) => (currency === '' ? '' : `"${currency}"`));
    format(code, 1, OPTIONS);
  } catch {
    return plain;
  }
  const shift = is1904 && isDate ? DAYS_UNTIL_1904 : 0;
  const inFormat = (value: number | string, otherwise: string) => {
    try {
      // What is put around it, to align it in its column, is no part of it.
      return format(code, value, OPTIONS).trim();
    } catch {
      return otherwise; // a date before 1900, or beyond 9999
    }
  };
  const { hours = false, minutes = false, seconds = false } = isDate ? {} : getFormatDateInfo(code);
  const isMoment = isDate || hours || minutes || seconds;
  return {
    number: (value) => inFormat(value + shift, general(value)),
    text: code.includes('@') || code.split(';').length > 3 ? (value) => inFormat(value, value) : plain.text,
    date: (value) => {
      const serial = serialOf(value);
      return serial === undefined || !isMoment ? value : inFormat(serial, value);
    },
  };
}

/** A number as cells without a format show it, in up to 11 characters; but ids are kept with all the digits that a workbook keeps. */
function general(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value === 0 ? 0 : value) : format('General', value, OPTIONS);
}

/** The day in the calendar of 1900, with the time as its fraction. What is said of a time zone is left out, as a cell has none. */
function serialOf(iso: string): number | undefined {
  const parts = ISO.exec(iso);
  if (parts === null) return undefined;
  const [, year, month = '', day = '', hours = '0', minutes = '0', seconds = '0'] = parts;
  const time = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) / 86_400;
  if (year === undefined) return time;
  const days = (Date.UTC(Number(year), Number(month) - 1, Number(day)) - DAY_ZERO) / DAY_MS;
  return (days < FIRST_OF_MARCH ? days - 1 : days) + time;
}
