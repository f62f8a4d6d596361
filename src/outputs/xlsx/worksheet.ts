/*
 * One worksheet as XML (ECMA-376, part 1, section 18.3), row by row. Every cell has its type, so text is never run as a
 * formula. Kept until the end: the links, of which a sheet has a limited number.
 */
import { cellText } from '../sheet.ts';
import type { Column } from '../sheet.ts';
import { STYLE } from './parts.ts';
import { linkTarget, sheetText, xmlText } from './text.ts';

/** What a sheet can hold. */
export type SheetLimits = { rows: number; links: number; bytes: number };

/**
 * Excel's own limits: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3. The bytes are the XML of
 * a sheet, which readers take only up to 4 GiB.
 */
export const EXCEL_LIMITS: SheetLimits = { rows: 1_048_576, links: 65_530, bytes: 3.5 * 2 ** 30 };

/** Excel shows longer cells that are formatted as text as `####`. */
const LONGEST_FORMATTED_AS_TEXT = 255;

/** Rows that can be asked whether there are more. */
export type RowSource = { next(): Promise<readonly unknown[] | undefined>; more(): Promise<boolean> };

/** What is known of a worksheet when it has been written. */
export type Written = {
  /** From the header to the last row: `A1:AK20`. */
  range: string;
  /** Addresses on the web, with the numbers of their relationships. */
  targets: ReadonlyMap<string, number>;
};

/** The XML of a worksheet, as long as there are rows and room. `written` is filled in when it has been read to its end. */
export function worksheet(sheet: {
  columns: readonly Column[];
  widths: readonly number[];
  rows: RowSource;
  limits: SheetLimits;
  selected: boolean;
}): { xml: AsyncIterable<string>; written: () => Written } {
  const { columns, rows, limits } = sheet;
  const letters = columns.map((_column, place) => columnLetters(place));
  const ids = new Map<string, number>();
  const links: { line: number; place: number; id: number }[] = [];
  let line = 0;

  const range = () => `A1:${letters.at(-1) ?? 'A'}${line}`;

  function linkStyle(value: unknown, place: number): number | undefined {
    const target = typeof value === 'string' && links.length < limits.links ? linkTarget(value) : undefined;
    if (target === undefined) return undefined;
    const id = ids.get(target) ?? ids.size + 1;
    ids.set(target, id);
    links.push({ line, place, id });
    return STYLE.link;
  }

  function rowXml(values: readonly unknown[], style?: number): string {
    line += 1;
    const cells = columns.map(({ link }, place) => {
      const value = values[place];
      const ref = `${letters[place]}${line}`;
      return cellXml(ref, value, style ?? (link ? linkStyle(value, place) : undefined));
    });
    // Without a height of its own a row grows with the lines of its longest cell.
    return `<row r="${line}" ht="15" customHeight="1">${cells.join('')}</row>`;
  }

  async function* xml(): AsyncGenerator<string> {
    yield opening(sheet.widths, sheet.selected);
    yield rowXml(columns.map(({ name }) => name), STYLE.header);
    for (let bytes = 0; line < limits.rows && bytes < limits.bytes && (await rows.more()); ) {
      const row = rowXml((await rows.next()) ?? []);
      bytes += Buffer.byteLength(row);
      yield row;
    }
    yield `</sheetData><autoFilter ref="${range()}"/>`;
    if (links.length > 0) {
      yield '<hyperlinks>';
      for (const { place, id, ...at } of links) yield `<hyperlink ref="${letters[place]}${at.line}" r:id="rId${id}"/>`;
      yield '</hyperlinks>';
    }
    // Text that looks like a number is meant to be text: no green corners.
    yield `<ignoredErrors><ignoredError sqref="${range()}" numberStoredAsText="1"/></ignoredErrors></worksheet>`;
  }

  return {
    xml: xml(),
    written: () => ({ range: range(), targets: ids }),
  };
}

function opening(widths: readonly number[], selected: boolean): string {
  const cols = widths.map((width, place) => `<col min="${place + 1}" max="${place + 1}" width="${width}" customWidth="1"/>`);
  return (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' +
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ' +
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheetViews>' +
    `<sheetView${selected ? ' tabSelected="1"' : ''} workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews>' +
    `<sheetFormatPr defaultRowHeight="15"/><cols>${cols.join('')}</cols><sheetData>`
  );
}

function cellXml(ref: string, value: unknown, style?: number): string {
  if (typeof value === 'number' && Number.isFinite(value)) return `<c r="${ref}"><v>${value}</v></c>`;
  if (typeof value === 'boolean') return `<c r="${ref}" s="${STYLE.truth}" t="b"><v>${value ? 1 : 0}</v></c>`;
  const text = sheetText(cellText(value));
  if (text === '') return '';
  const chosen = style ?? (text.length <= LONGEST_FORMATTED_AS_TEXT ? STYLE.text : STYLE.long);
  return `<c r="${ref}" s="${chosen}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

/** 0 -> A, 25 -> Z, 26 -> AA. */
function columnLetters(place: number): string {
  const before = Math.floor(place / 26);
  return (before > 0 ? columnLetters(before - 1) : '') + String.fromCharCode(65 + (place % 26));
}
